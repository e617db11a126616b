import type { Store } from '../io/stores/store.ts';
import { loadMemory } from '../jobs/records/memory-records.ts';
import { listKnownClusters } from './known-pools.ts';

/** The names of all clusters that a round has looked at, also of those that no rule acts on. */
export async function seenClusters(store: Store, regions: readonly string[]): Promise<ReadonlySet<string>> {
  const acted = (await listKnownClusters(store, regions)).map(({ record }) => record.cluster);
  const watched = await Promise.all(regions.map((region) => loadMemory(store, region)));
  return new Set([...acted, ...watched.flatMap(({ memory }) => memory.clusters.map(({ name }) => name))]);
}
