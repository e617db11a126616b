import { afterMissing } from '../../decide/scaling/gone-clusters.ts';
import type { Write } from '../../io/stores/store.ts';
import { clusterWrite } from '../records/cluster-records.ts';
import type { MissingCluster, SeenFleet } from './observe.ts';
import type { ScaleOptions, ScaleParts } from './scale-parts.ts';

/**
 * Marks the records of clusters that are gone, and empties them in time. Judged only in a round over the whole region
 * (or the whole shard) whose list was answered: what was not asked for is not missing.
 */
export async function forgetClusters(parts: ScaleParts, seen: SeenFleet, options: ScaleOptions): Promise<void> {
  if (options.only) return;
  const now = parts.clock.now();
  for (const missing of seen.missing) {
    const write = writeOf(missing, now);
    // Each on its own: one that another process changes meanwhile costs the others nothing.
    if (write) await parts.store.commit([write]);
  }
}

function writeOf({ region, clusterId, stored }: MissingCluster, now: number): Write | undefined {
  const next = afterMissing(stored.record, now);
  return next && clusterWrite(region, clusterId, next.record, stored.version, next.expiresAt);
}
