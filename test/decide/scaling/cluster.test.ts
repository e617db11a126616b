import { describe, expect, test } from 'vitest';
import type { ClusterRecord, PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import type { ClusterInput } from '../../../lib/decide/scaling/plan.ts';
import { planCluster } from '../../../lib/decide/scaling/plan-cluster.ts';
import { labelledNames, makeRuleBook } from '../../../lib/decide/scaling/rule-book.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import { aConfig, aMatch, aPool, aRule, at, aWorld, minute } from '../../support/scaling-world.ts';

const now = at('2026-03-02T12:00:00Z');
const { cluster } = aWorld('2026-03-02T12:00:00Z', []);
const stuckAfterMs = 30 * minute;

function planned(pools: readonly ObservedPool[], patch: Partial<ClusterInput> = {}, rules = [aRule()]) {
  const book = makeRuleBook(aConfig({ rules }), now);
  const common = { now, everyMs: 5 * minute, stuckAfterMs, minNodes: 0, otherNodes: 0, cluster, record: undefined };
  const none = { asks: [], lookedAt: now - 5 * minute, isAmbiguous: () => false, isRuleKnown: () => true };
  const ruleOf = (pool: ObservedPool) => book.appliedRule(labelledNames(patch.cluster ?? cluster, pool));
  return planCluster({ ...common, ...none, pools, ruleOf, ...patch });
}

const [a, b] = [aPool('a', 3), aPool('b', 3)];
/** What a round has left of both. */
const { record } = planned([a, b]);
const moved = { claimedAt: now - minute, wroteAway: false, reason: '' };

describe('the record of a cluster', () => {
  test('is the same where nothing is new', () => {
    expect(planned([a, b], { record }).record).toBe(record);
  });

  test.each<[string, readonly ObservedPool[], Partial<ClusterInput>, Partial<ClusterRecord>]>([
    ['has its name', [a, b], { cluster: { ...cluster, name: 'dev-2' } }, { cluster: 'dev-2' }],
    ['has its status', [a, b], { cluster: { ...cluster, status: 'Error' } }, { status: 'Error' }],
    ['has no status while it runs', [a, b], { record: { ...record, status: 'Error' } }, { status: undefined }],
    ['is missed no more', [a, b], { record: { ...record, missingSince: 7 } }, { missingSince: undefined }],
    [
      'knows who is missing',
      [a],
      {},
      {
        pools: {
          ...record.pools,
          'id-b': { ...record.pools['id-b']!, missingSince: now, unseenSince: now - 5 * minute },
        },
      },
    ],
    [
      'knows who is new',
      [a, b, aPool('c', 3)],
      {},
      { pools: { ...record.pools, 'id-c': { ...record.pools['id-a']!, name: 'c' } } },
    ],
    [
      'keeps what is ambiguous as it was',
      [a, b],
      { isAmbiguous: (pool) => pool.name === 'b' },
      { pools: record.pools },
    ],
    [
      'has nothing of what is ambiguous and new',
      [a, aPool('c', 3)],
      { isAmbiguous: (pool) => pool.name === 'c', record: undefined },
      { pools: { 'id-a': record.pools['id-a']! } },
    ],
  ])('%s', (_, pools, patch, expected) => {
    const rules = [aRule({ match: { ...aMatch('dev/*'), cluster: 'dev.*' } })];
    const found = planned(pools, { record, ...patch }, rules).record;
    expect({ status: undefined, missingSince: undefined, ...found }).toMatchObject(expected);
    expect(Object.keys(found)).not.toContain('change');
    if (expected.pools !== undefined) expect(found.pools).toEqual(expected.pools);
  });

  test('forgets a pool once it has its base and no rule', () => {
    expect(planned([a, b], { record }, [aRule({ match: aMatch('dev/a') })]).record.pools).toEqual({
      'id-a': record.pools['id-a'],
    });
  });

  test.each<[string, number, number, number | undefined]>([
    ['none without a minimum', 0, 7, undefined],
    ['those not listed, and those without a rule', 1, 7, 9],
    ['those without a rule', 1, 0, 2],
  ])('counts of other nodes %s', (_, minNodes, otherNodes, expected) => {
    const pools = [a, aPool('x', 2), aPool('y', 0)];
    const rules = [aRule({ match: aMatch('dev/a') })];
    const first = planned(pools, { minNodes, otherNodes }, rules).record;
    expect(first.otherNodes).toBe(expected);
    expect('otherNodes' in first).toBe(expected !== undefined);
    expect(planned(pools, { minNodes, otherNodes, record: first }, rules).record).toBe(first);
    const more = [a, aPool('x', 4), aPool('y', 0)];
    const then = planned(more, { minNodes, otherNodes, record: first }, rules).record;
    expect(then.otherNodes).toBe(expected === undefined ? undefined : expected + 2);
  });

  test('has a change until it has settled', () => {
    const change = { ...moved, poolId: 'id-a', from: 0, to: 3 };
    const inFlight = { ...record, change };
    const scaling = { ...a, status: 'Scaling' };
    expect(planned([scaling, b], { record: inFlight }).record.change).toBe(change);
    expect(planned([a, b], { record: inFlight }).record).not.toHaveProperty('change');
  });
});

describe('a pool as it was last looked at', () => {
  const look = (pool: ObservedPool, memory?: Partial<PoolMemory>) => {
    const own = { ...record.pools['id-a']!, ...memory };
    return planned([pool], { record: { ...record, pools: { 'id-a': own } } }).record.pools['id-a']?.look;
  };
  const { createdAt, updatedAt } = a;
  const sizes = { autoscale: false, size: 3, sizeMin: undefined, sizeMax: undefined };

  test.each<[string, ObservedPool, Partial<PoolMemory>, object | undefined]>([
    ['is not remembered at its size', a, {}, undefined],
    ['nor at a new one', { ...a, size: 4 }, {}, undefined],
    [
      'is while it is not Running',
      { ...a, status: 'Scaling' },
      {},
      { ...sizes, status: 'Scaling', createdAt, updatedAt },
    ],
    [
      'is without a size',
      { ...a, size: undefined },
      {},
      { ...sizes, size: undefined, status: 'Running', createdAt, updatedAt },
    ],
    [
      'is while it is older',
      { ...a, updatedAt: 7 },
      { seen: { size: 3, at: 8, updatedAt: 8 } },
      { ...sizes, status: 'Running', createdAt, updatedAt: 7 },
    ],
  ])('%s', (_, pool, memory, expected) => {
    expect(look(pool, memory)).toEqual(expected);
  });
});

describe('the slot of a cluster', () => {
  const hangs = { ...moved, poolId: 'id-a', from: 0, to: 3, claimedAt: now - 60 * minute };
  const stuck = { ...record, pools: { ...record.pools, 'id-a': { ...record.pools['id-a']!, stuck: hangs } } };
  const other = (patch: Partial<ObservedPool>) => aPool('other', 2, { status: 'Scaling', ...patch });
  const change = { ...moved, poolId: 'id-a', from: 0, to: 3 };

  test.each<[string, readonly ObservedPool[], Partial<ClusterInput>, string | undefined]>([
    ['is free', [a, b], {}, undefined],
    ['is our change’s', [{ ...a, status: 'Scaling' }, b], { record: { ...record, change } }, 'a has settled'],
    ['is that of a pool that is not shown', [b], { record: { ...record, change } }, 'id-a has settled'],
    ['is taken for half an hour', [a, other({ updatedAt: now - 30 * minute })], {}, 'other is no longer Scaling'],
    ['and no longer', [a, other({ updatedAt: now - 30 * minute - 1 })], {}, undefined],
    ['also by a clock ahead', [a, other({ updatedAt: now + 30 * minute })], {}, 'other is no longer Scaling'],
    ['is taken by a move of no age', [a, other({ updatedAt: undefined })], {}, 'other is no longer Scaling'],
    ['is not taken by one in Error', [a, other({ status: 'Error', updatedAt: now })], {}, undefined],
    [
      'is not taken by one that hangs',
      [{ ...a, status: 'Scaling', updatedAt: now - 30 * minute }, b],
      { record: stuck },
      undefined,
    ],
    [
      'is taken by one that moves again',
      [{ ...a, status: 'Scaling', updatedAt: now - 30 * minute + 1 }, b],
      { record: stuck },
      'a is no longer Scaling',
    ],
    [
      'is not taken by one that hangs, of no age',
      [{ ...a, status: 'Scaling', updatedAt: undefined }, b],
      { record: stuck },
      undefined,
    ],
  ])('%s', (_, pools, patch, expected) => {
    expect(planned(pools, { record, ...patch }).slotTakenBy).toBe(expected);
  });
});

describe('the nodes that a cluster keeps', () => {
  const night = at('2026-03-02T22:00:00Z');
  const lowers = (pools: readonly ObservedPool[], minNodes: number, patch: Partial<ClusterInput> = {}) =>
    planned(pools, { now: night, minNodes, ...patch }).wants.map(({ view, to }) => [view.names.pool, to]);
  const change = { ...moved, claimedAt: night - minute, poolId: 'id-a' };
  const before = { ...record, change: { ...change, from: 3, to: 0 } };
  const c = aPool('c', 3);

  test.each<[string, readonly ObservedPool[], number, Partial<ClusterInput>, readonly unknown[]]>([
    [
      'are none',
      [a, b],
      0,
      {},
      [
        ['a', 0],
        ['b', 0],
      ],
    ],
    [
      'are of the last',
      [a, b],
      2,
      {},
      [
        ['a', 0],
        ['b', 2],
      ],
    ],
    ['are all of the last', [a, b], 3, {}, [['a', 0]]],
    [
      'are shared out in order',
      [a, b, c],
      5,
      {},
      [
        ['a', 0],
        ['b', 2],
      ],
    ],
    ['are all', [a, b], 6, {}, []],
    ['are more than there are', [a, b], 9, {}, []],
    [
      'are also those elsewhere',
      [a, b],
      4,
      { otherNodes: 4 },
      [
        ['a', 0],
        ['b', 0],
      ],
    ],
    ['count a change as done', [{ ...a, status: 'Scaling' }, b], 2, { record: before }, [['b', 2]]],
    [
      'count what it comes from',
      [{ ...a, status: 'Scaling' }, b],
      2,
      { record: { ...record, change: { ...change, from: 1, to: 3 } } },
      [['b', 1]],
    ],
    ['count no pool of unknown size', [{ ...a, size: undefined }, b], 2, {}, [['b', 2]]],
  ])('%s', (_, pools, minNodes, patch, expected) => {
    expect(lowers(pools, minNodes, patch)).toEqual(expected);
  });

  test('are more than what each keeps anyhow', () => {
    const rules = [aRule({ idle: 1 })];
    const found = planned([a, b], { now: night, minNodes: 3 }, rules).wants.map(({ view, to }) => [
      view.names.pool,
      to,
    ]);
    expect(found).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  test('are those of the pool that moves first: raises, what was due first, and by name', () => {
    const bounds = aRule({ match: aMatch('dev/z'), base: { min: 3, max: 3 }, idle: { min: 0, max: 9 }, hash: 'z' });
    const rules = [bounds, aRule()];
    const pools = [a, aPool('z', { min: 3, max: 3 }, { size: 3 })];
    const found = (own: readonly ObservedPool[], given: Partial<ClusterInput> = {}) =>
      planned(own, { now: night, minNodes: 3, ...given }, rules).wants.map(({ view, to }) => [view.names.pool, to]);
    expect(found(pools)).toEqual([['z', { min: 0, max: 9 }]]);
    const due = (since: number) => ({ pending: { target: 0, since } });
    const known = {
      'id-a': { ...record.pools['id-a']!, ...due(night - minute) },
      'id-b': { ...record.pools['id-b']!, ...due(night - 2 * minute) },
    };
    expect(found([a, b], { record: { ...record, pools: known } })).toEqual([['b', 0]]);
    expect(found([b, a], { record: { ...record, pools: known } })).toEqual([['b', 0]]);
    expect(found([b, a])).toEqual([['a', 0]]);
    expect(found([a, b], { minNodes: 0, record: { ...record, pools: known } })).toEqual([
      ['b', 0],
      ['a', 0],
    ]);
    expect(found([b, a], { minNodes: 0 })).toEqual([
      ['a', 0],
      ['b', 0],
    ]);
    expect(found([...pools, aPool('y', 0)], { minNodes: 0 })).toEqual([
      ['z', { min: 0, max: 9 }],
      ['a', 0],
    ]);
  });

  test('say why, in the reason of what is held', () => {
    const { holds } = planned([a, b], { now: night, minNodes: 6 });
    expect(holds.map(({ code, reason, from, to }) => [code, reason, from, to])).toEqual([
      ['min-nodes', 'kept at 3 so that the cluster keeps 6 nodes', 3, 0],
      ['min-nodes', 'kept at 3 so that the cluster keeps 6 nodes', 3, 0],
    ]);
  });
});

describe('what a round saw of a pool last', () => {
  const change = { ...moved, poolId: 'id-a', from: 0, to: 3 };
  const own = { ...record, change };
  const superseded = { ...a, size: 2, updatedAt: now };
  // The claim read the pool as well: what others did before it is no news.
  test.each<[string, number | undefined, number]>([
    ['before the claim', now - 60 * minute, 1],
    ['after it', now - minute / 2, 1],
    ['nobody knows when', undefined, 1],
    ['before the edge, like the claim', now - 12 * 60 * minute, 0],
  ])('%s', (_, lookedAt, notices) => {
    const claimedAt = notices === 0 ? now - 11 * 60 * minute : change.claimedAt;
    const given = { record: { ...own, change: { ...change, claimedAt } }, lookedAt };
    expect(planned([superseded], given).notices).toHaveLength(notices);
  });
});
