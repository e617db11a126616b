import type { EpochMs, ObservedPool } from '../model.ts';
import type { PoolMemory } from './memory.ts';

/** Older answers in a row are ignored for at most this long: after that, time is better evidence than `updated_at`. */
export const staleForMs = 30 * 60_000;

/** Since when all answers have been older than the one that showed the size last seen; undefined = this one is not. */
export function olderSince(memory: PoolMemory, pool: ObservedPool, now: EpochMs): EpochMs | undefined {
  const seenAt = memory.seen?.updatedAt;
  if (seenAt === undefined || pool.updatedAt === undefined || pool.updatedAt >= seenAt) return undefined;
  return memory.olderSince ?? now;
}

/** An answer that is older than one seen before shows the past: it settles nothing, and is nobody's change. */
export function isStale(memory: PoolMemory, pool: ObservedPool, now: EpochMs): boolean {
  const since = olderSince(memory, pool, now);
  return since !== undefined && Math.abs(now - since) <= staleForMs;
}
