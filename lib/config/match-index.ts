import type { Match } from '../model/config.ts';
import { isGlob, partsOf } from '../model/match.ts';
import { covers, type Ends, endsOf, endsToCover, mayOverlap } from './compile-match.ts';

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
  /** Too much was compared: `firstCovering` finds nothing any more. */
  readonly isSpent: () => boolean;
};

type Entry<T> = { readonly item: T; readonly order: number };

/** With fewer matches than this, checking each is cheaper than an index lookup. */
const fewEntries = 32;
/** Names against patterns that share no beginning and no end, 4 µs each: a second or two. */
const mostCompared = 500_000;

export function makeMatchIndex<T>(matchOf: (item: T) => Match): MatchIndex<T> {
  const clusters = makeByEnds<Cell<Cluster<T>>>();
  let [count, compared] = [0, 0];
  const add = (item: T) => {
    const match = matchOf(item);
    const [{ cluster, pool }, written] = [endsOf(match), partsOf(match)];
    const entry = { item, order: count };
    count += 1;
    const cell = clusters.at(cluster, () => makeCell(() => ({ all: [], pools: makeByEnds() })));
    const found = cell.of(written.cluster);
    found.all.push(entry);
    const ofPool = found.pools.at(pool ?? anyEnds, () => makeCell(() => []));
    ofPool.of(written.pool ?? '*').push(entry);
  };
  const firstCovering = (match: Match) => {
    const [{ cluster, pool }, written] = [endsToCover(match), partsOf(match)];
    let first: Entry<T> | undefined;
    for (const { all, pools } of clusters.around(cluster).flatMap((cell) => cell.covering(written.cluster))) {
      const ofPool = () => pools.around(pool ?? anyEnds).flatMap((cell) => cell.covering(written.pool ?? '*'));
      for (const entries of all.length <= fewEntries ? [all] : ofPool()) {
        if (compared > mostCompared) return undefined;
        compared += entries.length;
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
    const found = clusters.near(cluster.head).flatMap((cell) => cell.everything().flatMap(({ all }) => all));
    return found
      .filter(({ item }) => mayOverlap(matchOf(item), match))
      .sort((a, b) => a.order - b.order)
      .map(({ item }) => item);
  };
  return { add, firstCovering, overlapping, isSpent: () => compared > mostCompared };
}

type Cluster<T> = { readonly all: Entry<T>[]; readonly pools: ByEnds<Cell<Entry<T>[]>> };

/** What stands under one beginning and end: the parts of which a proof takes no look at them all, and the others by themselves. */
type Cell<V> = {
  readonly of: (part: string) => V;
  /** All whose part may be shown to cover this one. */
  readonly covering: (part: string) => readonly V[];
  readonly everything: () => readonly V[];
};

/** Of "*a*b*" only itself is known to be covered, and names that it matches; "a*", "*a" and "*" cover patterns too. */
function makeCell<V>(make: () => V): Cell<V> {
  const [simple, winding] = [new Map<string, V>(), new Map<string, V>()];
  return {
    of: (part) => {
      const [parts, key] = isWinding(part) ? [winding, part] : [simple, ''];
      const value = parts.get(key) ?? make();
      parts.set(key, value);
      return value;
    },
    covering: (part) => {
      const isPattern = isGlob(part) && !part.includes('{');
      const own = winding.get(part);
      return [...simple.values(), ...(isPattern ? (own === undefined ? [] : [own]) : winding.values())];
    },
    everything: () => [...simple.values(), ...winding.values()],
  };
}

function isWinding(part: string): boolean {
  const inner = part.replace(/^\*/u, '').replace(/\*$/u, '');
  return isGlob(inner) || (part.length > 1 && part.startsWith('*') && part.endsWith('*'));
}

const anyEnds: Ends = { head: '', tail: '' };

/** Values by how a pattern begins and ends. */
type ByEnds<V> = {
  readonly at: (ends: Ends, make: () => V) => V;
  /** Of every pattern whose ends this one begins and ends with too. */
  readonly around: (ends: Ends) => readonly V[];
  /** Of every pattern of which one beginning is the other's beginning. */
  readonly near: (head: string) => readonly V[];
};

function makeByEnds<V>(): ByEnds<V> {
  const byHead = new Map<string, Map<string, V>>();
  const headLengths = new Set<number>();
  let sorted: readonly string[] | undefined;
  const at: ByEnds<V>['at'] = ({ head, tail }, make) => {
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
  const around: ByEnds<V>['around'] = ({ head, tail }) => beginnings(head).flatMap((tails) => endings(tails, tail));
  const near: ByEnds<V>['near'] = (head) => {
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
