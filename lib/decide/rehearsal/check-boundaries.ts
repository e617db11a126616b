import type { EpochMs, Size } from '../model.ts';
import { nextChange, saysAt, type Timeline } from '../schedule/timeline.ts';
import { type Resolver, resolveSays } from '../scaling/scheduled.ts';
import { isRaise, lower, upper } from '../scaling/size.ts';
import type { Stretch } from './rehearsed-pool.ts';

/** A boundary at which the schedule asks for more, and when the pool had it. */
export type BoundaryCheck = {
  readonly at: EpochMs;
  readonly wanted: Size;
  /** Running with at least what is wanted, at the boundary or after; undefined = not before the schedule changed again. */
  readonly readyAt: EpochMs | undefined;
  /** The rehearsal ended before that could be told. */
  readonly isOpen: boolean;
};

/** Every boundary in (from, to) at which a pool must grow: was it ready, and if not, how much later. */
export function checkBoundaries(
  timeline: Timeline,
  resolver: Resolver,
  stretches: readonly Stretch[],
  from: EpochMs,
  to: EpochMs,
): readonly BoundaryCheck[] {
  const checks: BoundaryCheck[] = [];
  let before = resolveSays(saysAt(timeline, from), resolver).size;
  for (let next = nextChange(timeline, from); next !== undefined && next.at < to; ) {
    const { at } = next;
    const { size: wanted, isWhole } = resolveSays(next.says, resolver);
    next = nextChange(timeline, at);
    const until = Math.min(next?.at ?? to, to);
    if (wanted !== undefined && isWhole && before !== undefined && isRaise(before, wanted)) {
      const readyAt = readyFrom(stretches, wanted, at, until);
      checks.push({ at, wanted, readyAt, isOpen: readyAt === undefined && until === to });
    }
    before = wanted;
  }
  return checks;
}

function readyFrom(stretches: readonly Stretch[], wanted: Size, at: EpochMs, until: EpochMs): EpochMs | undefined {
  for (let i = 0; i < stretches.length; i += 1) {
    const stretch = stretches[i] as Stretch;
    const end = stretches[i + 1]?.from ?? Number.POSITIVE_INFINITY;
    if (end <= at || !stretch.isRunning || !isEnough(stretch.size, wanted)) continue;
    const ready = Math.max(at, stretch.from);
    return ready < until ? ready : undefined;
  }
  return undefined;
}

function isEnough(size: Size | undefined, wanted: Size): boolean {
  return size !== undefined && lower(size) >= lower(wanted) && upper(size) >= upper(wanted);
}
