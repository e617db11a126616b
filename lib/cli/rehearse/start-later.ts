import type { ObservedFleetCluster } from '../../decide/scaling/plan-round.ts';

/**
 * The fleet for a rehearsal that begins on a later day. Since when a pool has owed its size today says nothing of that
 * day: there it owes from the first instant on, and cannot be late at it.
 */
export function startLater(clusters: readonly ObservedFleetCluster[]): readonly ObservedFleetCluster[] {
  return clusters.map((seen) => {
    if (seen.record === undefined) return seen;
    const pools = Object.entries(seen.record.pools).map(([id, memory]) => [id, { ...memory, pending: undefined }]);
    return { ...seen, record: { ...seen.record, pools: Object.fromEntries(pools) } };
  });
}
