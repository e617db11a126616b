import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  lastEdge,
  lookMs,
  makeTimeline,
  nextChange,
  saysAt,
  saysBetween,
} from '../../../lib/decide/schedule/timeline.ts';
import { saysKey } from '../../../lib/model/size.ts';
import { runs } from '../../support/runs.ts';
import { arbitrarySchedule } from './arbitrary-schedules.ts';
import { bruteForceSays, keyOf } from './brute-force.ts';
import { highestReadings, minuteMs } from './intl-oracle.ts';
import { exceptionOf, scheduleOf, windowOf } from './schedule-fixtures.ts';

const dayMs = 86_400_000;
const from = Date.UTC(2027, 11, 1);
const to = Date.UTC(2028, 11, 1);
const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Beirut', 'UTC'];
const everySchedule = arbitrarySchedule(fc.constantFrom(...zones), from, to, 900);
const anInstant = fc.integer({ min: from + 2 * dayMs, max: to });

describe('a timeline', () => {
  test('says for a whole year what every rule says when asked', () => {
    const stepMs = 15 * minuteMs;
    const readings = new Map(zones.map((zone) => [zone, highestReadings(zone, from, to, stepMs)]));
    fc.assert(
      fc.property(everySchedule, ({ schedule, exceptions }) => {
        const timeline = makeTimeline(schedule, exceptions, from + 100 * dayMs);
        (readings.get(schedule.zone) as Float64Array).forEach((reading, i) => {
          const at = from + i * stepMs;
          if (i < 200) return;
          const said = keyOf(saysAt(timeline, at));
          const wanted = bruteForceSays(schedule, exceptions, reading);
          if (said !== wanted) expect(`${new Date(at).toISOString()} ${said}`).toBe(wanted);
        });
      }),
      runs(1),
    );
  });

  test('the next change is the first instant that says something else', () => {
    fc.assert(
      fc.property(everySchedule, anInstant, ({ schedule, exceptions }, at) => {
        const timeline = makeTimeline(schedule, exceptions, at);
        const next = nextChange(timeline, at);
        const now = saysKey(saysAt(timeline, at));
        const until = next?.at ?? at + lookMs;
        expect(saysBetween(timeline, at, until).map(saysKey)).toEqual([now]);
        if (next === undefined) return;
        expect(next.at).toBeGreaterThan(at);
        expect(saysKey(next.says)).not.toBe(now);
        expect(saysAt(timeline, next.at)).toEqual(next.says);
        expect(lastEdge(timeline, next.at)).toBe(next.at);
        expect(saysAt(timeline, next.at - 1)).toEqual(saysAt(timeline, at));
      }),
    );
  });

  test('the last edge is the last instant at which it began to differ', () => {
    fc.assert(
      fc.property(everySchedule, anInstant, ({ schedule, exceptions }, at) => {
        const timeline = makeTimeline(schedule, exceptions, at);
        const last = lastEdge(timeline, at);
        const now = saysKey(saysAt(timeline, at));
        expect(saysBetween(timeline, last ?? at - lookMs, at + 1).map(saysKey)).toEqual([now]);
        if (last === undefined) return;
        expect(last).toBeLessThanOrEqual(at);
        expect(saysKey(saysAt(timeline, last - 1))).not.toBe(now);
        expect(nextChange(timeline, last - 1)?.at).toBe(last);
      }),
    );
  });

  test('says between two instants what is said at each step', () => {
    fc.assert(
      fc.property(everySchedule, anInstant, fc.integer({ min: 1, max: 300 }), ({ schedule, exceptions }, at, steps) => {
        const timeline = makeTimeline(schedule, exceptions, at);
        const start = Math.floor(at / minuteMs) * minuteMs;
        const end = start + steps * 15 * minuteMs;
        const seen = new Set<string>();
        for (let one = start; one < end; one += minuteMs) seen.add(saysKey(saysAt(timeline, one)));
        expect(saysBetween(timeline, start, end).map(saysKey)).toEqual([...seen]);
      }),
    );
  });

  test('what was asked before changes no answer', () => {
    fc.assert(
      fc.property(
        everySchedule,
        fc.array(anInstant, { minLength: 1, maxLength: 5 }),
        ({ schedule, exceptions }, asked) => {
          const used = makeTimeline(schedule, exceptions, asked[0] as number);
          for (const at of asked) {
            const fresh = makeTimeline(schedule, exceptions, at);
            expect(saysAt(used, at)).toEqual(saysAt(fresh, at));
            expect(lastEdge(used, at)).toBe(lastEdge(fresh, at));
            expect(nextChange(used, at)).toEqual(nextChange(fresh, at));
          }
        },
      ),
      runs(4),
    );
  });
});

test('asking each minute or each quarter of an hour finds the same', () => {
  fc.assert(
    fc.property(everySchedule, anInstant, fc.integer({ min: 1, max: 15 }), ({ schedule, exceptions }, at, period) => {
      const often = makeTimeline(schedule, exceptions, at);
      const seldom = makeTimeline(schedule, exceptions, at);
      for (let minute = 0; minute < 3 * 1440; minute += 1) {
        const now = at + minute * minuteMs;
        const answer = [saysAt(often, now), lastEdge(often, now)];
        if (minute % period === 0) expect([saysAt(seldom, now), lastEdge(seldom, now)]).toEqual(answer);
      }
    }),
    runs(2),
  );
});

describe('the ends of looking', () => {
  const at = Date.UTC(2026, 10, 23);

  test('a schedule that never changes has no edges', () => {
    const timeline = makeTimeline(scheduleOf({ windows: [windowOf({ from: '00:00', to: '24:00' })] }), [], at);
    expect(saysAt(timeline, at)).toEqual(['base']);
    expect(nextChange(timeline, at)).toBeUndefined();
    expect(lastEdge(timeline, at)).toBeUndefined();
  });

  test('a leap day is found both ways', () => {
    const leap = scheduleOf({ windows: [windowOf({ dayOfMonth: 29, months: 'feb' })] });
    const timeline = makeTimeline(leap, [], Date.UTC(2024, 2, 1));
    expect(nextChange(timeline, Date.UTC(2024, 2, 1))).toEqual({ at: Date.UTC(2028, 1, 29), says: ['base'] });
    expect(lastEdge(timeline, Date.UTC(2028, 1, 29) - 1)).toBe(Date.UTC(2024, 2, 1));
  });

  test('an exception counts at its first and not at its last instant', () => {
    const exception = exceptionOf('2026-12-24T18:00:00', '2027-01-04T06:30:00', 3);
    const timeline = makeTimeline(scheduleOf({ zone: 'Europe/Berlin' }), [exception], at);
    const start = Date.parse('2026-12-24T18:00:00+01:00');
    const end = Date.parse('2027-01-04T06:30:00+01:00');
    expect([start - 1, start, end - 1, end].map((one) => saysAt(timeline, one))).toEqual([
      ['idle'],
      [3],
      [3],
      ['idle'],
    ]);
    expect(nextChange(timeline, at)).toEqual({ at: start, says: [3] });
    expect(lastEdge(timeline, end + dayMs)).toBe(end);
  });

  test('a far instant costs no centuries', () => {
    const timeline = makeTimeline(scheduleOf({ windows: [windowOf({ days: 'mon' })] }), [], at);
    expect(saysAt(timeline, Date.UTC(9998, 0, 5))).toEqual(['base']);
    expect(saysAt(timeline, at)).toEqual(['base']);
    expect(nextChange(timeline, at)?.at).toBe(at + dayMs);
  });

  test('an empty stretch says nothing', () => {
    const timeline = makeTimeline(scheduleOf({}), [], at);
    expect(saysBetween(timeline, at, at)).toEqual([]);
    expect(saysBetween(timeline, at, at - 1)).toEqual([]);
  });
});
