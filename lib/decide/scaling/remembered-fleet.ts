import type { ObservedPool, Size } from '../model.ts';
import type { ClusterRecord } from './memory.ts';
import type { ObservedFleetCluster } from './plan-round.ts';
import { isRange, lower, upper } from './size.ts';

export type RememberedCluster = ObservedFleetCluster & { readonly pools: readonly ObservedPool[] };

/** A cluster as the store last knew it: names, sizes, what is away. Every pool counts as Running. */
export function rememberedCluster(region: string, id: string, record: ClusterRecord): RememberedCluster {
  const pools = Object.entries(record.pools).flatMap(([poolId, memory]) => {
    const size = memory.seen?.size ?? memory.lastSet ?? memory.base;
    return size === undefined || memory.missingSince ? [] : [poolAt(poolId, memory.name, size)];
  });
  return { cluster: clusterNamed(region, id, record.cluster), pools, record, lookedAt: undefined };
}

export function clusterNamed(region: string, id: string, name: string): ObservedFleetCluster['cluster'] {
  return {
    region,
    id,
    name,
    status: 'Running',
    createdAt: undefined,
    updatedAt: undefined,
    version: undefined,
    errors: [],
  };
}

export function poolAt(id: string, name: string, size: Size): ObservedPool {
  const bounds = isRange(size)
    ? { autoscale: true, size: undefined, sizeMin: lower(size), sizeMax: upper(size) }
    : { autoscale: false, size, sizeMin: undefined, sizeMax: undefined };
  return { id, name, status: 'Running', ...bounds, createdAt: undefined, updatedAt: undefined, errors: [] };
}
