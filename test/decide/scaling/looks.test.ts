import { describe, expect, test } from 'vitest';
import { isStale } from '../../../lib/decide/scaling/refresh-memory.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import type { EpochMs } from '../../../lib/model/time.ts';
import {
  aConfig,
  aLease,
  aPool,
  aRule,
  at,
  aWorld,
  change,
  hour,
  memoryOf,
  minute,
  round,
  runUntil,
  sizeOf,
  type World,
} from '../../support/scaling-world.ts';

const remembered = aConfig({ rules: [aRule({ base: 'remembered' })] });

/** One round that is given an older answer; the world itself goes on. */
function roundWith(world: World, old: readonly ObservedPool[]) {
  const { pools } = world;
  world.pools = [...old];
  const plan = round(world);
  world.pools = pools;
  return plan;
}

describe('answers older than one seen before', () => {
  test('settle nothing: a raise in flight is not done because yesterday’s size shows', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T18:55:00Z');
    const day = world.pools;
    runUntil(world, '2026-03-03T07:00:00Z');
    expect(world.record?.change?.to).toBe(3);
    world.now = at('2026-03-03T07:01:00Z');
    expect(roundWith(world, day).holds.map(({ code }) => code)).toEqual(['in-flight']);
    expect(world.record?.change?.to).toBe(3);
  });

  test('nor is a size of the day before a person’s change at night', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T18:55:00Z');
    const day = world.pools;
    runUntil(world, '2026-03-03T02:00:00Z');
    const plan = roundWith(world, day);
    expect(plan.holds.map(({ code }) => code)).toEqual(['stale']);
    expect(plan.notices).toEqual([]);
    expect(memoryOf(world, 'workers')?.away?.base).toBe(3);
  });

  // Simulation, seed 3043: a lease's own raise, hidden by one old answer, became the pool's base.
  test('as old as the last one seen hide a change of ours: shown later, it is still ours, and no base', () => {
    const world = aWorld('2026-03-02T10:00:00Z', [aPool('workers', 5)], { config: remembered, takes: 7 * minute });
    runUntil(world, '2026-03-02T10:45:00Z');
    world.asks = [aLease(6, '2026-03-02T10:49:00Z', '2026-03-02T10:54:00Z')];
    world.config = aConfig({ rules: [aRule({ base: 'remembered', leases: { max: 9, longestMs: hour } })] });
    const before = world.pools;
    expect(round(world).actions.map(({ to }) => to)).toEqual([6]);
    world.now = at('2026-03-02T10:55:00Z');
    roundWith(world, before);
    expect(world.record?.change).toBeUndefined();
    world.now = at('2026-03-02T11:00:00Z');
    const plans = runUntil(world, '2026-03-02T11:30:00Z');
    expect(plans.flatMap(({ plan }) => plan.notices)).toEqual([]);
    expect(memoryOf(world, 'workers')?.base).toBe(5);
    expect(sizeOf(world, 'workers')).toBe(5);
  });

  test.each([
    ['', at('2026-03-02T12:05:00Z')],
    [', also where updated_at is absent', undefined],
  ])('a size that we tried long ago counts as set by hand%s', (_title, updatedAt) => {
    const world = aWorld('2026-03-02T10:00:00Z', [aPool('workers', 5)], { config: remembered, onPut: 'lose' });
    runUntil(world, '2026-03-02T10:45:00Z');
    world.config = aConfig({ rules: [aRule({ base: 'remembered', leases: { max: 9, longestMs: hour } })] });
    world.asks = [aLease(6, '2026-03-02T10:49:00Z', '2026-03-02T10:54:00Z')];
    runUntil(world, '2026-03-02T12:00:00Z');
    change(world, 'id-workers', { size: 6, updatedAt });
    const plans = runUntil(world, '2026-03-02T12:30:00Z');
    expect(plans.flatMap(({ plan }) => plan.notices.map(({ kind }) => kind))).toEqual(['pool.changed-by-hand']);
    expect(memoryOf(world, 'workers')?.base).toBe(6);
  });

  test('that stay are believed after half an hour: time is better evidence', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-03T02:00:00Z');
    change(world, 'id-workers', { size: 2, updatedAt: at('2026-02-01T00:00:00Z') });
    const plans = runUntil(world, '2026-03-03T02:45:00Z');
    expect(plans[0]?.plan.holds.map(({ code }) => code)).toEqual(['stale']);
    expect(plans.flatMap(({ plan }) => plan.notices.map(({ kind }) => kind))).toEqual(['pool.changed-by-hand']);
    expect(plans.at(-1)?.plan.holds).toEqual([]);
  });

  test('between fresh ones never count up to half an hour', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T18:55:00Z');
    const day = world.pools;
    runUntil(world, '2026-03-02T22:00:00Z');
    for (let i = 0; i < 12; i += 1) {
      world.now += 5 * minute;
      const plan = i % 2 === 0 ? roundWith(world, day) : round(world);
      expect(plan.notices).toEqual([]);
    }
    expect(world.puts).toHaveLength(1);
  });
});

// Simulation, seed 5196: our 0 of the evening stood in for a size that an answer left out at noon.
describe('a size that an answer leaves out', () => {
  const leaveOut = (world: World) => change(world, 'id-workers', { size: undefined, updatedAt: world.now });

  test('is our 0 at night', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    leaveOut(world);
    expect(round(world).holds).toEqual([]);
    runUntil(world, '2026-03-03T08:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(3);
  });

  test('is unknown once it was seen at another size, whoever set that', () => {
    const world = aWorld('2026-03-02T18:00:00Z', [aPool('workers', 3)], { config: remembered });
    runUntil(world, '2026-03-02T22:00:00Z');
    world.onPut = 'lose';
    runUntil(world, '2026-03-03T07:00:00Z');
    // Applied after it was given up: no mark is left to see it done.
    world.onPut = 'busy';
    runUntil(world, '2026-03-03T07:05:00Z');
    change(world, 'id-workers', { size: 3, updatedAt: world.now });
    runUntil(world, '2026-03-03T07:30:00Z');
    leaveOut(world);
    const plan = round(world);
    expect(plan.holds.map(({ code }) => code)).toEqual(['absent-size']);
    expect(plan.notices).toEqual([]);
    expect(memoryOf(world, 'workers')?.kept).toBeUndefined();
  });
});

// Simulation, seed 3078: a pool that failed at night came back at 0 in office hours, and that passed for a person’s ask.
describe('a pool that was not to be seen when the schedule changed', () => {
  const unseen: readonly [string, (world: World) => void][] = [
    ['in Error', (world) => change(world, 'id-workers', { status: 'Error', size: 0 })],
    ['missing from the answers', (world) => void (world.pools = [])],
    ['without a size', (world) => change(world, 'id-workers', { size: undefined })],
    ['of an unknown status', (world) => change(world, 'id-workers', { status: 'Hibernating' })],
    ['shown by older answers only', (world) => change(world, 'id-workers', { updatedAt: 0 })],
  ];

  const looks: readonly [string, EpochMs | undefined][] = [
    ['', at('2026-03-03T06:45:00Z')],
    // Simulation, seeds 2304, 2404 and 2559 with ten clusters: as if it had been seen at its size a moment ago.
    [', after rounds that were answered nothing', undefined],
  ];
  const unseenAfter = unseen.flatMap(([hidden, hide]) =>
    looks.map(([before, lookedAt]) => [hidden, before, hide, lookedAt] as const),
  );

  test.each(unseenAfter)(
    '%s%s: at base time at 0 it is raised, whoever put it there',
    (_hidden, _before, hide, lookedAt) => {
      const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)], { config: remembered });
      runUntil(world, '2026-03-02T18:00:00Z');
      const { record } = world;
      // A store that was put back to what it held by day: nothing is known of the night.
      world.now = at(lookedAt === undefined ? '2026-03-03T07:05:00Z' : '2026-03-03T06:50:00Z');
      world.lookedAt = lookedAt;
      hide(world);
      world.record = record;
      const plans = runUntil(world, '2026-03-03T07:10:00Z');
      world.pools = [aPool('workers', 0, { updatedAt: world.now })];
      plans.push(...runUntil(world, '2026-03-03T08:00:00Z'));
      expect(memoryOf(world, 'workers')?.kept).toBeUndefined();
      expect(plans.flatMap(({ plan }) => plan.notices)).toEqual([]);
      expect(sizeOf(world, 'workers')).toBe(3);
    },
  );

  test('with no change of the schedule meanwhile, another size counts as set by hand', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T13:00:00Z');
    change(world, 'id-workers', { status: 'Error', size: 2 });
    runUntil(world, '2026-03-02T15:00:00Z');
    change(world, 'id-workers', { status: 'Running', size: 2, updatedAt: world.now });
    const plans = runUntil(world, '2026-03-02T15:30:00Z');
    expect(plans.flatMap(({ plan }) => plan.notices.map(({ kind }) => kind))).toEqual(['pool.changed-by-hand']);
    expect(memoryOf(world, 'workers')?.kept?.size).toBe(2);
  });

  test('what is seen again is as good as never missed, and the note of it is gone', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    runUntil(world, '2026-03-02T13:00:00Z');
    change(world, 'id-workers', { status: 'Error' });
    runUntil(world, '2026-03-02T13:30:00Z');
    expect(memoryOf(world, 'workers')?.unseenSince).toBe(at('2026-03-02T13:00:00Z'));
    change(world, 'id-workers', { status: 'Running' });
    runUntil(world, '2026-03-02T13:40:00Z');
    expect(memoryOf(world, 'workers')?.unseenSince).toBeUndefined();
  });
});

test('a pool that is shown again was never missed', () => {
  const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
  round(world);
  const { pools } = world;
  world.pools = [];
  round(world);
  expect(memoryOf(world, 'workers')?.missingSince).toBe(world.now);
  world.pools = pools;
  round(world);
  expect(memoryOf(world, 'workers')?.missingSince).toBeUndefined();
});

describe('a clock that went back', () => {
  test('a claim from the future does not hold its cluster until then', () => {
    const world = aWorld('2026-03-04T19:00:00Z', [aPool('workers', 3)], { onPut: 'lose' });
    round(world);
    world.onPut = 'apply';
    world.now = at('2026-03-02T19:30:00Z');
    runUntil(world, '2026-03-02T20:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
  });

  test('older answers since a time to come are believed', () => {
    const now = at('2026-03-02T12:00:00Z');
    const seen = { size: 3, at: now, updatedAt: now };
    const memory = { name: 'workers', autoscale: false, seen, olderSince: now + 24 * hour };
    expect(isStale(memory, aPool('workers', 3, { updatedAt: now - hour }), now)).toBe(false);
  });

  test('a duration is never negative', () => {
    const world = aWorld('2026-03-03T07:00:00Z', [aPool('workers', 0)]);
    round(world);
    world.resizing.clear();
    world.now -= minute;
    change(world, 'id-workers', { size: 3, status: 'Running', updatedAt: world.now });
    round(world);
    expect(memoryOf(world, 'workers')?.raisesMs).toEqual([0]);
  });

  test('a cool-down from the future lasts no longer than the longest one', () => {
    const world = aWorld('2026-03-04T19:00:00Z', [aPool('workers', 3)], { onPut: 'refuse' });
    round(world);
    world.onPut = 'apply';
    world.now = at('2026-03-02T19:30:00Z');
    runUntil(world, '2026-03-02T20:30:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
  });
});

describe('updated_at that is absent', () => {
  test('a stuck pool frees the slot for its neighbours all the same', () => {
    const pools = [aPool('a', 3, { updatedAt: undefined }), aPool('b', 3, { updatedAt: undefined })];
    const world = aWorld('2026-03-02T19:00:00Z', pools, { takes: 9 * hour });
    round(world);
    change(world, 'id-a', { updatedAt: undefined });
    runUntil(world, '2026-03-02T20:00:00Z');
    expect(world.puts.map(({ pool }) => pool)).toEqual(['a', 'b']);
  });
});

test('a busy answer long before a change that got stuck is no hour of busy answers', () => {
  const world = aWorld('2026-03-02T19:00:00Z', [aPool('workers', 3)], { onPut: 'busy', takes: 9 * hour });
  round(world);
  world.onPut = 'apply';
  const plans = runUntil(world, '2026-03-02T20:30:00Z');
  expect(new Set(plans.at(-1)?.plan.findings.map(({ kind }) => kind))).toEqual(new Set(['pool.stuck', 'pool.late']));
});

test('nor is one long before changes that were never applied', () => {
  const world = aWorld('2026-03-02T19:00:00Z', [aPool('workers', 3)], { onPut: 'busy' });
  round(world);
  world.onPut = 'lose';
  const plans = runUntil(world, '2026-03-02T20:30:00Z');
  expect(plans.at(-1)?.plan.findings.map(({ kind }) => kind)).not.toContain('pool.contended');
});
