import type { DailyPiece } from '../compiled-config.ts';
import type { WindowProblem, WrittenWindow } from './make-window.ts';
import { parseDays, parseMonths } from './parse-days.ts';
import { parseDayOfMonth, parseList, parseNth } from './parse-month-days.ts';
import { isScheduleProblem } from './schedule-problem.ts';

/** On which dates a window starts: all of these that are given. */
export type DateFilters = Omit<DailyPiece, 'from' | 'to'>;

const parsers = {
  days: parseDays,
  nth: (written: unknown) => parseList(written, parseNth),
  dayOfMonth: (written: unknown) => parseList(written, parseDayOfMonth),
  months: parseMonths,
};

export function parseFilters(written: WrittenWindow): DateFilters | WindowProblem {
  const filters: { [key: string]: unknown } = {};
  for (const key of ['days', 'nth', 'dayOfMonth', 'months'] as const) {
    if (written[key] === undefined) continue;
    const parsed = parsers[key](written[key]);
    if (isScheduleProblem(parsed)) return { ...parsed, key };
    filters[key] = parsed;
  }
  return filters;
}
