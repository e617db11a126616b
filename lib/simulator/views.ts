import type { EpochMs } from '../model/time.ts';
import { clusterStatus, poolStatus } from './api-json.ts';
import { moveAutoscaledPool } from './autoscaler.ts';
import type { WorldCluster, WorldPool, WorldState } from './world-model.ts';

/** The truth about a pool at one instant, for tests and pictures; a copy. */
export type PoolView = {
  readonly id: string;
  readonly clusterId: string;
  readonly cluster: string;
  readonly name: string;
  readonly status: string;
  readonly size: number;
  readonly sizeMin: number | undefined;
  readonly sizeMax: number | undefined;
  readonly autoscale: boolean;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly errors: readonly string[];
  /** When what is under way will end; undefined when nothing is, or it is stuck. */
  readonly until: EpochMs | undefined;
};

export type ClusterView = {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly version: string;
  readonly eol: string | undefined;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly errors: readonly string[];
  readonly pools: readonly PoolView[];
};

export function poolView(state: WorldState, pool: WorldPool): PoolView {
  moveAutoscaledPool(state, pool);
  const { id, name, size, sizeMin, sizeMax, autoscale, createdAt, updatedAt } = pool;
  return {
    id,
    clusterId: pool.cluster.id,
    cluster: pool.cluster.name,
    name,
    status: poolStatus(pool),
    size,
    sizeMin,
    sizeMax,
    autoscale,
    createdAt,
    updatedAt,
    errors: pool.errors.map((error) => error.message),
    until: pool.activity?.until,
  };
}

export function clusterView(state: WorldState, cluster: WorldCluster): ClusterView {
  const { id, name, createdAt, updatedAt } = cluster;
  return {
    id,
    name,
    status: clusterStatus(cluster, state.behaviour),
    version: cluster.version.version,
    eol: cluster.version.eol,
    createdAt,
    updatedAt,
    errors: cluster.errors.map((error) => error.message),
    pools: [...cluster.pools.values()].map((pool) => poolView(state, pool)),
  };
}
