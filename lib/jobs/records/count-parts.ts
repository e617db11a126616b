import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { listSeen } from './last-rounds.ts';
import { type ListedRounds, listRounds } from './round-findings.ts';

/**
 * One run reads the node pools of this many clusters well within its time: 1,000 calls of 50 ms, 16 at once, take 3 s.
 */
const mostClustersPerPart = 1000;

/** `rounds`: the last rounds by region, as they were read for the count: a round that begins now need not read them again. */
export type CountedParts = { readonly count: number; readonly rounds: ReadonlyMap<string, ListedRounds> };

/**
 * The number of parts of a round, by how many clusters the last round saw, or the last round of the watch if nothing is
 * scaled. 1 before the first round. Does not call the API.
 */
export async function countParts(store: Store, { regions, rules }: CompiledConfig): Promise<CountedParts> {
  const listed = regions.map(async ({ name }) => [name, await listRounds(store, name)] as const);
  const rounds = new Map(await Promise.all(listed));
  const scaled = [...rounds.values()].reduce((sum, ofRegion) => sum + clustersOf(ofRegion.rounds), 0);
  const watched = scaled === 0 || rules.length === 0 ? clustersOf(await listSeen(store)) : 0;
  const clusters = watched > 0 ? watched : scaled;
  return { count: Math.max(1, Math.ceil(clusters / mostClustersPerPart)), rounds };
}

type Round = { readonly at: number; readonly clusters: number; readonly shard: { readonly count: number } };

/** Only parts of the newest division count: others are about the same clusters. */
function clustersOf(rounds: readonly Round[]): number {
  const newest = rounds.reduce((at, round) => Math.max(at, round.at), 0);
  const cut = rounds.find(({ at }) => at === newest)?.shard.count;
  return rounds.filter(({ shard }) => shard.count === cut).reduce((sum, { clusters }) => sum + clusters, 0);
}
