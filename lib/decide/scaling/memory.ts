/**
 * What is remembered about a cluster: one record, so that one compare-and-set guards all of it. Each pool's memory is
 * kept by id (a recreated pool inherits nothing), and at most one change of the cluster is in flight.
 */

import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import type { Exception, Rule, Schedule } from '../../model/config.ts';
import { isSameJson } from '../../model/json.ts';
import type { Labels } from '../../model/match.ts';
import { isRange, lower, type Size, upper } from '../../model/size.ts';
import { compareText } from '../../model/text.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';

export type ClusterRecord = {
  readonly schema: 1;
  readonly cluster: string;
  /** Its status at the last look, where that was not Running. */
  readonly status?: string | undefined;
  /** What its pools that no rule acts on surely have, where a cluster must keep some nodes. */
  readonly otherNodes?: number | undefined;
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
  /** An earlier one of them was an answer that said so. */
  readonly wasInvalid?: boolean | undefined;
  readonly detail: string;
  /** Rule and pool as they were: three invalid refusals hold a lower until one of these changes. */
  readonly ruleHash: string;
  readonly poolUpdatedAt: EpochMs | undefined;
};

/**
 * What was sent and never seen, how often in a row, and when it was given up last. It may show late all the same (a PUT
 * that was applied after its time, an old answer that hid it): then it was us.
 */
export type NotApplied = {
  readonly target: Size;
  readonly count: number;
  /** With those of other targets before it; absent = there were none. */
  readonly inRow?: number | undefined;
  readonly at?: EpochMs | undefined;
};

/** Since when this target has been wanted and not reached; `owed` = a size on the way to it that was wanted before. */
export type Pending = Wanted & { readonly owed?: Wanted | undefined };

type Wanted = { readonly target: Size; readonly since: EpochMs };

/** Why the last round left the pool alone; `code` is a HoldCode, or one of another version that wrote it. */
export type Held = { readonly code: string; readonly reason: string; readonly until?: EpochMs | undefined };

/** Fewer nodes than the wanted minimum, or nobody says how many: since when that minimum is wanted, and by which claim of ours, for what is learnt. */
type Short = { readonly least: number; readonly since: EpochMs; readonly claimedAt?: EpochMs | undefined };

/** A pool as an answer had it. */
export type Look = Pick<
  ObservedPool,
  'status' | 'autoscale' | 'size' | 'sizeMin' | 'sizeMax' | 'createdAt' | 'updatedAt'
>;

export type PoolMemory = {
  readonly name: string;
  readonly autoscale: boolean;
  /** The name of its machine spec, as last seen. */
  readonly flavor?: string | undefined;
  /** Those of its labels that rules ask for, as last seen; absent = none does, or no answer has said. */
  readonly labels?: Labels | undefined;
  /** What it is now, where that changed while it was away: held until its base is known in the new form. */
  readonly became?: boolean | undefined;
  /** The size last seen Running, and since when it has been that. */
  readonly seen?: { readonly size: Size; readonly at: EpochMs; readonly updatedAt?: EpochMs | undefined } | undefined;
  /** The last look at which it was still that, where the looks since then showed nothing: not Running, no size, missing. */
  readonly unseenSince?: EpochMs | undefined;
  /** The first look at which somebody else was resizing it: whatever it becomes, it was shown as that from then on. */
  readonly movingSince?: EpochMs | undefined;
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
  /** Where nothing was ever done to it: since when it has stood under this rule. */
  readonly metAt?: EpochMs | undefined;
  /** It was there by then: made, or at least seen. For those who know the pool by its memory only; absent = since `metAt`. */
  readonly thereSince?: EpochMs | undefined;
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
  /** An autoscaled pool of which an answer has said how many nodes it has: what later ones leave out may then be 0. */
  readonly tellsNodes?: true | undefined;
  /** An autoscaled pool whose bounds are as wanted, and whose nodes are not there yet, as far as is said. */
  readonly short?: Short | undefined;
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
  readonly held?: Held | undefined;
  /** What the last look showed, where that was not a Running pool at the size in `seen`. */
  readonly look?: Look | undefined;
};

/** The memory with these fields changed; the same object when nothing really changed, so that no write follows. */
export function remember(memory: PoolMemory, patch: Partial<PoolMemory>): PoolMemory {
  for (const name in patch) {
    const field = name as keyof PoolMemory;
    if (!isSameJson(patch[field], memory[field])) return { ...memory, ...patch };
  }
  return memory;
}

/** A pool that vanished from the answers is forgotten after this; an answer that omits it must not lose its base. */
export const forgetAfterMs = 7 * 24 * 60 * 60_000;
/** So many at most: where pools come and go every few minutes, their memories must not outgrow the record. */
const mostMissing = 50;

export type Memories = { readonly [poolId: string]: PoolMemory };

/** What is remembered of pools that no answer shows: those away from their base first, then those missed last. */
export function rememberMissing(
  memories: Memories,
  isSeen: (poolId: string) => boolean,
  now: EpochMs,
  lookedAt: EpochMs | undefined,
): Memories {
  const missing = Object.entries(memories)
    .filter(([id]) => !isSeen(id))
    .map(([id, memory]) => ({ id, memory, since: memory.missingSince ?? now }))
    .filter(({ since }) => now - since < forgetAfterMs);
  const kept = missing.length <= mostMissing ? missing : missing.sort(byWorth).slice(0, mostMissing);
  return Object.fromEntries(kept.map(({ id, memory, since }) => [id, noteMissing(memory, since, lookedAt)]));
}

function noteMissing(memory: PoolMemory, missingSince: EpochMs, lookedAt: EpochMs | undefined): PoolMemory {
  const { seen } = memory;
  const unseenSince = seen && (memory.unseenSince ?? lookedAt ?? seen.at);
  return remember(memory, { missingSince, unseenSince });
}

type Missing = { readonly id: string; readonly memory: PoolMemory; readonly since: EpochMs };

function byWorth(a: Missing, b: Missing): number {
  const isAway = ({ memory }: Missing) => Number(memory.away !== undefined);
  return isAway(b) - isAway(a) || b.since - a.since || compareText(a.id, b.id);
}

/** A list may omit a cluster for a while; one that no list has shown for so long is not coming back. */
const forgetClusterAfterMs = 30 * dayMs;
/** What is left is garbage, and is collected by the store no earlier than this: clocks differ. */
const collectAfterMs = 7 * dayMs;

export type MissingRecord = { readonly record: ClusterRecord; readonly expiresAt?: EpochMs };

/**
 * What becomes of the record of a cluster that its region's list does not show: it is marked with the instant, and 30 days
 * after emptied for the store to collect, so that the state stays as large as the fleet. undefined = nothing to write.
 */
export function afterMissing(record: ClusterRecord, now: EpochMs): MissingRecord | undefined {
  const { missingSince, change, pools } = record;
  const isEmpty = change === undefined && Object.keys(pools).length === 0;
  if (missingSince === undefined) {
    const marked = { ...record, missingSince: now };
    return isEmpty ? { record: marked, expiresAt: now + forgetClusterAfterMs + collectAfterMs } : { record: marked };
  }
  if (isEmpty || now - missingSince < forgetClusterAfterMs) return undefined;
  return { record: { schema: 1, cluster: record.cluster, missingSince, pools: {} }, expiresAt: now + collectAfterMs };
}

export type RememberedCluster = ObservedFleetCluster & { readonly pools: readonly ObservedPool[] };

/** A cluster as the store last knew it: names, sizes, what is away. Every pool counts as Running. */
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

export const contendedForMs = 60 * 60_000;

/** Those of the last hour, the newest three: more say no more. */
export function recentChanges(times: readonly EpochMs[] | undefined, now: EpochMs): readonly EpochMs[] | undefined {
  const left = times?.filter((at) => Math.abs(now - at) < contendedForMs).slice(-3);
  return left === undefined || left.length === 0 ? undefined : left;
}

/** Until when a pool is held because of them: an hour after the first of the three. */
export function contendedUntil(memory: PoolMemory): EpochMs | undefined {
  const [first] = memory.foreign?.slice(-3) ?? [];
  return isContended(memory) && first !== undefined ? first + contendedForMs : undefined;
}

/** Three foreign changes within an hour are no person any more. */
export function isContended(memory: PoolMemory): boolean {
  return (memory.foreign?.length ?? 0) >= 3;
}

/** A rule as it was when we acted under it, whole: what it would want now can still be asked when the config has changed. */
export type StoredRule = {
  readonly schema: 1;
  readonly rule: Rule;
  readonly schedule: Schedule;
  readonly exceptions: readonly Exception[];
  /** Since when it has been acted under, or approved; absent = stored by 0.1.0, which braked no first act: since ever. */
  readonly knownSince?: EpochMs | undefined;
  /** When a person let its lowers through last. */
  readonly approvedAt?: EpochMs | undefined;
};

export type ObservedFleetCluster = {
  readonly cluster: ObservedCluster;
  /** undefined = the pools could not be read (or need not be). */
  readonly pools: readonly ObservedPool[] | undefined;
  readonly record: ClusterRecord | undefined;
  readonly lookedAt: EpochMs | undefined;
  /** Nodes of pools that are not among these. */
  readonly otherNodes?: number | undefined;
};
