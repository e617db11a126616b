import type { DailyPiece } from '../compiled-config.ts';
import { parseWeekday } from './parse-days.ts';
import { isScheduleProblem, quote, type ScheduleProblem } from './schedule-problem.ts';

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

/** One or a list of them; the first problem speaks for all. */
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
