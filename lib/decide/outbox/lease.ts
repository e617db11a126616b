import type { EpochMs } from '../model.ts';
import type { SenderRecord } from './sender.ts';

/** A sender that died blocks its destination for no longer than this. */
export const leaseMs = 90_000;
/** So much of the lease must be left right before a request is handed to HTTP: its deadline of 30 s, and some more. */
export const leastLeftMs = 35_000;
/** An attempt takes no longer than this; Standard Webhooks recommends 15 to 30 s. */
export const attemptMs = 20_000;

/** The record with the lease taken, or renewed, by this owner; undefined while another one holds it. */
export function takeLease(sender: SenderRecord, owner: string, now: EpochMs): SenderRecord | undefined {
  const { lease } = sender;
  if (lease !== undefined && lease.owner !== owner && now < lease.until) return undefined;
  return { ...sender, lease: { owner, until: now + leaseMs } };
}

/**
 * May a request start now? One that slept since it took its lease may not: meanwhile another sender may have told more,
 * and an old "it is open" after a "it is over" stays open for ever.
 */
export function mayStart({ lease }: SenderRecord, owner: string, now: EpochMs): boolean {
  return lease !== undefined && lease.owner === owner && lease.until - now >= leastLeftMs;
}

export function releaseLease({ lease: _lease, ...sender }: SenderRecord): SenderRecord {
  return sender;
}
