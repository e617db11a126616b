import { isScheduleProblem, quote, type ScheduleProblem } from './schedule-problem.ts';
import type { WrittenWindow } from './window.ts';

/** One window of a line of text, with its zone. */
export type TerseWindow = { readonly written: WrittenWindow; readonly zone: string | undefined };

/**
 * Windows on one line, as kube-downscaler writes them: "Mon-Fri 07:00-19:00 Europe/Berlin", several separated by commas.
 * Days, times and zone may each be left out, and "fri 20:00 - mon 06:30" is a weekly one. The days and times themselves are
 * judged where the keys of a window are. Source of the form: https://codeberg.org/hjacobs/kube-downscaler, "Uptime/downtime spec".
 */
export function parseTerseWindows(text: string): readonly TerseWindow[] | ScheduleProblem {
  const read = text.split(',').map((part) => parseOne(part.trim(), text));
  const problem = read.find((one) => isScheduleProblem(one));
  if (problem !== undefined) return problem;
  const windows = read as readonly TerseWindow[];
  return listedDay(windows) ?? windows;
}

/** "Mon,Wed 07:00-19:00" would mean the whole Monday, which is hardly ever intended. */
function listedDay(windows: readonly TerseWindow[]): ScheduleProblem | undefined {
  const at = windows.findIndex(
    ({ written, zone }, index) =>
      written.from === undefined && zone === undefined && windows.slice(index + 1).some((one) => hasTimes(one)),
  );
  const days = windows[at]?.written.days;
  const next = windows.slice(at + 1).find((one) => hasTimes(one))?.written;
  if (at < 0 || typeof days !== 'string') return undefined;
  const times = `${String(next?.from)}-${String(next?.to)}`;
  return {
    problem: `${quote(days)} has no times, and what follows it has some`,
    fix: `repeat them: "${days} ${times}, …"; where the whole day is meant, write "${days} 00:00-24:00"`,
  };
}

function hasTimes({ written }: TerseWindow): boolean {
  return written.from !== undefined;
}

const day = '[A-Za-z]{3,9}';
const time = '\\d{1,2}:\\d{2}(?::\\d{2})?';
/** Also accepts abbreviations and offsets, which are not usable zones: the zone's own check then says what to write. */
const zone = '[A-Za-z_]+(?:/[A-Za-z0-9_+-]+)+|[A-Z]{2,5}(?:\\d[A-Z]{3})?|(?:UTC|GMT)?[+-]\\d{1,2}(?::?\\d{2})?';
const weekly = new RegExp(`^(${day} ${time}) ?- ?(${day} ${time})(?: (${zone}))?$`);
const daily = new RegExp(`^(?:(${day}(?: ?- ?${day})?)(?: |$))?(?:(${time}) ?- ?(${time})(?: |$))?(${zone})?$`);

function parseOne(part: string, text: string): TerseWindow | ScheduleProblem {
  // Word processors and mail programs turn hyphens into dashes.
  const spaced = part.replaceAll(/\s+/g, ' ').replaceAll(/[\u2010-\u2015\u2212]/g, '-');
  if (/^(?:always|never)$/i.test(spaced)) return notAWindow(part, text);
  const [, from, to, weeklyZone] = weekly.exec(spaced) ?? [];
  if (from !== undefined) return { written: { from, to }, zone: weeklyZone };
  const [, range, start, end, dailyZone] = daily.exec(spaced) ?? [];
  // kube-downscaler writes a single day as a range: "Fri-Fri 20:00-24:00".
  const days = range?.replaceAll(' ', '').replace(/^([a-z]{3,9})-\1$/i, '$1');
  if (spaced === '' || (days === undefined && start === undefined)) return notAWindow(part, text);
  const written = { ...(days !== undefined && { days }), ...(start !== undefined && { from: start, to: end }) };
  return { written, zone: dailyZone };
}

function notAWindow(part: string, text: string): ScheduleProblem {
  const problem = `${quote(part === '' ? text : part)} is not a window`;
  if (/^\d{4}-\d{2}-\d{2}T/.test(part))
    return { problem, fix: 'a dated window is an exception: write exceptions: [{ match, start, end, size }]' };
  if (/^(?:always|never)$/i.test(part))
    return { problem, fix: 'leave out the windows, and write otherwise: base, idle or leave' };
  return {
    problem,
    fix: 'write "Mon-Fri 07:00-19:00", with a zone at its end where it needs one, or { days, from, to }',
  };
}
