import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dropClaim } from '../../../lib/decide/scaling/claim.ts';
import type { ClusterRecord, ObservedFleetCluster } from '../../../lib/decide/scaling/memory.ts';
import { byTurn } from '../../../lib/decide/scaling/order.ts';
import type { Plan } from '../../../lib/decide/scaling/plan.ts';
import { planRound } from '../../../lib/decide/scaling/plan-round.ts';
import type { Ask } from '../../../lib/model/asks.ts';
import type { ObservedCluster } from '../../../lib/model/cluster.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import { aConfig, aLease, aMatch, anOverride, aPause, aPool, aRule, at, minute } from '../../support/scaling-world.ts';

const everyDev = aRule({ match: aMatch('dev-*/*') });

function aCluster(n: number): ObservedCluster {
  const since = at('2026-01-01T00:00:00Z');
  return {
    region: 'r1',
    id: `c${n}`,
    name: `dev-${n}`,
    status: 'Running',
    createdAt: since,
    updatedAt: since,
    version: undefined,
    errors: [],
  };
}

function aFleet(count: number, size = 3): ObservedFleetCluster[] {
  return Array.from({ length: count }, (_, n) => ({
    cluster: aCluster(n),
    pools: [
      { ...aPool('b', size), id: `${n}-b` },
      { ...aPool('a', size), id: `${n}-a` },
    ],
    record: undefined,
    lookedAt: undefined,
  }));
}

function plan(
  fleet: readonly ObservedFleetCluster[],
  config: CompiledConfig,
  now: number,
  asks: readonly Ask[] = [],
): Plan {
  return planRound({ now, config, clusters: fleet, asks, storedRules: new Map(), isWhole: true });
}

/** As though each cluster in `busy` answered "busy" and the others changed at once. */
function step(fleet: readonly ObservedFleetCluster[], planned: Plan, busy: ReadonlySet<string>, now: number) {
  const records = new Map<string, ClusterRecord>(planned.updates.map(({ clusterId, record }) => [clusterId, record]));
  return fleet.map((seen) => {
    const record = records.get(seen.cluster.id) ?? seen.record;
    const action = planned.actions.find(({ clusterId }) => clusterId === seen.cluster.id);
    if (action === undefined || record === undefined) return { ...seen, record };
    if (busy.has(seen.cluster.id)) return { ...seen, record: dropClaim(record, { kind: 'busy' }, undefined, now) };
    const pools = seen.pools?.map((pool) =>
      pool.id === action.poolId ? { ...pool, size: action.to as number } : pool,
    );
    return { ...seen, record, pools };
  });
}

describe('maxChangesPerRound', () => {
  const safety = { ...aConfig().safety, maxChangesPerRound: 2 };

  test('clusters that stay busy do not use up everybody’s turn', () => {
    const config = aConfig({ rules: [everyDev], safety });
    const busy = new Set(['c0', 'c1', 'c2']);
    let fleet: readonly ObservedFleetCluster[] = aFleet(12);
    let now = at('2026-03-02T19:00:00Z');
    for (let i = 0; i < 60; i += 1) {
      const planned = plan(fleet, config, now);
      expect(planned.actions.length).toBeLessThanOrEqual(2);
      fleet = step(fleet, planned, busy, now);
      now += 5 * minute;
    }
    const awake = fleet.filter(({ pools }) => pools?.some(({ size }) => size !== 0)).map(({ cluster }) => cluster.id);
    expect(awake).toEqual([...busy]);
  });

  test.each([0, 1, 2, 3, 5, 9])('of %s lets that many lowers go, and every raise', (maxChangesPerRound) => {
    const config = aConfig({ rules: [everyDev], safety: { ...safety, maxChangesPerRound } });
    const [low, high] = [aFleet(4, 0), aFleet(8, 5).slice(4)];
    const fleet = [...high.slice(0, 2), ...low, ...high.slice(2)].map((seen) => ({
      ...seen,
      pools: seen.pools?.map((pool) => (pool.name === 'a' ? pool : { ...pool, size: 3 })),
    }));
    const { actions, holds } = plan(fleet, config, at('2026-03-02T12:00:00Z'));
    const [raises, lowers] = [actions.filter(({ raise }) => raise), actions.filter(({ raise }) => !raise)];
    expect([raises.length, lowers.length]).toEqual([4, Math.min(4, maxChangesPerRound)]);
    expect(holds.map(({ code }) => code)).toEqual(Array.from({ length: 4 - lowers.length }, () => 'max-changes'));
  });

  test('a whole fleet takes no more rounds than the limit costs', () => {
    const config = aConfig({ rules: [everyDev], safety });
    let fleet: readonly ObservedFleetCluster[] = aFleet(10);
    let now = at('2026-03-02T19:00:00Z');
    let rounds = 0;
    for (; fleet.some(({ pools }) => pools?.some(({ size }) => size !== 0)); rounds += 1) {
      fleet = step(fleet, plan(fleet, config, now), new Set(), now);
      now += 5 * minute;
    }
    // 20 lowers, 2 in each round; at the end both may be of one cluster, which changes one pool at a time.
    expect(rounds).toBeLessThanOrEqual(12);
  });
});

describe('the order of what is done', () => {
  test('changes from round to round, so that a slow cluster is not always first', () => {
    const config = aConfig();
    const firsts = Array.from(
      { length: 40 },
      (_, i) => byTurn(['a', 'b', 'c', 'd'], (id) => id, { now: i * 300_000, config })[0],
    );
    expect(new Set(firsts).size).toBe(4);
    const all = byTurn(['a', 'b', 'c', 'd'], (id) => id, { now: 0, config });
    expect(byTurn(['d', 'c', 'b', 'a'], (id) => id, { now: 299_999, config })).toEqual(all);
    expect([...all].sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('the plan is the same whatever the order of clusters, pools and asks in the input', () => {
    const config = aConfig({ rules: [everyDev], safety: { ...aConfig().safety, maxChangesPerRound: 2 } });
    const twins = [...aFleet(3), { ...aFleet(1)[0]!, cluster: { ...aCluster(0), id: 'twin' } }];
    const now = at('2026-03-02T19:00:00Z');
    const [from, to] = ['2026-03-02T18:00:00Z', '2026-03-02T22:00:00Z'];
    const asks: Ask[] = [
      { ...aLease(2, from, to, { id: 'one', who: 'ana' }), match: aMatch('dev-*/a') },
      { ...aLease(2, from, to, { id: 'two', who: 'bob' }), match: aMatch('dev-*/a') },
      { ...anOverride(1, from, to), id: 'three', who: 'ana', match: aMatch('dev-1/b') },
      { ...anOverride(2, from, to), id: 'four', who: 'bob', match: aMatch('dev-1/b') },
      { ...aPause(from, to), id: 'five', who: 'ana', match: aMatch('dev-2/*') },
      { ...aPause(from, to), id: 'six', who: 'bob', match: aMatch('dev-2/*') },
    ];
    const expected = plan(twins, config, now, asks);
    fc.assert(
      fc.property(
        fc.shuffledSubarray(twins, { minLength: 4, maxLength: 4 }),
        fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }),
        fc.shuffledSubarray(asks, { minLength: 6, maxLength: 6 }),
        (clusters, reversed, asked) => {
          const shuffled = clusters.map((seen, i) => ({
            ...seen,
            pools: reversed[i] ? seen.pools?.toReversed() : seen.pools,
          }));
          expect(plan(shuffled, config, now, asked)).toEqual(expected);
        },
      ),
    );
  });
});

test('same-named pools of different clusters are no twins', () => {
  const planned = plan(aFleet(2), aConfig({ rules: [everyDev] }), at('2026-03-02T19:00:00Z'));
  expect(planned.holds.filter(({ code }) => code === 'ambiguous')).toEqual([]);
  expect(planned.actions.map(({ clusterId, pool }) => `${clusterId}/${pool}`)).toEqual(['c0/a', 'c1/a']);
});
