import type { Ask } from '../asks.ts';
import type { EpochMs } from '../model.ts';
import { nextChange } from '../schedule/timeline.ts';
import { longestLeadMs } from '../scaling/lead.ts';
import type { ClusterRecord, PoolMemory } from '../scaling/memory.ts';
import type { RuleBook } from '../scaling/rule-book.ts';
import type { Fleet } from './rehearsed-fleet.ts';

/** A lower looks a quarter of an hour further ahead than the longest lead. */
const lowerLooksFurtherMs = 15 * 60_000;

/**
 * After a round at `now` that changed nothing: the instant before which no round can find anything else. Nothing moves,
 * no memory waits for its time to come, and every schedule, ask and grace is further away than any rule looks. Weekends
 * and nights are then free, and a rehearsal tells the same as with all their rounds.
 */
export function quietUntil(fleet: Fleet, book: RuleBook, asks: readonly Ask[], now: EpochMs): EpochMs {
  for (const life of fleet.lives.values()) if (life.resize) return now;
  let until = Math.min(...asks.map((ask) => (ask.until > now ? ask.until : Number.POSITIVE_INFINITY)));
  for (const { cluster, pools, record } of fleet.clusters) {
    if (record && isRestless(record)) return now;
    for (const pool of pools ?? []) {
      const applied = book.appliedRule({ region: cluster.region, cluster: cluster.name, pool: pool.name });
      if (applied === undefined) continue;
      const { rule, timeline } = applied;
      const leadMs = rule.lead.kind === 'fixed' ? Math.max(rule.lead.ms, longestLeadMs) : longestLeadMs;
      const edge = nextChange(timeline, now)?.at ?? Number.POSITIVE_INFINITY;
      const graceEnds = (pool.createdAt ?? 0) + rule.graceMs;
      until = Math.min(until, edge - leadMs - lowerLooksFurtherMs, graceEnds > now ? graceEnds : until);
    }
  }
  return until;
}

function isRestless({ change, pools }: ClusterRecord): boolean {
  return change !== undefined || Object.values(pools).some(waitsForTime);
}

/** Everything in a memory that ends, or is judged anew, as time passes. */
function waitsForTime(memory: PoolMemory): boolean {
  const { kept, ahead, foreign, refusals, pending, stuck, busySince, missingSince, notApplied } = memory;
  return [kept, ahead, foreign, refusals, pending, stuck, busySince, missingSince, notApplied].some(
    (each) => each !== undefined,
  );
}
