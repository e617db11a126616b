import type { WrittenWindow } from './make-window.ts';

/** A window as a person would read it aloud: "mon-fri 07:00-19:00", "sun#2, friL 00:00-11:00", "day 1, 15, L in apr". */
export function windowText({ days, nth, dayOfMonth, months, from, to }: WrittenWindow): string {
  const parts = [
    list('', days),
    list('', nth),
    list('day ', dayOfMonth),
    list(days === undefined && nth === undefined && dayOfMonth === undefined ? '' : 'in ', months),
    from === undefined ? '' : timesText(one(from), one(to)),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function list(prefix: string, written: unknown): string {
  if (written === undefined) return '';
  return prefix + (Array.isArray(written) ? written.map(one).join(', ') : one(written));
}

/** Only text and numbers get past the parsers. */
function one(written: unknown): string {
  return typeof written === 'string' || typeof written === 'number' ? String(written).trim() : '';
}

/** Times that name weekdays hold spaces, so the dash gets them too: "fri 20:00 - mon 06:30". */
function timesText(from: string, to: string): string {
  return from.includes(' ') ? `${from} - ${to}` : `${from}-${to}`;
}
