import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { listSeen } from './last-rounds.ts';
import { listRoundHeads } from './round-findings.ts';

/**
 * One run reads the node pools of this many clusters well within its time: 1,000 calls of 50 ms, 16 at once, take 3 s.
 */
const mostClustersPerPart = 1000;

/**
 * The number of parts of a round, by how many clusters the last round saw, or the last round of the watch if nothing is
 * scaled. 1 before the first round. Does not call the API.
 */
export async function countParts(store: Store, { regions, rules }: CompiledConfig): Promise<number> {
  const rounds = await Promise.all(regions.map(({ name }) => listRoundHeads(store, name)));
  const scaled = rounds.reduce((sum, ofRegion) => sum + clustersOf(ofRegion), 0);
  const watched = scaled === 0 || rules.length === 0 ? clustersOf(await listSeen(store)) : 0;
  const clusters = watched > 0 ? watched : scaled;
  return Math.max(1, Math.ceil(clusters / mostClustersPerPart));
}

type Round = { readonly at: number; readonly clusters: number; readonly shard: { readonly count: number } };

/** Only parts of the newest division count: others are about the same clusters. */
function clustersOf(rounds: readonly Round[]): number {
  const newest = rounds.reduce((at, round) => Math.max(at, round.at), 0);
  const cut = rounds.find(({ at }) => at === newest)?.shard.count;
  return rounds.filter(({ shard }) => shard.count === cut).reduce((sum, { clusters }) => sum + clusters, 0);
}
