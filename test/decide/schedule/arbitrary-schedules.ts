import fc from 'fast-check';
import type { Exception } from '../../../lib/model/config.ts';
import type { CalendarDay, DailyPiece, Schedule, Window } from '../../../lib/model/schedule.ts';
import type { Term } from '../../../lib/model/size.ts';
import type { Weekday } from '../../../lib/model/time.ts';
import { exceptionOf, scheduleOf } from './schedule-fixtures.ts';

const dayMs = 86_400_000;

export const arbitraryTerm: fc.Arbitrary<Term> = fc.constantFrom<Term>('base', 'idle', 'leave', 0, 3, {
  min: 1,
  max: 4,
});

const weekday = fc.integer({ min: 1, max: 7 }) as fc.Arbitrary<Weekday>;

/** Windows whose edges lie on whole steps of the wall clock, so that looking at each step sees every edge. */
function arbitraryPiece(stepSeconds: number): fc.Arbitrary<DailyPiece> {
  const steps = 86_400 / stepSeconds;
  const stretch = fc
    .tuple(fc.integer({ min: 0, max: steps - 1 }), fc.integer({ min: 1, max: steps }))
    .map(([from, length]) => ({ from: from * stepSeconds, to: (from + length) * stepSeconds }));
  const filters = fc.oneof(
    { weight: 4, arbitrary: fc.record({ days: fc.uniqueArray(weekday, { minLength: 1 }) }) },
    { weight: 2, arbitrary: fc.constant({}) },
    {
      weight: 1,
      arbitrary: fc.record({
        nth: fc.array(fc.record({ weekday, n: fc.constantFrom(1, 2, 3, 4, 5, 'L' as const) }), {
          minLength: 1,
          maxLength: 2,
        }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ dayOfMonth: fc.array(fc.constantFrom(1, 15, 29, 31, 'L' as const), { minLength: 1 }) }),
    },
    { weight: 1, arbitrary: fc.record({ months: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }) }) },
  ) as fc.Arbitrary<Omit<DailyPiece, 'from' | 'to'>>;
  return fc.tuple(stretch, filters).map(([times, filter]) => ({ ...filter, ...times }));
}

function arbitraryWindow(stepSeconds: number): fc.Arbitrary<Window> {
  return fc.record({
    text: fc.constant('w'),
    size: arbitraryTerm,
    pieces: fc.array(arbitraryPiece(stepSeconds), { minLength: 1, maxLength: 2 }),
  });
}

function arbitraryCalendar(from: number, to: number): fc.Arbitrary<readonly CalendarDay[]> {
  const date = fc
    .integer({ min: from / dayMs, max: to / dayMs })
    .map((day) => new Date(day * dayMs).toISOString().slice(0, 10));
  const day = fc.oneof(
    fc.record({ date, actLike: weekday }),
    fc.record({ date, size: fc.constantFrom('base' as const, 'idle' as const, 'leave' as const) }),
  );
  return fc.uniqueArray(day, { maxLength: 6, selector: ({ date: one }) => one });
}

export type ArbitrarySchedule = { readonly schedule: Schedule; readonly exceptions: readonly Exception[] };

/** Schedules with calendar days and exceptions in [from, to), whole days of UTC. */
export function arbitrarySchedule(
  zone: fc.Arbitrary<string>,
  from: number,
  to: number,
  stepSeconds: number,
): fc.Arbitrary<ArbitrarySchedule> {
  const moment = fc
    .integer({ min: from / 1000 / stepSeconds, max: to / 1000 / stepSeconds })
    .map((step) => new Date(step * stepSeconds * 1000).toISOString().slice(0, 19));
  const schedule = fc.record({
    zone,
    windows: fc.array(arbitraryWindow(stepSeconds), { maxLength: 4 }),
    otherwise: arbitraryTerm,
    calendarDays: arbitraryCalendar(from, to),
  });
  const exception = fc.tuple(moment, moment, arbitraryTerm).map(([start, end, size]) => exceptionOf(start, end, size));
  return fc.record({ schedule: schedule.map(scheduleOf), exceptions: fc.array(exception, { maxLength: 2 }) });
}
