import type { ObservedPool } from '../../model/cluster.ts';
import type { Rule } from '../../model/config.ts';
import { asPoolSize, clampSize, equalSize, isZero, lower, type Says, type Size, upper } from '../../model/size.ts';
import type { Away, Change, PoolMemory } from './memory.ts';

export type BaseView = {
  /** undefined = unknown. */
  readonly base: Size | undefined;
  readonly from: Away['from'];
  /** What is seen is the base and is to be remembered as such. */
  readonly isLearnt: boolean;
};

export type BaseInput = {
  readonly rule: Rule;
  readonly memory: PoolMemory;
  readonly autoscale: boolean;
  /** Seen Running at this size; undefined while the pool is not Running or its size is unclear. */
  readonly running: Size | undefined;
  readonly says: Says;
  /** What the schedule says now, as far as it can be told without a base. */
  readonly scheduledWithoutBase: Size | undefined;
  /** No lease, override, kept size or change in flight: what is seen is nobody's doing but the owner's. */
  readonly isQuiet: boolean;
  /** The schedule leaves the pool alone now and never says base: whatever somebody gives it is its full size. */
  readonly isOwnTime?: boolean;
  /** Asked at base time of a size that is not the remembered base: has the schedule left the pool alone since it has it? */
  readonly wasLeft?: () => boolean;
};

/**
 * The base: given by the rule; else what `away` holds; else, at base time, what is seen (0 and idle are never a base);
 * else what was remembered; else what is seen, unless it is 0, idle or the scheduled size. A schedule that never says base
 * has its base time while it says leave; in any other, a size that the pool got while it was left alone is none (ADR 36).
 */
export function findBase(input: BaseInput): BaseView {
  const { rule, memory } = input;
  if (rule.base !== 'remembered') return { base: givenBase(rule, input.autoscale), from: 'config', isLearnt: false };
  const isBaseTime = isSaidAlone(input.says) && input.isQuiet;
  if (input.isOwnTime && input.isQuiet && canBeBase(input) && !equalSize(input.running, memory.lastSet))
    return { base: input.running, from: 'remembered', isLearnt: true };
  if (memory.away) return baseWhileAway(input, memory.away, isBaseTime);
  if (isBaseTime && canBeBase(input) && !isOnlyLeft(input))
    return { base: input.running, from: 'remembered', isLearnt: true };
  if (memory.base !== undefined) return { base: memory.base, from: 'remembered', isLearnt: false };
  const isGuessable = canBeBase(input) && !equalSize(input.running, input.scheduledWithoutBase);
  return { base: isGuessable ? input.running : undefined, from: 'observed', isLearnt: false };
}

/** A size from a time in which the schedule left the pool alone, while its base is another one, and known. */
function isOnlyLeft({ memory, running, wasLeft }: BaseInput): boolean {
  return memory.base !== undefined && !equalSize(memory.base, running) && wasLeft?.() === true;
}

/** The base that a rule gives, within its limits; undefined where it gives none, or one of the other kind. */
export function givenBase(rule: Rule, autoscale: boolean): Size | undefined {
  const base = rule.base === 'remembered' ? undefined : asPoolSize(rule.base, autoscale);
  return base === undefined ? undefined : clampSize(base, rule.limits);
}

/** The base that a memory holds: what the pool is away from, else what was remembered; undefined = unknown. */
export function rememberedBase(memory: PoolMemory | undefined): Size | undefined {
  const away = memory?.away?.base;
  return away === undefined ? memory?.base : away === 'unknown' ? undefined : away;
}

/** The base as far as it is known without a look at the pool: given by the rule, held by the memory, else what was seen. */
export function baseOf(
  rule: Pick<Rule, 'base' | 'idle'> | undefined,
  memory: PoolMemory | undefined,
): Size | undefined {
  if (rule !== undefined && rule.base !== 'remembered') return rule.base;
  const isUnknown = memory?.away?.base === 'unknown';
  return rememberedBase(memory) ?? (memory && !isUnknown ? seenAsBase(memory, rule?.idle) : undefined);
}

/** 0 and the idle size are never a base. */
function seenAsBase({ seen, autoscale }: PoolMemory, idle: Size | undefined): Size | undefined {
  return seen === undefined || !isFullSize(seen.size, idle, autoscale) ? undefined : seen.size;
}

function isFullSize(size: Size, idle: Size | undefined, autoscale: boolean): boolean {
  if (isZero(size)) return false;
  return idle === undefined || !equalSize(size, asPoolSize(idle, autoscale));
}

/** Base time: the base is said, and no other window's size stands beside it that might be more. */
export function isSaidAlone(says: Says): boolean {
  return says.includes('base') && says.every((term) => term === 'base' || term === 'idle');
}

/** An unknown base is known again when, at base time, somebody has set a size that is neither 0, idle nor ours. */
function baseWhileAway(input: BaseInput, away: Away, isBaseTime: boolean): BaseView {
  if (away.base !== 'unknown') {
    // What another rule gave is no person's size: this rule's limits hold for it, and 0 is no base to remember.
    const base = away.from === 'config' ? clampSize(away.base, input.rule.limits) : away.base;
    if (away.from !== 'config' || !isZero(base)) return { base, from: away.from, isLearnt: false };
  }
  const isPersons = isBaseTime && canBeBase(input) && !equalSize(input.running, input.memory.lastSet);
  return { base: isPersons ? input.running : undefined, from: 'person', isLearnt: isPersons };
}

/** 0 and the idle size are never a base, nor is what we sent ourselves and did not see arrive. */
function canBeBase(input: BaseInput): boolean {
  const { running, rule, memory } = input;
  if (running === undefined) return false;
  if (memory.notApplied !== undefined && equalSize(memory.notApplied.target, running)) return false;
  return isFullSize(running, rule.idle, input.autoscale);
}

/**
 * The size a pool shows, in its own form. An absent size (or bound) is 0 only where we set 0 ourselves and have seen
 * nothing else since; otherwise it is unknown: MKS may leave zeros out, and may leave out what it does not know.
 */
export function observedSize(pool: SizeParts, memory: PoolMemory | undefined): Size | undefined {
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

/** Of an autoscaled pool that says how many nodes it has: how many its minimum is short of; 0 where nobody knows. */
export function missingNodes(pool: Pick<ObservedPool, 'autoscale' | 'size'>, target: Size): number {
  return pool.autoscale && pool.size !== undefined ? Math.max(0, lower(target) - pool.size) : 0;
}

/** Are the nodes there that its minimum wants? undefined = an autoscaled pool whose answer does not say how many it has. */
export function hasNodes(pool: Pick<ObservedPool, 'autoscale' | 'size'>, target: Size): boolean | undefined {
  if (!pool.autoscale || lower(target) === 0) return true;
  return pool.size === undefined ? undefined : pool.size >= lower(target);
}

/** Nodes a pool has now, as far as it is known: a fixed pool's size; an autoscaled one's, else its min. */
export function observedNodes(pool: ObservedPool): number {
  return pool.size ?? pool.sizeMin ?? 0;
}
