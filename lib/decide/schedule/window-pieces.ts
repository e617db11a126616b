import type { DailyPiece } from '../compiled-config.ts';
import { cutWeekly, secondsBetween, type WeekMoment } from './cut-weekly.ts';
import type { WindowProblem, WrittenWindow } from './make-window.ts';
import { parseDayAndTime } from './parse-time-of-day.ts';
import { isScheduleProblem, quote } from './schedule-problem.ts';
import type { DateFilters } from './window-filters.ts';

type Pieces = readonly DailyPiece[] | WindowProblem;

const daySeconds = 86_400;

/** The stretches of a window, each starting on every date that passes the filters. */
export function makePieces(written: WrittenWindow, filters: DateFilters): Pieces {
  const { from, to } = written;
  if (from === undefined && to === undefined) return wholeDays(filters);
  if (from === undefined) return { key: 'to', problem: '`to` is given without `from`', fix: 'add `from`' };
  if (to === undefined) return { key: 'from', problem: '`from` is given without `to`', fix: 'add `to`' };
  const start = parseDayAndTime(from);
  if (isScheduleProblem(start)) return { ...start, key: 'from' };
  const end = parseDayAndTime(to);
  if (isScheduleProblem(end)) return { ...end, key: 'to' };
  if (start.seconds === daySeconds) return startsAtMidnight(from);
  if (isWeekMoment(start)) return isWeekMoment(end) ? weekly(start, end, filters) : oneWeekday('to', to);
  return isWeekMoment(end) ? oneWeekday('from', from) : daily(start.seconds, end.seconds, filters);
}

/** Without times a window lasts the whole local day; without filters too it would be `otherwise`. */
function wholeDays(filters: DateFilters): Pieces {
  if (Object.keys(filters).length > 0) return [{ ...filters, from: 0, to: daySeconds }];
  return {
    problem: 'the window says neither when nor on which days',
    fix: 'add from and to, days, nth, dayOfMonth or months',
  };
}

/** An end at or before the start is a time of the next date. */
function daily(from: number, to: number, filters: DateFilters): Pieces {
  if (from === to) return isEmpty();
  return [{ ...filters, from, to: to > from ? to : to + daySeconds }];
}

/** Its weekdays stand in its times; months still choose among its days. */
function weekly(from: WeekMoment, to: WeekMoment, filters: DateFilters): Pieces {
  const key = (['days', 'nth', 'dayOfMonth'] as const).find((filter) => filters[filter] !== undefined);
  if (key !== undefined) {
    return {
      key,
      problem: `\`${key}\` does not go with weekdays in from and to`,
      fix: `leave out \`${key}\` or the weekdays`,
    };
  }
  if (secondsBetween(from, to) === 0) return isEmpty();
  return cutWeekly(from, to).map((piece) => ({ ...filters, ...piece }));
}

function isWeekMoment(moment: { weekday: WeekMoment['weekday'] | undefined; seconds: number }): moment is WeekMoment {
  return moment.weekday !== undefined;
}

/** From a time to itself: never or always? Both are read into it, so it is refused. */
function isEmpty(): WindowProblem {
  return {
    key: 'to',
    problem: 'from and to are the same, which could mean never or always',
    fix: 'write from "00:00" to "24:00" for whole days, or leave both out',
  };
}

function startsAtMidnight(from: unknown): WindowProblem {
  return {
    key: 'from',
    problem: `${quote(from)} is the end of a day, not a start`,
    fix: 'start at 00:00 of the next day',
  };
}

function oneWeekday(key: 'from' | 'to', written: unknown): WindowProblem {
  const fix = `name one in ${quote(written)} as well, or use days with plain times`;
  return { key, problem: 'only one of from and to names a weekday', fix };
}
