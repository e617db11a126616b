/** What decides on which days an event is (RFC 5545, 3.8); all else is somebody's business. */
const kept: { readonly [component: string]: ReadonlySet<string> } = {
  VCALENDAR: new Set(['VERSION', 'X-WR-TIMEZONE']),
  VEVENT: new Set([
    'UID',
    'SEQUENCE',
    'STATUS',
    'DTSTART',
    'DTEND',
    'DURATION',
    'RRULE',
    'RDATE',
    'EXDATE',
    'RECURRENCE-ID',
  ]),
};

/**
 * An iCalendar text without what does not bear on its days. Titles, guests and places of a private calendar are not kept,
 * and stamps of the download (Google writes a new DTSTAMP each time) do not make it another calendar. Its days are the same.
 */
export function reduceIcs(text: string): string {
  const within: string[] = [];
  const lines = text.replace(/\r?\n[ \t]/gu, '').split(/\r\n|\n|\r/u);
  return `${lines.filter((line) => isKept(line, within)).join('\r\n')}\r\n`;
}

/** `within`: the components around this line, which it may begin or end. */
function isKept(line: string, within: string[]): boolean {
  const [, verb = '', component = ''] = /^(BEGIN|END):\s*(\S+)\s*$/iu.exec(line) ?? [];
  if (verb.toUpperCase() === 'BEGIN') within.push(component.toUpperCase());
  const isOurs = within.every((name, depth) => isRead(name, depth, within));
  if (verb.toUpperCase() === 'END') within.pop();
  if (verb !== '' || !isOurs) return isOurs;
  const name = /^[\w-]+/u.exec(line)?.[0].toUpperCase() ?? '';
  if (within.includes('VTIMEZONE')) return name !== 'LAST-MODIFIED' && name !== '';
  return kept[within.at(-1) ?? '']?.has(name) ?? false;
}

function isRead(name: string, depth: number, within: readonly string[]): boolean {
  if (depth === 0) return name === 'VCALENDAR';
  return depth === 1 ? name === 'VEVENT' || name === 'VTIMEZONE' : within[1] === 'VTIMEZONE';
}
