import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { type LaidOutOffsets, useOffsets, zoneOffsets } from '../../../lib/decide/schedule/local-time.ts';
import { dayMs } from '../../../lib/model/time.ts';
import { runs } from '../../support/runs.ts';

const zones = ['Europe/Berlin', 'UTC', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Asia/Kolkata'];
const [from, to] = [Date.UTC(2025, 0, 1), Date.UTC(2030, 0, 1)];
const nothing: LaidOutOffsets = { from: 0, to: 0, zones: {} };
const laidOut: LaidOutOffsets = {
  from,
  to,
  zones: Object.fromEntries(zones.map((zone) => [zone, zoneOffsets(zone, from, to)])),
};

afterEach(() => useOffsets(nothing));

/** Both ways, over the same stretch. */
function both(zone: string, first: number, last: number) {
  useOffsets(nothing);
  const found = zoneOffsets(zone, first, last);
  useOffsets(laidOut);
  return { found, known: zoneOffsets(zone, first, last) };
}

describe('offsets that were laid out when the functions were built', () => {
  test('are those that would be found', () => {
    const instant = fc.integer({ min: from - 400 * dayMs, max: to + 400 * dayMs });
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        instant,
        fc.integer({ min: 0, max: 900 * dayMs }),
        (zone, first, length) => {
          const { found, known } = both(zone, first, first + length);
          expect(known).toEqual(found);
        },
      ),
      runs(40),
    );
  });

  test('begin and end with a change to the millisecond', () => {
    for (const { from: change } of laidOut.zones['Europe/Berlin']!.slice(1))
      for (const [first, last] of [
        [change - 1, change],
        [change, change + 1],
        [change - 1, change - 1],
      ] as const) {
        const { found, known } = both('Europe/Berlin', first, last);
        expect(known).toEqual(found);
      }
  });

  test('do not answer for another zone', () => {
    useOffsets({ ...laidOut, zones: {} });
    expect(zoneOffsets('Europe/Warsaw', from, to).length).toBeGreaterThan(5);
  });
});
