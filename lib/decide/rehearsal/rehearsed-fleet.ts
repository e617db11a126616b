import type { CompiledConfig } from '../compiled-config.ts';
import type { EpochMs, ObservedPool } from '../model.ts';
import type { StoredRule } from '../scaling/brake.ts';
import type { ClusterRecord, PoolMemory } from '../scaling/memory.ts';
import type { Action, Plan, PoolName } from '../scaling/plan.ts';
import type { ObservedFleetCluster } from '../scaling/plan-round.ts';
import type { RehearsedChange } from './rehearse.ts';
import { beginLife, beginResize, type Durations, endResize, type PoolLife, usualDurations } from './rehearsed-pool.ts';

/** The whole rehearsed fleet between two rounds. Changed in place: nobody else holds it. */
export type Fleet = {
  clusters: readonly ObservedFleetCluster[];
  readonly storedRules: Map<string, StoredRule>;
  /** By region, cluster id and pool id. */
  readonly lives: Map<string, PoolLife>;
};

export function beginFleet(
  clusters: readonly ObservedFleetCluster[],
  storedRules: ReadonlyMap<string, StoredRule>,
  now: EpochMs,
): Fleet {
  const lives = new Map<string, PoolLife>();
  for (const { cluster, pools, record } of clusters) {
    for (const pool of pools ?? []) {
      const change = record?.change?.poolId === pool.id ? record.change : undefined;
      const demand = demandOf(pool, record?.pools[pool.id]);
      lives.set(
        lifeKey({ region: cluster.region, clusterId: cluster.id, poolId: pool.id }),
        beginLife(pool, change, durationsOf(record, pool.id), demand, now),
      );
    }
  }
  return { clusters, storedRules: new Map(storedRules), lives };
}

/** Time passes: what is due ends, at its own instant. */
export function advanceFleet(fleet: Fleet, now: EpochMs): void {
  const touched = new Set<string>();
  for (const [key, life] of fleet.lives) if (endResize(life, now)) touched.add(clusterOfKey(key));
  showLives(fleet, touched);
}

/** Stores what the round would store, and hands its changes to the pools. */
export function applyPlan(fleet: Fleet, plan: Plan, config: CompiledConfig, now: EpochMs): readonly RehearsedChange[] {
  const changes: RehearsedChange[] = [];
  const records = new Map<string, ClusterRecord>();
  const touched = new Set<string>();
  for (const { region, clusterId, record, action } of plan.updates) {
    const key = `${region}\n${clusterId}`;
    records.set(key, record);
    if (action === undefined) continue;
    touched.add(key);
    keepRule(fleet, config, record.pools[action.poolId]?.actedRule);
    changes.push(...changeOf(fleet, action, now));
  }
  fleet.clusters = fleet.clusters.map((seen) => {
    const record = records.get(`${seen.cluster.region}\n${seen.cluster.id}`) ?? seen.record;
    return { ...seen, record, lookedAt: now };
  });
  showLives(fleet, touched);
  return changes;
}

/**
 * An autoscaled pool needs what it has now, as long as it may have what it needs. While it is away, or where nobody has
 * looked, that is anybody's guess: it counts all that its bounds allow, asleep or awake.
 */
function demandOf(pool: ObservedPool, memory: PoolMemory | undefined): number {
  return memory?.away === undefined ? (pool.size ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

export function lifeKey({ region, clusterId, poolId }: Pick<PoolName, 'region' | 'clusterId' | 'poolId'>): string {
  return `${region}\n${clusterId}\n${poolId}`;
}

function clusterOfKey(key: string): string {
  return key.slice(0, key.lastIndexOf('\n'));
}

function showLives(fleet: Fleet, touched: ReadonlySet<string>): void {
  if (touched.size === 0) return;
  fleet.clusters = fleet.clusters.map((seen) => {
    const { region, id } = seen.cluster;
    if (!touched.has(`${region}\n${id}`)) return seen;
    return {
      ...seen,
      pools: seen.pools?.map(
        (pool) => fleet.lives.get(lifeKey({ region, clusterId: id, poolId: pool.id }))?.pool ?? pool,
      ),
    };
  });
}

function changeOf(fleet: Fleet, action: Action, at: EpochMs): readonly RehearsedChange[] {
  const life = fleet.lives.get(lifeKey(action));
  if (life === undefined) return [];
  const { region, clusterId, cluster, poolId, pool, from, to, raise, reason, who } = action;
  beginResize(life, from, to, at);
  const doneAt = life.resize?.doneAt ?? at;
  return [{ region, clusterId, cluster, poolId, pool, at, doneAt, from, to, raise, reason, who }];
}

/** As a real round does: the brake asks the rule under which a pool was last changed. */
function keepRule(fleet: Fleet, config: CompiledConfig, hash: string | undefined): void {
  if (hash === undefined || fleet.storedRules.has(hash)) return;
  const rule = config.rules.find((one) => one.hash === hash);
  const schedule = config.schedules.find((one) => one.name === rule?.schedule);
  if (rule && schedule) fleet.storedRules.set(hash, { schema: 1, rule, schedule, exceptions: config.exceptions });
}

/** As long as the middle one of the raises that were seen; a lower is never slower. */
function durationsOf(record: ClusterRecord | undefined, poolId: string): Durations {
  const raises = [...(record?.pools[poolId]?.raisesMs ?? [])].sort((a, b) => a - b);
  const raiseMs = raises[Math.floor((raises.length - 1) / 2)];
  if (raiseMs === undefined) return usualDurations;
  return { raiseMs, lowerMs: Math.min(raiseMs, usualDurations.lowerMs) };
}
