import { describe, expect, test } from 'vitest';
import { heldByClock } from '../../../lib/decide/scaling/held-by-clock.ts';
import type { ClusterRecord, ObservedFleetCluster, PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { RoundInput } from '../../../lib/decide/scaling/plan.ts';
import { isUnread, needsPools, planRound, withAskedLabels } from '../../../lib/decide/scaling/plan-round.ts';
import { makeRuleBook } from '../../../lib/decide/scaling/rule-book.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import {
  aConfig,
  aMatch,
  anOverride,
  aPause,
  aPool,
  aRule,
  at,
  aWorld,
  change,
  memoryOf,
  minute,
  round,
  runUntil,
  usualBrake,
  type World,
} from '../../support/scaling-world.ts';

const evening = '2026-03-02T20:00:00Z';
const now = at(evening);
const { cluster } = aWorld(evening, []);
const book = makeRuleBook(aConfig(), now);

function seen(pools: readonly ObservedPool[] | undefined, patch: Partial<ObservedFleetCluster> = {}) {
  return { cluster, pools, record: undefined, lookedAt: undefined, ...patch } satisfies ObservedFleetCluster;
}

function planned(clusters: readonly ObservedFleetCluster[], patch: Partial<RoundInput> = {}) {
  return planRound({ now, config: aConfig(), clusters, asks: [], storedRules: new Map(), isWhole: true, ...patch });
}

/** A cluster of one pool with a name, an id and a memory of its own. */
function one(name: string, region = 'r1', memory?: PoolMemory): ObservedFleetCluster {
  const record = memory && ({ schema: 1, cluster: name, pools: { [`${name}-a`]: memory } } as const);
  return seen([aPool('a', 3, { id: `${name}-a` })], { cluster: { ...cluster, region, id: name, name }, record });
}

function linesOf(world: World) {
  return round(world).updates.flatMap(({ decisions }) => decisions);
}

describe('the history of a round', () => {
  const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: 'id-workers', pool: 'workers' };
  const common = { schema: 1, ...names, at: now, configHash: 'config-1' };

  test('says of a change what, why, by whom and of how many nodes', () => {
    const who = 'schedule office-hours';
    const line = { ...common, kind: 'scale', code: 'scale', from: 3, to: 0, reason: `${who}: 0`, who, nodes: 3 };
    expect(linesOf(aWorld(evening, [aPool('workers', 3)]))).toEqual([line]);
  });

  test('says of a hold that nodes are not known, where they are not', () => {
    const world = aWorld(evening, [aPool('workers', { min: 3, max: 9 }, { size: undefined })]);
    world.config = aConfig({ rules: [aRule({ base: { min: 3, max: 9 }, mode: 'observe' })] });
    const [line] = linesOf(world);
    expect(line).toMatchObject({ kind: 'hold', code: 'observe', to: { min: 0, max: 0 } });
    expect(line).not.toHaveProperty('nodes');
  });

  const observed = (patch = {}) => aConfig({ rules: [aRule({ mode: 'observe', ...patch })] });
  test.each<[string, number, (world: World) => void]>([
    ['the same', 0, () => undefined],
    ['a pause in its place', 1, (world) => world.asks.push(aPause(evening, '2026-03-02T22:00:00Z'))],
    ['another size', 1, (world) => (world.config = observed({ idle: 1 }))],
    ['another size that it comes from', 1, (world) => change(world, 'id-workers', { size: 4 })],
    ['somebody who asks for it', 1, (world) => world.asks.push(anOverride(0, evening, '2026-03-02T22:00:00Z'))],
    ['another config', 1, (world) => (world.config = { ...observed(), hash: 'config-2' })],
  ])('has a hold once; with %s it has %i more', (_, count, changeIt) => {
    const world = aWorld(evening, [aPool('workers', 3)], { config: observed() });
    expect(linesOf(world)).toHaveLength(1);
    world.now += 5 * minute;
    changeIt(world);
    expect(linesOf(world)).toHaveLength(count);
    world.now += 5 * minute;
    expect(linesOf(world)).toEqual([]);
  });

  test('has no line for what waits for our own change', () => {
    const world = aWorld(evening, [aPool('a', 3), aPool('b', 3)]);
    expect(linesOf(world).map(({ kind, pool }) => [kind, pool])).toEqual([['scale', 'a']]);
    world.now += minute;
    expect(linesOf(world)).toEqual([]);
    expect(world.record?.pools['id-b']?.held?.code).toBe('slot');
  });

  test('has no line for a pool whose name is not its own', () => {
    const world = aWorld(evening, [aPool('a', 3), aPool('a', 3, { id: 'twin' }), aPool('b', 3)]);
    expect(linesOf(world).map(({ kind, pool }) => [kind, pool])).toEqual([['scale', 'b']]);
  });

  test('has a hold once, also while something else of its pool changes', () => {
    const world = aWorld(evening, [aPool('workers', 3)], { config: observed() });
    expect(linesOf(world)).toHaveLength(1);
    world.now += 5 * minute;
    change(world, 'id-workers', { flavor: 'eo2' });
    expect(round(world).updates).toMatchObject([{ decisions: [] }]);
  });

  test('says of each pool its own nodes, also beside our change', () => {
    const rules = [aRule({ match: aMatch('dev/b'), mode: 'observe' }), aRule({ hash: 'rule-2' })];
    const world = aWorld(evening, [aPool('a', 3), aPool('b', 5)], { config: aConfig({ rules }) });
    expect(linesOf(world).map(({ kind, pool, nodes }) => [kind, pool, nodes])).toEqual([
      ['hold', 'b', 5],
      ['scale', 'a', 3],
    ]);
  });
});

describe('what holds a pool now', () => {
  test('is remembered with its end, until nothing does', () => {
    const world = aWorld(evening, [aPool('workers', 3)]);
    world.asks = [aPause(evening, '2026-03-02T20:10:00Z')];
    round(world);
    expect(memoryOf(world, 'workers')?.held).toEqual({
      code: 'paused',
      reason: 'paused by ana@desk until 2026-03-02T20:10:00Z',
      until: at('2026-03-02T20:10:00Z'),
    });
    world.now = at('2026-03-02T20:10:00Z');
    round(world);
    expect(memoryOf(world, 'workers')).not.toHaveProperty('held');
  });

  test('is not remembered where nothing does', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    round(world);
    expect(memoryOf(world, 'workers')).not.toHaveProperty('held');
  });
});

describe('records', () => {
  test('are written where something is new, and not again', () => {
    const world = aWorld('2026-03-02T12:00:00Z', [aPool('workers', 3)]);
    expect(round(world).updates).toMatchObject([{ region: 'r1', clusterId: 'c1', decisions: [] }]);
    world.now += 5 * minute;
    expect(round(world).updates).toEqual([]);
  });

  test('stay as they are while a cluster is not read', () => {
    const known = one('dev', 'r1', { name: 'a', autoscale: false, seen: { size: 3, at: now } });
    expect(planned([{ ...known, pools: undefined }])).toMatchObject({ updates: [], pools: [], actions: [] });
  });

  test.each([
    ['is as old as it says', aConfig().rules, now - minute],
    ['is old', [], undefined],
  ])('say that a pool under a rule that acted before %s', (_, rules, thereSince) => {
    const stored = new Map(
      rules.map((rule) => [rule.hash, { schema: 1, rule, schedule: aConfig().schedules[0]!, exceptions: [] } as const]),
    );
    const pools = [aPool('a', 3, { createdAt: now - minute })];
    const [update] = planned([seen(pools)], { storedRules: stored }).updates;
    expect(update?.record.pools['id-a']?.thereSince).toBe(thereSince);
  });

  test('are not begun for a cluster without a ruled pool', () => {
    expect(planned([one('prod')]).updates).toEqual([]);
    expect(planned([seen([])]).updates).toEqual([]);
  });
});

describe('a token that may not change pools', () => {
  const refused = (why: 'forbidden' | 'quota'): PoolMemory => {
    const refusal = { target: 0, count: 1, invalid: 0, until: now + minute, why, detail: 'no', ruleHash: '' };
    return { name: 'a', autoscale: false, refusals: [{ ...refusal, poolUpdatedAt: undefined }] };
  };
  const config = aConfig({ rules: [aRule({ match: aMatch('dev-*/*') })] });

  test('is one finding for its region', () => {
    const well = { ...refused('quota'), name: 'b' };
    const both = (name: string) => {
      const own = one(name, 'r1', refused('forbidden'));
      return { ...own, record: { ...own.record!, pools: { ...own.record!.pools, [`${name}-b`]: well } } };
    };
    const fleet = [both('dev-1'), both('dev-2'), one('dev-3', 'r2', refused('quota'))];
    expect(planned(fleet, { config }).findings.filter(({ kind }) => kind === 'token.cannot-scale')).toEqual([
      {
        kind: 'token.cannot-scale',
        subject: { kind: 'region', region: 'r1' },
        severity: 'warning',
        text: 'the token of region r1 may not change node pools',
        fix: 'give the token the role to update node pools, or set mode: observe',
      },
    ]);
  });
});

describe('the pools of a cluster', () => {
  const record = (patch: Partial<ClusterRecord> = {}): ClusterRecord => {
    return { schema: 1, cluster: 'dev', pools: {}, ...patch };
  };
  const inFlight = { poolId: 'p', from: 3, to: 0, claimedAt: now, wroteAway: false, reason: '' };
  const away = record({ pools: { p: { name: 'a', autoscale: false } } });

  test.each<[string, string, string, ClusterRecord | undefined, boolean]>([
    ['a rule may act there', 'dev', 'Running', undefined, true],
    ['a rule may act there, which is in Error', 'dev', 'Error', record(), true],
    ['no rule does', 'prod', 'Running', undefined, false],
    ['no rule does, and nothing is remembered', 'prod', 'Running', record(), false],
    ['pools are remembered', 'prod', 'Running', away, true],
    ['a change is under way', 'prod', 'Running', record({ change: inFlight }), true],
    ['it is Deleting', 'dev', 'Deleting', away, false],
    ['it is Deleted', 'dev', 'Deleted', away, false],
  ])('are read, where %s', (_, name, status, own, expected) => {
    const there = { ...cluster, name, status };
    expect(needsPools(book, there, own)).toBe(expected);
    expect(isUnread(book, seen(undefined, { cluster: there, record: own }))).toBe(expected);
    expect(isUnread(book, seen([], { cluster: there, record: own }))).toBe(false);
  });
});

describe('labels', () => {
  const labels = { team: 'data', tier: 'web' };
  const match = { ...aMatch('dev/*'), labels: { team: 'data' } };
  const asking = makeRuleBook(aConfig({ rules: [aRule({ match })] }), now);
  const record: ClusterRecord = {
    schema: 1,
    cluster: 'dev',
    pools: { 'id-a': { name: 'a', autoscale: false, labels: { team: 'web' } } },
  };
  const of = (rules: typeof book, own: ObservedPool['labels'], known?: ClusterRecord) =>
    withAskedLabels(seen([aPool('a', 3, { labels: own })], { record: known }), rules).pools?.map((pool) => pool.labels);

  test('are those that rules ask for, as last seen where an answer has none', () => {
    expect(of(asking, labels)).toEqual([{ team: 'data' }]);
    expect(of(asking, undefined, record)).toEqual([{ team: 'web' }]);
    expect(of(asking, labels, record)).toEqual([{ team: 'data' }]);
    expect(of(asking, undefined)).toEqual([undefined]);
    expect(of(book, labels, record)).toEqual([undefined]);
  });

  test('of one pool are left out of all, where nobody asks', () => {
    const two = seen([aPool('a', 3), aPool('b', 3, { labels })]);
    expect(withAskedLabels(two, book).pools?.map((pool) => pool.labels)).toEqual([undefined, undefined]);
  });

  test('cost nothing where nobody asks', () => {
    const plain = seen([aPool('a', 3)]);
    expect(withAskedLabels(plain, book)).toBe(plain);
    const unread = seen(undefined);
    expect(withAskedLabels(unread, asking)).toBe(unread);
  });
});

describe('a region where our clock is wrong', () => {
  const reading = { ours: now, server: now - 60 * minute };
  const wrongClocks = new Map([['r2', reading]]);
  const config = aConfig({ rules: [aRule({ match: aMatch('dev-*/*') })] });
  const names = { region: 'r2', clusterId: 'dev-2', cluster: 'dev-2', poolId: 'dev-2-a', pool: 'a' };
  const why =
    "the clocks of this machine and of the region's API are 60 min apart: nothing is changed until they agree";
  const hold = { ...names, kind: 'hold', code: 'wrong-clock', from: 3, to: undefined, reason: why, who: 'lamplighter' };

  test('is held, and said; the others go on', () => {
    const plan = planned([one('dev-1'), one('dev-2', 'r2'), one('prod', 'r2')], { config, wrongClocks });
    expect(plan.actions.map(({ cluster: name }) => name)).toEqual(['dev-1']);
    expect(plan.holds).toEqual([hold]);
    expect(plan.findings.map(({ kind, subject }) => [kind, subject])).toEqual([
      ['clock.skewed', { kind: 'region', region: 'r2' }],
    ]);
    expect(plan.updates.map(({ clusterId }) => clusterId)).toEqual(['dev-1']);
    expect(plan.pools.map(({ clusterId }) => clusterId)).toEqual(['dev-2', 'dev-1']);
    expect(plan.pools[0]).toEqual({ ...names, status: 'Running', seen: 3, nodes: 3, wanted: undefined });
  });

  test('shows a size that is left out as our 0', () => {
    const memory: PoolMemory = { name: 'a', autoscale: false, lastSet: 0 };
    const held = (own?: PoolMemory) => {
      const fleet = one('dev-2', 'r2', own);
      const clusters = [{ ...fleet, pools: fleet.pools!.map((pool) => ({ ...pool, size: undefined })) }];
      const found = heldByClock({ clusters }, makeRuleBook(config, now), wrongClocks);
      return [found.pools[0]?.seen, found.holds[0]?.from];
    };
    expect(held(memory)).toEqual([0, 0]);
    expect(held()).toEqual([undefined, undefined]);
  });

  test('has nothing to hold where nothing was read', () => {
    const unread = { ...one('dev-2', 'r2'), pools: undefined };
    expect(heldByClock({ clusters: [unread] }, makeRuleBook(config, now), wrongClocks)).toEqual({
      pools: [],
      holds: [],
    });
  });
});

describe('lowers in other parts of a round', () => {
  const config = aConfig({
    rules: [aRule({ match: aMatch('dev-*/*') })],
    safety: { ...aConfig().safety, brake: { ...usualBrake, percent: 100 } },
  });
  const fleet = [one('dev-1'), one('dev-2')];

  test('are told to them, where the brake counts them', () => {
    expect([...(planned(fleet, { config }).letThrough ?? [])]).toEqual([
      ['r1/dev-1/dev-1-a', 3],
      ['r1/dev-2/dev-2-a', 3],
    ]);
    expect(planned([one('prod')], { config })).not.toHaveProperty('letThrough');
  });

  test.each([
    [['r1/dev-1/dev-1-a', 'r1/x/x'], 2],
    [['r1/x/x', 'r1/y/y'], 0],
  ])('count with these: %j lets %i go', (others, actions) => {
    const letThrough = new Map(others.map((id) => [id, 0]));
    expect(planned(fleet, { config, letThrough }).actions).toHaveLength(actions);
  });

  test.each([0, 1, 2, 3])('leave so many lowers to this one: %i', (lowersLeft) => {
    const few = aConfig({ ...config, safety: { ...aConfig().safety, maxChangesPerRound: 1 } });
    expect(planned(fleet, { config: few, lowersLeft }).actions).toHaveLength(Math.min(2, lowersLeft));
  });
});

test.each([
  ['r1', 'dev-1/a'],
  ['r2', 'r1:dev-1/a'],
])('the brake names regions only where there are several: with %s, %s', (second, name) => {
  const [region] = aConfig().regions;
  const regions = [...new Set(['r1', second])].map((own) => ({ ...region!, name: own }));
  const safety = { ...aConfig().safety, brake: { pools: 0, percent: 100 } };
  const config = aConfig({ regions, safety, rules: [aRule({ match: aMatch('dev-*/*') })] });
  const finding = planned([one('dev-1')], { config }).findings.find(({ kind }) => kind === 'config.brake');
  expect(finding?.text).toContain(`: ${name} → 0`);
});

test('the bounds that are raised first keep the rule that acted before', () => {
  const wide = [{ ...aPool('a', { min: 3, max: 9 }), size: 7 }];
  const world = aWorld('2026-03-02T12:00:00Z', wide, {
    config: aConfig({ rules: [aRule({ base: { min: 3, max: 9 } })] }),
  });
  runUntil(world, '2026-03-03T11:55:00Z');
  const safety = { ...aConfig().safety, brake: { pools: 0, percent: 100 } };
  world.config = aConfig({ rules: [aRule({ base: { min: 4, max: 4 }, hash: 'narrow' })], hash: 'config-2', safety });
  expect(round(world)).toMatchObject({ actions: [{ to: { min: 4, max: 9 } }], holds: [] });
  expect(memoryOf(world, 'a')?.actedRule).toBe('rule-1');
});

test('giving a base back after its rule is gone is no act of another rule', () => {
  const world = aWorld(evening, [aPool('workers', 3)]);
  runUntil(world, '2026-03-02T21:00:00Z');
  world.config = aConfig({ rules: [], hash: 'config-2' });
  expect(round(world)).toMatchObject({ actions: [{ from: 0, to: 3, who: 'onRemove: restore' }] });
  expect(memoryOf(world, 'workers')?.actedRule).toBe('rule-1');
});
