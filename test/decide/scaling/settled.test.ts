import { describe, expect, test } from 'vitest';
import type { Change, PoolMemory } from '../../../lib/decide/scaling/memory.ts';
import { settleChange, settleRecord } from '../../../lib/decide/scaling/settle.ts';
import type { ObservedPool } from '../../../lib/model/cluster.ts';
import type { Size } from '../../../lib/model/size.ts';
import { aPool, at, hour, minute } from '../../support/scaling-world.ts';

const claimedAt = at('2026-03-02T19:00:00Z');
const now = claimedAt + 6 * minute;
const stuckAfterMs = 30 * minute;

function aChange(from: Size, to: Size, patch: Partial<Change> = {}): Change {
  return { poolId: 'id-workers', from, to, claimedAt, wroteAway: false, reason: 'r', ...patch };
}

function memoryOf(patch: Partial<PoolMemory> = {}): PoolMemory {
  return { name: 'workers', autoscale: false, ...patch };
}

type Given = {
  readonly change?: Change;
  readonly memory?: PoolMemory | undefined;
  readonly pool?: ObservedPool | undefined;
  readonly now?: number;
};

/** A cluster of one pool that is seen after its change was claimed. */
function settled({ change, memory = memoryOf(), pool, now: seenAt = now }: Given) {
  const record = { schema: 1, cluster: 'dev', ...(change && { change }), pools: { 'id-workers': memory } } as const;
  const pools = pool === undefined ? [] : [pool];
  return settleRecord({ record, region: 'r1', clusterId: 'c1', pools, now: seenAt, stuckAfterMs });
}

const seenAt = (size: Size, patch: Partial<ObservedPool> = {}) =>
  aPool('workers', size, { updatedAt: claimedAt + minute, ...patch });
const untouched = { updatedAt: claimedAt - hour };

describe('the history says of a change', () => {
  const lower = aChange(3, 0);
  test.each<[string, ObservedPool, string]>([
    ['done', seenAt(0), 'done after 360 s'],
    ['superseded', seenAt(2), 'somebody else set another size meanwhile'],
    ['undone', seenAt(3), 'it was set back to the old size'],
    ['not-applied', seenAt(3, untouched), 'the change was not applied; it is planned again'],
    ['failed', seenAt(3, { status: 'Error' }), 'the change failed: the pool is in Error'],
  ])('%s', (kind, pool, reason) => {
    const names = { region: 'r1', clusterId: 'c1', cluster: 'dev', poolId: 'id-workers', pool: 'workers' };
    const line = { schema: 1, ...names, at: now, kind, code: kind, from: 3, to: 0, reason, who: 'lamplighter' };
    expect(settled({ change: lower, pool }).decisions).toEqual([line]);
  });

  test.each<[string, Size, Size, number | undefined, string]>([
    ['with all nodes', { min: 0, max: 0 }, { min: 3, max: 9 }, 3, ''],
    ['with as many as it may have', { min: 0, max: 0 }, { min: 3, max: 9 }, 9, ''],
    ['with an unknown count', { min: 0, max: 0 }, { min: 3, max: 9 }, undefined, ''],
    ['with too few', { min: 0, max: 0 }, { min: 3, max: 9 }, 1, '; its bounds are set, 2 of 3 nodes are still missing'],
    [
      'with too many',
      { min: 3, max: 9 },
      { min: 0, max: 2 },
      7,
      '; its bounds are set, 7 nodes run until its autoscaler removes them',
    ],
  ])('of bounds %s', (_, from, to, size, rest) => {
    const given = { change: aChange(from, to), memory: memoryOf({ autoscale: true }), pool: seenAt(to, { size }) };
    expect(settled(given).decisions.map(({ reason }) => reason)).toEqual([`done after 360 s${rest}`]);
  });

  test.each<[string, Given]>([
    ['it is awaited', { change: lower, pool: seenAt(3, { status: 'Scaling' }) }],
    ['it hangs', { change: lower, pool: seenAt(3, { status: 'Scaling' }), now: claimedAt + stuckAfterMs }],
    ['its pool is gone', { change: lower, memory: memoryOf({ missingSince: claimedAt - hour }), now: now + hour }],
    ['there is none', { pool: seenAt(3) }],
  ])('nothing while %s', (_, given) => {
    expect(settled(given).decisions).toEqual([]);
  });
});

describe('what is done is remembered', () => {
  const before = memoryOf({
    notApplied: { target: 3, count: 1 },
    refusals: [],
    busySince: claimedAt,
    raisesMs: Array.from({ length: 10 }, (_, n) => n),
    pending: { target: 3, since: claimedAt - hour },
  });
  const raised = (to: Size, size: number | undefined, memory: Partial<PoolMemory> = {}) => {
    const autoscale = typeof to === 'object';
    const change = aChange(autoscale ? { min: 0, max: 0 } : 0, to);
    return settled({ change, memory: { ...before, autoscale, ...memory }, pool: seenAt(to, { size }) });
  };

  test('with how long a raise took, of the last ten', () => {
    const { change, evidence, pools } = raised(3, 3);
    expect([change, evidence]).toEqual([undefined, {}]);
    expect(pools['id-workers']).toEqual({
      ...before,
      seen: { size: 3, at: now, updatedAt: claimedAt + minute },
      lastSet: 3,
      raisesMs: [1, 2, 3, 4, 5, 6, 7, 8, 9, minute],
      short: undefined,
      notApplied: undefined,
      refusals: undefined,
      busySince: undefined,
      stuck: undefined,
    });
  });

  test('a lower teaches nothing about raises', () => {
    const given = { change: aChange(3, 0), memory: before, pool: seenAt(0) };
    expect(settled(given).pools['id-workers']?.raisesMs).toEqual(before.raisesMs);
  });

  test.each<[string, number | undefined, Partial<PoolMemory>, number | undefined]>([
    ['it has too few', 2, {}, claimedAt - hour],
    ['it has too few, and nothing was pending', 2, { pending: undefined }, claimedAt],
    ['their count was told before and is not now', undefined, { tellsNodes: true }, claimedAt - hour],
    ['their count was never told', undefined, {}, undefined],
    ['it has all', 3, {}, undefined],
  ])('short of nodes while %s', (_, size, patch, since) => {
    const memory = raised({ min: 3, max: 9 }, size, patch).pools['id-workers'];
    expect(memory?.short).toEqual(since === undefined ? undefined : { least: 3, since, claimedAt });
    expect(memory?.raisesMs?.at(-1)).toBe(since === undefined ? minute : 9);
  });
});

describe('a change by somebody else', () => {
  const memory = memoryOf({ notApplied: { target: 0, count: 1 }, ahead: now + hour, busySince: claimedAt });
  test.each<['superseded' | 'undone', number]>([
    ['superseded', 2],
    ['undone', 3],
  ])('%s is told with the claim, and ends what was owed', (kind, size) => {
    const { evidence, pools } = settled({ change: aChange(3, 0), memory, pool: seenAt(size) });
    expect(evidence).toEqual({ 'id-workers': { kind, claimedAt } });
    expect(pools['id-workers']).toMatchObject({ notApplied: undefined, ahead: undefined, busySince: undefined });
  });
});

describe('a change that hung', () => {
  const stuck = aChange(3, 0, { claimedAt: claimedAt - 10 * hour });
  const memory = memoryOf({ stuck });
  test.each<[string, ObservedPool, Partial<PoolMemory>]>([
    ['while it hangs', seenAt(3, { status: 'Scaling' }), { stuck }],
    ['while its pool is in Error', seenAt(3, { status: 'Error' }), { stuck }],
    ['not once it is done', seenAt(0), { stuck: undefined, lastSet: 0 }],
    ['not once somebody set another size', seenAt(2), { stuck: undefined }],
  ])('is remembered %s', (_, pool, expected) => {
    expect(settled({ memory, pool }).pools['id-workers']).toMatchObject(expected);
  });

  test.each<[string, ObservedPool]>([
    ['hangs', seenAt(3, { status: 'Scaling' })],
    ['failed', seenAt(3, { status: 'Error' })],
  ])('and is claimed anew, once that %s too, is the new one', (_, pool) => {
    const newer = aChange(3, 1, { claimedAt: claimedAt - hour });
    const { change, pools } = settled({ change: newer, memory, pool });
    expect(change).toBeUndefined();
    expect(pools['id-workers']?.stuck).toEqual(newer);
  });

  test('takes no slot, also while an old answer hides it', () => {
    const seen = { size: 3, at: claimedAt, updatedAt: claimedAt + 2 * minute };
    expect(settled({ memory: { ...memory, seen }, pool: seenAt(0) })).toMatchObject({
      change: undefined,
      pools: { 'id-workers': { stuck } },
    });
  });

  test('is said again with each look, never in the history', () => {
    expect(settled({ memory, pool: seenAt(3, { status: 'Error' }) }).decisions).toEqual([]);
  });
});

describe('the size that was asked for and not seen', () => {
  const gaveUp = (memory: Partial<PoolMemory>, to: Size = 0, from: Size = 3) =>
    settled({ change: aChange(from, to), memory: memoryOf(memory), pool: seenAt(from, untouched) }).pools['id-workers'];
  const vanished = (memory: Partial<PoolMemory>, to: Size = 0, from: Size = 3) =>
    settled({ change: aChange(from, to), memory: memoryOf({ missingSince: claimedAt - hour, ...memory }) }).pools[
      'id-workers'
    ];

  test.each<[string, Partial<PoolMemory>, Size, Size, Size | undefined]>([
    ['0 may be ours from now on', {}, 3, 0, 0],
    ['0 may be ours, also after another of ours', { lastSet: 2 }, 3, 0, 0],
    ['the size before was ours too', { lastSet: 3 }, 3, 0, 3],
    ['another than 0 changes nothing', { lastSet: 2 }, 3, 1, 2],
    ['another than 0 is not ours', {}, 3, 1, undefined],
  ])('%s', (_, memory, from, to, lastSet) => {
    expect([gaveUp(memory, to, from)?.lastSet, vanished(memory, to, from)?.lastSet]).toEqual([lastSet, lastSet]);
  });

  test.each<[string, PoolMemory['notApplied'], PoolMemory['notApplied']]>([
    ['once', undefined, { target: 0, count: 1, at: now }],
    ['twice', { target: 0, count: 1 }, { target: 0, count: 2, at: now }],
    ['once, after another', { target: 1, count: 1 }, { target: 0, count: 1, inRow: 2, at: now }],
    ['once, after others', { target: 1, count: 1, inRow: 4 }, { target: 0, count: 1, inRow: 5, at: now }],
  ])('is counted: %s', (_, notApplied, expected) => {
    expect(gaveUp(notApplied === undefined ? {} : { notApplied })?.notApplied).toEqual(expected);
  });

  test.each<[string, PoolMemory['notApplied'], number]>([
    ['the second of any', { target: 0, count: 1 }, 0],
    ['the third of one', { target: 0, count: 2 }, 1],
    ['the third of several', { target: 1, count: 1, inRow: 2 }, 1],
  ])('counts as refused %s time', (_, notApplied, refusals) => {
    const memory = gaveUp({ notApplied, busySince: claimedAt });
    expect(memory?.refusals ?? []).toHaveLength(refusals);
    expect(memory?.refusals?.[0] ?? { why: 'ignored' }).toMatchObject({ why: 'ignored' });
    expect(memory?.busySince).toBeUndefined();
  });

  test.each<[string, PoolMemory['notApplied'], number, PoolMemory['notApplied']]>([
    ['is unknown', undefined, 0, { target: 0, count: 0, at: now }],
    ['is counted on', { target: 0, count: 2 }, 0, { target: 0, count: 2, at: now }],
    ['is another', { target: 2, count: 2 }, 1, { target: 1, count: 0, at: now }],
    ['leaves a 0 before it ours', { target: 0, count: 2 }, 1, { target: 0, count: 2 }],
  ])('and whose pool is gone %s', (_, notApplied, to, expected) => {
    expect(vanished({ ...(notApplied && { notApplied }) }, to)?.notApplied).toEqual(expected);
  });
});

describe('the rule of a claim', () => {
  const claimed = memoryOf({ actedRule: 'now' });
  const gone = memoryOf({ actedRule: 'now', missingSince: claimedAt - hour });
  const rulesOf = ({ pools }: ReturnType<typeof settled>) => {
    const { actedRule, notApplied } = pools['id-workers'] ?? {};
    return [actedRule, notApplied?.byRule];
  };
  const after = (memory: PoolMemory, pool: ObservedPool | undefined, actedBefore: string | undefined) =>
    rulesOf(settled({ change: aChange(3, 0, { actedBefore }), memory, pool }));
  const unseen: readonly [string, PoolMemory, ObservedPool | undefined][] = [
    ['that was not applied', claimed, seenAt(3, untouched)],
    ['whose pool is gone', gone, undefined],
  ];

  test.each(unseen)('%s has not acted, and is kept with the size', (_, memory, pool) => {
    expect(after(memory, pool, undefined)).toEqual([undefined, 'now']);
    expect(after(memory, pool, 'before')).toEqual(['before', 'now']);
  });

  test.each(unseen)('%s has acted if it had before', (_, memory, pool) => {
    expect(after(memory, pool, 'now')).toEqual(['now', undefined]);
  });

  test('that hung and was not applied has not acted either', () => {
    const memory = { ...claimed, stuck: aChange(3, 0, { actedBefore: 'before' }) };
    expect(rulesOf(settled({ memory, pool: seenAt(3, { status: 'Scaling' }) }))).toEqual(['now', undefined]);
    expect(rulesOf(settled({ memory, pool: seenAt(3, untouched) }))).toEqual(['before', 'now']);
  });

  test.each<[string, ObservedPool]>([
    ['was done', seenAt(0)],
    ['met another size', seenAt(2)],
    ['was put back', seenAt(3)],
    ['failed', seenAt(3, { status: 'Error' })],
  ])('that %s has acted', (_, pool) => {
    expect(after(claimed, pool, 'before')).toEqual(['now', undefined]);
  });

  test('that left a 0 before it ours has not acted, and the rule of the 0 is kept', () => {
    const notApplied = { target: 0, count: 1, byRule: 'first' };
    const memory = { ...gone, notApplied };
    const { pools } = settled({ change: aChange(3, 1, { actedBefore: 'before' }), memory });
    expect(pools['id-workers']).toMatchObject({ actedRule: 'before', notApplied });
  });
});

describe('times of a change, to the millisecond', () => {
  const kindAt = (change: Change, pool: ObservedPool | undefined, running: Size | undefined, ms: number) =>
    settleChange(change, pool, running, claimedAt + ms, stuckAfterMs).kind;
  const error = (updatedAt: number | undefined) => seenAt(3, { status: 'Error', updatedAt });

  test.each<[string, ObservedPool, Size | undefined, number, string]>([
    ['waits four minutes for the new size', seenAt(3, untouched), 3, 4 * minute - 1, 'wait'],
    ['and no longer', seenAt(3, untouched), 3, 4 * minute, 'not-applied'],
    ['was set back after it, not at it', seenAt(3, { updatedAt: claimedAt }), 3, now, 'not-applied'],
    ['hangs after half an hour', seenAt(3, { status: 'Scaling' }), undefined, stuckAfterMs, 'stuck'],
    ['and not before', seenAt(3, { status: 'Scaling' }), undefined, stuckAfterMs - 1, 'wait'],
    ['failed up to a minute before', error(claimedAt - minute), undefined, minute, 'failed'],
    ['and no earlier', error(claimedAt - minute - 1), undefined, minute, 'wait'],
    ['failed at once', error(claimedAt), undefined, 0, 'failed'],
    ['did not fail before it was claimed', error(claimedAt), undefined, -1, 'wait'],
    ['of a clock five minutes behind waits', seenAt(3, { status: 'Scaling' }), undefined, -5 * minute, 'wait'],
    ['of a clock further behind hangs', seenAt(3, { status: 'Scaling' }), undefined, -5 * minute - 1, 'stuck'],
  ])('it %s', (_, pool, running, ms, expected) => {
    expect(kindAt(aChange(3, 0), pool, running, ms)).toBe(expected);
  });

  test.each<[string, number, number]>([
    ['at the claim says nothing', claimedAt, 10 * minute],
    ['just after it counts', claimedAt + 1, 1],
    ['at the look counts', claimedAt + 10 * minute, 10 * minute],
  ])('updated_at %s', (_, updatedAt, tookMs) => {
    const pool = seenAt(3, { updatedAt });
    expect(settleChange(aChange(0, 3), pool, 3, claimedAt + 10 * minute, stuckAfterMs)).toEqual({
      kind: 'done',
      tookMs,
    });
  });

  test.each<[number, number | undefined, string]>([
    [10 * minute, 10 * minute - 1, 'wait'],
    [10 * minute, 10 * minute, 'vanished'],
    [0, -10 * minute, 'vanished'],
    [0, -10 * minute + 1, 'wait'],
    [hour, undefined, 'wait'],
  ])('a pool gone at %s, for %s ms: %s', (ms, goneMs, expected) => {
    const at = claimedAt + ms;
    const missingSince = goneMs === undefined ? undefined : at - goneMs;
    expect(settleChange(aChange(3, 0), undefined, undefined, at, stuckAfterMs, missingSince).kind).toBe(expected);
  });

  test.each<[Size, Size, string]>([
    [3, 0, 'undone'],
    [0, 3, 'not-applied'],
    [{ min: 3, max: 9 }, { min: 0, max: 2 }, 'not-applied'],
  ])('a touched pool that shows %j in place of %j is %s', (from, to, expected) => {
    expect(kindAt(aChange(from, to), seenAt(from), from, 6 * minute)).toBe(expected);
  });
});
