import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { Store } from '../../io/stores/store.ts';
import { listRoundFindings } from '../records/round-findings.ts';

/** One run reads the node pools of so many clusters well within its time: 1,000 calls of 50 ms, 16 at once, take 3 s. */
export const mostClustersPerShard = 1000;

/**
 * Into how many parts a round is cut, judged by how many clusters the last one saw: 1 until somebody has looked. No call
 * to the API.
 */
export async function countShards(store: Store, { regions }: CompiledConfig): Promise<number> {
  const rounds = await Promise.all(regions.map(({ name }) => listRoundFindings(store, name)));
  const clusters = rounds.reduce((sum, ofRegion) => sum + clustersOf(ofRegion), 0);
  return Math.max(1, Math.ceil(clusters / mostClustersPerShard));
}

/** Only parts of the newest cut count: what is left of another one is about the same clusters. */
function clustersOf(rounds: readonly RoundFindings[]): number {
  const newest = rounds.reduce((at, round) => Math.max(at, round.at), 0);
  const cut = rounds.find(({ at }) => at === newest)?.shard.count;
  return rounds.filter(({ shard }) => shard.count === cut).reduce((sum, { clusters }) => sum + clusters, 0);
}
