import type { EpochMs, ObservedPool, Size } from '../model.ts';
import type { Change } from './memory.ts';
import { equalSize, isRaise } from './size.ts';

/** A PUT that was accepted may take a while to show: before this, the old size proves nothing. */
const notAppliedAfterMs = 4 * 60_000;
const vanishedAfterMs = 10 * 60_000;
/** Two machines' clocks differ by less than this. */
const clocksDifferMs = 5 * 60_000;

export type Settlement =
  | { readonly kind: 'done'; readonly tookMs: number }
  /** Running at another size: a person's change. */
  | { readonly kind: 'superseded'; readonly size: Size }
  /** Applied, and put back to the old size by somebody. */
  | { readonly kind: 'undone'; readonly size: Size }
  | { readonly kind: 'not-applied' }
  /** Nothing shows what became of it: no answer has the pool any more, or its answers have no size. */
  | { readonly kind: 'vanished' }
  | { readonly kind: 'stuck' }
  | { readonly kind: 'wait' };

/**
 * What a fresh observation says about a claimed change. `running` = the size, only when the pool is seen Running.
 * A mark outlives every crash, so what is seen decides and never what was answered. `missingSince` = since when no answer
 * has shown the pool.
 */
export function settleChange(
  change: Change,
  pool: ObservedPool | undefined,
  running: Size | undefined,
  now: EpochMs,
  stuckAfterMs: number,
  missingSince?: EpochMs,
): Settlement {
  const age = ageOf(change, now);
  if (pool === undefined) return hasVanished(missingSince, now) ? { kind: 'vanished' } : { kind: 'wait' };
  if (running === undefined) {
    if (age < stuckAfterMs) return { kind: 'wait' };
    return { kind: pool.status === 'Running' ? 'vanished' : 'stuck' };
  }
  if (equalSize(running, change.to)) return { kind: 'done', tookMs: tookMs(change, pool, now) };
  if (!equalSize(running, change.from)) return { kind: 'superseded', size: running };
  if (age < notAppliedAfterMs) return { kind: 'wait' };
  // An autoscaled pool is touched by its autoscaler all day, and a raise taken for undone would leave a pool at 0 in
  // silence: neither is held against people. In doubt, a pool stays up.
  const mayBeUndone = !pool.autoscale && !isRaise(change.from, change.to);
  const isTouched = mayBeUndone && pool.updatedAt !== undefined && pool.updatedAt > change.claimedAt;
  return isTouched ? { kind: 'undone', size: running } : { kind: 'not-applied' };
}

/** One answer may leave a pool out; for so long none does. A time from the future was written before the clock went back. */
function hasVanished(missingSince: EpochMs | undefined, now: EpochMs): boolean {
  return missingSince !== undefined && Math.abs(now - missingSince) >= vanishedAfterMs;
}

/** A raise ends when the pool was last updated, if that lies between claim and look; else when we looked. */
function tookMs(change: Change, pool: ObservedPool, now: EpochMs): number {
  const updated = pool.updatedAt;
  const end = updated !== undefined && updated > change.claimedAt && updated <= now ? updated : now;
  return Math.max(0, end - change.claimedAt);
}

/** A claim from further ahead than clocks differ was made before the clock went back: nobody knows how old it is. */
function ageOf({ claimedAt }: Change, now: EpochMs): number {
  return claimedAt > now + clocksDifferMs ? Number.POSITIVE_INFINITY : now - claimedAt;
}
