/**
 * What people and events ask for. Kept in the partition `asks/<region>` (one record each, by id), listed once per round.
 * All of them name pools by name (a match), all end at a stored absolute instant, and expiry is checked here, in code.
 */
import type { Match } from './config.ts';
import type { Size } from './size.ts';
import type { EpochMs } from './time.ts';

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
  /** Ids of the last events that made it what it is: the same id twice is one. */
  readonly events?: readonly string[];
  /** Said by an alert: it fires now, whenever it began (`time`), and says so again as long as it does. */
  readonly isRepeated?: true;
};

/** The tombstone of a lease that was released: an older request for it that arrives later changes nothing. */
export type Release = Common & {
  readonly kind: 'release';
  readonly time: EpochMs;
  /** Kept until then: 14 days. */
  readonly until: EpochMs;
  readonly events?: readonly string[];
};

/** "Exactly N nodes until T", by a person; beats everything. */
export type Override = Common & {
  readonly kind: 'override';
  readonly match: Match;
  readonly exactly: Size;
  readonly until: EpochMs;
};

/** "Don't act": on the fleet (match undefined), on clusters, or on pools. undefined `until` is refused: a pause ends. */
export type Pause = Common & { readonly kind: 'pause'; readonly match: Match | undefined; readonly until: EpochMs };

/** A person let the held lowers of one config through the brake, for a while. */
export type Approval = Common & { readonly kind: 'approval'; readonly configHash: string; readonly until: EpochMs };

/** Is this ask in force at `now`? Half-open, like everything that has an end. */
export function isLive(ask: Ask, now: EpochMs): boolean {
  return now < ask.until;
}

/** What is asked of one pool at this instant. */
export type PoolAsks = {
  /** The latest one asked for, where several are live. */
  readonly override: Override | undefined;
  readonly leases: readonly Lease[];
  readonly pause: Pause | undefined;
  /** Changes whenever a lease, override or pause starts, changes or ends for this pool. */
  readonly fingerprint: string;
};
