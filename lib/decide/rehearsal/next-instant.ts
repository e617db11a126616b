import { type ObservedPool, olderIgnoredMs } from '../../model/cluster.ts';
import { equalSize, largest, type Says, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { clocksDifferMs } from '../clock-skew.ts';
import { busyToldAfterMs } from '../scaling/findings.ts';
import { deadlineOf } from '../scaling/late.ts';
import {
  type Change,
  contendedForMs,
  type Kept,
  type ObservedFleetCluster,
  type PoolMemory,
} from '../scaling/memory.ts';
import { forgetAfterMs } from '../scaling/missing-pools.ts';
import { type ClusterPlan, othersMoveForMs } from '../scaling/plan-cluster.ts';
import { longestCoolDownMs } from '../scaling/refusal.ts';
import type { AppliedRule } from '../scaling/rule-book.ts';
import { longestLeadMs, lowerLookMs, resolveSays } from '../scaling/scheduled-size.ts';
import { notAppliedAfterMs, vanishedAfterMs } from '../scaling/settle.ts';
import { nextChange, saysAt } from '../schedule/timeline.ts';

/** A cluster after a round that changed nothing in it. */
export type SteadyCluster = {
  readonly seen: ObservedFleetCluster;
  readonly plan: ClusterPlan;
  /** The rule of each pool, by its place in `seen.pools`. */
  readonly applied: readonly (AppliedRule | undefined)[];
  readonly stuckAfterMs: number;
};

/**
 * The first instant after `now` at which a round may decide differently about a cluster with no change in flight. A
 * plan depends on what was read, what is remembered and the time, and on the time only by comparing it with these
 * instants. One instant too many costs a round; one too few makes the rehearsal wrong, so a property test compares with
 * all rounds.
 */
export function nextInstant(cluster: SteadyCluster, now: EpochMs): EpochMs {
  const { seen, plan, stuckAfterMs } = cluster;
  const { pools = [], record } = seen;
  let next = Number.POSITIVE_INFINITY;
  const at: Note = (instant) => {
    if (instant !== undefined && instant > now && instant < next) next = instant;
  };
  for (const pool of pools) if (pool.status !== 'Running') around(pool.updatedAt, othersMoveForMs, at);
  ruleInstants(cluster, now, at);
  const statusOf = (poolId: string) => pools.find(({ id }) => id === poolId)?.status;
  const ofChange = (change: Change) => changeInstants(change, statusOf(change.poolId), stuckAfterMs, at);
  if (record?.change) ofChange(record.change);
  for (const poolId in record?.pools) {
    const memory = record.pools[poolId] as PoolMemory;
    memoryInstants(memory, at);
    if (memory.stuck) ofChange(memory.stuck);
  }
  for (const view of plan.views) {
    const memory = record?.pools[view.names.poolId];
    if (memory?.pending !== undefined || memory?.short !== undefined) {
      at(deadlineOf(view, memory, plan.views) + 1);
    }
  }
  return next;
}

type Note = (instant: EpochMs | undefined) => void;

/**
 * Both ends of a duration that counts in both directions: clocks may have gone back. Rules differ in whether the last
 * instant counts.
 */
function around(instant: EpochMs | undefined, forMs: number, at: Note): void {
  if (instant === undefined) return;
  at(instant - forMs);
  at(instant + forMs);
  at(instant + forMs + 1);
}

function ruleInstants({ seen, plan, applied }: SteadyCluster, now: EpochMs, at: Note): void {
  const isQueued = applied.filter((one) => one !== undefined && one.rule.lead.kind !== 'none').length > 1;
  const views = new Map(plan.views.map((view) => [view.names.poolId, view]));
  seen.pools?.forEach((pool, i) => {
    const own = applied[i];
    if (own === undefined) return;
    const view = views.get(pool.id);
    const kept = seen.record?.pools[pool.id]?.kept;
    at(graceEnd(pool, own));
    const edge = nextChange(own.timeline, now)?.at;
    at(edge);
    at(kept?.until);
    const leadMs = view?.leadMs ?? 0;
    for (const lookMs of [leadMs, lowerLookMs(leadMs)]) {
      at(kept === undefined ? undefined : kept.until - lookMs);
      at(comesInSight(own, { autoscale: pool.autoscale, base: view?.base, kept, now, lookMs, until: edge }));
    }
    // A pool with less than this edge wants joins the queue for it, whatever comes before.
    if (isQueued) at(reaches(own, now, longestLeadMs));
  });
}

type Look = {
  readonly autoscale: boolean;
  readonly base: Size | undefined;
  readonly kept: Kept | undefined;
  readonly now: EpochMs;
  readonly lookMs: number;
  readonly until: EpochMs | undefined;
};

/**
 * When a look-ahead first includes an edge that changes its result. Since it takes the largest size in sight, an edge
 * to a size no larger than now changes nothing before it comes.
 */
function comesInSight({ rule, timeline }: AppliedRule, look: Look): EpochMs | undefined {
  const { autoscale, base, kept, now, lookMs, until = Number.POSITIVE_INFINITY } = look;
  if (kept !== undefined) return reaches({ timeline }, now, lookMs);
  const sizeOf = (says: Says) => resolveSays(says, { rule, autoscale, base });
  const said = sizeOf(saysAt(timeline, now)).size;
  for (let next = nextChange(timeline, now + lookMs); next !== undefined; next = nextChange(timeline, next.at)) {
    if (next.at - lookMs >= until) return undefined;
    const { size, isWhole } = sizeOf(next.says);
    const isMore = !isWhole || said === undefined || !equalSize(size === undefined ? said : largest(said, size), said);
    if (isMore) return next.at - lookMs;
  }
  return undefined;
}

function reaches({ timeline }: Pick<AppliedRule, 'timeline'>, now: EpochMs, lookMs: number): EpochMs | undefined {
  const edge = nextChange(timeline, now + lookMs)?.at;
  return edge === undefined ? undefined : edge - lookMs;
}

function graceEnd({ createdAt }: ObservedPool, { rule }: AppliedRule): EpochMs | undefined {
  return createdAt && createdAt + rule.graceMs;
}

/** A change is judged by its age, and by how long its pool has been missing from the answers. */
function changeInstants({ claimedAt }: Change, status: string | undefined, stuckAfterMs: number, at: Note): void {
  at(claimedAt - clocksDifferMs);
  at(claimedAt);
  at(claimedAt + stuckAfterMs);
  if (status === 'Running') at(claimedAt + notAppliedAfterMs);
  if (status === undefined) at(claimedAt + vanishedAfterMs);
}

/** Every stored instant at which something ends or is judged again. */
function memoryInstants(memory: PoolMemory, at: Note): void {
  const { ahead, foreign = [], refusals = [], busySince, missingSince, notApplied, olderSince } = memory;
  at(ahead);
  for (const instant of foreign) around(instant, contendedForMs, at);
  for (const { until } of refusals) for (const instant of [until - longestCoolDownMs, until]) at(instant);
  at(busySince && busySince + busyToldAfterMs);
  if (missingSince !== undefined)
    for (const ms of [-vanishedAfterMs, vanishedAfterMs, forgetAfterMs]) at(missingSince + ms);
  around(notApplied?.at, olderIgnoredMs, at);
  around(olderSince, olderIgnoredMs, at);
}
