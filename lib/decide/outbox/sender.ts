import { type DestinationKind, isPushed } from '../../model/destination-kind.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Observation } from '../incidents/observation.ts';
import { targetOf } from '../messages/targets.ts';

/**
 * What the sender of one destination remembers. Record: partition `dest`, id = the destination's id. Its version fences
 * every commit of a sender: a sender that lost the lock can write nothing.
 */
export type SenderRecord = {
  readonly schema: 1;
  readonly id: string;
  /** The lock; stored under the name that version 0.1.0 gave it. */
  readonly lease?: Lock;
  readonly bucket: Bucket;
  /** Nothing is sent before this instant. */
  readonly nextAt: EpochMs;
  /** Since its last success; absent = it works, or was never tried. */
  readonly failing?: Failing;
  readonly broken?: { readonly since: EpochMs };
  /** The lane that was tried last while the destination fails; the next one follows in rotation. */
  readonly lastTried?: string;
  readonly lastBatchAt?: EpochMs;
  readonly lastSuccessAt?: EpochMs;
};

type Lock = { readonly owner: string; readonly until: EpochMs };

/** The tokens (of the rate limit) left at an instant. */
export type Bucket = { readonly tokens: number; readonly at: EpochMs };

export type Failing = {
  readonly since: EpochMs;
  /** Failed attempts; a 429 does not count. */
  readonly attempts: number;
  /** How far the back-off has advanced. */
  readonly step: number;
  /** The last failure; contains no address. */
  readonly problem: string;
  /** Fingerprint of the address and secrets that failed: changed ones are tried at once. */
  readonly address: string;
};

export function newSender(id: string, now: EpochMs): SenderRecord {
  return { schema: 1, id, bucket: { tokens: Number.MAX_SAFE_INTEGER, at: now }, nextAt: now };
}

/** A sender that died blocks its destination at most this long. */
const lockMs = 90_000;
/** The lock must last at least this long when a request starts: the request's deadline of 30 s, and some more. */
const leastLeftMs = 35_000;
/** An attempt takes no longer than this; Standard Webhooks recommends 15 to 30 s. */
export const attemptMs = 20_000;

/** The record with the lock taken or renewed by this owner; undefined while another owner holds it. */
export function takeLock(sender: SenderRecord, owner: string, now: EpochMs): SenderRecord | undefined {
  const { lease } = sender;
  if (lease !== undefined && lease.owner !== owner && now < lease.until) return undefined;
  return { ...sender, lease: { owner, until: now + lockMs } };
}

/**
 * May a request start now? Not after a long sleep since the lock was taken: another sender may have sent more
 * meanwhile, and an "open" that arrives after its "resolved" would stay open for ever.
 */
export function mayStart({ lease }: SenderRecord, owner: string, now: EpochMs): boolean {
  return lease !== undefined && lease.owner === owner && lease.until - now >= leastLeftMs;
}

/** When the next message may be sent: now, or when the next token is due. */
export function tokenAt(bucket: Bucket, kind: DestinationKind, now: EpochMs): EpochMs {
  const { tokens } = filled(bucket, kind, now);
  return tokens >= 1 ? now : now + Math.ceil((1 - tokens) * targetOf(kind).pace.everyMs);
}

export function takeToken(bucket: Bucket, kind: DestinationKind, now: EpochMs): Bucket {
  const { tokens, at } = filled(bucket, kind, now);
  return { tokens: Math.max(0, tokens - 1), at };
}

/** A clock that went back neither adds nor removes tokens. */
function filled({ tokens, at }: Bucket, kind: DestinationKind, now: EpochMs): Bucket {
  const { burst, everyMs } = targetOf(kind).pace;
  return { tokens: Math.min(burst, tokens + Math.max(0, now - at) / everyMs), at: now };
}

/**
 * The finding about a broken destination. Its subject is the name, since people know destinations by that. A broken
 * destination never gets messages about itself. `isTried`: it is tried again by itself.
 */
export function observeDestination(
  name: string,
  sender: SenderRecord | undefined,
  now: EpochMs,
  isTried: boolean,
): Observation {
  const watched = { kind: 'destination.broken', subject: { kind: 'destination', destination: name } } as const;
  const { broken, failing } = sender ?? {};
  if (broken === undefined) return { ...watched, state: 'ok', at: now };
  const finding = {
    ...watched,
    severity: 'critical',
    text: `destination ${name} accepts no messages: ${failing?.problem ?? 'the last attempts failed'}${isTried ? '' : notTried}`,
    fix: 'check its address and its secret, then run: lamplighter outbox test',
    since: failing?.since ?? broken.since,
  } as const;
  return { ...watched, state: 'bad', at: now, finding };
}

/** Is it tried again by itself? One that is sent everything anew is asked even with an empty list. */
export function isTriedAgain(kind: DestinationKind | undefined, hasWaiting: boolean): boolean {
  return hasWaiting || (kind !== undefined && isPushed(kind));
}

/** Nobody can tell then whether it works again: it is no end of the trouble. */
const notTried = '; nothing waits for it now, so it is not tried again before its next message';
