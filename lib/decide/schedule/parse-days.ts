import type { DailyPiece } from '../../model/schedule.ts';
import type { Weekday } from '../../model/time.ts';
import { isScheduleProblem, quote, type ScheduleProblem } from './schedule-problem.ts';

const weekdays: NameCycle = {
  kind: 'weekday',
  names: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'],
  hint: 'use mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri, or a list of these',
};

const months: NameCycle = {
  kind: 'month',
  names: [
    'january',
    'february',
    'march',
    'april',
    'may',
    'june',
    'july',
    'august',
    'september',
    'october',
    'november',
    'december',
  ],
  hint: 'use jan … dec, a range such as nov-feb, or a list of these',
};

/** `mon` or `monday`, in any case → the ISO weekday. */
export function parseWeekday(written: unknown): Weekday | ScheduleProblem {
  return (numberOfName(written, weekdays) as Weekday | undefined) ?? unknownName(written, weekdays);
}

/** `mon`, `mon-fri`, `sat-mon` (ranges wrap), or a list of these → ISO weekdays in order, each once. */
export function parseDays(written: unknown): readonly Weekday[] | ScheduleProblem {
  return parseNames(written, weekdays) as readonly Weekday[] | ScheduleProblem;
}

/** `apr`, `nov-feb`, or a list of these → months 1 … 12 in order, each once. */
export function parseMonths(written: unknown): readonly number[] | ScheduleProblem {
  return parseNames(written, months);
}

type NthWeekday = NonNullable<DailyPiece['nth']>[number];

/** `sun#2` (the second Sunday of a month, 1 … 5) or `friL` (the last Friday). */
export function parseNth(written: unknown): NthWeekday | ScheduleProblem {
  const [, day, n, last] = /^([a-z]+?)(?:#([1-5])|(L))$/i.exec(typeof written === 'string' ? written.trim() : '') ?? [];
  const weekday = day === undefined ? undefined : parseWeekday(day);
  if (weekday === undefined || isScheduleProblem(weekday)) {
    return {
      problem: `${quote(written)} is not an nth weekday of the month`,
      fix: 'write sun#2, mon#1 … mon#5, or friL for the last',
    };
  }
  return { weekday, n: last === undefined ? (Number(n) as 1 | 2 | 3 | 4 | 5) : 'L' };
}

/** 1 … 31, or `L` for the last day of the month. */
export function parseDayOfMonth(written: unknown): number | 'L' | ScheduleProblem {
  if (written === 'L') return 'L';
  if (typeof written === 'number' && Number.isInteger(written) && written >= 1 && written <= 31) return written;
  return { problem: `${quote(written)} is not a day of a month`, fix: 'use 1 … 31, or L for the last day' };
}

/** No month has more working days than this. */
const mostWorkdays = 23;

/** The n-th working day of a month (1 … 23), `L` for the last, `L-2` for the third-last → n, or from the end: -1, -3. */
export function parseWorkday(written: unknown): number | ScheduleProblem {
  if (typeof written === 'number' && Number.isInteger(written) && written >= 1 && written <= mostWorkdays)
    return written;
  const [, back] = /^L(?:-([1-9]\d?))?$/i.exec(typeof written === 'string' ? written.trim() : '') ?? [
    undefined,
    'none',
  ];
  if (back !== 'none' && Number(back ?? 0) < mostWorkdays) return -1 - Number(back ?? 0);
  return {
    problem: `${quote(written)} is not a working day of a month`,
    fix: `use 1 … ${mostWorkdays}, L for the last or L-2 for the third-last; no month has more than ${mostWorkdays}`,
  };
}

/** One or a list of them; only the first problem is reported. */
export function parseList<T>(
  written: unknown,
  parseOne: (item: unknown) => T | ScheduleProblem,
): readonly T[] | ScheduleProblem {
  const items: readonly unknown[] = Array.isArray(written) ? written : [written];
  const parsed = items.map(parseOne);
  const problem = parsed.find((item) => isScheduleProblem(item));
  if (problem !== undefined) return problem;
  return items.length > 0
    ? (parsed as readonly T[])
    : { problem: 'the list is empty', fix: 'leave it out, or name a day' };
}

/** Names with numbers from 1 that wrap around: weekdays, months. */
type NameCycle = { readonly kind: string; readonly names: readonly string[]; readonly hint: string };

/** `fri` or `friday`, in any case → its number; undefined = no such name. */
function numberOfName(written: unknown, { names }: NameCycle): number | undefined {
  if (typeof written !== 'string') return undefined;
  const lower = written.trim().toLowerCase();
  const index = names.findIndex((name) => name === lower || (lower.length === 3 && name.startsWith(lower)));
  return index < 0 ? undefined : index + 1;
}

/** A name, a range that may wrap (`sat-mon`), or a list of these → numbers in order, each once. */
function parseNames(written: unknown, cycle: NameCycle): readonly number[] | ScheduleProblem {
  const items: readonly unknown[] = Array.isArray(written) ? written : [written];
  if (items.length === 0)
    return { problem: `the list of ${cycle.kind}s is empty`, fix: `leave it out, or ${cycle.hint}` };
  const found = new Set<number>();
  for (const item of items) {
    const numbers = parseRange(item, cycle);
    if (isScheduleProblem(numbers)) return numbers;
    for (const number of numbers) found.add(number);
  }
  return [...found].sort((a, b) => a - b);
}

function unknownName(written: unknown, { kind, hint }: NameCycle): ScheduleProblem {
  return { problem: `${quote(written)} is not a ${kind}`, fix: hint };
}

function parseRange(item: unknown, cycle: NameCycle): readonly number[] | ScheduleProblem {
  const parts: readonly unknown[] = typeof item === 'string' ? item.split('-') : [item];
  const from = numberOfName(parts[0], cycle);
  const to = numberOfName(parts.at(-1), cycle);
  if (from === undefined || to === undefined || parts.length > 2) return unknownName(item, cycle);
  if (parts.length === 2 && from === to) return oneNameTwice(item, parts[0], cycle);
  const count = cycle.names.length;
  return Array.from({ length: ((to - from + count) % count) + 1 }, (_, i) => ((from - 1 + i) % count) + 1);
}

/** Such a range could mean one day or the whole week, so it is refused. */
function oneNameTwice(item: unknown, name: unknown, { kind }: NameCycle): ScheduleProblem {
  return {
    problem: `${quote(item)} is a range from a ${kind} to itself`,
    fix: `write ${quote(name)} for that ${kind} alone`,
  };
}
