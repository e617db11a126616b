import type { Size } from '../../decide/model.ts';
import type { Store } from '../../io/stores/store.ts';
import { listKnownPools, type StoredPool } from '../known-pools.ts';

export type AwayPool = {
  readonly region: string;
  readonly clusterId: string;
  readonly cluster: string;
  readonly poolId: string;
  readonly pool: string;
  /** undefined = not known; nobody can give it back but a person. */
  readonly base: Size | undefined;
  /** Its rule says `onRemove: leave`. */
  readonly isLeft: boolean;
};

export type AwayPools = {
  readonly away: readonly AwayPool[];
  /** Changes that were claimed and have not settled, of any pool. */
  readonly inFlight: number;
};

/** What the store says about pools that are not at their base. */
export async function listAway(store: Store, regions: readonly string[]): Promise<AwayPools> {
  const pools = await listKnownPools(store, regions);
  return {
    away: pools.flatMap((pool) => (pool.memory.away ? [toAway(pool)] : [])),
    inFlight: pools.filter(({ change, memory }) => change ?? memory.stuck).length,
  };
}

function toAway({ region, clusterId, cluster, poolId, pool, memory }: StoredPool): AwayPool {
  const base = memory.away?.base;
  return {
    region,
    clusterId,
    cluster,
    poolId,
    pool,
    base: base === 'unknown' ? undefined : base,
    isLeft: memory.onRemove === 'leave',
  };
}
