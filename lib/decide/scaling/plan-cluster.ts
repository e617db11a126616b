import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import type { Finding, Notice } from '../../model/finding.ts';
import { describeSize, equalSize, isLower, isRange, lower, type Size, upper } from '../../model/size.ts';
import { counted } from '../../model/text.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { observedSize } from './base.ts';
import { changeOrHold } from './change-or-hold.ts';
import { evaluatePool } from './evaluate-pool.ts';
import { type Late, latePools } from './late.ts';
import { type Change, type ClusterRecord, type Look, type PoolMemory, remember } from './memory.ts';
import { rememberMissing } from './missing-pools.ts';
import { orderViews, rankWants } from './order.ts';
import type { ClusterInput, Decision, Hold, HoldCode, PoolName, PoolState } from './plan.ts';
import type { FinishedPool, PoolView, RankedWant } from './pool-view.ts';
import { viewRemoved } from './removed-rule.ts';
import type { AppliedRule } from './rule-book.ts';
import { clusterLeads } from './scheduled-size.ts';
import { type Settled, settleRecord } from './settle.ts';
import { asksOfPool } from './wanted-size.ts';

export type ClusterPlan = {
  readonly cluster: ObservedCluster;
  /** As read; undefined = there was none. */
  readonly before: ClusterRecord | undefined;
  readonly record: ClusterRecord;
  /** In the cluster's order: raises before lowers, earliest deadline first, then name. */
  readonly wants: readonly RankedWant[];
  /** Lowers that are wanted and wait for what only delays them. */
  readonly delayed: readonly RankedWant[];
  readonly holds: readonly Hold[];
  readonly pools: readonly PoolState[];
  readonly findings: readonly Finding[];
  /** Pools that are late; the reason is added when all clusters are planned. */
  readonly late: readonly Late[];
  readonly views: readonly PoolView[];
  readonly notices: readonly Notice[];
  readonly decisions: readonly Omit<Decision, 'configHash'>[];
  /** Why no change may start in this cluster now. */
  readonly slotTakenBy: string | undefined;
};

/** Everything about one cluster that does not depend on the others. */
export function planCluster(input: ClusterInput): ClusterPlan {
  const settled = settleMarks(input);
  const views = viewPools(input, settled);
  const kept = keepNodes(views, settled.change, input);
  const finished = views.map((view) => finishOne(input, settled, view, kept));
  return {
    cluster: input.cluster,
    before: input.record,
    record: recordOf(input, settled, finished),
    wants: rankWants(finished, views),
    delayed: delayedLowers(finished, settled.change),
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

const delays: ReadonlySet<HoldCode> = new Set(['in-flight', 'stuck', 'pool-not-running', 'cluster-not-running']);

function delayedLowers(finished: readonly FinishedPool[], change: Change | undefined): readonly RankedWant[] {
  return finished.flatMap((pool) => {
    const { view, memory } = pool;
    const open = change?.poolId === view.names.poolId ? change : memory.stuck;
    const from = sizeMeanwhile(pool, open);
    const { target: to } = view;
    if (from === undefined || to === undefined || !isLower(from, to)) return [];
    return [{ view: open ? asBefore(view, open) : view, from, to, raise: false, deadline: Number.POSITIVE_INFINITY }];
  });
}

/** The size from which it will be lowered; undefined = nothing delays it. */
function sizeMeanwhile({ view, want, hold }: FinishedPool, open: Change | undefined): Size | undefined {
  if (want !== undefined) return want.raise ? want.to : undefined;
  if (hold === undefined || !delays.has(hold.code)) return undefined;
  return open ? open.to : view.current;
}

/** Whether a change takes effect is not known while it is open, so it is no act of its rule yet (ADR 10). */
function asBefore(view: PoolView, { actedBefore }: Change): PoolView {
  return { ...view, memory: { ...view.memory, actedRule: actedBefore } };
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
    return memory && viewRemoved({ now, names, cluster, pool, memory, asks, isInFlight: inFlight !== undefined });
  }
  const { rule, scheduleName, timeline } = applied;
  const { kind: evidence, claimedAt } = settled.evidence[pool.id] ?? {};
  // Only asked for a pool that was never seen: most rounds need no stored rule, and so do not read them.
  const isRuleKnown = memory === undefined && input.isRuleKnown(rule.hash);
  const of = { now, names, cluster, pool, rule, scheduleName, timeline, isRuleKnown };
  return evaluatePool({ ...of, asks, memory, inFlight, evidence, leadMs, lookedAt: later(lookedAt, claimedAt) });
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
  const finished = changeOrHold({
    view,
    target: kept.targets.get(id) ?? view.target,
    change: settled.change?.poolId === id ? settled.change : undefined,
    now: input.now,
    keptNodesReason: kept.reasons.get(id),
  });
  return { ...finished, memory: remember(finished.memory, { look: oddLook(finished.memory, view.pool) }) };
}

/** Usually the pool is Running at its remembered size, and nothing more has to be stored. */
function oddLook(memory: PoolMemory, pool: ObservedPool): Look | undefined {
  const { status, autoscale, size, sizeMin, sizeMax, createdAt, updatedAt } = pool;
  const isUsual = status === 'Running' && memory.olderSince === undefined && memory.seen !== undefined;
  if (isUsual && equalSize(observedSize(pool, memory), memory.seen?.size)) return undefined;
  return { status, autoscale, size, sizeMin, sizeMax, createdAt, updatedAt };
}

function unlessRunning({ status }: { readonly status: string }): string | undefined {
  return status === 'Running' ? undefined : status;
}

function stateOf(view: PoolView, memory: PoolMemory): PoolState {
  const wanted = memory.pending?.target ?? view.target;
  const { reason, until, upFor } = view;
  const { status, size: nodes } = view.pool;
  return { ...view.names, status, seen: view.current, nodes, wanted, reason, until, upFor };
}

/** Memories by id: of the pools just read, and for a while of missing ones, since an answer may omit a pool. */
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
  const status = unlessRunning(input.cluster);
  return {
    schema: 1,
    cluster: input.cluster.name,
    ...(status === undefined ? {} : { status }),
    ...otherNodesOf(input, (id) => id in pools),
    ...(settled.change ? { change: settled.change } : {}),
    pools,
  };
}

/** Fast path for most rounds: every remembered pool was read, and none changed. */
function isAsBefore(
  input: ClusterInput,
  record: ClusterRecord,
  settled: Settled,
  finished: readonly FinishedPool[],
): boolean {
  const { cluster } = input;
  if (settled.change !== record.change || record.missingSince !== undefined || record.cluster !== cluster.name)
    return false;
  if (record.status !== unlessRunning(cluster)) return false;
  if (record.otherNodes !== otherNodesOf(input, (id) => id in record.pools).otherNodes) return false;
  if (!finished.every(({ view, memory }) => memory === record.pools[view.names.poolId])) return false;
  return Object.keys(record.pools).length === finished.length;
}

function otherNodesOf(
  { minNodes, pools, otherNodes }: ClusterInput,
  isRemembered: (poolId: string) => boolean,
): { readonly otherNodes?: number } {
  if (minNodes <= 0) return {};
  return { otherNodes: pools.reduce((sum, pool) => sum + (isRemembered(pool.id) ? 0 : leastNodes(pool)), otherNodes) };
}

/** A pool that somebody else resizes takes the cluster's slot at most this long. */
export const othersMoveForMs = 30 * minuteMs;

/** One change per cluster, whoever made it: a pool that somebody else resizes takes the slot too, for a while. */
function slotTakenBy(input: ClusterInput, { change, pools }: Settled): string | undefined {
  if (change) {
    const name = input.pools.find((pool) => pool.id === change.poolId)?.name ?? change.poolId;
    return `${name} has settled`;
  }
  const moving = input.pools.find((pool) => {
    if (pool.status === 'Running' || pool.status === 'Error' || isHanging(pool, pools[pool.id], input)) return false;
    return pool.updatedAt === undefined || Math.abs(input.now - pool.updatedAt) <= othersMoveForMs;
  });
  return moving && `${moving.name} is no longer ${moving.status}`;
}

/**
 * True if the pool moves because of our stuck change, and not because of a later one that a restored older store does
 * not have.
 */
function isHanging(pool: ObservedPool, memory: PoolMemory | undefined, { stuckAfterMs }: ClusterInput): boolean {
  if (memory?.stuck === undefined) return false;
  return pool.updatedAt === undefined || pool.updatedAt - memory.stuck.claimedAt <= stuckAfterMs;
}

type KeptTargets = {
  readonly targets: ReadonlyMap<string, Size>;
  readonly reasons: ReadonlyMap<string, string>;
};

type Cluster = {
  /** Including pools that no rule acts on. */
  readonly pools: readonly ObservedPool[];
  readonly minNodes: number;
  /** Nodes of pools not listed here. */
  readonly otherNodes: number;
};

/**
 * A cluster keeps at least this many nodes: fixed sizes and autoscaled minima count. A lower that would go below, in
 * the cluster's order, becomes smaller instead of being dropped.
 */
function keepNodes(
  views: readonly PoolView[],
  change: Change | undefined,
  { pools, minNodes, otherNodes }: Cluster,
): KeptTargets {
  const targets = new Map<string, Size>();
  const reasons = new Map<string, string>();
  if (minNodes <= 0) return { targets, reasons };
  let total = pools.reduce((sum, pool) => sum + nodesOf(pool, change), otherNodes);
  for (const view of orderViews(views)) {
    if (view.current === undefined || view.target === undefined) continue;
    if (lower(view.target) >= lower(view.current) || change?.poolId === view.names.poolId) continue;
    const missing = Math.max(0, minNodes - (total - (lower(view.current) - lower(view.target))));
    const least = Math.min(lower(view.target) + missing, lower(view.current));
    total -= lower(view.current) - least;
    if (missing === 0) continue;
    const kept = isRange(view.target) ? { min: least, max: Math.max(least, upper(view.target)) } : least;
    targets.set(view.names.poolId, kept);
    reasons.set(
      view.names.poolId,
      `kept at ${describeSize(kept)} so that the cluster keeps ${counted(minNodes, 'node')}`,
    );
  }
  return { targets, reasons };
}

/** The certain nodes of a pool: during a change, the smaller end. */
function nodesOf(pool: ObservedPool, change: Change | undefined): number {
  const own = leastNodes(pool);
  return change?.poolId === pool.id ? Math.min(own, lower(change.to), lower(change.from)) : own;
}

/** A fixed pool's size, an autoscaled one's minimum. */
function leastNodes({ autoscale, size, sizeMin }: ObservedPool): number {
  return (autoscale ? sizeMin : size) ?? 0;
}
