import type { ScheduleProblem } from '../decide/schedule/schedule-problem.ts';

/** What to say where somebody wrote a cron expression: an instant, where a window is needed. */
export function cronProblem(text: string): ScheduleProblem {
  const meant = isCron(text) ? windowOfCron(text) : undefined;
  const problem = 'a cron expression is an instant, and Lamplighter takes windows';
  if (meant === undefined)
    return { problem, fix: 'say from when to when: { days: mon-fri, from: "07:00", to: "19:00" }' };
  return { problem, fix: `this is ${meant}: say when it ends, and which size it has until then` };
}

const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const months = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const cronField = /^(?:[\d*?/,#LW-]|sun|mon|tue|wed|thu|fri|sat|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)+$/iu;

/** Is this text a cron expression: five fields, as crontab has them, or the six of AWS? */
export function isCron(text: string): boolean {
  const fields = fieldsOf(text);
  return (
    (fields.length === 5 || fields.length === 6) &&
    fields.every((field) => cronField.test(field)) &&
    /[\d*]/u.test(text)
  );
}

/** The window of which a cron expression is the start: `0 19 * * 1-5` → `{ days: mon-fri, from: "19:00", to: "…" }`; undefined = not so simple. */
function windowOfCron(text: string): string | undefined {
  const [minute = '', hour = '', dayOfMonth = '', month = '', dayOfWeek = ''] = fieldsOf(text);
  const isAws = fieldsOf(text).length === 6;
  const times = timesOf(minute, hour);
  const days = isAny(dayOfWeek) ? '' : namesOf(dayOfWeek, weekdays, isAws ? 1 : 0);
  const dates = isAny(dayOfMonth)
    ? ''
    : /^(?:\d{1,2}|L)(?:,(?:\d{1,2}|L))*$/u.test(dayOfMonth)
      ? dayOfMonth
      : undefined;
  const inMonths = isAny(month) ? '' : namesOf(month, months, 0);
  if (times === undefined || days === undefined || dates === undefined || inMonths === undefined) return undefined;
  const parts = [
    ...(days === '' ? [] : [`days: ${listed(days)}`]),
    ...(dates === '' ? [] : [`dayOfMonth: ${listed(dates)}`]),
    ...(inMonths === '' ? [] : [`months: ${listed(inMonths)}`]),
    times,
  ];
  return `{ ${parts.join(', ')} }`;
}

function fieldsOf(text: string): readonly string[] {
  return (/^cron\((.*)\)$/u.exec(text.trim())?.[1] ?? text).trim().split(/\s+/u);
}

function isAny(field: string): boolean {
  return field === '*' || field === '?';
}

function timesOf(minute: string, hour: string): string | undefined {
  const step = /^(?:\*|0)\/(\d{1,2})$/u.exec(minute)?.[1];
  const [, first, last = first] = /^(\d{1,2})(?:-(\d{1,2}))?$/u.exec(hour) ?? [];
  const span = hour === '*' ? 'from: "00:00", to: "24:00"' : spanOf(first, last);
  if (step !== undefined && span !== undefined) return `${span}, every: ${step}m, for: …`;
  if (!/^\d{1,2}$/u.test(minute)) return undefined;
  const past = minute.padStart(2, '0');
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
  return (names.length === 7 ? names[index % 7] : names[index]) || undefined;
}

function listed(text: string): string {
  return text.includes(',') ? `[${text.split(',').join(', ')}]` : text;
}
