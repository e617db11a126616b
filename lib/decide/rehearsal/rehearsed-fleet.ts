import { clusterKey, isChanging, type ObservedPool, poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { describeSize, isRaise, isRange, lower, type Size, upper } from '../../model/size.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { missingNodes } from '../scaling/base.ts';
import {
  type Change,
  isKnownRule,
  type ObservedFleetCluster,
  type PoolMemory,
  type StoredRule,
} from '../scaling/memory.ts';
import type { Action, Plan } from '../scaling/plan.ts';
import { likeOther } from './alike.ts';
import type { RehearsedChange, Stretch } from './rehearsal.ts';

/** The whole rehearsed fleet between two rounds. It is changed in place, since it has only one owner. */
export type Fleet = {
  readonly clusters: ObservedFleetCluster[];
  readonly storedRules: Map<string, StoredRule>;
  /** By region, cluster id and pool id. */
  readonly lives: Map<string, PoolLife>;
  /** By index in `clusters`, in the order of its pools. */
  readonly livesAt: readonly (readonly PoolLife[])[];
};

export function beginFleet(
  clusters: readonly ObservedFleetCluster[],
  storedRules: ReadonlyMap<string, StoredRule>,
  now: EpochMs,
): Fleet {
  const lives = new Map<string, PoolLife>();
  const keyIn = ({ cluster }: ObservedFleetCluster, { id }: ObservedPool) =>
    poolKey({ region: cluster.region, clusterId: cluster.id, poolId: id });
  for (const seen of clusters) {
    const { pools, record } = seen;
    for (const pool of pools ?? []) {
      const change = record?.change?.poolId === pool.id ? record.change : undefined;
      lives.set(keyIn(seen, pool), beginLife(pool, change, record?.pools[pool.id], now));
    }
  }
  const livesAt = clusters.map((seen) => (seen.pools ?? []).map((pool) => lives.get(keyIn(seen, pool)) as PoolLife));
  return { clusters: [...clusters], storedRules: new Map(storedRules), lives, livesAt };
}

/** Advances time in all clusters, or those at these indexes: due resizes end at their own instants. */
export function advanceFleet(fleet: Fleet, now: EpochMs, places: Iterable<number> = fleet.clusters.keys()): void {
  for (const place of places) {
    let isTouched = false;
    for (const life of fleet.livesAt[place] ?? []) if (endResize(life, now)) isTouched = true;
    if (isTouched) showLives(fleet, place);
  }
}

/** When the next resize in this cluster ends; infinite if there is none. */
export function nextEnd({ livesAt }: Fleet, place: number, now: EpochMs): EpochMs {
  let next = Number.POSITIVE_INFINITY;
  for (const { resize, nodesDueAt } of livesAt[place] ?? []) {
    const end = resize?.doneAt ?? nodesDueAt;
    if (end !== undefined && end > now && end < next) next = end;
  }
  return next;
}

/** Stores the records of a round over all clusters, or those at these indexes, and applies its changes to the pools. */
export function applyPlan(
  fleet: Fleet,
  plan: Plan,
  config: CompiledConfig,
  now: EpochMs,
  places: Iterable<number> = fleet.clusters.keys(),
): readonly RehearsedChange[] {
  const updates = new Map(plan.updates.map((update) => [clusterKey(update.region, update.clusterId), update]));
  const changes: RehearsedChange[] = [];
  for (const place of places) {
    const seen = fleet.clusters[place] as ObservedFleetCluster;
    const update = updates.get(clusterKey(seen.cluster.region, seen.cluster.id));
    const { record = seen.record, action } = update ?? {};
    fleet.clusters[place] = { ...seen, record, lookedAt: now };
    if (action === undefined || record === undefined) continue;
    keepRule(fleet, config, record.pools[action.poolId]?.actedRule);
    changes.push(...changeOf(fleet, action, now));
    showLives(fleet, place);
  }
  return changes;
}

/** At the end: copies the result of a planned cluster to those that are alike. */
export function liveAlike(fleet: Fleet, place: number, other: number): void {
  const own = fleet.clusters[place] as ObservedFleetCluster;
  const like = likeOther(own, fleet.clusters[other] as ObservedFleetCluster);
  fleet.clusters[place] = like;
  like.pools?.forEach((pool, i) => {
    const life = fleet.livesAt[other]?.[i];
    const { region, id: clusterId } = own.cluster;
    if (life !== undefined) fleet.lives.set(poolKey({ region, clusterId, poolId: pool.id }), life);
  });
}

/**
 * An autoscaled pool needs the nodes it has now, as far as its bounds allow. While it is below base, or its nodes were
 * never read, its need is unknown: then it counts the most that its bounds allow.
 */
function demandOf(pool: ObservedPool, memory: PoolMemory | undefined): number {
  return memory?.away === undefined ? (pool.size ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

function showLives(fleet: Fleet, place: number): void {
  const seen = fleet.clusters[place] as ObservedFleetCluster;
  const lives = fleet.livesAt[place] ?? [];
  fleet.clusters[place] = { ...seen, pools: seen.pools?.map((pool, i) => lives[i]?.pool ?? pool) };
}

function changeOf(fleet: Fleet, action: Action, at: EpochMs): readonly RehearsedChange[] {
  const life = fleet.lives.get(poolKey(action));
  if (life === undefined) return [];
  const { region, clusterId, cluster, poolId, pool, from, to, raise, reason, who } = action;
  beginResize(life, from, to, at);
  const doneAt = life.resize?.doneAt ?? at;
  return [{ region, clusterId, cluster, poolId, pool, at, doneAt, from, to, raise, reason, who }];
}

/** Kept as in a real round: the brake uses the rule under which a pool was last changed. */
function keepRule(fleet: Fleet, config: CompiledConfig, hash: string | undefined): void {
  if (hash === undefined || isKnownRule(fleet.storedRules.get(hash))) return;
  const rule = config.rules.find((one) => one.hash === hash);
  const schedule = config.schedules.find((one) => one.name === rule?.schedule);
  if (rule && schedule) fleet.storedRules.set(hash, { schema: 1, rule, schedule, exceptions: config.exceptions });
}

/** A raise takes the median of the observed raises; a lower is never slower. */
function durationsOf(memory: PoolMemory | undefined): Durations {
  const raises = [...(memory?.raisesMs ?? [])].sort((a, b) => a - b);
  const raiseMs = raises[Math.floor((raises.length - 1) / 2)];
  if (raiseMs === undefined) return usualDurations;
  return { raiseMs, lowerMs: Math.min(raiseMs, usualDurations.lowerMs) };
}

/** How long a pool's resizes take. */
type Durations = { readonly raiseMs: number; readonly lowerMs: number };

/** One pool of the rehearsed fleet: its state in the API, and its past. */
export type PoolLife = {
  pool: ObservedPool;
  readonly durations: Durations;
  /** Nodes that an autoscaled pool needs but its bounds do not allow. */
  readonly demand: number;
  /** When the missing nodes for its bounds come. */
  nodesDueAt: EpochMs | undefined;
  resize: { readonly to: Size; readonly doneAt: EpochMs } | undefined;
  readonly stretches: Stretch[];
};

/**
 * Used until a raise was observed: MKS's own command-line tests allow a resize 15 minutes. A lower only removes nodes.
 */
const usualDurations: Durations = { raiseMs: 15 * minuteMs, lowerMs: 10 * minuteMs };

/** The starting state of a pool. A change in flight, ours or somebody else's, ends after the usual time. */
function beginLife(
  pool: ObservedPool,
  change: Change | undefined,
  memory: PoolMemory | undefined,
  now: EpochMs,
): PoolLife {
  const durations = durationsOf(memory);
  const demand = demandOf(pool, memory);
  const nodesDueAt = memory?.short && memory.short.since + durations.raiseMs;
  const life: PoolLife = { pool, durations, demand, nodesDueAt, resize: undefined, stretches: [] };
  const to = change?.to ?? shownSize(pool);
  if (isChanging(pool.status) && pool.status !== 'Deleting' && to !== undefined) {
    const began = change?.claimedAt ?? now;
    const takesMs = change && !isRaise(change.from, change.to) ? durations.lowerMs : durations.raiseMs;
    life.resize = { to, doneAt: Math.max(now, began + takesMs) };
  }
  note(life, now);
  return life;
}

/** An accepted PUT. */
function beginResize(life: PoolLife, from: Size, to: Size, now: EpochMs): void {
  const { raiseMs, lowerMs } = life.durations;
  life.resize = { to, doneAt: now + (isRaise(from, to) ? raiseMs : lowerMs) };
  life.pool = { ...life.pool, status: 'Scaling', updatedAt: now };
  note(life, now);
}

/** Ends a resize that is due and adds nodes that are due; true if anything changed. */
function endResize(life: PoolLife, now: EpochMs): boolean {
  const { resize, pool, demand } = life;
  if (resize === undefined) return bringNodes(life, now);
  if (resize.doneAt > now) return false;
  life.resize = undefined;
  life.nodesDueAt = undefined;
  life.pool = { ...pool, ...fieldsOf(pool, resize.to, demand), status: 'Running', updatedAt: resize.doneAt };
  note(life, resize.doneAt);
  return true;
}

/** Overdue events happen now, the best case. */
function bringNodes(life: PoolLife, now: EpochMs): boolean {
  const { pool, nodesDueAt, demand } = life;
  const size = shownSize(pool);
  if (nodesDueAt === undefined || nodesDueAt > now || pool.status !== 'Running' || size === undefined) return false;
  life.nodesDueAt = undefined;
  life.pool = { ...pool, ...fieldsOf(pool, size, demand), updatedAt: now };
  note(life, now);
  return true;
}

/** Nodes of a pool at a size: an autoscaled one has the nodes it needs, within its bounds. */
export function nodesAt(size: Size, demand: number): number {
  return isRange(size) ? Math.min(Math.max(demand, size.min), size.max) : size;
}

function shownSize({ autoscale, size, sizeMin, sizeMax }: ObservedPool): Size | undefined {
  if (!autoscale) return size;
  return sizeMin === undefined || sizeMax === undefined ? undefined : { min: sizeMin, max: sizeMax };
}

/** While a pool is being resized it counts as the larger of both sizes: nodes come early and go late. */
function note(life: PoolLife, from: EpochMs): void {
  const { pool, resize, demand, stretches } = life;
  const size = shownSize(pool);
  const nodes = size === undefined ? 0 : nodesAt(size, demand) - missingNodes(pool, nodesAt(size, demand));
  const isRunning = pool.status === 'Running';
  const stretch = { from, size, isRunning, nodes: resize ? Math.max(nodes, nodesAt(resize.to, demand)) : nodes };
  const last = stretches.at(-1);
  if (last?.from === from) stretches.pop();
  else if (last && isAlike(last, stretch)) return;
  stretches.push(stretch);
}

function isAlike(a: Stretch, b: Stretch): boolean {
  return a.isRunning === b.isRunning && a.nodes === b.nodes && describeSize(a.size) === describeSize(b.size);
}

/** A pool whose node count the API never returned keeps an unknown count. */
function fieldsOf(pool: ObservedPool, size: Size, demand: number): Partial<ObservedPool> {
  if (!isRange(size)) return { size };
  const nodes = pool.size === undefined ? undefined : nodesAt(size, demand);
  return { size: nodes, sizeMin: lower(size), sizeMax: upper(size) };
}
