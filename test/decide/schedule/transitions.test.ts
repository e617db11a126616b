import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { boundaryOf, offsetsAround, zoneOffsets } from '../../../lib/decide/schedule/local-time.ts';
import { makeTimeline, saysAt } from '../../../lib/decide/schedule/timeline.ts';
import type { Window } from '../../../lib/model/schedule.ts';
import type { Term } from '../../../lib/model/size.ts';
import { isLong, runs } from '../../support/runs.ts';
import { arbitraryTerm } from './arbitrary-schedules.ts';
import { bruteForceSays, keyOf } from './brute-force.ts';
import { highestReadings, intlOffset, intlTransitions, minuteMs, type Transition } from './intl-oracle.ts';
import { scheduleOf } from './schedule-fixtures.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;
/** `npm run test:long` takes 2020 to 2035. */
const [firstYear, lastYear] = isLong ? [2020, 2035] : [2025, 2027];
const from = Date.UTC(firstYear, 0, 1);
const to = Date.UTC(lastYear + 1, 0, 1);

type Change = { readonly zone: string; readonly transition: Transition };

describe(`every zone, every change of its clocks from ${firstYear} to ${lastYear}`, () => {
  const transitionsOf = new Map<string, readonly Transition[]>();
  /** Zones whose clocks do the same share their changes. */
  const changes: Change[] = [];

  beforeAll(() => {
    const patterns = new Set<string>();
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      const transitions = intlTransitions(zone, from, to);
      transitionsOf.set(zone, transitions);
      const pattern = JSON.stringify([intlOffset(zone)(from), transitions]);
      if (!patterns.has(pattern)) changes.push(...transitions.map((transition) => ({ zone, transition })));
      patterns.add(pattern);
    }
  });

  test('the offsets are those of Intl', () => {
    expect(transitionsOf.size).toBeGreaterThan(400);
    for (const [zone, transitions] of transitionsOf) {
      const [first, ...rest] = zoneOffsets(zone, from, to);
      expect(first, zone).toEqual({ from, offsetMs: intlOffset(zone)(from) });
      expect(rest, zone).toEqual(transitions.map(({ at, after }) => ({ from: at, offsetMs: after })));
    }
  });

  test('a boundary is the first minute that reads as late', () => {
    expect(changes.length).toBeGreaterThan(isLong ? 500 : 100);
    for (const { zone, transition } of changes) {
      const start = transition.at - 6 * hourMs;
      const readings = highestReadings(zone, start, transition.at + 6 * hourMs, minuteMs);
      const middle = transition.at + Math.min(transition.before, transition.after);
      const offsets = offsetsAround(zone, Math.floor(middle / dayMs) - 1, Math.floor(middle / dayMs) + 1);
      for (let wall = middle - 2 * hourMs; wall <= middle + 4 * hourMs; wall += 7 * minuteMs) {
        const day = Math.floor(wall / dayMs);
        const first = start + readings.findIndex((reading) => reading >= wall) * minuteMs;
        const found = boundaryOf(day, (wall - day * dayMs) / 1000, offsets);
        if (found !== first) expect(`${zone} ${new Date(wall).toISOString()} → ${found}`).toBe(`${first}`);
      }
    }
  });

  test('windows around a change open and close by the minute', () => {
    fc.assert(
      fc.property(
        fc.nat().map((i) => changes[i % changes.length] as Change),
        fc.array(fc.tuple(fc.integer({ min: -300, max: 300 }), fc.integer({ min: 1, max: 1440 }), arbitraryTerm), {
          minLength: 1,
          maxLength: 3,
        }),
        ({ zone, transition }, drawn) => {
          const schedule = scheduleOf({ zone, windows: drawn.map((one) => windowNear(transition, ...one)) });
          const start = transition.at - 2 * dayMs;
          const readings = highestReadings(zone, start, transition.at + 8 * hourMs, minuteMs);
          const timeline = makeTimeline(schedule, [], transition.at);
          for (let i = 40 * 60; i < readings.length; i += 1) {
            const said = keyOf(saysAt(timeline, start + i * minuteMs));
            const wanted = bruteForceSays(schedule, [], readings[i] as number);
            if (said !== wanted) expect(`${zone} ${new Date(start + i * minuteMs).toISOString()} ${said}`).toBe(wanted);
          }
        },
      ),
      runs(6),
    );
  });
});

/** A daily window that starts some minutes from the reading at which the clocks change. */
function windowNear({ at, before }: Transition, minutesAway: number, minutesLong: number, size: Term): Window {
  const start = at + before + minutesAway * minuteMs;
  const from = (((start % dayMs) + dayMs) % dayMs) / 1000;
  return { text: 'w', size, pieces: [{ from, to: from + minutesLong * 60 }] };
}
