import type { CalendarDay, DailyPiece, Exception, Schedule, Window } from '../compiled-config.ts';
import type { EpochMs } from '../model.ts';
import { boundary, boundaryOf } from './boundary.ts';
import { type DayNumber, dayNumber, localDate } from './local-date.ts';
import { opensOn } from './opens-on.ts';
import type { OffsetStretch } from './zone-offsets.ts';

/** Half-open: [from, to). */
export type Opening = { readonly from: EpochMs; readonly to: EpochMs };

export type WindowOpening = Opening & { readonly window: Window };
export type ExceptionOpening = Opening & { readonly exception: Exception };

export type CalendarByDay = ReadonlyMap<DayNumber, CalendarDay>;

/** The windows that start on one date. None does on a calendar day that has a size of its own. */
export function windowsFrom(
  schedule: Schedule,
  calendar: CalendarByDay,
  day: DayNumber,
  offsets: readonly OffsetStretch[],
): readonly WindowOpening[] {
  const special = calendar.get(day);
  if (special !== undefined && 'size' in special) return [];
  const date = localDate(day);
  const actsLike = special?.actLike ?? date.weekday;
  return schedule.windows.flatMap((window) =>
    window.pieces
      .filter((piece) => opensOn(piece, date, actsLike))
      .map((piece) => ({ window, ...stretchOf(piece, day, offsets) }))
      .filter(isOpening),
  );
}

/** The whole local day. */
export function wholeDay(day: DayNumber, offsets: readonly OffsetStretch[]): Opening {
  return { from: boundaryOf(day, 0, offsets), to: boundaryOf(day + 1, 0, offsets) };
}

/** When each exception holds; one written without an offset is read in the schedule's zone. */
export function exceptionOpenings(exceptions: readonly Exception[], zone: string): readonly ExceptionOpening[] {
  return exceptions
    .map((exception) => ({ exception, from: momentIn(exception.start, zone), to: momentIn(exception.end, zone) }))
    .filter(isOpening);
}

export function calendarByDay(schedule: Schedule): CalendarByDay {
  return new Map(schedule.calendarDays.map((day) => [dayNumber(day.date) ?? Number.NaN, day]));
}

function stretchOf(piece: DailyPiece, day: DayNumber, offsets: readonly OffsetStretch[]): Opening {
  return { from: boundaryOf(day, piece.from, offsets), to: boundaryOf(day, piece.to, offsets) };
}

/** A stretch that lies wholly in a spring gap never opens. */
function isOpening({ from, to }: Opening): boolean {
  return from < to;
}

/** `YYYY-MM-DDTHH:MM:SS` in a zone, or an absolute instant as it is. */
function momentIn(written: string | EpochMs, zone: string): EpochMs {
  if (typeof written === 'number') return written;
  const [hours = 0, minutes = 0, seconds = 0] = written.slice(11).split(':').map(Number);
  return boundary(written.slice(0, 10), hours * 3600 + minutes * 60 + seconds, zone);
}
