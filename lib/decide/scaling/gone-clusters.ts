import type { EpochMs } from '../model.ts';
import type { ClusterRecord } from './memory.ts';

const dayMs = 24 * 60 * 60_000;
/** A list may omit a cluster for a while; one that no list has shown for so long is not coming back. */
const forgetAfterMs = 30 * dayMs;
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
    return isEmpty ? { record: marked, expiresAt: now + forgetAfterMs + collectAfterMs } : { record: marked };
  }
  if (isEmpty || now - missingSince < forgetAfterMs) return undefined;
  return { record: { schema: 1, cluster: record.cluster, missingSince, pools: {} }, expiresAt: now + collectAfterMs };
}
