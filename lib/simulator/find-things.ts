import type { WorldCluster, WorldPool, WorldState } from './world-model.ts';

/** A cluster by id or name; of two with one name, the older. */
export function findCluster(state: WorldState, name: string): WorldCluster {
  const byId = state.clusters.get(name);
  if (byId !== undefined) return byId;
  for (const cluster of state.clusters.values()) if (cluster.name === name) return cluster;
  throw new RangeError(`The world has no cluster ${name}`);
}

/** A pool as `cluster/pool`, each part a name or an id. */
export function findPool(state: WorldState, path: string): WorldPool {
  const [clusterName = '', poolName = ''] = path.split('/');
  const cluster = findCluster(state, clusterName);
  const byId = cluster.pools.get(poolName);
  if (byId !== undefined) return byId;
  for (const pool of cluster.pools.values()) if (pool.name === poolName) return pool;
  throw new RangeError(`The world has no pool ${path}`);
}
