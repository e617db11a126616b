import type { ObservedPool, Size } from '../model.ts';
import type { Change, PoolMemory } from './memory.ts';
import { lower, upper } from './size.ts';

/**
 * The size a pool shows, in its own form. An absent size (or bound) is 0 only where we set 0 ourselves and have seen
 * nothing else since; otherwise it is unknown: MKS may leave zeros out, and may leave out what it does not know.
 */
export function observedSize(pool: ObservedPool, memory: PoolMemory | undefined): Size | undefined {
  const ours = [memory?.lastSet, memory?.notApplied?.target].filter((size) => size !== undefined);
  const absent = (part: (size: Size) => number) => (ours.some((size) => part(size) === 0) ? 0 : undefined);
  if (!pool.autoscale) return pool.size ?? absent(upper);
  const min = pool.sizeMin ?? absent(lower);
  const max = pool.sizeMax ?? absent(upper);
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
  const seenAs = (lastSet: Size) => observedSize(pool, memory && { ...memory, lastSet, notApplied: undefined });
  return seenAs(to) ?? seenAs(from);
}

/** Does the answer leave out a part of the size? What `observedSize` makes of that is our own 0, and nobody else's. */
export function isLeftOut({ autoscale, size, sizeMin, sizeMax }: SizeParts): boolean {
  return autoscale ? sizeMin === undefined || sizeMax === undefined : size === undefined;
}

type SizeParts = Pick<ObservedPool, 'autoscale' | 'size' | 'sizeMin' | 'sizeMax'>;

/** Nodes a pool has now, as far as it is known: a fixed pool's size; an autoscaled one's, else its min. */
export function observedNodes(pool: ObservedPool): number {
  return pool.size ?? pool.sizeMin ?? 0;
}
