import { isDeleting, type ObservedCluster, type ObservedPool } from '../../model/cluster.ts';
import type { CompiledConfig, Match } from '../../model/config.ts';
import {
  isGlob,
  type Labels,
  matchesCluster,
  matchesLabels,
  matchesPoolName,
  partsOf,
  reachedRegions,
} from '../../model/match.ts';
import type { EpochMs } from '../../model/time.ts';
import { configMatches, type PlacedMatch } from './config-matches.ts';

/** What matches need to know of a fleet: its names, and what could not be read. */
export type NamedFleet = {
  /** Regions that answered with their list of clusters. */
  readonly answered: ReadonlySet<string>;
  readonly clusters: readonly NamedCluster[];
};

export type NamedCluster = {
  readonly region: string;
  readonly name: string;
  /** It is being deleted. */
  readonly isDeleting: boolean;
  /** Names of its pools, without those being deleted; undefined = not read. */
  readonly pools: readonly string[] | undefined;
  /** The labels of those pools, in the same order; undefined = the answer does not show them. */
  readonly labels?: readonly (Labels | undefined)[];
  /** Another part of the fleet reads its pools, and reports missing ones. */
  readonly isElsewhere?: boolean;
};

export type JudgedMatches = {
  /** They match no cluster and no pool, and their regions were read completely. */
  readonly missing: readonly PlacedMatch[];
  /** They may match something that could not be read. */
  readonly unknown: readonly PlacedMatch[];
  /** Clusters that they match, and whose pools were not read. */
  readonly unread: ReadonlySet<NamedCluster>;
};

type Seen = {
  readonly cluster: ObservedCluster;
  readonly pools: readonly ObservedPool[] | undefined;
  readonly isElsewhere?: boolean;
};

export function namesOf(clusters: readonly Seen[]): readonly NamedCluster[] {
  return clusters.map(({ cluster, pools, isElsewhere }) => {
    const { region, name } = cluster;
    const living = pools?.filter((pool) => !isDeleting(pool));
    const labels = living?.some((pool) => pool.labels) && { labels: living.map((pool) => pool.labels) };
    return {
      region,
      name,
      isDeleting: isDeleting(cluster),
      pools: living?.map((pool) => pool.name),
      ...labels,
      ...(isElsewhere && { isElsewhere }),
    };
  });
}

/**
 * Which matches of the config match nothing in this fleet. Only complete answers prove that: a list without an answer,
 * pools that were not read and clusters that are being deleted leave it open. A match that is over, or that means the
 * whole fleet, is never reported.
 */
export function judgeMatches(config: CompiledConfig, fleet: NamedFleet, now: EpochMs): JudgedMatches {
  const byName = Map.groupBy(fleet.clusters, ({ name }) => name);
  const missing: PlacedMatch[] = [];
  const unknown: PlacedMatch[] = [];
  const unread = new Set<NamedCluster>();
  for (const placed of configMatches(config, now)) {
    const { match } = placed;
    if (placed.isOver || meansEverything(match)) continue;
    const literal = literalCluster(match);
    const near = literal === undefined ? fleet.clusters : (byName.get(literal) ?? []);
    const seen = look(match, near);
    if (seen === 'matched' || isOthers(seen)) continue;
    const isSeen = reachedRegions(match, config.regions).every((region) => fleet.answered.has(region));
    if (seen.length === 0 && isSeen) missing.push(placed);
    else unknown.push(placed);
    for (const cluster of seen) if (!cluster.isDeleting) unread.add(cluster);
  }
  return { missing, unknown, unread };
}

/**
 * It matches only clusters that other parts read. This part resolves what it reported earlier, since no other part
 * will.
 */
function isOthers(seen: readonly NamedCluster[]): boolean {
  return seen.length > 0 && seen.every(({ isElsewhere = false }) => isElsewhere);
}

/** 'matched', or the matched clusters whose pools are not known. */
function look(match: Match, clusters: readonly NamedCluster[]): 'matched' | readonly NamedCluster[] {
  const open: NamedCluster[] = [];
  const isEveryPool = match.labels === undefined && (match.pool === undefined || partsOf(match).pool === '*');
  for (const one of clusters) {
    const { region, name: cluster, pools, labels = [], isDeleting } = one;
    if (!matchesCluster(match, { region, cluster })) continue;
    if (isDeleting) open.push(one);
    else if (isEveryPool || pools?.some((pool, i) => matchesPoolName(match, pool) && matchesLabels(match, labels[i])))
      return 'matched';
    else if (pools === undefined || isHidden(match, pools, labels)) open.push(one);
  }
  return open;
}

/** For matches with labels: a pool of that name may have the labels if the API did not return them. */
function isHidden(match: Match, pools: readonly string[], labels: readonly (Labels | undefined)[]): boolean {
  return match.labels !== undefined && pools.some((pool, i) => matchesPoolName(match, pool) && labels[i] === undefined);
}

/** `*` and `region:*`, with or without `/*`: these mean the whole fleet, even an empty one. */
function meansEverything(match: Match): boolean {
  const { cluster, pool } = partsOf(match);
  return match.labels === undefined && cluster === '*' && (pool === undefined || pool === '*');
}

function literalCluster(match: Match): string | undefined {
  const { cluster } = partsOf(match);
  return isGlob(cluster) ? undefined : cluster;
}
