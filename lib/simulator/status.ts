import type { Behaviour } from './behaviour.ts';
import type { WorldCluster, WorldPool } from './world-model.ts';

/** What is under way comes first, then errors, else it is Running; pools share their cluster's upgrade and deletion. */
export function poolStatus(pool: WorldPool): string {
  if (pool.shownStatus !== undefined) return pool.shownStatus;
  if (pool.activity !== undefined) return pool.activity.kind;
  const shared = pool.cluster.activity?.kind;
  if (shared === 'Upgrading' || shared === 'Deleting') return shared;
  return pool.errors.length > 0 ? 'Error' : 'Running';
}

export function clusterStatus(cluster: WorldCluster, behaviour: Behaviour): string {
  if (cluster.shownStatus !== undefined) return cluster.shownStatus;
  if (cluster.activity !== undefined) return cluster.activity.kind;
  if (cluster.errors.length > 0) return 'Error';
  const whileScaling = behaviour.clusterStatusWhileScaling;
  return whileScaling !== undefined && isBusy(cluster) ? whileScaling : 'Running';
}

/** One thing at a time: a cluster is busy while anything of it is under way. */
export function isBusy(cluster: WorldCluster): boolean {
  if (cluster.activity !== undefined) return true;
  for (const pool of cluster.pools.values()) if (pool.activity !== undefined) return true;
  return false;
}
