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
    'EXRULE',
    'RDATE',
    'EXDATE',
    'RECURRENCE-ID',
  ]),
};

const dates = new Set(['DTSTART', 'DTEND', 'RDATE', 'EXDATE', 'RECURRENCE-ID']);
const rules = new Set(['RRULE', 'EXRULE']);

/**
 * An iCalendar text without what does not bear on its days. Titles, guests and places of a private calendar are not kept,
 * and stamps of the download (Google writes a new DTSTAMP each time) do not make it another calendar. Its days are the same.
 * Several calendars in one file (RFC 5545, 3.4) become one, and what programs write loosely is written as the RFC has it.
 * A file that was cut off stays so: its last line is not END:VCALENDAR.
 */
export function reduceIcs(text: string): string {
  const within: string[] = [];
  const unfolded = text.replace(/^\uFEFF/u, '').replace(/(?:\r\n|\n|\r)[ \t]/gu, '');
  const lines = unfolded.split(/\r\n|\n|\r/u).filter((line) => isKept(line, within));
  const isWhole = within.length === 0 && lines.some(isEnd);
  const inner = lines.filter((line) => !isBegin(line) && !isEnd(line)).flatMap(tidy);
  return ['BEGIN:VCALENDAR', ...inner, ...(isWhole ? ['END:VCALENDAR'] : []), ''].join('\r\n');
}

const isBegin = (line: string) => /^BEGIN:\s*VCALENDAR\s*$/iu.test(line);
const isEnd = (line: string) => /^END:\s*VCALENDAR\s*$/iu.test(line);

/** `within`: the components around this line, which it may begin or end. */
function isKept(line: string, within: string[]): boolean {
  const [, verb = '', component = ''] = /^(BEGIN|END):\s*(\S+)\s*$/iu.exec(line) ?? [];
  if (verb.toUpperCase() === 'BEGIN') within.push(component.toUpperCase());
  const isOurs = within.every((name, depth) => isRead(name, depth, within));
  if (verb.toUpperCase() === 'END') within.pop();
  if (verb !== '' || !isOurs) return isOurs;
  const name = nameOf(line);
  if (within.includes('VTIMEZONE')) return name !== 'LAST-MODIFIED' && name !== '';
  return kept[within.at(-1) ?? '']?.has(name) ?? false;
}

function isRead(name: string, depth: number, within: readonly string[]): boolean {
  if (depth === 0) return name === 'VCALENDAR';
  return depth === 1 ? name === 'VEVENT' || name === 'VTIMEZONE' : within[1] === 'VTIMEZONE';
}

function nameOf(line: string): string {
  return /^[\w-]+/u.exec(line)?.[0].toUpperCase() ?? '';
}

/** A line as the RFC has it; none where it says nothing. */
function tidy(line: string): readonly string[] {
  const name = nameOf(line);
  if (rules.has(name)) return [`${name}${line.slice(name.length).replace(/\s/gu, '').toUpperCase()}`];
  return dates.has(name) ? tidyDates(name, line) : [line.trimEnd()];
}

/**
 * Dates hold no colon, zones do, unquoted, from Exchange (tzone://Microsoft/Custom, UTC+01:00). A date without a time is
 * one whether or not VALUE=DATE says so. A deletion of nothing deletes nothing.
 */
function tidyDates(name: string, line: string): readonly string[] {
  const colon = line.lastIndexOf(':');
  const value = line.slice(colon + 1).trim();
  if (colon < 0 || value === '') return [];
  const written = line.slice(name.length, colon).match(/(?:"[^"]*"|[^";])+/gu) ?? [];
  const isDate = /^\d{8}(?:,\d{8})*$/u.test(value);
  const parameters = written.map((one) => one.trim()).filter((one) => !isDate || !/^(?:VALUE|TZID)=/iu.test(one));
  return [[name, ...parameters.map(tidyParameter), ...(isDate ? ['VALUE=DATE'] : [])].join(';') + `:${value}`];
}

function tidyParameter(parameter: string): string {
  const [key = '', ...rest] = parameter.split('=');
  const value = rest.join('=').replaceAll('"', '').trim();
  return `${key.toUpperCase()}=${/[:;,]/u.test(value) ? `"${value}"` : value}`;
}
