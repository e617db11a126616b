import { equalSize, isRange, type Size } from '../../model/size.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { observedSize } from '../scaling/base.ts';
import type { ClusterRecord, PoolMemory } from '../scaling/memory.ts';

/** A pool's new size from `at` on; undefined = the pool did not exist, or its size is unknown. */
export type SizeChange = {
  readonly at: EpochMs;
  /** "cluster/pool": a pool recreated under the same name continues the record of the old one. */
  readonly pool: string;
  readonly before: Size | undefined;
  readonly after: Size | undefined;
};

export function pastName({ cluster, pool }: { readonly cluster: string; readonly pool: string }): string {
  return `${cluster}/${pool}`;
}

/**
 * The sizes that differ between a cluster's record before and after a round. Our own change counts from its claim;
 * somebody else's from the first round that no longer read the old size.
 */
export function sizeChanges(
  before: ClusterRecord | undefined,
  after: ClusterRecord,
  now: EpochMs,
): readonly SizeChange[] {
  const ids = new Set([...Object.keys(before?.pools ?? {}), ...Object.keys(after.pools)]);
  return [...ids].flatMap((id): readonly SizeChange[] => {
    const [old, next] = [before?.pools[id], after.pools[id]];
    const [was, is] = [shownSize(before, old), shownSize(after, next)];
    if (equalSize(was, is)) return [];
    const name = { cluster: after.cluster, pool: (next ?? old)?.name ?? '' };
    const at = is === undefined ? now : changedAt(before, id, is, now);
    return [{ at, pool: pastName(name), before: was, after: is }];
  });
}

function shownSize(record: ClusterRecord | undefined, memory: PoolMemory | undefined): Size | undefined {
  if (memory === undefined || record?.missingSince !== undefined || memory.missingSince !== undefined) return undefined;
  return lastShown(memory);
}

/** A pool that is not judged (unknown base, changed form) still has its observed size recorded. */
export function lastShown(memory: PoolMemory): Size | undefined {
  const { look, olderSince, seen } = memory;
  const isNews = look !== undefined && look.status === 'Running' && olderSince === undefined;
  // A size that the answer left out is unknown.
  return isNews ? observedSize(look, memory) : seen?.size;
}

function changedAt(before: ClusterRecord | undefined, poolId: string, size: Size, now: EpochMs): EpochMs {
  const memory = before?.pools[poolId];
  const change = before?.change?.poolId === poolId ? before.change : memory?.stuck;
  if (change !== undefined && equalSize(change.to, size)) return Math.min(now, change.claimedAt);
  return memory?.missingSince === undefined ? Math.min(now, memory?.movingSince ?? now) : now;
}

/** As it is stored: a number, or min and max; null = not there. */
type StoredSize = number | readonly [min: number, max: number] | null;

/** The size changes that one round saw: by pool, the size before and after, and how many minutes earlier it began. */
export type SizesRecord = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly changes: {
    readonly [pool: string]: readonly [StoredSize, StoredSize] | readonly [StoredSize, StoredSize, number];
  };
};

export function sizesRecord(at: EpochMs, changes: readonly SizeChange[]): SizesRecord {
  const entries = changes.map((change) => {
    const minutes = Math.round((at - change.at) / minuteMs);
    const sizes = [storedSize(change.before), storedSize(change.after)] as const;
    return [change.pool, minutes === 0 ? sizes : [...sizes, minutes]] as const;
  });
  return { schema: 1, at, changes: Object.fromEntries(entries) as SizesRecord['changes'] };
}

export function changesOf({ at, changes }: SizesRecord): readonly SizeChange[] {
  return Object.entries(changes).map(([pool, [before, after, minutes = 0]]) => {
    return { at: at - minutes * 60_000, pool, before: readSize(before), after: readSize(after) };
  });
}

function storedSize(size: Size | undefined): StoredSize {
  if (size === undefined) return null;
  return isRange(size) ? [size.min, size.max] : size;
}

function readSize(stored: StoredSize): Size | undefined {
  if (stored === null) return undefined;
  return typeof stored === 'number' ? stored : { min: stored[0], max: stored[1] };
}
