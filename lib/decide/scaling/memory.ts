/**
 * What is remembered about a cluster: one record, so that one compare-and-set guards all of it. Each pool's memory is
 * kept by id (a recreated pool inherits nothing), and at most one change of the cluster is in flight.
 */
import type { EpochMs, Size } from '../model.ts';
import { isSameJson } from '../same-json.ts';

export type ClusterRecord = {
  readonly schema: 1;
  readonly cluster: string;
  /** Since when its region's list has not shown this cluster. */
  readonly missingSince?: EpochMs | undefined;
  /** The one change that was claimed and has not settled. */
  readonly change?: Change | undefined;
  readonly pools: { readonly [poolId: string]: PoolMemory };
};

/** Claimed before its PUT is sent; settled by what is seen afterwards. */
export type Change = {
  readonly poolId: string;
  readonly from: Size;
  readonly to: Size;
  readonly claimedAt: EpochMs;
  /** The claim also wrote `away`: undoing the one undoes the other. */
  readonly wroteAway: boolean;
  /** The rule under which this pool was acted on before; a claim that is taken back was no act. */
  readonly actedBefore?: string | undefined;
  readonly reason: string;
};

/** A pool that was moved from its base: what the base was, how that is known, since when. First write wins. */
export type Away = {
  readonly base: Size | 'unknown';
  readonly from: 'config' | 'remembered' | 'observed' | 'person';
  readonly since: EpochMs;
};

/** A size set by a person, standing in for the scheduled size. */
export type Kept = { readonly size: Size; readonly since: EpochMs; readonly until: EpochMs };

export type Refusal = {
  readonly target: Size;
  readonly count: number;
  /** How many of them said the request was invalid (not quota, not forbidden). */
  readonly invalid: number;
  readonly until: EpochMs;
  readonly why: 'invalid' | 'quota' | 'forbidden' | 'ignored';
  readonly detail: string;
  /** Rule and pool as they were: three invalid refusals hold a lower until one of these changes. */
  readonly ruleHash: string;
  readonly poolUpdatedAt: EpochMs | undefined;
};

/**
 * What was sent and never seen, how often in a row, and when it was given up last. It may show late all the same (a PUT
 * that was applied after its time, an old answer that hid it): then it was us.
 */
export type NotApplied = { readonly target: Size; readonly count: number; readonly at?: EpochMs | undefined };

/** Since when this target has been wanted and not reached; `owed` = a size on the way to it that was wanted before. */
export type Pending = Wish & { readonly owed?: Wish | undefined };

type Wish = { readonly target: Size; readonly since: EpochMs };

export type PoolMemory = {
  readonly name: string;
  readonly autoscale: boolean;
  /** What it is now, where that changed while it was away: held until its base is known in the new form. */
  readonly became?: boolean | undefined;
  /** The size last seen Running, and since when it has been that. */
  readonly seen?: { readonly size: Size; readonly at: EpochMs; readonly updatedAt?: EpochMs | undefined } | undefined;
  /** The last look at which it was still that, where the looks since then showed nothing: not Running, no size, missing. */
  readonly unseenSince?: EpochMs | undefined;
  /** Since when every answer has been older than the one that showed `seen`. */
  readonly olderSince?: EpochMs | undefined;
  /** The remembered base. */
  readonly base?: Size | undefined;
  readonly away?: Away | undefined;
  /** When the pool was seen Running at its target. Counts only since the last edge and the last reset. */
  readonly reachedAt?: EpochMs | undefined;
  /** Config change of the rule, start, change or end of a lease, override or pause, end of a kept size. */
  readonly resetAt?: EpochMs | undefined;
  /** Fingerprint of the asks in force at the last look. */
  readonly asks?: string | undefined;
  readonly ruleHash?: string | undefined;
  readonly onRemove?: 'restore' | 'leave' | undefined;
  readonly kept?: Kept | undefined;
  /** A raise was claimed ahead of this boundary: not lowered before it. */
  readonly ahead?: EpochMs | undefined;
  /** How long the last raises took, newest last, at most 10. */
  readonly raisesMs?: readonly number[] | undefined;
  /** When others changed the size, within the last hour. */
  readonly foreign?: readonly EpochMs[] | undefined;
  /** The size we set last, until another is seen: an absent `size` is 0 only at our 0, and what we set is no person's base. */
  readonly lastSet?: Size | undefined;
  readonly refusals?: readonly Refusal[] | undefined;
  readonly pending?: Pending | undefined;
  /** A change that has not settled within `stuckAfter`: it holds its pool, no longer the cluster. */
  readonly stuck?: Change | undefined;
  /** Hash of the rule under which we last acted here. */
  readonly actedRule?: string | undefined;
  readonly busySince?: EpochMs | undefined;
  readonly missingSince?: EpochMs | undefined;
  readonly notApplied?: NotApplied | undefined;
  /** Fingerprint of the last decision kept in the history. */
  readonly decision?: string | undefined;
};

/** The memory with these fields changed; the same object when nothing really changed, so that no write follows. */
export function remember(memory: PoolMemory, patch: Partial<PoolMemory>): PoolMemory {
  for (const name in patch) {
    const field = name as keyof PoolMemory;
    if (!isSameJson(patch[field], memory[field])) return { ...memory, ...patch };
  }
  return memory;
}
