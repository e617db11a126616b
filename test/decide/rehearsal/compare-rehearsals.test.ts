import { describe, expect, test } from 'vitest';
import type { Rule, Window } from '../../../lib/decide/compiled-config.ts';
import { compareRehearsals } from '../../../lib/decide/rehearsal/compare-rehearsals.ts';
import { aMatch, aPool, aRule, officeHours } from '../../support/scaling-world.ts';
import { aCluster, iso, rehearsed } from './rehearsal-fleet.ts';

const fleet = [aCluster('dev', [aPool('a', 3)]), aCluster('qa', [aPool('b', 2)])];
const [from, to] = ['2026-03-02T00:00:00Z', '2026-03-04T00:00:00Z'];
const both: readonly Rule[] = [aRule(), aRule({ match: aMatch('qa/*'), base: 2, hash: 'rule-2' })];

function untilHour(hour: number): Window {
  return { text: '', size: 'base', pieces: [{ from: 7 * 3600, to: hour * 3600, days: [1, 2, 3, 4, 5] }] };
}

describe('what a config change changes', () => {
  const old = rehearsed(fleet, from, to, { rules: both });

  test('nothing, where the configs mean the same', () => {
    const difference = compareRehearsals(old, rehearsed(fleet, from, to, { rules: both }));
    expect(difference).toMatchObject({ added: [], removed: [], moved: [], pools: [] });
    expect(difference.nodeHours).toBe(difference.oldNodeHours);
  });

  test('a later end moves the evenings and nothing else', () => {
    const schedules = [{ ...officeHours, windows: [untilHour(21)] }];
    const difference = compareRehearsals(old, rehearsed(fleet, from, to, { rules: both, schedules }));
    expect(difference.added).toEqual([]);
    expect(difference.removed).toEqual([]);
    expect(difference.moved.map(({ change, wasAt }) => [change.pool, iso(wasAt), iso(change.at)])).toEqual([
      ['a', '2026-03-02T19:00', '2026-03-02T21:00'],
      ['b', '2026-03-02T19:00', '2026-03-02T21:00'],
      ['a', '2026-03-03T19:00', '2026-03-03T21:00'],
      ['b', '2026-03-03T19:00', '2026-03-03T21:00'],
    ]);
    expect(difference.nodeHours - difference.oldNodeHours).toBeCloseTo((3 + 2) * 2 * 2, 6);
  });

  test('a rule that is gone takes its changes with it, and its pool is named', () => {
    const difference = compareRehearsals(old, rehearsed(fleet, from, to, { rules: both.slice(0, 1) }));
    expect(new Set(difference.removed.map(({ pool }) => pool))).toEqual(new Set(['b']));
    expect(difference.removed).toHaveLength(5);
    expect(difference.added).toEqual([]);
    expect(difference.pools.map(({ pool, nodeHours }) => [pool.pool, nodeHours])).toEqual([['b', 0]]);
  });

  test('another size is another change, not a moved one', () => {
    const rules = [aRule({ base: 4 }), ...both.slice(1)];
    const difference = compareRehearsals(old, rehearsed(fleet, from, to, { rules }));
    expect(difference.moved).toEqual([]);
    expect(new Set(difference.added.map(({ pool }) => pool))).toEqual(new Set(['a']));
    expect(difference.added.some(({ to: size }) => size === 4)).toBe(true);
  });
});
