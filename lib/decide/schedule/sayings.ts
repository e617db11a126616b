import type { Exception, Schedule } from '../compiled-config.ts';
import type { EpochMs } from '../model.ts';
import { offsetsAround } from './boundary.ts';
import { buildEdgeTable, type EdgeTable } from './edge-table.ts';
import { type DayNumber, dayMs } from './local-date.ts';
import type { LayeredOpening } from './open-count.ts';
import { type CalendarByDay, calendarByDay, exceptionOpenings, wholeDay, windowsFrom } from './openings.ts';
import type { OffsetStretch } from './zone-offsets.ts';

/** A schedule and the exceptions that change it, ready to be laid out over any stretch of time. */
export type Sayings = {
  readonly schedule: Schedule;
  readonly calendar: CalendarByDay;
  readonly exceptions: readonly LayeredOpening[];
};

export function compileSayings(schedule: Schedule, exceptions: readonly Exception[]): Sayings {
  const openings = exceptionOpenings(exceptions, schedule.zone);
  return {
    schedule,
    calendar: calendarByDay(schedule),
    exceptions: openings.map(({ from, to, exception }) => ({ from, to, layer: 0, term: exception.size })),
  };
}

/** What is said over [from, to), computed from dates and window pieces. Both are whole milliseconds. */
export function tableOver(sayings: Sayings, from: EpochMs, to: EpochMs): EdgeTable {
  const [first, last] = datesOpenIn(from, to);
  const offsets = offsetsAround(sayings.schedule.zone, first, last);
  const openings = [...sayings.exceptions];
  for (let day = first; day <= last; day += 1) openings.push(...openingsFrom(sayings, day, offsets));
  return buildEdgeTable(openings, sayings.schedule.otherwise, { from, to });
}

/**
 * The dates on which a window that is open in [from, to) can have started: local dates are at most one off the date
 * in UTC, and a piece ends by the end of the next date.
 */
export function datesOpenIn(from: EpochMs, to: EpochMs): readonly [first: DayNumber, last: DayNumber] {
  return [Math.floor(from / dayMs) - 3, Math.floor(to / dayMs) + 1];
}

function openingsFrom(
  { schedule, calendar }: Sayings,
  day: DayNumber,
  offsets: readonly OffsetStretch[],
): readonly LayeredOpening[] {
  const special = calendar.get(day);
  if (special !== undefined && 'size' in special) {
    return [{ ...wholeDay(day, offsets), layer: 1, term: special.size }];
  }
  const opened = windowsFrom(schedule, calendar, day, offsets);
  return opened.map(({ from, to, window }) => ({ from, to, layer: 2, term: window.size }));
}
