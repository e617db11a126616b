import type { Exception } from '../../model/config.ts';
import type { CalendarDay, DailyPiece, Schedule, Window } from '../../model/schedule.ts';
import { canonicalSays, type Says, saysKey, type Term, termKey } from '../../model/size.ts';
import type { EpochMs, Weekday } from '../../model/time.ts';
import {
  boundary,
  boundaryOf,
  type DayNumber,
  dayNumber,
  type LocalDate,
  localDate,
  type OffsetStretch,
  weekdayOf,
} from './local-time.ts';

/** Half-open: [from, to). */
export type Opening = { readonly from: EpochMs; readonly to: EpochMs };

export type WindowOpening = Opening & { readonly window: Window };
export type ExceptionOpening = Opening & { readonly exception: Exception };

export type CalendarByDay = ReadonlyMap<DayNumber, CalendarDay>;

/** The windows that start on one date. On a calendar day with a size of its own, none does. */
export function windowsFrom(
  schedule: Pick<Schedule, 'windows'>,
  calendar: CalendarByDay,
  day: DayNumber,
  offsets: readonly OffsetStretch[],
): readonly WindowOpening[] {
  const special = calendar.get(day);
  if (special !== undefined && 'size' in special) return [];
  const actsLike = special?.actLike ?? weekdayOf(day);
  // Loops, without arrays in between: the check of a config asks for every day of four years.
  const found: WindowOpening[] = [];
  for (const window of schedule.windows) {
    for (const piece of window.pieces) {
      if (!opensOn(piece, day, actsLike, calendar)) continue;
      const from = boundaryOf(day, piece.from, offsets);
      const to = boundaryOf(day, piece.to, offsets);
      // A stretch that lies completely in a skipped hour never opens.
      if (from < to) found.push({ window, from, to });
    }
  }
  return found;
}

/** Would the window open on this date, if the clocks did not skip the whole of it? */
export function isSkippedOn(
  { pieces }: Pick<Window, 'pieces'>,
  calendar: CalendarByDay,
  day: DayNumber,
  offsets: readonly OffsetStretch[],
): boolean {
  const special = calendar.get(day);
  if (special !== undefined && 'size' in special) return false;
  const own = pieces.filter((piece) => opensOn(piece, day, special?.actLike ?? weekdayOf(day), calendar));
  return own.length > 0 && own.every(({ from, to }) => boundaryOf(day, from, offsets) >= boundaryOf(day, to, offsets));
}

/** The whole local day. */
export function wholeDay(day: DayNumber, offsets: readonly OffsetStretch[]): Opening {
  return { from: boundaryOf(day, 0, offsets), to: boundaryOf(day + 1, 0, offsets) };
}

/** When each exception is in force; local times are in the schedule's zone. */
export function exceptionOpenings(exceptions: readonly Exception[], zone: string): readonly ExceptionOpening[] {
  return exceptions
    .map((exception) => ({ exception, from: momentIn(exception.start, zone), to: momentIn(exception.end, zone) }))
    .filter(isOpening);
}

export function calendarByDay(schedule: Schedule): CalendarByDay {
  return new Map(schedule.calendarDays.map((day) => [dayNumber(day.date) ?? Number.NaN, day]));
}

/** A stretch that lies completely in a skipped hour never opens. */
function isOpening({ from, to }: Opening): boolean {
  return from < to;
}

/** `YYYY-MM-DDTHH:MM:SS` in a zone, or an absolute instant. */
export function momentIn(written: string | EpochMs, zone: string): EpochMs {
  if (typeof written === 'number') return written;
  const [hours = 0, minutes = 0, seconds = 0] = written.slice(11).split(':').map(Number);
  return boundary(written.slice(0, 10), hours * 3600 + minutes * 60 + seconds, zone);
}

/**
 * A piece opens on a date that passes all its filters. `days` uses the weekday that the date acts like; the other
 * filters use the date itself.
 */
function opensOn(piece: DailyPiece, day: DayNumber, actsLike: Weekday, calendar: CalendarByDay): boolean {
  const { days, nth, dayOfMonth, months, workday } = piece;
  if (days !== undefined && !days.includes(actsLike)) return false;
  if ((nth ?? dayOfMonth ?? months ?? workday) === undefined) return true;
  const date = localDate(day);
  return (
    (nth === undefined || nth.some((one) => isNth(one, date))) &&
    (dayOfMonth === undefined || dayOfMonth.some((one) => isDayOfMonth(one, date))) &&
    (months === undefined || months.includes(date.month)) &&
    isOneOfWorkdays(piece, date, calendar)
  );
}

function isOneOfWorkdays({ workday }: DailyPiece, date: LocalDate, calendar: CalendarByDay): boolean {
  if (workday === undefined) return true;
  const days = workdaysOf(date, calendar);
  return workday.some((n) => days.at(n > 0 ? n - 1 : n) === date.day);
}

const monthsOf = new WeakMap<CalendarByDay, Map<DayNumber, readonly DayNumber[]>>();

/**
 * The working days of a date's month, in order: those that act like Monday to Friday. A calendar day with a size of its
 * own is no working day, since no window opens on it.
 */
function workdaysOf({ day, dayOfMonth, daysInMonth }: LocalDate, calendar: CalendarByDay): readonly DayNumber[] {
  const months = monthsOf.get(calendar) ?? new Map<DayNumber, readonly DayNumber[]>();
  monthsOf.set(calendar, months);
  const first = day - dayOfMonth + 1;
  const known = months.get(first);
  if (known !== undefined) return known;
  const days = Array.from({ length: daysInMonth }, (_, i) => first + i).filter((one) => isWorkday(one, calendar));
  months.set(first, days);
  return days;
}

function isWorkday(day: DayNumber, calendar: CalendarByDay): boolean {
  const special = calendar.get(day);
  if (special !== undefined && 'size' in special) return false;
  return (special?.actLike ?? weekdayOf(day)) <= 5;
}

function isNth({ weekday, n }: NonNullable<DailyPiece['nth']>[number], date: LocalDate): boolean {
  if (weekday !== date.weekday) return false;
  return n === 'L' ? date.dayOfMonth + 7 > date.daysInMonth : Math.ceil(date.dayOfMonth / 7) === n;
}

function isDayOfMonth(wanted: number | 'L', date: LocalDate): boolean {
  return date.dayOfMonth === (wanted === 'L' ? date.daysInMonth : wanted);
}

/** Joins overlapping and touching stretches; the input is sorted by start. */
export function joinOpenings(openings: readonly Opening[]): readonly Opening[] {
  const joined: Opening[] = [];
  for (const { from, to } of openings) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else joined.push({ from, to });
  }
  return joined;
}

/** Priority: an exception (0), then the calendar day's own size (1), then the open windows (2). */
type Layer = 0 | 1 | 2;

export type LayeredOpening = Opening & { readonly layer: Layer; readonly term: Term };

export type OpenChange = { readonly by: 1 | -1; readonly opening: LayeredOpening };

export type OpenTally = {
  apply(change: OpenChange): void;
  /** Equal answers are the same array. */
  says(): Says;
};

/**
 * Counts what is open, per layer and term. The first layer with anything open decides, else `otherwise`. `leave` counts
 * only if nothing else in its layer does.
 */
export function makeOpenTally(openings: readonly LayeredOpening[], otherwise: Term): OpenTally {
  const terms = canonicalSays(openings.map(({ term }) => term));
  const placeOf = new Map(terms.map((term, place) => [termKey(term), place]));
  const countsOf = ([0, 1, 2] as const).map(() => new Int32Array(terms.length));
  const known = new Map<string, Says>();
  return {
    apply({ opening, by }) {
      const counts = countsOf[opening.layer] as Int32Array;
      const place = placeOf.get(termKey(opening.term)) as number;
      counts[place] = (counts[place] as number) + by;
    },
    says() {
      const counts = countsOf.find((layer) => layer.some((count) => count > 0));
      const open = counts === undefined ? [otherwise] : terms.filter((_, place) => (counts[place] as number) > 0);
      const says = open.length > 1 ? open.filter((term) => term !== 'leave') : open;
      const key = saysKey(says);
      const same = known.get(key) ?? says;
      known.set(key, same);
      return same;
    },
  };
}
