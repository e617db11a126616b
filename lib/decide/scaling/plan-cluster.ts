import type { Ask } from '../asks.ts';
import type { Rule } from '../compiled-config.ts';
import type { EpochMs, Finding, Notice, ObservedCluster, ObservedPool } from '../model.ts';
import type { Timeline } from '../schedule/timeline.ts';
import { type FinishedPool, finishPool, type Want } from './finish-pool.ts';
import { type Late, latePools } from './late.ts';
import { clusterLeads } from './cluster-leads.ts';
import { rankWants } from './cluster-order.ts';
import { type ClusterRecord, type PoolMemory } from './memory.ts';
import { keepNodes } from './min-nodes.ts';
import { rememberMissing } from './missing-pools.ts';
import { viewOrphan } from './orphan.ts';
import type { Decision, Hold, PoolName, PoolState } from './plan.ts';
import { asksOfPool } from './pool-asks.ts';
import type { PoolView } from './pool-view.ts';
import { type Settled, settleRecord } from './settle-record.ts';
import { viewPool } from './view-pool.ts';

/** A rule that is to act on a pool, with its schedule's timeline for exactly this pool. */
export type AppliedRule = { readonly rule: Rule; readonly scheduleName: string; readonly timeline: Timeline };

export type ClusterInput = {
  readonly now: EpochMs;
  readonly everyMs: number;
  readonly stuckAfterMs: number;
  readonly minNodes: number;
  readonly cluster: ObservedCluster;
  readonly pools: readonly ObservedPool[];
  readonly record: ClusterRecord | undefined;
  /** Pools whose name exists twice: seen, remembered, and left alone. */
  readonly isAmbiguous: (pool: ObservedPool) => boolean;
  /** The rule of a pool; undefined = no rule, or one with `schedule: none`. */
  readonly ruleOf: (pool: ObservedPool) => AppliedRule | undefined;
  readonly asks: readonly Ask[];
  readonly lookedAt: EpochMs | undefined;
};

export type RankedWant = Want & {
  readonly deadline: EpochMs;
  /** Only the raise of bounds that move both ways: the brake holds the rest, and still asks the rule of before. */
  readonly isHalf?: boolean;
};

export type ClusterPlan = {
  readonly cluster: ObservedCluster;
  /** As it was read; undefined = there was none. */
  readonly before: ClusterRecord | undefined;
  readonly record: ClusterRecord;
  /** In the cluster's order: raises before lowers, earliest deadline first, then name. */
  readonly wants: readonly RankedWant[];
  readonly holds: readonly Hold[];
  readonly pools: readonly PoolState[];
  readonly findings: readonly Finding[];
  /** Pools that are not at their size in time; why not is known when all clusters are planned. */
  readonly late: readonly Late[];
  readonly views: readonly PoolView[];
  readonly notices: readonly Notice[];
  readonly decisions: readonly Omit<Decision, 'configHash'>[];
  /** Why no change may start in this cluster now. */
  readonly slotTakenBy: string | undefined;
};

/** Everything about one cluster that needs no look at the others. */
export function planCluster(input: ClusterInput): ClusterPlan {
  const settled = settleMarks(input);
  const views = viewPools(input, settled);
  const kept = keepNodes(views, input.pools, settled.change, input.minNodes);
  const finished = views.map((view) => finishOne(input, settled, view, kept));
  return {
    cluster: input.cluster,
    before: input.record,
    record: recordOf(input, settled, finished),
    wants: rankWants(finished, views),
    pools: finished.map(({ view, memory }) => stateOf(view, memory)),
    holds: finished.flatMap((pool) => (pool.hold ? [pool.hold] : [])),
    findings: finished.flatMap((pool) => pool.findings),
    late: latePools(finished, views, input.now),
    views,
    notices: views.flatMap((view) => view.notices),
    decisions: [...settled.decisions, ...views.flatMap((view) => view.decisions)],
    slotTakenBy: slotTakenBy(input, settled),
  };
}

function settleMarks({ record, cluster, pools, now, stuckAfterMs }: ClusterInput): Settled {
  if (record === undefined) return { change: undefined, pools: {}, evidence: {}, decisions: [] };
  return settleRecord({ record, region: cluster.region, clusterId: cluster.id, pools, now, stuckAfterMs });
}

function namesOf({ cluster }: ClusterInput, pool: ObservedPool): PoolName {
  return { region: cluster.region, clusterId: cluster.id, cluster: cluster.name, poolId: pool.id, pool: pool.name };
}

function viewPools(input: ClusterInput, settled: Settled): readonly PoolView[] {
  const applied = new Map<string, AppliedRule | undefined>();
  for (const pool of input.pools) applied.set(pool.id, input.ruleOf(pool));
  const leads = clusterLeads(input, settled, applied);
  const views: PoolView[] = [];
  for (const pool of input.pools) {
    if (input.isAmbiguous(pool)) continue;
    const view = viewOne(input, settled, pool, applied.get(pool.id), leads.get(pool.id) ?? 0);
    if (view) views.push(view);
  }
  return views;
}

function viewOne(
  input: ClusterInput,
  settled: Settled,
  pool: ObservedPool,
  applied: AppliedRule | undefined,
  leadMs: number,
): PoolView | undefined {
  const { now, cluster, lookedAt } = input;
  const names = namesOf(input, pool);
  const memory = settled.pools[pool.id];
  const asks = asksOfPool(input.asks, names, now);
  const inFlight = settled.change?.poolId === pool.id ? settled.change : undefined;
  if (applied === undefined) {
    return memory && viewOrphan({ now, names, cluster, pool, memory, asks, isInFlight: inFlight !== undefined });
  }
  const { rule, scheduleName, timeline } = applied;
  const { kind: evidence, claimedAt } = settled.evidence[pool.id] ?? {};
  const of = { now, names, cluster, pool, rule, scheduleName, timeline };
  return viewPool({ ...of, asks, memory, inFlight, evidence, leadMs, lookedAt: later(lookedAt, claimedAt) });
}

function later(a: EpochMs | undefined, b: EpochMs | undefined): EpochMs | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function finishOne(
  input: ClusterInput,
  settled: Settled,
  view: PoolView,
  kept: ReturnType<typeof keepNodes>,
): FinishedPool {
  const id = view.names.poolId;
  return finishPool({
    view,
    target: kept.targets.get(id) ?? view.target,
    change: settled.change?.poolId === id ? settled.change : undefined,
    now: input.now,
    keptNodesReason: kept.reasons.get(id),
  });
}

function stateOf(view: PoolView, memory: PoolMemory): PoolState {
  const wanted = memory.pending?.target ?? view.target;
  return { ...view.names, status: view.pool.status, seen: view.current, wanted };
}

/** Memories by id: of pools seen, as finished; of pools missing, kept for a while, for an answer may omit one. */
function recordOf(input: ClusterInput, settled: Settled, finished: readonly FinishedPool[]): ClusterRecord {
  if (input.record && isAsBefore(input, input.record, settled, finished)) return input.record;
  const seen = new Set(input.pools.map(({ id }) => id));
  const pools: { [poolId: string]: PoolMemory } = {
    ...rememberMissing(settled.pools, (id) => seen.has(id), input.now, input.lookedAt),
  };
  for (const pool of input.pools.filter(input.isAmbiguous)) {
    const memory = settled.pools[pool.id];
    if (memory) pools[pool.id] = memory;
  }
  for (const pool of finished) pools[pool.view.names.poolId] = pool.memory;
  return { schema: 1, cluster: input.cluster.name, ...(settled.change ? { change: settled.change } : {}), pools };
}

/** Most clusters of most rounds: every pool that is remembered was seen, and nothing about it is news. */
function isAsBefore(
  { cluster }: ClusterInput,
  record: ClusterRecord,
  settled: Settled,
  finished: readonly FinishedPool[],
): boolean {
  if (settled.change !== record.change || record.missingSince !== undefined || record.cluster !== cluster.name)
    return false;
  if (!finished.every(({ view, memory }) => memory === record.pools[view.names.poolId])) return false;
  return Object.keys(record.pools).length === finished.length;
}

/** One change per cluster, whoever made it: another pool in motion takes the slot too, at most 30 min by its update. */
function slotTakenBy(input: ClusterInput, { change, pools }: Settled): string | undefined {
  if (change) {
    const name = input.pools.find((pool) => pool.id === change.poolId)?.name ?? change.poolId;
    return `a change of ${name} is in flight`;
  }
  const moving = input.pools.find((pool) => {
    if (pool.status === 'Running' || pool.status === 'Error' || isHanging(pool, pools[pool.id], input)) return false;
    return pool.updatedAt === undefined || Math.abs(input.now - pool.updatedAt) <= 30 * 60_000;
  });
  return moving && `${moving.name} is ${moving.status}`;
}

/** What moves it is our change that hangs, and not a later one that a store put back to yesterday knows nothing of. */
function isHanging(pool: ObservedPool, memory: PoolMemory | undefined, { stuckAfterMs }: ClusterInput): boolean {
  if (memory?.stuck === undefined) return false;
  return pool.updatedAt === undefined || pool.updatedAt - memory.stuck.claimedAt <= stuckAfterMs;
}
