import type { CalendarDay, Exception, Schedule } from '../compiled-config.ts';
import type { EpochMs } from '../model.ts';
import { offsetsAround } from './boundary.ts';
import type { DayNumber } from './local-date.ts';
import { calendarByDay, exceptionOpenings, type Opening, wholeDay, windowsFrom } from './openings.ts';
import { datesOpenIn } from './sayings.ts';

/** Why a schedule says what it says at one instant. */
export type OpenWindows = {
  /** Open windows as written, in the order of the schedule, also where something else decides. */
  readonly windows: readonly string[];
  /** What counts: everything of the first kind that holds. */
  readonly decidedBy: 'exception' | 'calendar' | 'windows' | 'otherwise';
  /** The exceptions that hold now; more than one: the largest. */
  readonly exceptions: readonly Exception[];
  /** What the schedule's calendar says about this local date, if it names it. */
  readonly calendarDay: CalendarDay | undefined;
};

/** What is open at `at`, and what decides; `exceptions` are those whose `match` names the pool. */
export function openWindowsAt(schedule: Schedule, exceptions: readonly Exception[], at: EpochMs): OpenWindows {
  const calendar = calendarByDay(schedule);
  const [first, last] = datesOpenIn(at, at);
  const offsets = offsetsAround(schedule.zone, first, last);
  const days = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const holds = ({ from, to }: Opening) => from <= at && at < to;
  const opened = new Set(
    days
      .flatMap((day) => windowsFrom(schedule, calendar, day, offsets))
      .filter(holds)
      .map(({ window }) => window),
  );
  const held = exceptionOpenings(exceptions, schedule.zone)
    .filter(holds)
    .map(({ exception }) => exception);
  const calendarDay = calendar.get(days.find((day) => holds(wholeDay(day, offsets))) as DayNumber);
  const windows = schedule.windows.filter((window) => opened.has(window)).map(({ text }) => text);
  return { windows, decidedBy: whatDecides(held, calendarDay, windows), exceptions: held, calendarDay };
}

function whatDecides(
  held: readonly Exception[],
  calendarDay: CalendarDay | undefined,
  windows: readonly string[],
): OpenWindows['decidedBy'] {
  if (held.length > 0) return 'exception';
  if (calendarDay !== undefined && 'size' in calendarDay) return 'calendar';
  return windows.length > 0 ? 'windows' : 'otherwise';
}
