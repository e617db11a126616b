import type { DailyPiece, Window } from '../../model/schedule.ts';
import type { Term } from '../../model/size.ts';
import type { Weekday } from '../../model/time.ts';
import { parseDayOfMonth, parseDays, parseList, parseMonths, parseNth, parseWorkday } from './parse-days.ts';
import { parseDayAndTime, parseLength } from './parse-time.ts';
import { isScheduleProblem, quote, type ScheduleProblem } from './schedule-problem.ts';

/** A window as written; what is undefined was left out. */
export type WrittenWindow = {
  readonly days?: unknown;
  readonly from?: unknown;
  readonly to?: unknown;
  readonly nth?: unknown;
  readonly dayOfMonth?: unknown;
  readonly workday?: unknown;
  readonly months?: unknown;
  readonly every?: unknown;
  readonly for?: unknown;
};

/** `key`: the part of the window that the problem is about; absent = the window as a whole. */
export type WindowProblem = ScheduleProblem & { readonly key?: keyof WrittenWindow };

/**
 * A window opens at `from` on each local date that passes all its filters, and closes at the next `to`; without both,
 * it lasts the whole local day. With weekdays in its times it is open once a week, from one to the other. With `every`
 * and `for` it opens repeatedly in between: at its start and after each period by local time, for the given duration.
 */
export function makeWindow(written: WrittenWindow, size: Term): Window | WindowProblem {
  const filters = parseFilters(written);
  if (isScheduleProblem(filters)) return filters;
  const repeat = parseRepeat(written);
  if (isScheduleProblem(repeat)) return repeat;
  const pieces = makePieces(written, filters, repeat);
  if (isScheduleProblem(pieces)) return pieces;
  return { text: windowText(written), size, ...(repeat !== undefined && { repeats: true }), pieces };
}

/** The dates on which a window starts: those that pass all given filters. */
type DateFilters = Omit<DailyPiece, 'from' | 'to'>;

const parsers = {
  days: parseDays,
  nth: (written: unknown) => parseList(written, parseNth),
  dayOfMonth: (written: unknown) => parseList(written, parseDayOfMonth),
  workday: (written: unknown) => parseList(written, parseWorkday),
  months: parseMonths,
};

function parseFilters(written: WrittenWindow): DateFilters | WindowProblem {
  const filters: { [key: string]: unknown } = {};
  for (const key of ['days', 'nth', 'dayOfMonth', 'workday', 'months'] as const) {
    if (written[key] === undefined) continue;
    const parsed = parsers[key](written[key]);
    if (isScheduleProblem(parsed)) return { ...parsed, key };
    filters[key] = parsed;
  }
  return filters;
}

/** Seconds from one start to the next, and how long it is open each time. */
type Repeat = { readonly every: number; readonly lasts: number };

/** Shorter periods than this make no sense for a resize. */
const leastEvery = 300;

function parseRepeat({ every, for: length }: WrittenWindow): Repeat | undefined | WindowProblem {
  if (every === undefined && length === undefined) return undefined;
  if (every === undefined) return { key: 'for', problem: '`for` is given without `every`', fix: 'add `every`' };
  if (length === undefined)
    return { key: 'every', problem: '`every` is given without `for`', fix: 'add `for`: how long it is open each time' };
  const period = parseLength(every);
  if (isScheduleProblem(period)) return { ...period, key: 'every' };
  const lasts = parseLength(length);
  if (isScheduleProblem(lasts)) return { ...lasts, key: 'for' };
  if (period < leastEvery) return { key: 'every', problem: `${quote(every)} is too often`, fix: 'write 5m or more' };
  if (lasts > daySeconds) {
    const fix = 'make it 24h at most, or write a window for each time';
    return { key: 'for', problem: `${quote(length)} is longer than a day`, fix };
  }
  if (lasts < period) return { every: period, lasts };
  return {
    key: 'for',
    problem: `for ${quote(length)}, every ${quote(every)}: that is open all the time`,
    fix: 'make `for` shorter than `every`, or leave out both',
  };
}

type Pieces = readonly DailyPiece[] | WindowProblem;

const daySeconds = 86_400;

/** The stretches of a window, each starting on every date that passes the filters. */
function makePieces(written: WrittenWindow, filters: DateFilters, repeat: Repeat | undefined): Pieces {
  const { from, to } = written;
  if (from === undefined && to === undefined) return wholeDays(filters, repeat);
  if (from === undefined) return { key: 'to', problem: '`to` is given without `from`', fix: 'add `from`' };
  if (to === undefined) return { key: 'from', problem: '`from` is given without `to`', fix: 'add `to`' };
  const start = parseDayAndTime(from);
  if (isScheduleProblem(start)) return { ...start, key: 'from' };
  const end = parseDayAndTime(to);
  if (isScheduleProblem(end)) return { ...end, key: 'to' };
  if (start.seconds === daySeconds) return startsAtMidnight(from);
  if (isWeekMoment(start)) return isWeekMoment(end) ? weekly(start, end, filters, repeat) : oneWeekday('to', to);
  return isWeekMoment(end) ? oneWeekday('from', from) : daily(start.seconds, end.seconds, filters, repeat);
}

/** Without times a window lasts the whole local day. Without filters too, it would be the same as `otherwise`. */
function wholeDays(filters: DateFilters, repeat: Repeat | undefined): Pieces {
  if (Object.keys(filters).length > 0 || repeat !== undefined) return daily(0, daySeconds, filters, repeat);
  return {
    problem: 'the window says neither when nor on which days',
    fix: 'add from and to, days, nth, dayOfMonth, workday or months',
  };
}

/** An end at or before the start is a time of the next date. */
function daily(from: number, to: number, filters: DateFilters, repeat: Repeat | undefined): Pieces {
  if (from === to) return isEmpty();
  const end = to > from ? to : to + daySeconds;
  const times = timesWithin(from, end, repeat);
  return isScheduleProblem(times) ? times : times.map((time) => ({ ...filters, ...time }));
}

type Times = readonly Pick<DailyPiece, 'from' | 'to'>[] | WindowProblem;

/** Each opening between `from` and `end`; the last one may be cut short. */
function timesWithin(from: number, end: number, repeat: Repeat | undefined): Times {
  if (repeat === undefined) return [{ from, to: end }];
  const { every, lasts } = repeat;
  const count = Math.ceil((end - from) / every);
  if (count === 1) {
    const fix = 'make the window longer, or leave out `every` and `for` and let it end earlier';
    return { key: 'every', problem: 'the window ends before it is open for a second time', fix };
  }
  return Array.from({ length: count }, (_, i) => {
    const start = from + i * every;
    return { from: start, to: Math.min(start + lasts, end) };
  });
}

/** A weekly window has its weekdays in its times, so only a month filter is allowed. */
function weekly(from: WeekMoment, to: WeekMoment, filters: DateFilters, repeat: Repeat | undefined): Pieces {
  const key = (['days', 'nth', 'dayOfMonth', 'workday'] as const).find((filter) => filters[filter] !== undefined);
  if (key !== undefined) {
    return {
      key,
      problem: `\`${key}\` cannot be combined with weekdays in from and to`,
      fix: `leave out \`${key}\` or the weekdays`,
    };
  }
  if (secondsBetween(from, to) === 0) return isEmpty();
  if (repeat === undefined) return cutWeekly(from, to).map((piece) => ({ ...filters, ...piece }));
  const times = timesWithin(from.seconds, from.seconds + secondsBetween(from, to), repeat);
  return isScheduleProblem(times) ? times : times.map((time) => ({ ...filters, ...onItsDay(from.weekday, time) }));
}

/** A time that may be days after its starting weekday, moved to the day on which it begins. */
function onItsDay(first: Weekday, { from, to }: Pick<DailyPiece, 'from' | 'to'>): DailyPiece {
  const days = Math.floor(from / daySeconds);
  return { days: [dayAfter(first, days)], from: from - days * daySeconds, to: to - days * daySeconds };
}

function isWeekMoment(moment: { weekday: WeekMoment['weekday'] | undefined; seconds: number }): moment is WeekMoment {
  return moment.weekday !== undefined;
}

/** Equal times could mean never or always, so they are refused. */
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

/** A moment of the week: 24:00 is the end of its weekday. */
type WeekMoment = { readonly weekday: Weekday; readonly seconds: number };

/**
 * A weekly window is cut at midnights into daily pieces; the last, shorter piece belongs to the day before it. So a
 * calendar can replace any single day without a gap. `from` and `to` differ, and `from` is before 24:00. fri 20:00 →
 * mon 06:30 is fri 20:00-24:00, sat 00:00-24:00, sun 00:00 to 06:30 of the next day.
 */
function cutWeekly(from: WeekMoment, to: WeekMoment): readonly DailyPiece[] {
  const total = secondsBetween(from, to);
  const pieces: DailyPiece[] = [];
  for (let i = 0, start = from.seconds, left = total; left > 0; i += 1, start = 0) {
    const untilMidnight = daySeconds - start;
    const rest = left - untilMidnight;
    const isLast = rest < daySeconds;
    pieces.push({ days: [dayAfter(from.weekday, i)], from: start, to: isLast ? start + left : daySeconds });
    left = isLast ? 0 : rest;
  }
  return pieces;
}

/** At most a week; the same weekday with an earlier time is almost a week later. */
function secondsBetween(from: WeekMoment, to: WeekMoment): number {
  const week = 7 * daySeconds;
  const seconds = (to.weekday - from.weekday) * daySeconds + to.seconds - from.seconds;
  return ((seconds % week) + week) % week;
}

function dayAfter(weekday: Weekday, days: number): Weekday {
  return (((weekday - 1 + days) % 7) + 1) as Weekday;
}

/**
 * A window as text: "mon-fri 07:00-19:00", "sun#2, friL 00:00-11:00", "day 1, 15, L in apr", "workday 1, L",
 * "08:25-18:00 every 1h for 10m".
 */
function windowText({ days, nth, dayOfMonth, workday, months, from, to, ...repeat }: WrittenWindow): string {
  const hasDays = [days, nth, dayOfMonth, workday].some((filter) => filter !== undefined);
  const parts = [
    list('', days),
    list('', nth),
    list('day ', dayOfMonth),
    list('workday ', workday),
    list(hasDays ? 'in ' : '', months),
    from === undefined ? '' : timesText(one(from), one(to)),
    repeat.every === undefined ? '' : `every ${one(repeat.every)} for ${one(repeat.for)}`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function list(prefix: string, written: unknown): string {
  if (written === undefined) return '';
  return prefix + (Array.isArray(written) ? written.map(one).join(', ') : one(written));
}

/** Safe: the parsers accept only text and numbers. */
function one(written: unknown): string {
  return typeof written === 'string' || typeof written === 'number' ? String(written).trim() : '';
}

/** Times that name weekdays hold spaces, so the dash gets them too: "fri 20:00 - mon 06:30". */
function timesText(from: string, to: string): string {
  return from.includes(' ') ? `${from} - ${to}` : `${from}-${to}`;
}
