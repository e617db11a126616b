import { describe, expect, test } from 'vitest';
import { holdEnd } from '../../../lib/decide/scaling/change-or-hold.ts';
import { dropClaim } from '../../../lib/decide/scaling/claim.ts';
import {
  type ClusterRecord,
  contendedUntil,
  type PoolMemory,
  recentChanges,
  rememberedCluster,
} from '../../../lib/decide/scaling/memory.ts';
import { byTurn, inOrder, orderViews } from '../../../lib/decide/scaling/order.ts';
import type { HoldCode } from '../../../lib/decide/scaling/plan.ts';
import { type PoolView, poolView } from '../../../lib/decide/scaling/pool-view.ts';
import { isLookFresh, isReached, isStale, olderSince } from '../../../lib/decide/scaling/refresh-memory.ts';
import {
  addRefusal,
  isCoolingDown,
  type NewRefusal,
  nodesUnder,
  refusalOf,
  sizeSentAlong,
  sizeWithin,
} from '../../../lib/decide/scaling/refusal.ts';
import { makeTimeline } from '../../../lib/decide/schedule/timeline.ts';
import { aPool, aRule, at, aWorld, hour, memoryOf, minute, officeHours, round } from '../../support/scaling-world.ts';

const now = at('2026-03-02T20:00:00Z');

function aMemory(patch: Partial<PoolMemory> = {}): PoolMemory {
  const world = aWorld('2026-03-02T10:00:00Z', [aPool('workers', 3)]);
  round(world);
  return { ...memoryOf(world, 'workers')!, ...patch };
}
const refusal = (patch: Partial<NewRefusal> = {}): NewRefusal => {
  return { target: 0, why: 'quota', detail: 'quota exceeded', poolUpdatedAt: undefined, ...patch };
};
const refusedTimes = (count: number, patch: Partial<NewRefusal> = {}) =>
  Array.from({ length: count }).reduce((memory: PoolMemory) => addRefusal(memory, refusal(patch), now), aMemory());

describe('a refusal', () => {
  test.each([
    [1, 5],
    [2, 10],
    [3, 20],
    [4, 20],
    [9, 20],
  ])('the %s. of a target waits %s minutes', (count, minutes) => {
    const [known] = refusedTimes(count).refusals!;
    expect(known).toMatchObject({ count, until: now + minutes * minute, invalid: 0, ruleHash: aMemory().ruleHash });
    expect(known).not.toHaveProperty('wasInvalid');
  });
  test('of another target stands beside it; of three the latest two are known', () => {
    const memory = [0, 1, 2, 1].reduce((known, target) => addRefusal(known, refusal({ target }), now), aMemory());
    expect(memory.refusals?.map(({ target, count }) => [target, count])).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect(refusalOf(memory, 0)).toBeUndefined();
    expect(refusalOf(memory, undefined)).toBeUndefined();
  });
  test.each([
    ['invalid', 2, false],
    ['ignored', 2, false],
    ['quota', 1, true],
    ['forbidden', 1, true],
  ] as const)('after an invalid one, one for %s counts %s invalid', (why, invalid, wasInvalid) => {
    const memory = addRefusal(refusedTimes(1, { why: 'invalid' }), refusal({ why }), now);
    expect(memory.refusals?.[0]?.invalid).toBe(invalid);
    expect(memory.refusals?.[0]?.wasInvalid ?? false).toBe(wasInvalid || why === 'ignored');
    const third = addRefusal(memory, refusal({ why: 'quota' }), now);
    expect(third.refusals?.[0]).toMatchObject({ invalid, wasInvalid: true });
  });
  test('is kept in a hundred and twenty letters', () => {
    const detail = (letters: number) => refusedTimes(1, { detail: 'a'.repeat(letters) }).refusals?.[0]?.detail;
    expect(detail(120)).toBe('a'.repeat(120));
    expect(detail(121)?.length).toBeLessThanOrEqual(120);
  });
  test.each([
    ['until its end', 1, true],
    ['not at it', 0, false],
    ['for twenty minutes at most', 20 * minute, true],
    ['not where its end was written before the clock went back', 20 * minute + 1, false],
  ])('cools down %s', (_, leftMs, expected) => {
    expect(isCoolingDown({ ...refusedTimes(1).refusals![0]!, until: now + leftMs }, now)).toBe(expected);
  });
});

describe('the size that is sent along', () => {
  const change = { from: { min: 3, max: 9 }, to: { min: 0, max: 2 } };
  const pool = { autoscale: true, size: 6 };
  const after = (...why: readonly NewRefusal['why'][]) =>
    why.reduce((memory, one) => addRefusal(memory, refusal({ target: change.to, why: one }), now), aMemory());
  test.each<readonly [string, PoolMemory, number | undefined]>([
    ['none, before anything was refused', aMemory(), undefined],
    ['none, where quota was the reason', after('quota'), undefined],
    ['within, where the bounds were invalid', after('invalid'), 2],
    ['within, where they were so before', after('invalid', 'quota'), 2],
    ['none, where they were accepted and not applied', after('invalid', 'ignored'), undefined],
    ['within, once they are invalid again', after('ignored', 'invalid'), 2],
  ])('%s', (_, memory, expected) => {
    expect(sizeSentAlong(memory, pool, change)).toBe(expected);
  });
  test('is one of autoscaled pools, whose own size lies outside', () => {
    expect(sizeWithin({ autoscale: false, size: 6 }, change)).toBeUndefined();
    expect(sizeWithin(pool, { ...change, to: 2 })).toBeUndefined();
    expect(sizeWithin({ ...pool, size: 2 }, change)).toBeUndefined();
    expect(sizeWithin({ ...pool, size: 3 }, change)).toBe(2);
    expect(nodesUnder({ size: undefined }, { min: 0, max: 0 })).toBe(0);
    expect(nodesUnder({ size: undefined }, { min: 0, max: 1 })).toBeUndefined();
    expect(nodesUnder({ size: 4 }, { min: 0, max: 0 })).toBe(4);
  });
});

describe('a claim that was not sent', () => {
  const record = (memory: PoolMemory, wroteAway: boolean): ClusterRecord => {
    const change = { poolId: 'p', from: 3, to: 0, claimedAt: now, wroteAway, actedBefore: 'before', reason: 'r' };
    return { schema: 1, cluster: 'dev', change, pools: { p: memory, q: aMemory() } };
  };
  const away = { base: 3, from: 'config', since: now } as const;
  const claimed = aMemory({ away, actedRule: 'now', ahead: now + hour });
  const poolAfter = (how: Parameters<typeof dropClaim>[1], memory = claimed, wroteAway = true) => {
    const dropped = dropClaim(record(memory, wroteAway), how, now - 1, now);
    expect(dropped).not.toHaveProperty('change');
    expect(dropped.pools['q']).toEqual(aMemory());
    return dropped.pools['p'];
  };
  test('leaves nothing behind', () => {
    expect(poolAfter({ kind: 'dropped' })).toEqual(aMemory({ actedRule: 'before' }));
    expect(poolAfter({ kind: 'dropped' }, claimed, false)).toEqual(aMemory({ actedRule: 'before', away }));
  });
  test('because the cluster was busy, says since when', () => {
    expect(poolAfter({ kind: 'busy' })?.busySince).toBe(now);
    expect(poolAfter({ kind: 'busy' }, { ...claimed, busySince: now - hour })?.busySince).toBe(now - hour);
  });
  test('because it was refused, cools down', () => {
    const refusals = poolAfter({ kind: 'refused', why: 'quota', detail: 'full' })?.refusals;
    expect(refusals).toMatchObject([{ target: 0, why: 'quota', detail: 'full', poolUpdatedAt: now - 1, count: 1 }]);
  });
  test('of a record without it or of a pool that is gone changes nothing else', () => {
    const { change: _change, ...none } = record(claimed, true);
    expect(dropClaim(none, { kind: 'busy' }, undefined, now)).toBe(none);
    const gone = { ...record(claimed, true), pools: {} };
    expect(dropClaim(gone, { kind: 'busy' }, undefined, now)).toEqual({ schema: 1, cluster: 'dev', pools: {} });
  });
});

describe('answers that are older than one seen', () => {
  const seen = (patch: Partial<PoolMemory> = {}) => {
    const memory = aMemory();
    return { ...memory, seen: { ...memory.seen!, updatedAt: now - hour }, ...patch };
  };
  const pool = (updatedAt: number | undefined) => {
    const { updatedAt: _at, ...rest } = aPool('workers', 3);
    return { ...rest, updatedAt } as ReturnType<typeof aPool>;
  };
  test.each<readonly [string, PoolMemory, number | undefined, number | undefined]>([
    ['since the first of them', seen(), now - hour - 1, now],
    ['since long ago', seen({ olderSince: now - minute }), now - hour - 1, now - minute],
    ['not when they are as old', seen({ olderSince: now - minute }), now - hour, undefined],
    ['not when they say nothing of it', seen(), undefined, undefined],
    ['not when nothing was seen', aMemory({ seen: undefined }), 1, undefined],
  ])('%s', (_, memory, updatedAt, expected) => {
    expect(olderSince(memory, pool(updatedAt), now)).toBe(expected);
  });
  test.each([
    ['believed no more for half an hour', 30, true],
    ['and then they are', 30.01, false],
    ['also where the clock went back', -30, true],
    ['far', -30.01, false],
  ])('are %s', (_, minutes, expected) => {
    expect(isStale(seen({ olderSince: now - minutes * minute }), pool(1), now)).toBe(expected);
  });
});

describe('a look since the last edge', () => {
  const timeline = makeTimeline(officeHours, [], now);
  const edge = at('2026-03-02T19:00:00Z');
  test.each<readonly [string, Partial<PoolMemory>, number | undefined, boolean, boolean]>([
    ['at the edge', { reachedAt: edge }, edge, true, true],
    ['before it', { reachedAt: edge - 1 }, edge - 1, false, false],
    ['before a reset', { reachedAt: edge, resetAt: edge + 1 }, edge, false, false],
    ['at the reset', { reachedAt: edge, resetAt: edge }, edge, true, true],
    ['never', { reachedAt: undefined }, undefined, false, false],
    ['that showed nothing since before it', { reachedAt: edge, unseenSince: edge - 1 }, edge, true, false],
  ])('%s', (_, patch, lookedAt, reached, fresh) => {
    const memory = aMemory({ resetAt: undefined, unseenSince: undefined, ...patch });
    expect(isReached(memory, { timeline, now })).toBe(reached);
    expect(isLookFresh(memory, { timeline, now, lookedAt })).toBe(fresh);
  });
});

describe('a hold ends', () => {
  const rule = aRule({ graceMs: 30 * minute });
  const pool = aPool('workers', 3);
  const timeline = makeTimeline(officeHours, [], now);
  const foreign = [now - 50 * minute, now - 40 * minute, now - 30 * minute, now - 20 * minute];
  const cooling = addRefusal(
    addRefusal(aMemory(), refusal({ target: 1 }), now - 2 * minute),
    refusal({ target: 2 }),
    now,
  );
  const pause = { until: now + hour } as never;
  const always = makeTimeline({ ...officeHours, windows: [] }, [], now);
  const end = (code: HoldCode, memory = aMemory(), to: number | undefined = 0, patch: object = {}, by = timeline) =>
    holdEnd(
      { code, to },
      { memory, pause: undefined, pool: { ...pool, createdAt: now - minute }, rule, ...patch },
      by,
      now,
    );
  test.each<readonly [string, number | undefined, number | undefined]>([
    ['with the pause', end('paused', aMemory(), 0, { pause }), now + hour],
    ['with a young pool’s grace', end('grace'), now + 29 * minute],
    [
      'never by itself, where nobody knows how young',
      end('grace', aMemory(), 0, { pool: { ...pool, createdAt: undefined } }),
      undefined,
    ],
    ['at the boundary it was raised for', end('ahead', aMemory({ ahead: now + 7 })), now + 7],
    ['an hour after the first of three foreign changes', end('contended', aMemory({ foreign })), now + 20 * minute],
    ['not with two', end('contended', aMemory({ foreign: foreign.slice(0, 2) })), undefined],
    ['with the cool-down of its size', end('cool-down', cooling, 1), now + 3 * minute],
    ['with any, where its size has none', end('cool-down', cooling, 0), now + 3 * minute],
    ['half an hour after the first old answer', end('stale', aMemory({ olderSince: now })), now + 30 * minute],
    ['never by itself without one', end('stale'), undefined],
    ['when the schedule says something else', end('refused'), at('2026-03-03T07:00:00Z')],
    ['never by itself, where the schedule says one thing', end('refused', aMemory(), 0, {}, always), undefined],
    ['when people do something', end('observe'), undefined],
  ])('%s', (_, found, expected) => {
    expect(found).toBe(expected);
  });
});

describe('an order', () => {
  const cluster = (region: string, name: string, id: string, pools?: readonly string[]) =>
    ({
      cluster: { region, name, id },
      pools: pools?.map((pool) => ({ name: pool[0], id: pool })),
    }) as unknown as Parameters<typeof inOrder>[0][number];
  test('is by region, name and id, of clusters and of their pools', () => {
    const sorted = cluster('r1', 'b', '1', ['a1', 'a2', 'b1']);
    const seen = [
      cluster('r2', 'a', '1'),
      cluster('r1', 'b', '2', ['b1', 'a2', 'a1']),
      sorted,
      cluster('r1', 'a', '9'),
    ];
    const ordered = inOrder(seen);
    expect(ordered.map(({ cluster: { region, name, id } }) => `${region}${name}${id}`)).toEqual([
      'r1a9',
      'r1b1',
      'r1b2',
      'r2a1',
    ]);
    expect(ordered[1]).toBe(sorted);
    expect(ordered[2]?.pools?.map(({ id }) => id)).toEqual(['a1', 'a2', 'b1']);
  });
  test.each<[string, Partial<PoolView>]>([
    ['size', { current: undefined }],
    ['target', { target: undefined }],
  ])('of a cluster puts a pool without a %s last', (_, unknown) => {
    const view = (pool: string, patch: Partial<PoolView>) => {
      const { cluster } = aWorld('2026-03-02T20:00:00Z', []);
      const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: pool, pool };
      const known = { names, cluster, pool: aPool(pool, 3), rule: aRule(), memory: aMemory(), current: 3 };
      return poolView({ ...known, who: 'w', reason: 'r', isLateSuppressed: false, target: 5, ...patch });
    };
    const views = [view('a', unknown), view('b', { target: 0 }), view('c', {}), view('d', { current: 5, target: 6 })];
    expect(orderViews(views).map(({ names: { pool } }) => pool)).toEqual(['c', 'd', 'b', 'a']);
  });
  test('of turns is another one each round, of the same things, and the same at one instant', () => {
    const items = Array.from({ length: 12 }, (_, n) => `id-${n}`);
    const config = { everyMs: 5 * minute } as never;
    const turn = (after: number, given: readonly string[] = items) =>
      byTurn(given, (item) => item, { now: now + after * minute, config });
    expect(turn(0).toSorted()).toEqual(items.toSorted());
    expect(turn(4.9)).toEqual(turn(0));
    expect(turn(0, items.toReversed())).toEqual(turn(0));
    expect(turn(5)).not.toEqual(turn(0));
    const firsts = new Set(Array.from({ length: 60 }, (_, n) => turn(5 * n)[0]));
    expect(firsts.size).toBeGreaterThan(8);
  });
});

describe('a cluster as it was last stored', () => {
  const stored = (patch: Partial<PoolMemory>) => {
    const memory = { name: 'workers', autoscale: false, ...patch };
    return rememberedCluster('r1', 'c1', { schema: 1, cluster: 'dev', pools: { p: memory } });
  };
  const common = {
    id: 'p',
    name: 'workers',
    status: 'Running',
    createdAt: undefined,
    updatedAt: undefined,
    errors: [],
  };
  const fixed = (size: number) => ({ ...common, autoscale: false, size, sizeMin: undefined, sizeMax: undefined });
  const seen = { size: 3, at: now };
  test.each<readonly [string, Partial<PoolMemory>, readonly object[]]>([
    ['at the size last seen', { seen, lastSet: 2, base: 1 }, [fixed(3)]],
    ['at the size last set', { lastSet: 2, base: 1 }, [fixed(2)]],
    ['at its base', { base: 1 }, [fixed(1)]],
    [
      'at its bounds',
      { base: { min: 1, max: 4 } },
      [{ ...common, autoscale: true, size: undefined, sizeMin: 1, sizeMax: 4 }],
    ],
    ['with its labels', { base: 1, labels: { a: 'b' } }, [{ ...fixed(1), labels: { a: 'b' } }]],
    ['not without a size', {}, []],
    ['not while it is missing', { seen, missingSince: now }, []],
  ])('has a pool %s', (_, memory, pools) => {
    expect(stored(memory).pools).toEqual(pools);
  });
  test('runs, by its name', () => {
    const { cluster, lookedAt, record } = stored({});
    const unknown = { createdAt: undefined, updatedAt: undefined, version: undefined };
    expect(cluster).toEqual({ region: 'r1', id: 'c1', name: 'dev', status: 'Running', ...unknown, errors: [] });
    expect([lookedAt, record?.cluster]).toEqual([undefined, 'dev']);
  });
});

describe('changes by others', () => {
  test.each<readonly [string, readonly number[] | undefined, readonly number[] | undefined]>([
    ['none', undefined, undefined],
    ['none of long ago', [now - hour], undefined],
    ['those of the last hour', [now - hour, now - hour + 1], [now - hour + 1]],
    ['the last three', [now - 4, now - 3, now - 2, now - 1], [now - 3, now - 2, now - 1]],
    ['none of a clock that went back', [now + hour], undefined],
  ])('count: %s', (_, times, expected) => {
    expect(recentChanges(times, now)).toEqual(expected);
  });
  test('hold for an hour from the third last', () => {
    expect(contendedUntil(aMemory({ foreign: [1, 2, 3, 4] }))).toBe(2 + hour);
    expect(contendedUntil(aMemory({ foreign: [1, 2] }))).toBeUndefined();
    expect(contendedUntil(aMemory())).toBeUndefined();
  });
});
