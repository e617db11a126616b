import type { EpochMs } from '../model/time.ts';
import { clusterShape, poolShape } from './api-json.ts';
import type { Past, WorldCluster, WorldPool, WorldState } from './world-model.ts';

/** How many older answers of each thing are kept for stale reads. */
const keptAnswers = 6;

/** Every change of a pool passes here: the old answer is stored, `updated_at` changes. */
export function changePool(state: WorldState, pool: WorldPool, at: EpochMs, change: () => void): void {
  setAside(pool, poolText(state, pool), at);
  change();
  pool.updatedAt = Math.max(at, pool.updatedAt);
}

export function changeCluster(state: WorldState, cluster: WorldCluster, at: EpochMs, change: () => void): void {
  setAside(cluster, clusterText(state, cluster), at);
  for (const pool of cluster.pools.values()) setAside(pool, poolText(state, pool), at);
  change();
  cluster.updatedAt = Math.max(at, cluster.updatedAt);
}

/** The cluster's answer may differ (its status can follow its pools'), though nothing of its own changed. */
export function rerenderCluster(state: WorldState, cluster: WorldCluster, at: EpochMs): void {
  setAside(cluster, clusterText(state, cluster), at);
}

function setAside(thing: { text: string | undefined; past: Past[] }, text: string, until: EpochMs): void {
  thing.past.push({ text, until });
  if (thing.past.length > keptAnswers) thing.past.shift();
  thing.text = undefined;
}

export function poolText(state: WorldState, pool: WorldPool): string {
  pool.text ??= JSON.stringify(poolShape(state, pool));
  return pool.text;
}

export function clusterText(state: WorldState, cluster: WorldCluster): string {
  cluster.text ??= JSON.stringify(clusterShape(state, cluster, false));
  return cluster.text;
}

/** The answer that was true at `asOf`; undefined when the thing did not exist then. */
export function textAsOf(thing: WorldPool | WorldCluster, current: string, asOf: EpochMs): string | undefined {
  if (asOf < thing.createdAt || (thing.deletedAt !== undefined && thing.deletedAt <= asOf)) return undefined;
  return thing.past.find((past) => past.until > asOf)?.text ?? current;
}
