import { describe, expect, test } from 'vitest';
import { asksOfPool, findWanted, leaseCap, type WantedInput } from '../../../lib/decide/scaling/wanted-size.ts';
import { makeTimeline } from '../../../lib/decide/schedule/timeline.ts';
import type { Ask, PoolAsks } from '../../../lib/model/asks.ts';
import type { Rule } from '../../../lib/model/config.ts';
import type { Schedule } from '../../../lib/model/schedule.ts';
import type { Size } from '../../../lib/model/size.ts';
import {
  aLease,
  aMatch,
  anOverride,
  aPause,
  aRule,
  at,
  hour,
  minute,
  officeHours,
} from '../../support/scaling-world.ts';

const noon = '2026-03-02T12:00:00Z';
const night = '2026-03-02T22:00:00Z';
const morning = '2026-03-03T06:50:00Z';
const opening = at('2026-03-03T07:00:00Z');
const until = '2026-03-04T00:00:00Z';
const leave: Schedule = { ...officeHours, otherwise: 'leave' };

type Given = {
  readonly now?: string;
  readonly current?: Size;
  readonly base?: Size | undefined;
  readonly rule?: Partial<Rule>;
  readonly schedule?: Schedule;
  readonly asks?: readonly Ask[];
  readonly leadMs?: number;
  readonly kept?: WantedInput['kept'];
};

const names = { region: 'r1', cluster: 'dev', pool: 'a', labels: undefined };

/** A pool of 3 with the base 3, idle at 0, under office hours. */
function wanted(given: Given) {
  const { now: text = noon, current = 3, rule = {}, schedule = officeHours, asks = [], leadMs = 0, kept } = given;
  const now = at(text);
  const autoscale = typeof current === 'object';
  const base = 'base' in given ? given.base : autoscale ? { min: 3, max: 9 } : 3;
  const resolver = {
    rule: aRule({ base: 'remembered', leases: { max: 9, longestMs: 1e12 }, ...rule }),
    autoscale,
    base,
  };
  const timeline = makeTimeline(schedule, [], now);
  const of = { now, timeline, scheduleName: 'office-hours', leadMs, kept, current, resolver };
  return findWanted({ ...of, asks: asksOfPool(asks, names, now) });
}

const lease = (atLeast: number, askedAt = '2026-03-02T00:00:00Z', end = until) => aLease(atLeast, askedAt, end);
const override = (exactly: Size) => anOverride(exactly, '2026-03-02T00:00:00Z', until);
const byLease = (atLeast: number) => ({
  who: 'ana@desk',
  reason: `lease of ana@desk: at least ${atLeast} until 2026-03-04T00:00:00Z`,
  isByLeaseOrOverride: true,
  until: at(until),
});
const bySchedule = (size: string) => ({
  who: 'schedule office-hours',
  reason: `schedule office-hours: ${size}`,
  isByLeaseOrOverride: false,
  until: undefined,
});

describe('a lease', () => {
  test.each<[string, Given, object]>([
    ['raises', { asks: [lease(5)] }, { target: 5, scheduled: 3, upFor: undefined, isLeft: false, ...byLease(5) }],
    ['changes nothing below the schedule', { asks: [lease(2)] }, { target: 3, ...bySchedule('3') }],
    ['changes nothing at it', { asks: [lease(3)] }, { target: 3, ...bySchedule('3') }],
    ['holds at night', { now: night, asks: [lease(2)] }, { target: 2, scheduled: 0, ...byLease(2) }],
    ['lets go of what is above it', { now: night, current: 8, asks: [lease(2)] }, { target: 2, ...byLease(2) }],
    ['is the largest of several', { now: night, asks: [lease(2), lease(5), lease(4)] }, { target: 5, ...byLease(5) }],
    ['lowers nothing while the base is unknown', { base: undefined, asks: [lease(2)] }, { target: 3, ...byLease(2) }],
    ['raises while the base is unknown', { base: undefined, asks: [lease(5)] }, { target: 5, ...byLease(5) }],
    [
      'lowers nothing before a base that is unknown',
      { now: morning, base: undefined, current: 4, leadMs: 20 * minute, asks: [lease(2)] },
      { target: 4, ...byLease(2) },
    ],
    [
      'lowers nothing before a boundary',
      { now: morning, current: 3, leadMs: 0, asks: [lease(2)] },
      { target: 3, upFor: opening, ...byLease(2) },
    ],
    ['raises the min of bounds', { current: { min: 3, max: 9 }, asks: [lease(5)] }, { target: { min: 5, max: 9 } }],
    ['keeps within limits', { rule: { limits: { min: 0, max: 4 } }, asks: [lease(8)] }, { target: 4 }],
    ['holds a pool that is left', { now: night, schedule: leave, asks: [lease(3)] }, { target: 3, ...byLease(3) }],
    [
      'lowers no pool that is left',
      { now: night, schedule: leave, asks: [lease(2)] },
      { target: 3, isLeft: true, isByLeaseOrOverride: false },
    ],
  ])('%s', (_, given, expected) => {
    expect(wanted(given)).toMatchObject(expected);
  });

  test('is told for what it is ready', () => {
    const asked = { now: morning, current: 0, leadMs: 20 * minute, asks: [lease(2)] };
    expect(wanted(asked)).toMatchObject({ target: 3, aheadOf: opening });
    expect(wanted({ ...asked, asks: [lease(5)] })).toMatchObject({ target: 5, upFor: undefined });
  });

  const kept = { size: 1, since: at('2026-03-02T10:00:00Z'), until: at('2026-03-02T19:00:00Z') };
  test.each<[string, string, number]>([
    ['before a size was kept does not count', '2026-03-02T09:00:00Z', 1],
    ['at that time neither', '2026-03-02T10:00:00Z', 1],
    ['after it does', '2026-03-02T10:00:01Z', 5],
  ])('asked for %s', (_, askedAt, target) => {
    expect(wanted({ kept, current: 1, asks: [lease(5, askedAt)] }).target).toBe(target);
  });

  test('of several alike is the one that ends last', () => {
    const asks = [lease(5, noon, '2026-03-03T00:00:00Z'), lease(5), lease(5, noon, '2026-03-02T20:00:00Z')];
    for (const given of [asks, asks.toReversed()]) expect(wanted({ asks: given }).until).toBe(at(until));
  });

  test.each<[Partial<Rule>, Size | undefined, number | undefined]>([
    [{ leases: { max: 7, longestMs: 1 }, limits: { min: 0, max: 5 } }, 3, 7],
    [{ leases: { max: undefined, longestMs: 1 }, limits: { min: 0, max: 5 } }, 3, 5],
    [{ leases: { max: undefined, longestMs: 1 } }, { min: 1, max: 4 }, 4],
    [{ leases: { max: undefined, longestMs: 1 } }, undefined, undefined],
  ])('of %j with the base %j is for %s at most', (rule, base, expected) => {
    expect(leaseCap(aRule(rule), base)).toBe(expected);
    if (expected === undefined) expect(wanted({ rule, base, asks: [lease(8)] }).target).toBeUndefined();
  });
});

describe('an override', () => {
  test.each<[string, Given, Size]>([
    ['lowers', { asks: [override(1)] }, 1],
    ['raises', { asks: [override(7)] }, 7],
    ['beats a lease', { asks: [override(1), lease(5)] }, 1],
    ['keeps within limits', { rule: { limits: { min: 2, max: 4 } }, asks: [override(0)] }, 2],
    ['sets both bounds', { current: { min: 3, max: 9 }, asks: [override(4)] }, { min: 4, max: 4 }],
  ])('%s', (_, given, target) => {
    const until = at('2026-03-04T00:00:00Z');
    const ends = { aheadOf: undefined, upFor: undefined, isLeft: false, isByLeaseOrOverride: true, until };
    expect(wanted(given)).toMatchObject({ target, who: 'ana@desk', ...ends });
  });

  test('leaves no pool to others', () => {
    expect(wanted({ now: night, schedule: leave, asks: [override(3)] })).toMatchObject({ target: 3, isLeft: false });
  });

  test('of bounds counts for nothing on a fixed pool', () => {
    expect(wanted({ asks: [override({ min: 1, max: 2 })] })).toMatchObject({ target: 3, ...bySchedule('3') });
  });
});

describe('the schedule', () => {
  const kept = { size: 1, since: 0, until: at('2026-03-02T19:00:00Z') };
  test.each<[string, Given, object]>([
    ['asks for the base', {}, { target: 3, upFor: undefined, aheadOf: undefined, ...bySchedule('3') }],
    [
      'asks for a base that is unknown',
      { base: undefined },
      {
        target: undefined,
        who: 'schedule office-hours',
        reason: 'schedule office-hours asks for the base, which is unknown',
      },
    ],
    [
      'stands behind a kept size',
      { kept, current: 1 },
      {
        target: 1,
        who: 'a person',
        reason: 'size 1 was set by hand, kept until 2026-03-02T19:00:00Z',
        until: kept.until,
      },
    ],
    [
      'leaves a pool',
      { now: night, schedule: leave },
      { target: 3, isLeft: true, reason: 'schedule office-hours says leave: it stays as it is' },
    ],
    [
      'raises ahead of a boundary',
      { now: morning, current: 0, leadMs: 20 * minute },
      {
        target: 3,
        aheadOf: opening,
        upFor: opening,
        reason: 'schedule office-hours: 3, ready by 2026-03-03T07:00:00Z',
      },
    ],
    [
      'is up for a boundary',
      { now: morning, current: 3, leadMs: 20 * minute },
      { target: 3, reason: 'schedule office-hours: 0, ready by 2026-03-03T07:00:00Z' },
    ],
    [
      'lowers no more before a boundary',
      { now: morning },
      { target: 3, aheadOf: undefined, upFor: opening, ...bySchedule('0') },
    ],
    ['lowers long before it', { now: night }, { target: 0, upFor: undefined, ...bySchedule('0') }],
  ])('%s', (_, given, expected) => {
    expect(wanted(given)).toMatchObject(expected);
  });
});

describe('what is asked for of a pool', () => {
  const now = at(noon);
  const of = (...asks: readonly Ask[]): PoolAsks => asksOfPool(asks, names, now);
  const mine = (ask: Ask): number => {
    const { override: exact, leases, pause } = of(ask);
    return [exact, ...leases, pause].filter((one) => one !== undefined).length;
  };
  const pause = (end = until, patch = {}) => ({ ...aPause('2026-03-02T00:00:00Z', end), ...patch });

  test.each<[string, Partial<Ask>, number]>([
    ['counts', {}, 1],
    ['of another region does not', { region: 'r2' }, 0],
    ['of another cluster does not', { match: aMatch('prod/*') }, 0],
    ['that has ended does not', { until: now }, 0],
  ])('each kind %s', (_, patch, expected) => {
    for (const ask of [lease(3), override(3), pause()]) expect(mine({ ...ask, ...patch } as Ask)).toBe(expected);
  });

  test('is the last override, the longest pause, and each lease', () => {
    const late = { ...override(1), askedAt: now - 1 };
    expect(of(override(2), late).override).toBe(late);
    expect(of(late, override(2)).override).toBe(late);
    const long = pause('2026-03-05T00:00:00Z');
    expect(of(pause(), long).pause).toBe(long);
    expect(of(long, pause()).pause).toBe(long);
    expect(of(lease(1), lease(2)).leases).toHaveLength(2);
  });

  test('is of two alike the one with the greater id, in any order', () => {
    const [a, b] = ['a', 'b'].map((id) => ({ ...override(1), id }));
    const [c, d] = ['c', 'd'].map((id) => pause(until, { id }));
    for (const given of [
      [a!, b!, c!, d!],
      [d!, c!, b!, a!],
    ])
      expect(of(...given)).toMatchObject({ override: { id: 'b' }, pause: { id: 'd' } });
  });

  test.each<[string, readonly Ask[], string]>([
    ['nothing', [], ''],
    ['nothing of this pool', [{ ...lease(1), region: 'r2' }], ''],
    ['the largest lease', [lease(2), lease(1, noon, '2026-03-09T00:00:00Z')], `lease 2 until ${at(until)}`],
    ['the longest of the largest', [lease(2, noon, night), lease(2)], `lease 2 until ${at(until)}`],
    [
      'all of it',
      [pause(), override({ min: 1, max: 2 }), lease(4)],
      `lease 4 until ${at(until)}, override 1..2 until ${at(until)}, pause until ${at(until)}`,
    ],
  ])('is known by %s', (_, asks, expected) => {
    expect(of(...asks).fingerprint).toBe(expected);
  });
});

test('a lease before the boundary says until when the pool stays up', () => {
  const asks = [lease(2)];
  expect(wanted({ now: new Date(opening - hour).toISOString(), asks })).toMatchObject({ target: 2, upFor: undefined });
});
