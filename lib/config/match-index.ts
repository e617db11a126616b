import type { Match } from '../model/config.ts';
import { covers, type Ends, endsOf, endsToCover, mayOverlap } from './match.ts';

/**
 * Many matches, asked which of them cover or meet another one. Twenty thousand rules compared each with each are two
 * hundred million comparisons; by how their names begin and end only a few are left.
 */
export type MatchIndex<T> = {
  readonly add: (item: T) => void;
  /** The first item added whose match covers this one; the same answer as `find` over all of them. */
  readonly firstCovering: (match: Match) => T | undefined;
  /** All items whose match may meet this one, in the order in which they were added. */
  readonly overlapping: (match: Match) => readonly T[];
};

type Entry<T> = { readonly item: T; readonly order: number };

/** Below this many a look at each is cheaper than a look by the pool's name. */
const fewEntries = 32;

export function makeMatchIndex<T>(matchOf: (item: T) => Match): MatchIndex<T> {
  const clusters = makeShelf<{ readonly all: Entry<T>[]; readonly pools: Shelf<Entry<T>[]> }>();
  let count = 0;
  const add = (item: T) => {
    const { cluster, pool } = endsOf(matchOf(item));
    const entry = { item, order: count };
    count += 1;
    const found = clusters.at(cluster, () => ({ all: [], pools: makeShelf() }));
    found.all.push(entry);
    found.pools.at(pool ?? anyEnds, () => []).push(entry);
  };
  const firstCovering = (match: Match) => {
    const { cluster, pool } = endsToCover(match);
    let first: Entry<T> | undefined;
    for (const { all, pools } of clusters.around(cluster)) {
      const near = all.length <= fewEntries ? [all] : pools.around(pool ?? anyEnds);
      for (const entries of near) {
        const found = entries.find(({ item, order }) => {
          return (first === undefined || order < first.order) && covers(matchOf(item), match);
        });
        first = found ?? first;
      }
    }
    return first?.item;
  };
  const overlapping = (match: Match) => {
    const { cluster } = endsOf(match);
    const found = clusters.near(cluster.head).flatMap(({ all }) => all);
    return found
      .filter(({ item }) => mayOverlap(matchOf(item), match))
      .sort((a, b) => a.order - b.order)
      .map(({ item }) => item);
  };
  return { add, firstCovering, overlapping };
}

const anyEnds: Ends = { head: '', tail: '' };

/** Values by how a pattern begins and ends. */
type Shelf<V> = {
  readonly at: (ends: Ends, make: () => V) => V;
  /** Of every pattern whose ends this one begins and ends with too. */
  readonly around: (ends: Ends) => readonly V[];
  /** Of every pattern of which one beginning is the other's beginning. */
  readonly near: (head: string) => readonly V[];
};

function makeShelf<V>(): Shelf<V> {
  const byHead = new Map<string, Map<string, V>>();
  const headLengths = new Set<number>();
  let sorted: readonly string[] | undefined;
  const at: Shelf<V>['at'] = ({ head, tail }, make) => {
    const tails = byHead.get(head) ?? new Map<string, V>();
    if (!byHead.has(head)) sorted = undefined;
    byHead.set(head, tails);
    headLengths.add(head.length);
    const value = tails.get(tail) ?? make();
    tails.set(tail, value);
    return value;
  };
  const beginnings = (head: string) =>
    [...headLengths].flatMap((length) => {
      const tails = length <= head.length ? byHead.get(head.slice(0, length)) : undefined;
      return tails === undefined ? [] : [tails];
    });
  const around: Shelf<V>['around'] = ({ head, tail }) => beginnings(head).flatMap((tails) => endings(tails, tail));
  const near: Shelf<V>['near'] = (head) => {
    sorted ??= [...byHead.keys()].sort();
    const longer: V[] = [];
    for (const key of sorted.slice(firstFrom(sorted, head))) {
      if (!key.startsWith(head)) break;
      if (key !== head) longer.push(...(byHead.get(key)?.values() ?? []));
    }
    return [...beginnings(head).flatMap((tails) => [...tails.values()]), ...longer];
  };
  return { at, around, near };
}

/** Whichever is fewer: the tails that are there, or the ends that this one has. */
function endings<V>(tails: ReadonlyMap<string, V>, tail: string): readonly V[] {
  if (tails.size <= tail.length + 1) return [...tails].flatMap(([end, value]) => (tail.endsWith(end) ? [value] : []));
  return Array.from({ length: tail.length + 1 }, (_, from) => tails.get(tail.slice(from))).filter(
    (value): value is NonNullable<typeof value> => value !== undefined,
  );
}

function firstFrom(sorted: readonly string[], head: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as string) < head) low = middle + 1;
    else high = middle;
  }
  return low;
}
