import type { EpochMs } from '../model.ts';
import { describeSize } from '../scaling/size.ts';
import type { Rehearsal, RehearsedChange, RehearsedPool } from './rehearse.ts';
import { totalOf } from './total.ts';

export type MovedChange = { readonly change: RehearsedChange; readonly wasAt: EpochMs };

export type PoolDifference = {
  readonly pool: Pick<RehearsedPool, 'region' | 'cluster' | 'pool'>;
  /** 0 where only the other config has a rule for the pool. */
  readonly nodeHours: number;
  readonly oldNodeHours: number;
};

/** What the new config changes, and nothing else. */
export type RehearsalDifference = {
  readonly added: readonly RehearsedChange[];
  readonly removed: readonly RehearsedChange[];
  /** The same change of the same pool, within half a day of the old one. */
  readonly moved: readonly MovedChange[];
  /** Pools whose node-hours differ. */
  readonly pools: readonly PoolDifference[];
  readonly nodeHours: number;
  readonly oldNodeHours: number;
};

const movedWithinMs = 12 * 3_600_000;

export function compareRehearsals(old: Rehearsal, next: Rehearsal): RehearsalDifference {
  const oldKeys = new Set(old.changes.map(keyOf));
  const nextKeys = new Set(next.changes.map(keyOf));
  const left = old.changes.filter((change) => !nextKeys.has(keyOf(change)));
  const come = next.changes.filter((change) => !oldKeys.has(keyOf(change)));
  const moved: MovedChange[] = [];
  const added: RehearsedChange[] = [];
  const taken = new Set<RehearsedChange>();
  for (const change of come) {
    const was = nearest(left, change, taken);
    if (was === undefined) added.push(change);
    else {
      taken.add(was);
      moved.push({ change, wasAt: was.at });
    }
  }
  const removed = left.filter((change) => !taken.has(change));
  const [oldTotal, total] = [totalOf(old), totalOf(next)];
  const { nodeHours } = total;
  return { added, removed, moved, pools: poolsOf(old, next), nodeHours, oldNodeHours: oldTotal.nodeHours };
}

/** Of the old changes of this pool to this size that are near enough, the one nearest in time. */
function nearest(
  left: readonly RehearsedChange[],
  change: RehearsedChange,
  taken: ReadonlySet<RehearsedChange>,
): RehearsedChange | undefined {
  const distance = (other: RehearsedChange) => Math.abs(other.at - change.at);
  return left
    .filter((other) => !taken.has(other) && kindOf(other) === kindOf(change) && distance(other) <= movedWithinMs)
    .sort((a, b) => distance(a) - distance(b))[0];
}

function poolsOf(old: Rehearsal, next: Rehearsal): readonly PoolDifference[] {
  const all = new Map<string, PoolDifference>();
  for (const pool of old.pools) all.set(poolKey(pool), { pool, nodeHours: 0, oldNodeHours: pool.nodeHours });
  for (const pool of next.pools) {
    const oldNodeHours = all.get(poolKey(pool))?.oldNodeHours ?? 0;
    all.set(poolKey(pool), { pool, nodeHours: pool.nodeHours, oldNodeHours });
  }
  return [...all.values()].filter(({ nodeHours, oldNodeHours }) => nodeHours !== oldNodeHours);
}

function keyOf(change: RehearsedChange): string {
  return `${kindOf(change)}\n${change.at}`;
}

function kindOf(change: RehearsedChange): string {
  return `${poolKey(change)}\n${describeSize(change.from)}\n${describeSize(change.to)}`;
}

function poolKey({ region, cluster, pool }: Pick<RehearsedPool, 'region' | 'cluster' | 'pool'>): string {
  return `${region}\n${cluster}\n${pool}`;
}
