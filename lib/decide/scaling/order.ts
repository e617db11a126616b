import { isRaise } from '../../model/size.ts';
import { compareText, hashText } from '../../model/text.ts';
import { deadlineOf } from './late.ts';
import type { ObservedFleetCluster } from './memory.ts';
import type { RoundInput } from './plan.ts';
import type { FinishedPool, PoolView, RankedWant } from './pool-view.ts';

/** A cluster's order: raises before lowers (mixed bounds count as a raise), earliest deadline first, then name. */
export function rankWants(finished: readonly FinishedPool[], views: readonly PoolView[]): readonly RankedWant[] {
  const wants = finished.flatMap((pool) =>
    pool.want ? [{ ...pool.want, deadline: deadlineOf(pool.view, pool.memory, views) }] : [],
  );
  return wants.sort(
    (a, b) =>
      Number(b.raise) - Number(a.raise) || a.deadline - b.deadline || compareText(a.view.names.pool, b.view.names.pool),
  );
}

/** The same order before holds are known; pools that are held in any case, or whose size is not known, come last. */
export function orderViews(views: readonly PoolView[]): readonly PoolView[] {
  const ranked = views.map((view) => ({
    view,
    held: Number(isHeldAnyway(view)),
    lower: Number(!isRaiseOf(view)),
    deadline: deadlineOf(view, view.memory, views),
  }));
  ranked.sort(
    (a, b) =>
      a.held - b.held ||
      a.lower - b.lower ||
      (a.deadline < b.deadline ? -1 : a.deadline > b.deadline ? 1 : 0) ||
      compareText(a.view.names.pool, b.view.names.pool),
  );
  return ranked.map(({ view }) => view);
}

/** A size that is not known is neither 0 nor anything else. */
function isRaiseOf({ current, target }: PoolView): boolean {
  return current !== undefined && target !== undefined && isRaise(current, target);
}

/** A pool that is held whatever its target: its lower does not use up the cluster's spare nodes. */
function isHeldAnyway({ pause, rule, block, memory, current, target }: PoolView): boolean {
  if (current === undefined || target === undefined) return true;
  return pause !== undefined || rule.mode === 'observe' || block !== undefined || memory.stuck !== undefined;
}

/** By name, then id, so that the order of the service's answers does not matter. Duplicate names differ by id. */
export function inOrder(clusters: readonly ObservedFleetCluster[]): readonly ObservedFleetCluster[] {
  const ordered = clusters.map((seen) =>
    isSorted(seen.pools) ? seen : { ...seen, pools: seen.pools?.toSorted(byNameAndId) },
  );
  return ordered.sort((a, b) => compareText(a.cluster.region, b.cluster.region) || byNameAndId(a.cluster, b.cluster));
}

function isSorted(pools: ObservedFleetCluster['pools'] = []): boolean {
  return pools.every((pool, i) => i === 0 || byNameAndId(pools[i - 1] as typeof pool, pool) <= 0);
}

function byNameAndId(a: { name: string; id: string }, b: { name: string; id: string }): number {
  return compareText(a.name, b.name) || compareText(a.id, b.id);
}

/**
 * Limited places rotate: each round uses another order, so that clusters that never finish (busy, slow, failing) do not
 * block the others for ever. The same instant gives the same order.
 */
export function byTurn<T>(
  items: readonly T[],
  idOf: (item: T) => string,
  { now, config }: Pick<RoundInput, 'now' | 'config'>,
): readonly T[] {
  const round = Math.floor(now / config.everyMs);
  return items
    .map((item) => placed(item, idOf(item), round))
    .sort((a, b) => a.turn - b.turn || compareText(a.id, b.id))
    .map(({ item }) => item);
}

function placed<T>(item: T, id: string, round: number): { item: T; id: string; turn: number } {
  return { item, id, turn: turnOf(id, round) };
}

/** A hash of round and id, mixed once more so that similar ids get very different values. */
function turnOf(id: string, round: number): number {
  let hash = hashText(`${round} ${id}`);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0;
  return (hash ^ (hash >>> 13)) >>> 0;
}
