import { counted } from '../counted.ts';
import type { ObservedPool, Size } from '../model.ts';
import { orderViews } from './cluster-order.ts';
import type { Change } from './memory.ts';
import type { PoolView } from './pool-view.ts';
import { describeSize, isRange, lower, upper } from './size.ts';

export type KeptTargets = {
  readonly targets: ReadonlyMap<string, Size>;
  readonly reasons: ReadonlyMap<string, string>;
};

/**
 * A cluster keeps at least so many nodes: fixed sizes and autoscaled minima count. The lower that would go below, in the
 * cluster's order, is raised to what keeps that many; it is not dropped.
 */
export function keepNodes(
  views: readonly PoolView[],
  allPools: readonly ObservedPool[],
  change: Change | undefined,
  minNodes: number,
): KeptTargets {
  const targets = new Map<string, Size>();
  const reasons = new Map<string, string>();
  if (minNodes <= 0) return { targets, reasons };
  let total = allPools.reduce((sum, pool) => sum + nodesOf(pool, change), 0);
  for (const view of orderViews(views)) {
    if (view.current === undefined || view.target === undefined) continue;
    if (lower(view.target) >= lower(view.current) || change?.poolId === view.names.poolId) continue;
    const missing = Math.max(0, minNodes - (total - (lower(view.current) - lower(view.target))));
    const least = Math.min(lower(view.target) + missing, lower(view.current));
    total -= lower(view.current) - least;
    if (missing === 0) continue;
    const kept = isRange(view.target) ? { min: least, max: Math.max(least, upper(view.target)) } : least;
    targets.set(view.names.poolId, kept);
    reasons.set(
      view.names.poolId,
      `kept at ${describeSize(kept)} so that the cluster keeps ${counted(minNodes, 'node')}`,
    );
  }
  return { targets, reasons };
}

/** What a pool surely has: of a change in flight, the smaller end. */
function nodesOf(pool: ObservedPool, change: Change | undefined): number {
  const own = pool.autoscale ? (pool.sizeMin ?? 0) : (pool.size ?? 0);
  return change?.poolId === pool.id ? Math.min(own, lower(change.to), lower(change.from)) : own;
}
