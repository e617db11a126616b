import type { DestinationKind } from '../../model/destination-kind.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Observation } from '../incidents/observation.ts';
import { targetOf } from '../messages/targets.ts';

/**
 * What the sender of one destination remembers. Record: partition `dest`, id = the destination's id. Its version fences
 * every commit of a sender: who lost the lock can write nothing any more.
 */
export type SenderRecord = {
  readonly schema: 1;
  readonly id: string;
  /** The lock; stored under the name that 0.1.0 gave it. */
  readonly lease?: Lock;
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

type Lock = { readonly owner: string; readonly until: EpochMs };

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

/** A sender that died blocks its destination for no longer than this. */
const lockMs = 90_000;
/** So much of the lock must be left right before a request is handed to HTTP: its deadline of 30 s, and some more. */
const leastLeftMs = 35_000;
/** An attempt takes no longer than this; Standard Webhooks recommends 15 to 30 s. */
export const attemptMs = 20_000;

/** The record with the lock taken, or renewed, by this owner; undefined while another one holds it. */
export function takeLock(sender: SenderRecord, owner: string, now: EpochMs): SenderRecord | undefined {
  const { lease } = sender;
  if (lease !== undefined && lease.owner !== owner && now < lease.until) return undefined;
  return { ...sender, lease: { owner, until: now + lockMs } };
}

/**
 * May a request start now? One that slept since it took its lock may not: meanwhile another sender may have told more,
 * and an old "it is open" after a "it is over" stays open for ever.
 */
export function mayStart({ lease }: SenderRecord, owner: string, now: EpochMs): boolean {
  return lease !== undefined && lease.owner === owner && lease.until - now >= leastLeftMs;
}

/** When the next message may go out: now, or when its token has come. */
export function tokenAt(bucket: Bucket, kind: DestinationKind, now: EpochMs): EpochMs {
  const { tokens } = filled(bucket, kind, now);
  return tokens >= 1 ? now : now + Math.ceil((1 - tokens) * targetOf(kind).pace.everyMs);
}

export function takeToken(bucket: Bucket, kind: DestinationKind, now: EpochMs): Bucket {
  const { tokens, at } = filled(bucket, kind, now);
  return { tokens: Math.max(0, tokens - 1), at };
}

/** A clock that went back gives no tokens, and takes none. */
function filled({ tokens, at }: Bucket, kind: DestinationKind, now: EpochMs): Bucket {
  const { burst, everyMs } = targetOf(kind).pace;
  return { tokens: Math.min(burst, tokens + Math.max(0, now - at) / everyMs), at: now };
}

/**
 * What a destination's sender says of it: broken, or not. It is said of the name, since people know it by that; a
 * broken destination is never told about itself.
 */
export function observeDestination(name: string, sender: SenderRecord | undefined, now: EpochMs): Observation {
  const watched = { kind: 'destination.broken', subject: { kind: 'destination', destination: name } } as const;
  const { broken, failing } = sender ?? {};
  if (broken === undefined) return { ...watched, state: 'ok', at: now };
  const finding = {
    ...watched,
    severity: 'critical',
    text: `destination ${name} accepts no messages: ${failing?.problem ?? 'the last attempts failed'}`,
    fix: 'check its address and its secret, then run: lamplighter outbox test',
    since: failing?.since ?? broken.since,
  } as const;
  return { ...watched, state: 'bad', at: now, finding };
}
