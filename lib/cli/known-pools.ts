import { matchesPool } from '../decide/match.ts';
import type { Match } from '../decide/compiled-config.ts';
import type { ClusterRecord, Change, PoolMemory } from '../decide/scaling/memory.ts';
import type { Store, Version } from '../io/stores/store.ts';
import { listClusterRecords } from '../jobs/records/cluster-records.ts';

/** A pool as the store remembers it; `change` is its own change in flight. */
export type StoredPool = {
  readonly region: string;
  readonly clusterId: string;
  readonly cluster: string;
  readonly poolId: string;
  readonly pool: string;
  readonly memory: PoolMemory;
  readonly change: Change | undefined;
};

export type StoredClusterOf = {
  readonly region: string;
  readonly clusterId: string;
  readonly record: ClusterRecord;
  readonly version: Version;
};

/** Every cluster record of these regions, in order of region and name. */
export async function listKnownClusters(store: Store, regions: readonly string[]): Promise<readonly StoredClusterOf[]> {
  const all: StoredClusterOf[] = [];
  for (const region of regions) {
    const records = await listClusterRecords(store, region);
    for (const [clusterId, { record, version }] of records) all.push({ region, clusterId, record, version });
  }
  return all.sort((a, b) => compare(a.region, b.region) || compare(a.record.cluster, b.record.cluster));
}

/** Every pool that a round has seen and remembers, in order of region, cluster and name. */
export async function listKnownPools(store: Store, regions: readonly string[]): Promise<readonly StoredPool[]> {
  return (await listKnownClusters(store, regions)).flatMap(poolsOf);
}

export function poolsOf({ region, clusterId, record }: StoredClusterOf): readonly StoredPool[] {
  return Object.entries(record.pools)
    .map(([poolId, memory]) => ({
      region,
      clusterId,
      cluster: record.cluster,
      poolId,
      pool: memory.name,
      memory,
      change: record.change?.poolId === poolId ? record.change : undefined,
    }))
    .sort((a, b) => compare(a.pool, b.pool));
}

export function isMatched(match: Match | undefined, pool: Pick<StoredPool, 'region' | 'cluster' | 'pool'>): boolean {
  return match === undefined || matchesPool(match, pool);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
