/**
 * What is remembered about a cluster: one record, so that one compare-and-set protects all of it. Pools are stored by
 * id (a recreated pool inherits nothing), and at most one change of the cluster is in flight.
 */

import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import type { Exception, Rule } from '../../model/config.ts';
import { isSameJson } from '../../model/json.ts';
import type { Labels } from '../../model/match.ts';
import type { Schedule } from '../../model/schedule.ts';
import { isRange, lower, type Size, upper } from '../../model/size.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';

export type ClusterRecord = {
  readonly schema: 1;
  readonly cluster: string;
  /** Its last status, if not Running. */
  readonly status?: string | undefined;
  /** The certain nodes of pools that no rule acts on; only if the cluster has a minimum. */
  readonly otherNodes?: number | undefined;
  /** Since when this cluster has been missing from its region's list. */
  readonly missingSince?: EpochMs | undefined;
  /** The change that was claimed and has not settled. */
  readonly change?: Change | undefined;
  readonly pools: { readonly [poolId: string]: PoolMemory };
};

/** Claimed before its PUT is sent; settled by later observations. */
export type Change = {
  readonly poolId: string;
  readonly from: Size;
  readonly to: Size;
  readonly claimedAt: EpochMs;
  /** The claim also wrote `away`: cancelling the claim removes both. */
  readonly wroteAway: boolean;
  /** The rule under which this pool was changed before; restored when the claim is cancelled. */
  readonly actedBefore?: string | undefined;
  readonly reason: string;
};

/** A pool that was moved from its base: the base, how it is known, and since when. The first write wins. */
export type Away = {
  readonly base: Size | 'unknown';
  readonly from: 'config' | 'remembered' | 'observed' | 'person';
  readonly since: EpochMs;
};

/** A size set by a person, used instead of the scheduled size. */
export type Kept = { readonly size: Size; readonly since: EpochMs; readonly until: EpochMs };

export type Refusal = {
  readonly target: Size;
  readonly count: number;
  /** How many refusals said that the request was invalid (not quota, not forbidden). */
  readonly invalid: number;
  readonly until: EpochMs;
  readonly why: 'invalid' | 'quota' | 'forbidden' | 'ignored';
  /** An earlier refusal was such an answer. */
  readonly wasInvalid?: boolean | undefined;
  readonly detail: string;
  /** Rule and pool at that time: three invalid refusals hold a lower until one of these changes. */
  readonly ruleHash: string;
  readonly poolUpdatedAt: EpochMs | undefined;
};

/**
 * A size that was sent and never observed, how often in a row, and when it was last given up. If the pool shows it
 * later (a late PUT, or an old answer that hid it), it was our change.
 */
export type NotApplied = {
  readonly target: Size;
  readonly count: number;
  /** Including those of earlier targets; absent = there were none. */
  readonly inRow?: number | undefined;
  readonly at?: EpochMs | undefined;
  /** The rule of its claim, which does not count as having acted (`actedRule`) before the size shows. */
  readonly byRule?: string | undefined;
};

/**
 * Since when this target has been wanted and not reached; `owed` = a smaller step in the same direction that was wanted
 * earlier.
 */
export type Pending = Wanted & { readonly owed?: Wanted | undefined };

type Wanted = { readonly target: Size; readonly since: EpochMs };

/** Why the last round held the pool; `code` is a HoldCode, or one of another version. */
export type Held = { readonly code: string; readonly reason: string; readonly until?: EpochMs | undefined };

/**
 * The pool has fewer nodes than the wanted minimum, or its node count is unknown: since when that minimum is wanted,
 * and which claim raised it, to learn the lead.
 */
type Short = { readonly least: number; readonly since: EpochMs; readonly claimedAt?: EpochMs | undefined };

/** A pool as read from the API. */
export type Look = Pick<
  ObservedPool,
  'status' | 'autoscale' | 'size' | 'sizeMin' | 'sizeMax' | 'createdAt' | 'updatedAt'
>;

export type PoolMemory = {
  readonly name: string;
  readonly autoscale: boolean;
  /** The name of its machine spec, as last seen. */
  readonly flavor?: string | undefined;
  /** Its labels that rules ask for, as last seen; absent = no rule asks, or no answer had them. */
  readonly labels?: Labels | undefined;
  /**
   * The new form (fixed or autoscaled), if it changed while below base: the pool is held until its base is known in
   * this form.
   */
  readonly became?: boolean | undefined;
  /** The size last seen Running, and since when it has been that. */
  readonly seen?: { readonly size: Size; readonly at: EpochMs; readonly updatedAt?: EpochMs | undefined } | undefined;
  /** When it was last seen at that size, if later rounds showed nothing (not Running, no size, missing). */
  readonly unseenSince?: EpochMs | undefined;
  /** When somebody else's resize was first seen: the new size counts from then on. */
  readonly movingSince?: EpochMs | undefined;
  /** Since when every answer has been older than the one that showed `seen`. */
  readonly olderSince?: EpochMs | undefined;
  /** The remembered base. */
  readonly base?: Size | undefined;
  readonly away?: Away | undefined;
  /** When the pool was seen Running at its target. Counts only since the last edge and the last reset. */
  readonly reachedAt?: EpochMs | undefined;
  /**
   * Last reset: the rule's config changed, a lease, override or pause started, changed or ended, or a kept size ended.
   */
  readonly resetAt?: EpochMs | undefined;
  /** Fingerprint of the asks in force in the last round. */
  readonly asks?: string | undefined;
  readonly ruleHash?: string | undefined;
  /** For a pool that was never changed: since when it has been under this rule. */
  readonly metAt?: EpochMs | undefined;
  /** For a pool that was changed under another rule: since when it has been under this one. */
  readonly ruledSince?: EpochMs | undefined;
  /** When it existed for certain: created, or first seen. For readers without the API; absent = `metAt`. */
  readonly thereSince?: EpochMs | undefined;
  readonly onRemove?: 'restore' | 'leave' | undefined;
  readonly kept?: Kept | undefined;
  /** A raise was claimed ahead of this boundary: no lower before it. */
  readonly ahead?: EpochMs | undefined;
  /** How long the last raises took, newest last, at most 10. */
  readonly raisesMs?: readonly number[] | undefined;
  /** When others changed the size, within the last hour. */
  readonly foreign?: readonly EpochMs[] | undefined;
  /**
   * The size we set last, until another is seen: an absent `size` is 0 only if we set 0, and our own sizes are never a
   * person's base.
   */
  readonly lastSet?: Size | undefined;
  /** An autoscaled pool whose node count was given before: if a later answer omits it, it may be 0. */
  readonly tellsNodes?: true | undefined;
  /** An autoscaled pool with the wanted bounds, whose nodes are not there yet as far as known. */
  readonly short?: Short | undefined;
  readonly refusals?: readonly Refusal[] | undefined;
  readonly pending?: Pending | undefined;
  /** A change that has not settled within `stuckAfter`: it holds its pool, but no longer the cluster. */
  readonly stuck?: Change | undefined;
  /** Hash of the rule under which it was last changed. */
  readonly actedRule?: string | undefined;
  readonly busySince?: EpochMs | undefined;
  readonly missingSince?: EpochMs | undefined;
  readonly notApplied?: NotApplied | undefined;
  /** Fingerprint of the last decision in the history. */
  readonly decision?: string | undefined;
  readonly held?: Held | undefined;
  /** The last observation, if it was not a Running pool at the size in `seen`. */
  readonly look?: Look | undefined;
};

/** The memory with these fields changed; the same object if nothing changed, so that no write follows. */
export function remember(memory: PoolMemory, patch: Partial<PoolMemory>): PoolMemory {
  for (const name in patch) {
    const field = name as keyof PoolMemory;
    if (!isSameJson(patch[field], memory[field])) return { ...memory, ...patch };
  }
  return memory;
}

export type RememberedCluster = ObservedFleetCluster & { readonly pools: readonly ObservedPool[] };

/** A cluster as last stored: names, sizes, pools below base. Every pool counts as Running. */
export function rememberedCluster(region: string, id: string, record: ClusterRecord): RememberedCluster {
  const pools = Object.entries(record.pools).flatMap(([poolId, memory]) => {
    const size = memory.seen?.size ?? memory.lastSet ?? memory.base;
    return size === undefined || memory.missingSince
      ? []
      : [{ ...poolAt(poolId, memory.name, size), labels: memory.labels }];
  });
  return { cluster: clusterNamed(region, id, record.cluster), pools, record, lookedAt: undefined };
}

export function clusterNamed(region: string, id: string, name: string): ObservedFleetCluster['cluster'] {
  return {
    region,
    id,
    name,
    status: 'Running',
    createdAt: undefined,
    updatedAt: undefined,
    version: undefined,
    errors: [],
  };
}

export function poolAt(id: string, name: string, size: Size): ObservedPool {
  const bounds = isRange(size)
    ? { autoscale: true, size: undefined, sizeMin: lower(size), sizeMax: upper(size) }
    : { autoscale: false, size, sizeMin: undefined, sizeMax: undefined };
  return { id, name, status: 'Running', ...bounds, createdAt: undefined, updatedAt: undefined, errors: [] };
}

export const contendedForMs = hourMs;

/** Changes by others within the last hour, the newest three; no rule needs more. */
export function recentChanges(times: readonly EpochMs[] | undefined, now: EpochMs): readonly EpochMs[] | undefined {
  const left = times?.filter((at) => Math.abs(now - at) < contendedForMs).slice(-3);
  return left === undefined || left.length === 0 ? undefined : left;
}

/** Until when a pool is held because of them: an hour after the first of the three. */
export function contendedUntil(memory: PoolMemory): EpochMs | undefined {
  const first = memory.foreign?.at(-3);
  return first === undefined ? undefined : first + contendedForMs;
}

/** Three foreign changes within an hour are more likely a program than a person. */
export function isContended(memory: PoolMemory): boolean {
  return (memory.foreign?.length ?? 0) >= 3;
}

/**
 * A rule as it was when a pool was last changed under it. It is stored whole, to compute what it would want now after
 * the config has changed.
 */
export type StoredRule = {
  readonly schema: 1;
  readonly rule: Rule;
  readonly schedule: Schedule;
  readonly exceptions: readonly Exception[];
  /**
   * When it first changed a pool, or was approved; absent = stored by 0.1.0, which did not brake the first change:
   * counts as always.
   */
  readonly knownSince?: EpochMs | undefined;
  /** Only claims were made under it, and none is known to have reached the service: it has not acted yet. */
  readonly isTried?: true | undefined;
  /** When a person last approved its lowers; ahead of its config, until when pools come under it approved. */
  readonly approvedAt?: EpochMs | undefined;
};

/** It is stored, and has acted or was approved. */
export function isKnownRule(rule: StoredRule | undefined): rule is StoredRule {
  return rule !== undefined && !rule.isTried;
}

export type ObservedFleetCluster = {
  readonly cluster: ObservedCluster;
  /** undefined = the pools could not be read, or need not be. */
  readonly pools: readonly ObservedPool[] | undefined;
  readonly record: ClusterRecord | undefined;
  readonly lookedAt: EpochMs | undefined;
  /** Nodes of pools not listed here. */
  readonly otherNodes?: number | undefined;
};
