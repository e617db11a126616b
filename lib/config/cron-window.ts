import type { ScheduleProblem } from '../decide/schedule/schedule-problem.ts';
import type { Path } from './problem.ts';

/** The message for a cron expression: it gives an instant, but a window is needed; a silence's window has no size. */
export function cronProblem(text: string, path: Path): ScheduleProblem {
  const meant = isCron(text) ? windowOfCron(text) : undefined;
  const problem = 'a cron expression is an instant, but Lamplighter needs windows';
  if (meant === undefined)
    return { problem, fix: 'write from when to when: { days: mon-fri, from: "07:00", to: "19:00" }' };
  const ending = path[0] === 'silences' ? 'say when it ends' : 'say when it ends, and which size it has until then';
  return { problem, fix: `this is ${meant}: ${ending}` };
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const months = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const cronField = /^(?:[\d*?/,#LW-]|sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+$/iu;

/** Is this text a cron expression: five fields, as crontab has them, the six of AWS, with seconds, or a word such as @daily? */
export function isCron(text: string): boolean {
  const fields = fieldsOf(text);
  return (
    fields.length >= 5 &&
    fields.length <= 7 &&
    fields.every((field) => cronField.test(field)) &&
    fields.some((field) => /[\d*]/u.test(field))
  );
}

type Cron = {
  readonly minute: string;
  readonly hour: string;
  readonly dayOfMonth: string;
  readonly month: string;
  readonly dayOfWeek: string;
  /** The number of a Sunday. */
  readonly sunday: 0 | 1;
};

/**
 * What each field is. Of six, AWS has the year last and a "?" for one of its days, Quartz and Spring have the seconds first;
 * undefined = it says more than minutes can.
 */
function cronOf(fields: readonly string[]): Cron | undefined {
  const isAws = fields.length === 6 && [fields[2], fields[4]].includes('?');
  const hasSeconds = fields.length === 7 || (fields.length === 6 && !isAws);
  if (hasSeconds && fields[0] !== '0') return undefined;
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = hasSeconds ? fields.slice(1) : fields;
  return { minute, hour, dayOfMonth, month, dayOfWeek, sunday: fields.includes('?') ? 1 : 0 };
}

/** The window of which a cron expression is the start: `0 19 * * 1-5` → `{ days: mon-fri, from: "19:00", to: "…" }`; undefined = not so simple. */
function windowOfCron(text: string): string | undefined {
  const cron = cronOf(fieldsOf(text));
  if (cron === undefined) return undefined;
  const { minute, hour, dayOfMonth, month, dayOfWeek, sunday } = cron;
  const hours = /^\d{1,2}(?:,\d{1,2})+$/u.test(hour) ? hour.split(',') : [hour];
  const times = hours.map((one) => timesOf(minute, one));
  const days = isAny(dayOfWeek) ? '' : namesOf(dayOfWeek, weekdays, sunday);
  const dates = isAny(dayOfMonth) ? '' : datesOf(dayOfMonth);
  const inMonths = isAny(month) ? '' : namesOf(month, months, 0);
  if (times.includes(undefined) || days === undefined || dates === undefined || inMonths === undefined)
    return undefined;
  const parts = [
    ...(days === '' ? [] : [`days: ${listed(days)}`]),
    ...(dates === '' ? [] : [`dayOfMonth: ${listed(dates)}`]),
    ...(inMonths === '' ? [] : [`months: ${listed(inMonths)}`]),
  ];
  return times.map((one) => `{ ${[...parts, one].join(', ')} }`).join(' and ');
}

/** The words of crontab(5), and what they stand for there. */
const words: ReadonlyMap<string, string> = new Map([
  ['@hourly', '0 * * * *'],
  ['@daily', '0 0 * * *'],
  ['@midnight', '0 0 * * *'],
  ['@weekly', '0 0 * * 0'],
  ['@monthly', '0 0 1 * *'],
  ['@yearly', '0 0 1 1 *'],
  ['@annually', '0 0 1 1 *'],
]);

/** Without what stands around them: cron(…) of AWS, the zone of a Kubernetes CronJob. */
function fieldsOf(text: string): readonly string[] {
  const inner = (/^cron\((.*)\)$/u.exec(text.trim())?.[1] ?? text).trim().replace(/^(?:CRON_)?TZ=\S+ +/u, '');
  return (words.get(inner.toLowerCase()) ?? inner).split(/\s+/u);
}

function datesOf(field: string): string | undefined {
  const isFine = (one: string) => one === 'L' || (/^\d{1,2}$/u.test(one) && Number(one) >= 1 && Number(one) <= 31);
  return field.split(',').every(isFine) ? field : undefined;
}

function isAny(field: string): boolean {
  return field === '*' || field === '?';
}

function timesOf(minute: string, hour: string): string | undefined {
  const step = /^(?:\*|0)\/(\d{1,2})$/u.exec(minute)?.[1];
  const [, first, last = first] = /^(\d{1,2})(?:-(\d{1,2}))?$/u.exec(hour) ?? [];
  const span = hour === '*' ? 'from: "00:00", to: "24:00"' : spanOf(first, last);
  if (step !== undefined && span !== undefined) return `${span}, every: ${step}m, for: …`;
  if (!/^\d{1,2}$/u.test(minute) || Number(minute) > 59) return undefined;
  const past = minute.padStart(2, '0');
  const hours = /^(?:\*|0)\/([1-9]|1\d|2[0-3])$/u.exec(hour)?.[1];
  if (hours !== undefined) return `from: "00:${past}", to: "24:00", every: ${hours}h, for: …`;
  if (hour === '*') return `from: "00:${past}", to: "24:00", every: 1h, for: …`;
  if (first === undefined || last === undefined || Number(last) > 23) return undefined;
  if (first === last) return `from: "${first.padStart(2, '0')}:${past}", to: "…"`;
  return `from: "${first.padStart(2, '0')}:${past}", to: "${String(Number(last) + 1).padStart(2, '0')}:00", every: 1h, for: …`;
}

function spanOf(first: string | undefined, last: string | undefined): string | undefined {
  if (first === undefined || Number(last) > 23) return undefined;
  return `from: "${first.padStart(2, '0')}:00", to: "${String(Number(last) + 1).padStart(2, '0')}:00"`;
}

/** Numbers or names, ranges and lists of them; AWS counts weekdays from 1, and 7 is a Sunday as well for crontab. */
function namesOf(field: string, names: readonly string[], first: number): string | undefined {
  const parts = field.split(',').map((part) => part.split('-').map((one) => nameOf(one, names, first)));
  if (parts.some((ends) => ends.length > 2 || ends.includes(undefined))) return undefined;
  return parts.map((ends) => ends.join('-')).join(',');
}

function nameOf(text: string, names: readonly string[], first: number): string | undefined {
  const named = names.find((name) => name !== '' && name === text.toLowerCase());
  if (named !== undefined) return named;
  if (!/^\d{1,2}$/u.test(text)) return undefined;
  const index = Number(text) - first;
  if (index < 0 || index > 12 || (names.length === 7 && index > 7 - first)) return undefined;
  return (names.length === 7 ? names[index % 7] : names[index]) || undefined;
}

function listed(text: string): string {
  return text.includes(',') ? `[${text.split(',').join(', ')}]` : text;
}
