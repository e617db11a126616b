import type { Labels } from '../../model/match.ts';
import { type EpochMs, hourMs, minuteMs } from '../../model/time.ts';
import type { PoolWord } from '../rehearsal/rehearsal.ts';
import { lifeKey } from '../rehearsal/rehearsed-fleet.ts';
import type { PoolName } from '../scaling/plan.ts';

/**
 * What one destination was told of one boundary, before it and since: a message, and one more for each time that it no
 * longer held. Partition `announcements`, by instant and destination; whoever wins the compare-and-set tells.
 */
export type Announcement = {
  readonly schema: 1;
  /** The instant at which something else is wanted. (Not `at`: what has that name in a store is past.) */
  readonly boundary: EpochMs;
  /** The destination's name. */
  readonly destination: string;
  /** Of the last message. */
  readonly sequence: number;
  /** When the first one was written. */
  readonly saidAt: EpochMs;
  readonly pools: readonly AnnouncedPool[];
};

export type AnnouncedPool = PoolWord & {
  /** Those that rules asked for when it was told; absent = none did. */
  readonly labels?: Labels;
  /** The message that told it, and when; 0 = nobody was told, `late` says why. */
  readonly said: number;
  readonly saidAt: EpochMs;
  /** Why it was told later than asked for. */
  readonly late?: string;
  /** `done`: it happened. `changed`: it does not, or not like this. `late`: not for long after its boundary, it may yet. Both were told. */
  readonly ended?: { readonly at: EpochMs; readonly how: 'done' | 'changed' | 'late'; readonly why?: string };
};

/** What a change that was announced is told by: the pool, and the boundary. */
export function changeKey(pool: Pick<PoolName, 'region' | 'clusterId' | 'poolId'>, boundary: EpochMs): string {
  return `${lifeKey(pool)}\n${boundary}`;
}

/** An announced change that has not happened so long after its boundary is said to be late; one that nothing is heard of, to be unknown. */
export const lateAfterMs = 2 * hourMs;
/** So long after its boundary an announcement is still looked after. */
export const keptAfterMs = 24 * hourMs;

/** A lower that has to wait for others is told before its boundary all the same. */
export function startOf({ begins, boundary }: { readonly begins: EpochMs; readonly boundary: EpochMs }): EpochMs {
  return Math.min(begins, boundary);
}

/** The first look from then on tells it: a tick and a minute more than asked for, so that it is told in time. */
export function toldFrom(start: EpochMs, beforeMs: number, everyMs: number): EpochMs {
  return start - beforeMs - everyMs - minuteMs;
}

/** The key of its messages in the outbox. */
export function messageKey(
  { boundary, destination }: Pick<Announcement, 'boundary' | 'destination'>,
  hash: (text: string) => string,
): string {
  return hash(`announcement\n${boundary}\n${destination}`);
}
