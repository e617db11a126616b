import type { EpochMs } from '../model.ts';

/**
 * What the sender of one destination remembers. Record: partition `dest`, id = the destination's id. Its version fences
 * every commit of a sender: who lost the lease can write nothing any more.
 */
export type SenderRecord = {
  readonly schema: 1;
  readonly id: string;
  readonly lease?: Lease;
  readonly bucket: Bucket;
  /** Nothing is sent before this instant. */
  readonly nextAt: EpochMs;
  /** Since its last success; absent = it works, or was never tried. */
  readonly failing?: Failing;
  readonly broken?: { readonly since: EpochMs };
  /** The lane that was tried last while it fails; the next one follows in rotation. */
  readonly lastTried?: string;
  readonly lastBatchAt?: EpochMs;
  readonly lastSuccessAt?: EpochMs;
};

export type Lease = { readonly owner: string; readonly until: EpochMs };

/** Tokens that were left at an instant. */
export type Bucket = { readonly tokens: number; readonly at: EpochMs };

export type Failing = {
  readonly since: EpochMs;
  /** Attempts without success; a 429 is none. */
  readonly attempts: number;
  /** How far the back-off has advanced. */
  readonly step: number;
  /** What the last failure was; holds no address. */
  readonly problem: string;
  /** Fingerprint of the address and secrets that failed: others are tried at once. */
  readonly address: string;
};

export function newSender(id: string, now: EpochMs): SenderRecord {
  return { schema: 1, id, bucket: { tokens: Number.MAX_SAFE_INTEGER, at: now }, nextAt: now };
}
