import type { Ask } from '../../model/asks.ts';
import { clusterKey } from '../../model/cluster.ts';
import { matchesCluster } from '../../model/match.ts';
import type { EpochMs } from '../../model/time.ts';
import type { ObservedFleetCluster } from '../scaling/memory.ts';
import type { PoolName } from '../scaling/plan.ts';
import type { AppliedRule, RuleBook } from '../scaling/rule-book.ts';
import { makeShapeOf } from './alike.ts';
import type { RehearsalInput } from './rehearsal.ts';

/**
 * Clusters that are planned together. Those with the same name form one group, since an ambiguous name stops all
 * changes. Clusters are given by their index in the rehearsed fleet.
 */
export type Group = {
  readonly places: number[];
  /** Clusters that are alike: the plan of this group holds for them too. */
  readonly alike: number[];
  /** The rules of the pools of each of `places`. */
  readonly applied: (readonly (AppliedRule | undefined)[])[];
  /** When an ask for this cluster ends. */
  readonly ends: readonly EpochMs[];
  dueAt: EpochMs;
};

export function groupClusters(
  clusters: readonly ObservedFleetCluster[],
  book: RuleBook,
  input: RehearsalInput,
): readonly Group[] {
  const groups = [...groupByName(clusters, book, input)];
  // With a limit per round, clusters compete with each other, so none counts as alike.
  const isShared = input.everyRound !== true && input.config.safety.maxChangesPerRound === undefined;
  return isShared ? joinAlike(groups, clusters, input) : groups;
}

function groupByName(
  clusters: readonly ObservedFleetCluster[],
  book: RuleBook,
  { asks, from }: RehearsalInput,
): Iterable<Group> {
  const groups = new Map<string, Group>();
  clusters.forEach(({ cluster: { region, name: cluster }, pools = [] }, place) => {
    const key = `${region}\n${cluster}`;
    const names = { region, cluster };
    const group = groups.get(key) ?? { places: [], alike: [], applied: [], ends: endsIn(asks, names), dueAt: from };
    groups.set(key, group);
    group.places.push(place);
    group.applied.push(pools.map((pool) => book.appliedRule({ ...names, pool: pool.name, labels: pool.labels })));
  });
  return groups.values();
}

/** When the asks and approvals of a cluster end. */
function endsIn(asks: readonly Ask[], names: { region: string; cluster: string }): readonly EpochMs[] {
  return asks.filter((ask) => isAskedIn(ask, names)).map(({ until }) => until);
}

function isAskedIn(ask: Ask, names: { region: string; cluster: string }): boolean {
  if (ask.kind === 'approval') return true;
  if (ask.kind === 'release' || ask.region !== names.region) return false;
  return ask.match === undefined || matchesCluster(ask.match, names);
}

function joinAlike(
  groups: readonly Group[],
  clusters: readonly ObservedFleetCluster[],
  input: RehearsalInput,
): readonly Group[] {
  const shapeOf = makeShapeOf(input);
  const known = new Map<string, Group>();
  return groups.filter((group) => {
    const [place, another] = group.places;
    if (place === undefined || another !== undefined) return true;
    const shape = shapeOf(clusters[place] as ObservedFleetCluster, group.applied[0] ?? []);
    const first = shape === undefined ? undefined : known.get(shape);
    if (shape !== undefined && first === undefined) known.set(shape, group);
    first?.alike.push(place);
    return first === undefined;
  });
}

/** Copies findings about pools of planned clusters to the same pools of the clusters that are alike. */
export function ofAlike<T extends PoolName>(
  clusters: readonly ObservedFleetCluster[],
  groups: readonly Group[],
  some: readonly T[],
): readonly T[] {
  const byCluster = Map.groupBy(some, ({ region, clusterId }) => clusterKey(region, clusterId));
  return groups.flatMap(({ places, alike }) => {
    const one = clusters[places[0] as number] as ObservedFleetCluster;
    const own = byCluster.get(clusterKey(one.cluster.region, one.cluster.id)) ?? [];
    return alike.flatMap((place) => own.map((item) => twinOf(item, one, clusters[place] as ObservedFleetCluster)));
  });
}

function twinOf<T extends PoolName>(item: T, one: ObservedFleetCluster, { cluster, pools }: ObservedFleetCluster): T {
  const at = one.pools?.findIndex(({ id }) => id === item.poolId) ?? -1;
  return { ...item, clusterId: cluster.id, cluster: cluster.name, poolId: pools?.[at]?.id ?? '' };
}
