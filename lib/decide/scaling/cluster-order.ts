import type { FinishedPool } from './finish-pool.ts';
import { deadlineOf } from './late.ts';
import type { RankedWant } from './plan-cluster.ts';
import type { PoolView } from './pool-view.ts';
import { isRaise } from './size.ts';

/** A cluster's order: raises before lowers (mixed bounds count as a raise), the earliest deadline first, then by name. */
export function rankWants(finished: readonly FinishedPool[], views: readonly PoolView[]): readonly RankedWant[] {
  const wants = finished.flatMap((pool) =>
    pool.want ? [{ ...pool.want, deadline: deadlineOf(pool.view, pool.memory, views) }] : [],
  );
  return wants.sort(
    (a, b) =>
      Number(b.raise) - Number(a.raise) || a.deadline - b.deadline || compareText(a.view.names.pool, b.view.names.pool),
  );
}

/** The same order before it is known what may be done; pools that are held whatever they should have come last. */
export function orderViews(views: readonly PoolView[]): readonly PoolView[] {
  const ranked = views.map((view) => ({
    view,
    held: Number(isHeldAnyway(view)),
    lower: Number(!(view.current !== undefined && view.target !== undefined && isRaise(view.current, view.target))),
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

/** A pool that is not changed now whatever its size: what it would be lowered by is not taken from the others. */
function isHeldAnyway({ pause, rule, block, memory }: PoolView): boolean {
  return pause !== undefined || rule.mode === 'observe' || block !== undefined || memory.stuck !== undefined;
}

/** By code units: the same order on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
