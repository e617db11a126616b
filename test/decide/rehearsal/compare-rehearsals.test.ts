import { describe, expect, test } from 'vitest';
import { changesNothing, compareRehearsals } from '../../../lib/decide/rehearsal/compare-rehearsals.ts';
import type { Rule } from '../../../lib/model/config.ts';
import type { Window } from '../../../lib/model/schedule.ts';
import { aConfig, aMatch, aPool, aRule, minute, officeHours } from '../../support/scaling-world.ts';
import { aCluster, iso, rehearsed } from './rehearsal-fleet.ts';

const fleet = [aCluster('dev', [aPool('a', 3)]), aCluster('qa', [aPool('b', 2)])];
const [from, to] = ['2026-03-02T00:00:00Z', '2026-03-04T00:00:00Z'];
const both: readonly Rule[] = [aRule(), aRule({ match: aMatch('qa/*'), base: 2, hash: 'rule-2' })];

const weekdays = [1, 2, 3, 4, 5] as const;
const thirtyMinutes = { kind: 'fixed' as const, ms: 30 * minute };

function untilHour(hour: number): Window {
  return { text: '', size: 'base', pieces: [{ from: 7 * 3600, to: hour * 3600, days: weekdays }] };
}

describe('what a config change changes', () => {
  const old = rehearsed(fleet, from, to, { rules: both });

  test('nothing, where the configs mean the same', () => {
    const difference = compareRehearsals(old, rehearsed(fleet, from, to, { rules: both }));
    expect(difference).toMatchObject({ added: [], removed: [], moved: [], pools: [] });
    expect(difference.nodeHours).toBe(difference.oldNodeHours);
    expect(changesNothing(difference)).toBe(true);
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
    expect(difference.pools.map(({ pool, nodeHours }) => [pool.pool, nodeHours])).toEqual([['b', 2 * 48]]);
    expect(difference.nodeHours - difference.oldNodeHours).toBeGreaterThan(40);
  });

  test('a rule that is new saves what it saves, and its pool is no 0 before', () => {
    const difference = compareRehearsals(rehearsed(fleet, from, to, { rules: both.slice(0, 1) }), old);
    expect(difference.pools.map(({ pool, oldNodeHours }) => [pool.pool, oldNodeHours])).toEqual([['b', 2 * 48]]);
    expect(difference.nodeHours).toBeLessThan(difference.oldNodeHours);
  });

  test('a region that only one config has: its pools stay as they are', () => {
    const own = aConfig().regions[0]!;
    const other = aCluster('far', [aPool('c', 4)]);
    const both2 = [...fleet, { ...other, cluster: { ...other.cluster, region: 'r2' } }];
    const rules = [...both, aRule({ match: aMatch('far/*'), base: 4, hash: 'rule-3' })];
    const wide = rehearsed(both2, from, to, { rules, regions: [own, { ...own, name: 'r2' }] });
    const narrow = rehearsed(both2, from, to, { rules });
    expect(narrow.pools.map(({ cluster }) => cluster)).toEqual(['dev', 'qa']);
    const difference = compareRehearsals(wide, narrow);
    expect(new Set(difference.removed.map(({ pool }) => pool))).toEqual(new Set(['c']));
    expect(difference.pools.map(({ pool, nodeHours }) => [pool.pool, nodeHours])).toEqual([['c', 4 * 48]]);
  });

  test('mode: observe that becomes act, and back, though the same changes are told', () => {
    const observing = both.map((rule) => ({ ...rule, mode: 'observe' as const }));
    const watched = rehearsed(fleet, from, to, { rules: observing });
    const difference = compareRehearsals(watched, old);
    expect(difference.acted.map(({ pool }) => pool)).toEqual(['a', 'b']);
    expect(difference.observed).toEqual([]);
    expect(changesNothing(difference)).toBe(false);
    expect(compareRehearsals(old, watched).observed.map(({ pool }) => pool)).toEqual(['a', 'b']);
  });

  test('readiness, though every PUT is sent at the same instant', () => {
    const at635 = { text: '', size: 'base' as const, pieces: [{ from: 6.5 * 3600, to: 19 * 3600, days: weekdays }] };
    const ahead = rehearsed(fleet, from, to, { rules: both.map((rule) => ({ ...rule, lead: thirtyMinutes })) });
    const late = rehearsed(fleet, from, to, { rules: both, schedules: [{ ...officeHours, windows: [at635] }] });
    const difference = compareRehearsals(ahead, late);
    expect([difference.added, difference.removed, difference.moved]).toEqual([[], [], []]);
    expect(difference.oldReadiness).toMatchObject({ boundaries: 4, readyInTime: 4 });
    expect(difference.readiness).toMatchObject({ boundaries: 4, readyInTime: 0 });
    expect(difference.late).toHaveLength(4);
    expect(changesNothing(difference)).toBe(false);
  });

  test('what would be told to people', () => {
    const rules = [aRule({ base: 'remembered' }), ...both.slice(1)];
    const dark = [aCluster('dev', [aPool('a', 0)]), aCluster('qa', [aPool('b', 2)])];
    const given = rehearsed(dark, from, to, { rules: both });
    const difference = compareRehearsals(given, rehearsed(dark, from, to, { rules }));
    expect(difference.found.map(({ finding }) => finding.kind)).toContain('base.unknown');
    expect(
      compareRehearsals(rehearsed(dark, from, to, { rules }), given).gone.map(({ finding }) => finding.kind),
    ).toContain('base.unknown');
  });

  test('another size is another change, not a moved one', () => {
    const rules = [aRule({ base: 4 }), ...both.slice(1)];
    const difference = compareRehearsals(old, rehearsed(fleet, from, to, { rules }));
    expect(difference.moved).toEqual([]);
    expect(new Set(difference.added.map(({ pool }) => pool))).toEqual(new Set(['a']));
    expect(difference.added.some(({ to: size }) => size === 4)).toBe(true);
  });
});
