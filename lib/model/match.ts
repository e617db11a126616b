import type { Match } from './config.ts';

export type Names = { readonly region: string; readonly cluster: string; readonly pool: string };

/** Does the match name this pool? A match without a pool part names every pool of its clusters. */
export function matchesPool(match: Match, names: Names): boolean {
  return matchesCluster(match, names) && matchesPoolName(match, names.pool);
}

/** The same, of a pool whose cluster is known to match. */
export function matchesPoolName({ pool }: Match, name: string): boolean {
  return pool === undefined || matchesWhole(pool, name);
}

/** Does the match name this cluster, or a pool of it? */
export function matchesCluster(match: Match, names: Pick<Names, 'region' | 'cluster'>): boolean {
  return (
    (match.region === undefined || matchesWhole(match.region, names.region)) &&
    matchesWhole(match.cluster, names.cluster)
  );
}

type Pattern = { readonly prefix: string; readonly whole: RegExp };

/** Compiled once per source: the same few patterns meet thousands of names. */
const compiled = new Map<string, Pattern>();

function matchesWhole(source: string, name: string): boolean {
  let pattern = compiled.get(source);
  if (pattern === undefined) {
    pattern = { prefix: prefixOf(source), whole: new RegExp(`^(?:${source})$`, 'u') };
    compiled.set(source, pattern);
  }
  return name.startsWith(pattern.prefix) && pattern.whole.test(name);
}

/** What every name begins with that can match: most names are told apart by it, at a fraction of the cost. */
function prefixOf(source: string): string {
  if (source.includes('|')) return '';
  const plain = /^[A-Za-z0-9-]*/.exec(source)?.[0] ?? '';
  const isQuantified = /^[*+?{]/.test(source.slice(plain.length));
  return isQuantified ? plain.slice(0, -1) : plain;
}
