import type { ClusterRecord, PoolMemory } from '../decide/scaling/memory.ts';
import { StoreError } from '../errors.ts';
import type { Store } from '../io/stores/store.ts';
import { clusterWrite, readClusterRecord } from '../jobs/records/cluster-records.ts';

const mostAttempts = 20;

/**
 * Changes pools' memories by compare-and-set, tried again when a round was faster. `change` gives the new memory, or
 * undefined to leave one as it is. Resolves to the record as it is afterwards.
 */
export async function changeMemories(
  store: Store,
  region: string,
  clusterId: string,
  change: (memory: PoolMemory, poolId: string) => PoolMemory | undefined,
): Promise<ClusterRecord | undefined> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const stored = await readClusterRecord(store, region, clusterId);
    if (stored === undefined) return undefined;
    const pools = changeAll(stored.record.pools, change);
    if (pools === undefined) return stored.record;
    const record = { ...stored.record, pools };
    const outcome = await store.commit([clusterWrite(region, clusterId, record, stored.version)]);
    if (outcome.kind === 'committed') return record;
  }
  throw new StoreError(`Changing the record of cluster ${clusterId} failed: rounds kept changing it; try again`);
}

function changeAll(
  pools: ClusterRecord['pools'],
  change: (memory: PoolMemory, poolId: string) => PoolMemory | undefined,
): ClusterRecord['pools'] | undefined {
  let isChanged = false;
  const changed = Object.entries(pools).map(([id, memory]) => {
    const after = change(memory, id);
    isChanged ||= after !== undefined;
    return [id, after ?? memory] as const;
  });
  return isChanged ? Object.fromEntries(changed) : undefined;
}
