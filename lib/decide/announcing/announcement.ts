import { poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Labels } from '../../model/match.ts';
import { dayMs, type EpochMs, hourMs, minuteMs } from '../../model/time.ts';
import type { PoolWord } from '../rehearsal/rehearsal.ts';
import type { PoolName } from '../scaling/plan.ts';

/**
 * Everything one destination was told about one boundary: the first message, and one more each time that it no longer
 * held. Partition `announcements`, by instant and destination. Only the writer that wins the compare-and-set sends.
 */
export type Announcement = {
  readonly schema: 1;
  /** When another size is wanted. Not called `at`, since stored fields of that name are times in the past. */
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
  /** Labels that rules asked for when it was announced; absent = none did. */
  readonly labels?: Labels;
  /** The message that announced it, and when; 0 = not announced, `late` says why. */
  readonly said: number;
  readonly saidAt: EpochMs;
  /** Why it was announced later than asked for. */
  readonly late?: string;
  /**
   * `done`: it happened. `changed`: it will not happen, or differently. `late`: it has not happened long after its
   * boundary, but still may. The last two were sent to the destination.
   */
  readonly ended?: { readonly at: EpochMs; readonly how: 'done' | 'changed' | 'late'; readonly why?: string };
};

/** Does any rule announce its changes? */
export function isAnnouncing({ rules }: Pick<CompiledConfig, 'rules'>): boolean {
  return rules.some(({ announce }) => announce !== undefined);
}

/** The key of an announced change: pool and boundary. */
export function changeKey(pool: Pick<PoolName, 'region' | 'clusterId' | 'poolId'>, boundary: EpochMs): string {
  return `${poolKey(pool)}\n${boundary}`;
}

/**
 * This long after its boundary, an announced change that has not happened is reported late; one without any news,
 * unknown.
 */
export const lateAfterMs = 2 * hourMs;
/** How long after its boundary an announcement is still followed. */
export const keptAfterMs = dayMs;

/** A lower that has to wait for others is still announced before its boundary. */
export function startOf({ begins, boundary }: { readonly begins: EpochMs; readonly boundary: EpochMs }): EpochMs {
  return Math.min(begins, boundary);
}

/** The first look-ahead after this instant sends the message: a tick and a minute early, so that it arrives in time. */
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
