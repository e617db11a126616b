import type { ClusterRecord, PoolMemory } from '../../decide/scaling/memory.ts';
import type { PoolName } from '../../decide/scaling/plan.ts';
import type { Store } from '../../io/stores/store.ts';
import { changeRecord } from '../../jobs/records/change-record.ts';
import { clusterWrite, decisionWrite, readClusterRecord } from '../../jobs/records/cluster-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Size } from '../../model/size.ts';
import type { CliParts } from '../parts.ts';

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
  return changeRecord(store, {
    what: `the record of cluster ${clusterId}`,
    read: () => readClusterRecord(store, region, clusterId),
    change: (stored) => {
      const pools = stored && changeAll(stored.record.pools, change);
      if (pools === undefined) return { writes: [], result: stored?.record };
      const record = { ...stored!.record, pools };
      return { writes: [clusterWrite(region, clusterId, record, stored!.version)], result: record };
    },
  });
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

/** Something a person did to a pool's memory. */
export type PersonsAction = {
  readonly code: string;
  readonly from: Size | undefined;
  readonly to: Size | undefined;
  readonly what: string;
  readonly reason: string | undefined;
};

/** What a person did by a command stands in the pool's history, with who and why. */
export async function recordAction(
  { clock, newId, who }: Pick<CliParts, 'clock' | 'newId' | 'who'>,
  store: Store,
  names: PoolName,
  action: PersonsAction,
  config: Pick<CompiledConfig, 'hash' | 'keepMs'>,
): Promise<void> {
  const { code, from, to, what, reason } = action;
  const { region, clusterId, cluster, poolId, pool } = names;
  const why = reason === undefined ? what : `${what} (${reason})`;
  const at = clock.now();
  const decision = { schema: 1, at, region, clusterId, cluster, poolId, pool } as const;
  await store.commit([
    decisionWrite(
      { ...decision, kind: 'base', code, from, to, reason: why, who, configHash: config.hash },
      newId(),
      config.keepMs,
    ),
  ]);
}
