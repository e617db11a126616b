import { apartText, type ClockReading } from '../clock-skew.ts';
import { observedSize } from './base.ts';
import type { ObservedFleetCluster } from './memory.ts';
import type { Hold, PoolState, RoundInput } from './plan.ts';
import type { RuleBook } from './rule-book.ts';
import { labelledNames } from './rule-book.ts';

/**
 * All pools with a rule in a region where our clock is wrong: their sizes are known, but not their wanted sizes, leases
 * included. Their memories stay unchanged, since the times of this round are wrong.
 */
export function heldByClock(
  input: Pick<RoundInput, 'clusters'>,
  book: RuleBook,
  wrongClocks: ReadonlyMap<string, ClockReading>,
): { readonly pools: readonly PoolState[]; readonly holds: readonly Hold[] } {
  const held = input.clusters.flatMap((seen) => {
    const reading = wrongClocks.get(seen.cluster.region);
    return reading === undefined ? [] : ruledPools(seen, book, reading);
  });
  return { pools: held.map(({ state }) => state), holds: held.map(({ hold }) => hold) };
}

function ruledPools(
  { cluster, pools = [], record }: ObservedFleetCluster,
  book: RuleBook,
  reading: ClockReading,
): readonly { readonly state: PoolState; readonly hold: Hold }[] {
  const { region, id: clusterId, name } = cluster;
  const reason = `the clocks of this machine and of the region's API are ${apartText(reading)} apart: nothing is changed until they agree`;
  return pools
    .filter((pool) => book.appliedRule(labelledNames(cluster, pool)) !== undefined)
    .map((pool) => {
      const names = { region, clusterId, cluster: name, poolId: pool.id, pool: pool.name };
      const seen = observedSize(pool, record?.pools[pool.id]);
      return {
        state: { ...names, status: pool.status, seen, nodes: pool.size, wanted: undefined },
        hold: { kind: 'hold', ...names, code: 'wrong-clock', from: seen, to: undefined, reason, who: 'lamplighter' },
      };
    });
}
