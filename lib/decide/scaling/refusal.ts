import { equalSize, type Size } from '../../model/size.ts';
import { clip } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { type PoolMemory, type Refusal, remember } from './memory.ts';

const firstCoolDownMs = 5 * 60_000;
const longestCoolDownMs = 20 * 60_000;
const remembered = 2;
/** A server may explain at any length; the record and the sentences stay short. */
const mostDetail = 120;

export type NewRefusal = {
  readonly target: Size;
  readonly why: Refusal['why'];
  readonly detail: string;
  readonly poolUpdatedAt: EpochMs | undefined;
};

/** A refusal starts a cool-down for this target of this pool: 5 min, doubling to 20 min. Another target is free at once. */
export function addRefusal(memory: PoolMemory, refusal: NewRefusal, now: EpochMs): PoolMemory {
  const known = refusalOf(memory, refusal.target);
  const count = (known?.count ?? 0) + 1;
  const isInvalid = refusal.why === 'invalid' || refusal.why === 'ignored';
  const next: Refusal = {
    ...refusal,
    detail: clip(refusal.detail, mostDetail),
    count,
    invalid: (known?.invalid ?? 0) + (isInvalid ? 1 : 0),
    until: now + Math.min(firstCoolDownMs * 2 ** (count - 1), longestCoolDownMs),
    ruleHash: memory.ruleHash ?? '',
  };
  const others = (memory.refusals ?? []).filter((other) => !equalSize(other.target, refusal.target));
  return remember(memory, { refusals: [...others, next].slice(-remembered) });
}

/** At most one is remembered for each target. */
export function refusalOf({ refusals }: Pick<PoolMemory, 'refusals'>, target: Size | undefined): Refusal | undefined {
  return target === undefined ? undefined : refusals?.find((one) => equalSize(one.target, target));
}

/** An end further away than any cool-down lasts was written before the clock went back. */
export function isCoolingDown({ until }: Refusal, now: EpochMs): boolean {
  return now < until && until - now <= longestCoolDownMs;
}
