import type { Ask } from '../../model/asks.ts';
import type { ObservedPool } from '../../model/cluster.ts';
import { matchesPool } from '../../model/match.ts';
import type { EpochMs } from '../../model/time.ts';
import { knownFrom } from '../scaling/brake.ts';
import type { ClusterRecord, ObservedFleetCluster, PoolMemory, StoredRule } from '../scaling/memory.ts';
import type { AppliedRule } from '../scaling/rule-book.ts';

export type AlikeInput = {
  readonly from: EpochMs;
  readonly asks: readonly Ask[];
  readonly storedRules: ReadonlyMap<string, StoredRule>;
};

/**
 * Everything that a cluster's rehearsal depends on, as text. Clusters with the same text have the same rehearsal under
 * other names.
 */
export type ShapeOf = (seen: ObservedFleetCluster, applied: readonly (AppliedRule | undefined)[]) => string | undefined;

/**
 * It leaves out names and ids of clusters and ids of pools. Instants too old to matter are only recorded as old.
 * undefined = compare with no other cluster: pools that share a name, or are only remembered, are told apart by their
 * ids.
 */
export function makeShapeOf(input: AlikeInput): ShapeOf {
  const ids = new Map<object, number>();
  const idOf = (one: object) => {
    const id = ids.get(one) ?? ids.size;
    ids.set(one, id);
    return id;
  };
  return (seen, applied) => {
    const { cluster, pools, record, lookedAt, otherNodes } = seen;
    if (pools === undefined || new Set(pools.map(({ name }) => name)).size < pools.length) return undefined;
    const places = new Map(pools.map(({ id }, i) => [id, i]));
    const remembered = Object.keys(record?.pools ?? {});
    if (places.size < pools.length || remembered.some((id) => !places.has(id))) return undefined;
    const rules = applied.map((one) => one && [idOf(one.rule), idOf(one.timeline)]);
    const shapes = pools.map((pool, i) => shapeOfPool(pool, seen, applied[i], input));
    const asks = input.asks.flatMap((ask, i) => (touches(ask, seen) ? [[i, ...touchedPools(ask, seen)]] : []));
    const change = record?.change && {
      ...record.change,
      poolId: places.get(record.change.poolId) ?? record.change.poolId,
    };
    const marks = [record === undefined, record?.status, record?.otherNodes, record?.missingSince, change];
    return JSON.stringify([cluster.region, cluster.status, lookedAt, otherNodes, rules, shapes, asks, marks]);
  };
}

function touches(ask: Ask, { cluster }: ObservedFleetCluster): boolean {
  return ask.kind !== 'release' && ask.kind !== 'approval' && ask.region === cluster.region;
}

function touchedPools(ask: Ask, { cluster: { region, name: cluster }, pools = [] }: ObservedFleetCluster) {
  if (!('match' in ask) || ask.match === undefined) return [];
  const { match } = ask;
  return pools.map(({ name: pool }) => matchesPool(match, { region, cluster, pool }));
}

function shapeOfPool(
  pool: ObservedPool,
  { record }: ObservedFleetCluster,
  applied: AppliedRule | undefined,
  { from, storedRules }: AlikeInput,
): readonly unknown[] {
  const { name, status, autoscale, size, sizeMin, sizeMax, unreadable, flavor, createdAt, updatedAt } = pool;
  const memory = record?.pools[pool.id];
  const isGrown = createdAt !== undefined && createdAt + (applied?.rule.graceMs ?? 0) <= from;
  const stored = storedRules.get(applied?.rule.hash ?? '');
  const created = isGrown ? stored === undefined || createdAt > knownFrom(stored) : { createdAt };
  const isDone = isUntouched(pool, record, from);
  const seen = memory?.seen && (isDone ? { ...memory.seen, updatedAt: undefined } : memory.seen);
  const known = memory && { ...memory, seen, held: undefined, decision: undefined, look: undefined };
  const fields = [name, status, autoscale, size, sizeMin, sizeMax, unreadable, flavor, pool.labels, created];
  return [...fields, isDone ? 'done' : { updatedAt }, known];
}

/** With no change in flight, only whether the pool was updated before matters, not when. */
function isUntouched(
  { id, status, updatedAt }: ObservedPool,
  record: ClusterRecord | undefined,
  from: EpochMs,
): boolean {
  if (status !== 'Running' || updatedAt === undefined || updatedAt > from || record?.change?.poolId === id)
    return false;
  const memory: Partial<PoolMemory> = record?.pools[id] ?? {};
  const { stuck, notApplied, refusals, short, seen } = memory;
  const isClear = [stuck, notApplied, refusals, short, memory.olderSince].every((one) => one === undefined);
  return isClear && (seen?.updatedAt === undefined || seen.updatedAt <= updatedAt);
}

/** Copies the state of a cluster from one that is alike. */
export function likeOther(own: ObservedFleetCluster, other: ObservedFleetCluster): ObservedFleetCluster {
  const ids = new Map((other.pools ?? []).map(({ id }, i) => [id, own.pools?.[i]?.id ?? id]));
  const pools = other.pools?.map((pool, i) => {
    const { id, createdAt } = own.pools?.[i] ?? pool;
    return { ...pool, id, createdAt };
  });
  return {
    ...other,
    cluster: own.cluster,
    pools,
    record: other.record && renamed(other.record, own.cluster.name, ids),
  };
}

function renamed(record: ClusterRecord, cluster: string, ids: ReadonlyMap<string, string>): ClusterRecord {
  const idOf = (id: string) => ids.get(id) ?? id;
  const pools = Object.fromEntries(Object.entries(record.pools).map(([id, memory]) => [idOf(id), memory]));
  const { change } = record;
  return { ...record, cluster, pools, ...(change && { change: { ...change, poolId: idOf(change.poolId) } }) };
}
