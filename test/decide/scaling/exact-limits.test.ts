import { describe, expect, test } from 'vitest';
import { planRound } from '../../../lib/decide/scaling/plan-round.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import {
  aConfig,
  aMatch,
  anOverride,
  aPool,
  aRule,
  aWorld,
  minute,
  officeHours,
  round,
  runUntil,
  sizeOf,
  usualBrake,
} from '../../support/scaling-world.ts';

const safety = aConfig().safety;
const evening = '2026-03-02T20:00:00Z';

test('pools of one cluster with different boundaries do not share a lead', () => {
  const later = { ...officeHours, name: 'later', windows: officeHours.windows.map((one) => ({ ...one })) };
  later.windows[0]!.pieces = [{ from: 7.25 * 3600, to: 19 * 3600, days: [1, 2, 3, 4, 5] }];
  const auto = { lead: { kind: 'auto' as const } };
  const rules = [
    aRule({ match: aMatch('dev/a'), ...auto }),
    aRule({ match: aMatch('dev/b'), schedule: 'later', hash: 'rule-2', ...auto }),
  ];
  const config = aConfig({ schedules: [officeHours, later], rules });
  const world = aWorld('2026-03-03T05:00:00Z', [aPool('a', 0), aPool('b', 0)], { config });
  const raised = runUntil(world, '2026-03-03T08:00:00Z').flatMap(({ at, plan }) =>
    plan.actions.map(({ pool }) => [pool, new Date(at).toISOString().slice(11, 16)]),
  );
  // 15 minutes for a raise that nobody has seen, and one tick.
  expect(raised).toEqual([
    ['a', '06:40'],
    ['b', '06:55'],
  ]);
});

test.each([
  ['2026-03-03T06:44:00Z', [0]],
  ['2026-03-03T06:46:00Z', []],
])('a lower looks 15 minutes further ahead: at %s it goes to %s', (now, expected) => {
  const world = aWorld(now, [aPool('a', 3)]);
  expect(round(world).actions.map(({ to }) => to)).toEqual(expected);
});

test.each([0, 1, 2, 3])('maxChangesPerRound %i counts lowers, in every order, and no raise', (most) => {
  const { cluster } = aWorld(evening, []);
  const clusters = ['dev1', 'dev2', 'dev3', 'up1', 'up2'].map((name) => ({
    cluster: { ...cluster, id: name, name },
    pools: [{ ...aPool('workers', 3), id: name }],
    record: undefined,
    lookedAt: undefined,
  }));
  const rules = [aRule({ match: aMatch('dev*/*') }), aRule({ match: aMatch('up*/*'), idle: 5, hash: 'up' })];
  const config = aConfig({ rules, safety: { ...safety, maxChangesPerRound: most } });
  for (let i = 0; i < 12; i += 1) {
    const now = Date.parse(evening) + i * 5 * minute;
    const plan = planRound({ now, config, clusters, asks: [], storedRules: new Map(), isWhole: true });
    const raises = plan.actions.filter(({ raise }) => raise).length;
    expect([raises, plan.actions.length - raises]).toEqual([2, most]);
    expect(plan.holds.filter(({ code }) => code === 'max-changes')).toHaveLength(3 - most);
  }
});

describe('the brake at its limits', () => {
  const one = (names: string) => names.split('').map((name) => aPool(name, 1));
  test.each<[string, readonly ObservedPool[], number]>([
    ['3 pools with 30 %', [...one('abc'), aPool('system', 7)], 0],
    ['3 pools with more than 30 %', [...one('abc'), aPool('system', 6)], 3],
    ['4 pools with 30 %', [...one('abcd'), aPool('system', 96)], 4],
    ['2 pools with 30 %', [aPool('a', 1), aPool('b', 2), aPool('system', 7)], 0],
    ['2 pools with more', [aPool('a', 1), aPool('b', 2), aPool('system', 6)], 2],
  ])('%s', (_, pools, held) => {
    const short = { ...aMatch('dev/x'), text: 'dev/[a-z]', pool: '[a-z]', exactPool: false };
    const config = aConfig({ rules: [aRule({ match: short })], safety: { ...safety, brake: usualBrake } });
    const { holds } = round(aWorld(evening, pools, { config }));
    expect(holds.filter(({ code }) => code === 'brake')).toHaveLength(held);
  });
});

test.each(['Deleting', 'Deleted'])('a %s pool does not make its namesake ambiguous', (status) => {
  const old = aPool('workers', 3, { id: 'id-old', status });
  const plan = round(aWorld(evening, [old, aPool('workers', 3)]));
  expect(plan.holds.filter(({ code }) => code === 'ambiguous')).toEqual([]);
  expect(plan.actions.map(({ poolId }) => poolId)).toEqual(['id-workers']);
});

test.each(['Deleting', 'Deleted'])('a %s cluster does not make its namesake ambiguous', (status) => {
  const { config, cluster } = aWorld(evening, []);
  const old = { ...cluster, id: 'old', status };
  const fleet = [old, cluster].map((one) => {
    return {
      cluster: one,
      pools: [aPool('workers', 3, { id: `${one.id}-w` })],
      record: undefined,
      lookedAt: undefined,
    };
  });
  for (const clusters of [fleet, fleet.toReversed()]) {
    const now = Date.parse(evening);
    const plan = planRound({ now, config, clusters, asks: [], storedRules: new Map(), isWhole: true });
    expect(plan.holds.filter(({ code }) => code === 'ambiguous')).toEqual([]);
    expect(plan.actions.map(({ poolId }) => poolId)).toEqual(['c1-w']);
  }
});

test('an override downwards counts, also while raised ahead', () => {
  const rules = [aRule({ lead: { kind: 'fixed', ms: 30 * minute } })];
  const world = aWorld('2026-03-03T06:25:00Z', [aPool('a', 0)], { config: aConfig({ rules }) });
  runUntil(world, '2026-03-03T06:45:00Z');
  expect([sizeOf(world, 'a'), world.record?.pools['id-a']?.ahead]).toEqual([3, Date.parse('2026-03-03T07:00:00Z')]);
  world.asks = [anOverride(1, '2026-03-03T06:46:00Z', '2026-03-03T09:00:00Z')];
  expect(round(world).actions.map(({ to }) => to)).toEqual([1]);
});
