/**
 * Asks of people and events. Partition `asks/<region>` (one record each, by id), listed once per round. They name pools
 * by a match, end at a stored absolute instant, and their end is checked here, in code.
 */
import type { Match } from './config.ts';
import { matchesPool, type Names } from './match.ts';
import type { Size } from './size.ts';
import { dayMs, type EpochMs } from './time.ts';

export type Ask = Lease | Release | Override | Pause | Approval;

type Common = {
  readonly schema: 1;
  /** The record's id within its partition. */
  readonly id: string;
  readonly region: string;
  /** Who asked: "event:<source>", or user@host for a person. */
  readonly who: string;
  readonly reason: string | undefined;
  readonly askedAt: EpochMs;
};

/** "At least N nodes until T". Raises, never lowers; ends by itself. Id: see leaseId (intake/ask-ids.ts). */
export type Lease = Common & {
  readonly kind: 'lease';
  readonly match: Match;
  readonly atLeast: number;
  readonly until: EpochMs;
  /** The event's own time: per lease the latest wins, a release wins ties. */
  readonly time: EpochMs;
  /** Ids of the last events that changed it: the same id twice counts once. */
  readonly events?: readonly string[];
  /** Set by a firing alert: it fires now, whenever it began (`time`), and repeats that as long as it fires. */
  readonly isRepeated?: true;
};

/** The tombstone of a released lease, so that an older request that arrives later changes nothing. */
export type Release = Common & {
  readonly kind: 'release';
  readonly time: EpochMs;
  /** Kept until then: 14 days. */
  readonly until: EpochMs;
  readonly events?: readonly string[];
};

/** "Exactly N nodes until T", by a person; beats the schedule and all leases. */
export type Override = Common & {
  readonly kind: 'override';
  readonly match: Match;
  readonly exactly: Size;
  readonly until: EpochMs;
};

/**
 * "Change nothing": for the fleet (match undefined), clusters, or pools. A pause without `until` is refused: every
 * pause ends.
 */
export type Pause = Common & { readonly kind: 'pause'; readonly match: Match | undefined; readonly until: EpochMs };

/** A person's approval of the lowers that the brake holds, for one config and a limited time. */
export type Approval = Common & {
  readonly kind: 'approval';
  readonly configHash: string;
  readonly until: EpochMs;
  /**
   * It was given before any round began with this config: it waits for the first that does, and lasts from then on as long
   * as from `askedAt` to `until`.
   */
  readonly isAhead?: true;
};

/** An end further away than this is a mistake, not an ask. */
export const longestAskMs = 366 * dayMs;

/** Is this ask for this pool, in force or not? */
export function isAskFor(ask: Ask, names: Names): ask is Lease | Override | Pause {
  if (ask.kind === 'release' || ask.kind === 'approval' || ask.region !== names.region) return false;
  return ask.match === undefined || matchesPool(ask.match, names);
}

/** Is this ask in force at `now`? Half-open, like everything that has an end. */
export function isLive(ask: Ask, now: EpochMs): boolean {
  return now < ask.until;
}

/** Has a person approved what exactly this config wants? */
export function isConfigApproved(asks: readonly Ask[], configHash: string, now: EpochMs): boolean {
  return asks.some((ask) => ask.kind === 'approval' && ask.configHash === configHash && isInForce(ask, now));
}

/** Live, or waiting for what it was given for. */
export function isInForce(ask: Ask, now: EpochMs): boolean {
  return isLive(ask, now) || (ask.kind === 'approval' && ask.isAhead === true);
}

/** The asks for one pool at this instant. */
export type PoolAsks = {
  /** Of several live ones, the latest asked for. */
  readonly override: Override | undefined;
  readonly leases: readonly Lease[];
  readonly pause: Pause | undefined;
  /** Changes whenever a lease, override or pause starts, changes or ends for this pool. */
  readonly fingerprint: string;
};
