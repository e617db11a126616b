import { describe, expect, test } from 'vitest';
import type { ObservedPool } from '../../../lib/decide/model.ts';
import {
  aConfig,
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

describe('a clock that went back', () => {
  test('a claim from the future does not hold its cluster until then', () => {
    const world = aWorld('2026-03-04T19:00:00Z', [aPool('workers', 3)], { onPut: 'lose' });
    round(world);
    world.onPut = 'apply';
    world.now = at('2026-03-02T19:30:00Z');
    runUntil(world, '2026-03-02T20:00:00Z');
    expect(sizeOf(world, 'workers')).toBe(0);
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
