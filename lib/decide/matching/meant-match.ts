import { findNearest } from '../../model/did-you-mean.ts';
import { isGlob, labelText, matchesCluster, matchesPoolName, matchesWhole, partsOf } from '../../model/match.ts';
import type { PlacedMatch } from './config-matches.ts';
import type { NamedCluster, NamedFleet } from './unmatched.ts';

/** If the names match but a label does not: the pools' labels, nearest to the requested one first. */
export function meantLabel({ match }: Pick<PlacedMatch, 'match'>, fleet: NamedFleet): string | undefined {
  const seen = fleet.clusters.flatMap(({ region, name: cluster, pools = [], labels = [] }) =>
    pools.flatMap((pool, i) => {
      const isNamed = matchesCluster(match, { region, cluster }) && matchesPoolName(match, pool);
      return isNamed ? Object.entries(labels[i] ?? {}) : [];
    }),
  );
  const written = (match.labelText ?? '').slice(2, -2).split(', ');
  const had = [...new Set(seen.map(([key, value]) => labelText(key, value)))];
  const missing = written.find((label) => !had.includes(label));
  return missing === undefined ? undefined : findNearest(missing, had);
}

/** A suggestion for a match that matches nothing, written as a match; undefined = no suggestion. */
export function meantMatch({ match, use }: Pick<PlacedMatch, 'match' | 'use'>, fleet: NamedFleet): string | undefined {
  const clusters = fleet.clusters.filter(({ isDeleting }) => !isDeleting);
  const { region, cluster, pool } = partsOf(match);
  const prefix = region === undefined ? '' : `${region}:`;
  const isHere = (name: string) => match.region === undefined || matchesWhole(match.region, name);
  const here = clusters.filter((one) => isHere(one.region));
  const named = here.filter((one) => matchesCluster(match, { ...one, cluster: one.name }));
  if (named.length > 0 && pool !== undefined) {
    const meant = nearestPart(pool, poolsOf(named));
    if (meant !== undefined) return `${prefix}${cluster}/${meant}`;
  }
  const elsewhere = clusters.find((one) => names({ ...match, region: undefined }, one));
  if (elsewhere !== undefined) return `${elsewhere.region}:${cluster}${pool === undefined ? '' : `/${pool}`}`;
  if (named.length > 0) return undefined;
  const near = nearestPart(
    cluster,
    here.map(({ name }) => name),
  );
  if (near !== undefined) return `${prefix}${near}${pool === undefined ? '' : `/${poolIn(near, pool, match, here)}`}`;
  const mayNamePools = use.kind === 'exception' || use.kind === 'silence';
  const pools = mayNamePools && pool === undefined ? poolsOf(here) : [];
  const onlyPool = nearestPart(cluster, pools);
  return onlyPool === undefined ? undefined : `${prefix}*/${onlyPool}`;
}

function names(match: PlacedMatch['match'], { region, name, pools }: NamedCluster): boolean {
  if (!matchesCluster(match, { region, cluster: name })) return false;
  return match.pool === undefined || pools === undefined || pools.some((pool) => matchesPoolName(match, pool));
}

function poolsOf(clusters: readonly NamedCluster[]): readonly string[] {
  return [...new Set(clusters.flatMap(({ pools = [] }) => pools))];
}

/** The pool as written, if it exists or nothing is similar to it. */
function poolIn(cluster: string, pool: string, match: PlacedMatch['match'], clusters: readonly NamedCluster[]): string {
  const pools = poolsOf(clusters.filter(({ name }) => fits(cluster, name)));
  if (pools.some((name) => matchesPoolName(match, name))) return pool;
  return nearestPart(pool, pools) ?? pool;
}

/** The nearest part that matches something. Globs with one star are compared by the start and end of names. */
function nearestPart(part: string, names: readonly string[]): string | undefined {
  if (!isGlob(part)) return findNearest(part, names);
  const [head, tail, ...more] = part.split('*');
  if (head === undefined || tail === undefined || more.length > 0 || isGlob(head + tail)) return undefined;
  const cuts = names.flatMap((name) =>
    lengthsNear(head).flatMap((from) =>
      lengthsNear(tail)
        .filter((to) => from + to <= name.length)
        .map((to) => `${name.slice(0, from)}*${name.slice(name.length - to)}`),
    ),
  );
  return findNearest(part, [...new Set(cuts)]);
}

function lengthsNear({ length }: string): readonly number[] {
  return length === 0 ? [0] : [length, length + 1, length - 1].filter((one) => one > 0);
}

/** Does a part made by `nearestPart` match this name? */
function fits(part: string, name: string): boolean {
  const [head = '', tail] = part.split('*');
  return tail === undefined ? part === name : name.startsWith(head) && name.endsWith(tail);
}
