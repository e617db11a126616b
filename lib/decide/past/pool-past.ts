import { equalSize, isRange, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Change, ClusterRecord, PoolMemory } from '../scaling/memory.ts';
import type { NodesRecord } from './node-counts.ts';
import { changesOf, lastShown, type SizeChange, type SizesRecord } from './size-changes.ts';

/**
 * A pool's size from an instant until the next step; `size` undefined = the pool did not exist, or its size is unknown.
 */
export type PastStep = { readonly from: EpochMs; readonly size: Size | undefined; readonly nodes: number };

type Count = { readonly at: EpochMs; readonly nodes: number };

/** A region's records by pool ("cluster/pool"), each in order of time. */
export type RegionPast = {
  readonly changes: ReadonlyMap<string, readonly SizeChange[]>;
  readonly counts: ReadonlyMap<string, readonly Count[]>;
};

/** The same, while records are still being added in order of time. */
export type PastReading = { readonly changes: Map<string, SizeChange[]>; readonly counts: Map<string, Count[]> };

export function beginPast(): PastReading {
  return { changes: new Map(), counts: new Map() };
}

/**
 * A pool's changes keep the order of the rounds that saw them: each begins at the size at which the one before ended. A
 * change whose stored time, kept to the minute, lies before that of the one before begins with that one.
 */
export function addSizes({ changes }: PastReading, record: SizesRecord): void {
  for (const change of changesOf(record)) {
    const own = changes.get(change.pool);
    if (own === undefined) changes.set(change.pool, [change]);
    else own.push({ ...change, at: Math.max(change.at, own.at(-1)?.at ?? change.at) });
  }
}

export function addNodes({ counts }: PastReading, { at, nodes }: NodesRecord): void {
  for (const pool in nodes) {
    const count = nodes[pool] as number;
    const own = counts.get(pool);
    if (own === undefined) counts.set(pool, [{ at, nodes: count }]);
    else if (own.at(-1)?.nodes !== count) own.push({ at, nodes: count });
  }
}

export function readPast(sizes: readonly SizesRecord[], nodes: readonly NodesRecord[]): RegionPast {
  const past = beginPast();
  for (const record of sizes) addSizes(past, record);
  for (const record of nodes) addNodes(past, record);
  return past;
}

/** The pool's record in the store now; undefined = it is gone. */
export type PoolNow = { readonly memory: PoolMemory; readonly change: Change | undefined } | undefined;

export function poolNow(record: ClusterRecord | undefined, poolId: string): PoolNow {
  const memory = record?.pools[poolId];
  if (record === undefined || memory === undefined) return undefined;
  if (record.missingSince !== undefined || memory.missingSince !== undefined) return undefined;
  return { memory, change: record.change?.poolId === poolId ? record.change : undefined };
}

/** The pool's sizes over [from, now] as rounds read them. An autoscaled pool has the nodes that were last counted. */
export function pastSteps(past: RegionPast, pool: string, now: PoolNow, from: EpochMs): readonly PastStep[] {
  const sizes = sizesOver(past.changes.get(pool) ?? [], now, from);
  const counts = past.counts.get(pool) ?? [];
  return counts.length === 0
    ? sizes.map(({ at, size }) => ({ from: at, size, nodes: nodesOf(size, undefined) }))
    : withCounts(sizes, counts);
}

type Shown = { readonly at: EpochMs; readonly size: Size | undefined };

function sizesOver(changes: readonly SizeChange[], now: PoolNow, from: EpochMs): readonly Shown[] {
  const before = changes.findLast(({ at }) => at <= from)?.after;
  const later = changes.filter(({ at }) => at > from);
  const known = before ?? later[0]?.before;
  const shown: Shown[] = [{ at: from, size: known }, ...later.map(({ at, after }) => ({ at, size: after }))];
  return withPresent(shown, changes.length === 0, now, from);
}

/** Sizes that are in the pool's record but not in the history: an unrecorded one, and a change that has not settled. */
function withPresent(shown: readonly Shown[], isUnwritten: boolean, now: PoolNow, from: EpochMs): readonly Shown[] {
  const size = now && lastShown(now.memory);
  if (now === undefined || size === undefined) return shown;
  const { seen, unseenSince } = now.memory;
  const since = equalSize(size, seen?.size) ? seen?.at : (unseenSince ?? seen?.at);
  const all = [...shown];
  const put = (at: EpochMs, is: Size) => {
    if (at <= from) all.splice(0, 1, { at: from, size: is });
    else all.push({ at, size: is });
  };
  if (isUnwritten || !equalSize(all.at(-1)?.size, size)) put(Math.max(since ?? from, all.at(-1)?.at ?? from), size);
  const change = now.change ?? now.memory.stuck;
  if (change !== undefined && !equalSize(change.to, size)) {
    put(Math.max(change.claimedAt, all.at(-1)?.at ?? from), change.to);
  }
  return all;
}

function withCounts(sizes: readonly Shown[], counts: readonly Count[]): readonly PastStep[] {
  const steps: PastStep[] = [];
  sizes.forEach(({ at, size }, i) => {
    const until = sizes[i + 1]?.at ?? Number.POSITIVE_INFINITY;
    const last = counts.findLast((count) => count.at <= at);
    steps.push({ from: at, size, nodes: nodesOf(size, last?.nodes) });
    if (size === undefined || !isRange(size)) return;
    for (const count of counts) {
      if (count.at <= at || count.at >= until) continue;
      const nodes = nodesOf(size, count.nodes);
      if (nodes !== steps.at(-1)?.nodes) steps.push({ from: count.at, size, nodes });
    }
  });
  return steps;
}

/** Between two counts, an autoscaled pool can have any number of nodes within its bounds. */
function nodesOf(size: Size | undefined, counted: number | undefined): number {
  if (size === undefined) return 0;
  if (!isRange(size)) return size;
  return Math.min(Math.max(counted ?? size.min, size.min), size.max);
}
