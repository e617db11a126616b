import type { EpochMs, Size } from '../model.ts';
import type { Pending } from './memory.ts';
import { equalSize, isBetween } from './size.ts';

/**
 * What is wanted now and not reached, and since when. Whoever asks for more does not make a pool punctual that has been
 * short for hours: what was wanted before, on the same way, stays owed since then.
 */
export function pendingFor(
  before: Pending | undefined,
  current: Size | undefined,
  target: Size,
  now: EpochMs,
): Pending {
  if (before === undefined || current === undefined || equalSize(current, target)) return { target, since: now };
  const { owed, ...last } = before;
  const earlier = owed === undefined ? [last] : [owed, last];
  const open = earlier.filter((wish) => !equalSize(wish.target, current));
  const beyond = open.find((wish) => isBetween(target, current, wish.target));
  const onTheWay = open.find((wish) => isBetween(wish.target, current, target) && wish !== beyond);
  const since = beyond?.since ?? now;
  return onTheWay !== undefined && onTheWay.since < since ? { target, since, owed: onTheWay } : { target, since };
}

/** Since when the pool has been short of something: of what was owed first, until it is there. */
export function owedSince({ target, since, owed }: Pending, current: Size | undefined): EpochMs {
  if (owed === undefined || current === undefined || equalSize(owed.target, current)) return since;
  return isBetween(owed.target, current, target) ? owed.since : since;
}
