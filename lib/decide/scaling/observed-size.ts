import type { ObservedPool, Size } from '../model.ts';
import type { Change, PoolMemory } from './memory.ts';
import { lower, upper } from './size.ts';

/**
 * The size a pool shows, in its own form. An absent size (or bound) is 0 only where we set 0 ourselves; otherwise it is
 * unknown: MKS may leave zeros out, and may leave out what it does not know.
 */
export function observedSize(pool: ObservedPool, memory: PoolMemory | undefined): Size | undefined {
  const set = memory?.lastSet;
  if (!pool.autoscale) return pool.size ?? (set !== undefined && upper(set) === 0 ? 0 : undefined);
  const min = pool.sizeMin ?? (set !== undefined && lower(set) === 0 ? 0 : undefined);
  const max = pool.sizeMax ?? (set !== undefined && upper(set) === 0 ? 0 : undefined);
  return min === undefined || max === undefined ? undefined : { min, max };
}

/**
 * The same while a change is claimed: either end of it may be what is seen, so an absent size is 0 where one of them is.
 * (A raise from 0 whose PUT was lost would else never settle: the old size, left out as before, would be unknown.)
 */
export function observedSizeDuring(
  pool: ObservedPool,
  memory: PoolMemory | undefined,
  { from, to }: Pick<Change, 'from' | 'to'>,
): Size | undefined {
  const seenAs = (lastSet: Size) => observedSize(pool, memory && { ...memory, lastSet });
  return seenAs(to) ?? seenAs(from);
}

/** Nodes a pool has now, as far as it is known: a fixed pool's size; an autoscaled one's, else its min. */
export function observedNodes(pool: ObservedPool): number {
  return pool.size ?? pool.sizeMin ?? 0;
}
