import type { ObservedPool } from '../../model/cluster.ts';
import { clampSize, equalSize, isRange, lower, type Size, upper } from '../../model/size.ts';
import { clip } from '../../model/text.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { type PoolMemory, type Refusal, remember } from './memory.ts';

const firstCoolDownMs = 5 * minuteMs;
export const longestCoolDownMs = 20 * minuteMs;
const remembered = 2;
/** The server's text is cut, to keep the record and messages short. */
const mostDetail = 120;

export type NewRefusal = {
  readonly target: Size;
  readonly why: Refusal['why'];
  readonly detail: string;
  readonly poolUpdatedAt: EpochMs | undefined;
};

/**
 * A refusal starts a cool-down for this target of this pool: 5 min, doubling to 20 min. Other targets may be sent at
 * once.
 */
export function addRefusal(memory: PoolMemory, refusal: NewRefusal, now: EpochMs): PoolMemory {
  const known = refusalOf(memory, refusal.target);
  const count = (known?.count ?? 0) + 1;
  const isInvalid = refusal.why === 'invalid' || refusal.why === 'ignored';
  const next: Refusal = {
    ...refusal,
    detail: clip(refusal.detail, mostDetail),
    count,
    invalid: (known?.invalid ?? 0) + (isInvalid ? 1 : 0),
    ...(refusal.why !== 'invalid' && known !== undefined && saidInvalid(known) && { wasInvalid: true }),
    until: now + Math.min(firstCoolDownMs * 2 ** (count - 1), longestCoolDownMs),
    ruleHash: memory.ruleHash ?? '',
  };
  const others = (memory.refusals ?? []).filter((other) => !equalSize(other.target, refusal.target));
  return remember(memory, { refusals: [...others, next].slice(-remembered) });
}

/** At most one refusal is stored per target. */
export function refusalOf({ refusals }: Pick<PoolMemory, 'refusals'>, target: Size | undefined): Refusal | undefined {
  return target === undefined ? undefined : refusals?.find((one) => equalSize(one.target, target));
}

/** An end further away than the longest cool-down was written before the clock went back. */
export function isCoolingDown({ until }: Refusal, now: EpochMs): boolean {
  return now < until && until - now <= longestCoolDownMs;
}

/** A change as it affects the pool's own `size`. */
type BoundsChange = { readonly from: Size; readonly to: Size };

/**
 * The `size` to send with new bounds: only if the bounds were refused as invalid and the pool's own size lies outside
 * them, since the refusal may be about that (ADR 18). undefined = send it unchanged.
 */
export function sizeSentAlong(
  memory: Pick<PoolMemory, 'refusals'>,
  pool: Pick<ObservedPool, 'autoscale' | 'size'>,
  change: BoundsChange,
): number | undefined {
  const refusal = refusalOf(memory, change.to);
  if (refusal === undefined || !saidInvalid(refusal) || refusal.why === 'ignored') return undefined;
  return sizeWithin(pool, change);
}

/** A change that was accepted and not applied counts as invalid for the cool-down, but says nothing about the size. */
function saidInvalid({ why, wasInvalid }: Refusal): boolean {
  return why === 'invalid' || wasInvalid === true;
}

/** The nearest size within the new bounds, if the pool's own lies outside. */
export function sizeWithin(
  pool: Pick<ObservedPool, 'autoscale' | 'size'>,
  { from, to }: BoundsChange,
): number | undefined {
  if (!pool.autoscale || !isRange(to)) return undefined;
  const size = nodesUnder(pool, from);
  const within = size === undefined ? undefined : lower(clampSize(size, to));
  return within === size ? undefined : within;
}

/** An absent size is 0 if the bounds allow no other; otherwise it is unknown. */
export function nodesUnder({ size }: Pick<ObservedPool, 'size'>, bounds: Size): number | undefined {
  return size ?? (upper(bounds) === 0 ? 0 : undefined);
}
