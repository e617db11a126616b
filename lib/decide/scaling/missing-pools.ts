import { compareText } from '../../model/text.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { type ClusterRecord, type PoolMemory, remember } from './memory.ts';

/** A pool missing from the answers is forgotten after this time; an answer that omits it must not lose its base. */
export const forgetAfterMs = 7 * dayMs;
/** The most missing pools kept: a cluster that creates and deletes pools all the time must not outgrow its record. */
const mostMissing = 50;

/** Missing pools to keep: those below base first, then the most recently missed. */
export function rememberMissing(
  memories: ClusterRecord['pools'],
  isSeen: (poolId: string) => boolean,
  now: EpochMs,
  lookedAt: EpochMs | undefined,
): ClusterRecord['pools'] {
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

/** A list may omit a cluster for a while; after this time, the cluster is gone. */
const forgetClusterAfterMs = 30 * dayMs;
/** The emptied record is deleted by the store no earlier than this, since clocks differ. */
const collectAfterMs = 7 * dayMs;

export type MissingRecord = { readonly record: ClusterRecord; readonly expiresAt?: EpochMs };

/**
 * The new record of a cluster that its region's list omits: it gets the instant, and 30 days later it is emptied, so
 * that the store does not outgrow the fleet. undefined = nothing to write.
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
