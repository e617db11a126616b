import type { EpochMs } from '../model.ts';
import { type DayNumber, dayMs, dayNumber } from './local-date.ts';
import { type OffsetStretch, zoneOffsets } from './zone-offsets.ts';

/**
 * No zone has ever been further from UTC than 15 h 14 min (tz database, America/Juneau before 1867), and none has
 * jumped by more than a day; so one day before and two after a wall time hold its instant.
 */
const beforeMs = dayMs;
const afterMs = 2 * dayMs;

/**
 * The boundary of a date and a wall time in a zone is the first instant whose local date-time reads at or after them.
 * A time that the clocks skip is hence the instant of the change, and a time that comes twice is the first one.
 * `date` is YYYY-MM-DD, `secondsOfDay` counts from its 00:00 (0 … 172800; above 86400 = a time of the next date).
 */
export function boundary(date: string, secondsOfDay: number, zone: string): EpochMs {
  const day = dayNumber(date);
  if (day === undefined) throw new RangeError(`"${date}" is not a date; write YYYY-MM-DD`);
  return boundaryOf(day, secondsOfDay, offsetsAround(zone, day, day));
}

/** The same over offsets that were fetched once for many boundaries: `offsetsAround` the dates asked for. */
export function boundaryOf(day: DayNumber, secondsOfDay: number, offsets: readonly OffsetStretch[]): EpochMs {
  const wallMs = day * dayMs + secondsOfDay * 1000;
  let first = Number.NaN;
  for (let i = 0; i < offsets.length; i += 1) {
    const stretch = offsets[i] as OffsetStretch;
    first = Math.max(stretch.from, wallMs - stretch.offsetMs);
    if (first < (offsets[i + 1]?.from ?? Number.POSITIVE_INFINITY)) return first;
  }
  return first;
}

/** The offsets that every boundary of the dates `first` … `last` (and of the date after each) needs. */
export function offsetsAround(zone: string, first: DayNumber, last: DayNumber): readonly OffsetStretch[] {
  return zoneOffsets(zone, first * dayMs - beforeMs, (last + 1) * dayMs + afterMs);
}
