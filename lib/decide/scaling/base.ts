import type { ObservedPool } from '../../model/cluster.ts';
import type { Rule } from '../../model/config.ts';
import { asPoolSize, clampSize, equalSize, isZero, lower, type Says, type Size, upper } from '../../model/size.ts';
import type { Away, Change, PoolMemory } from './memory.ts';

export type BaseView = {
  /** undefined = unknown. */
  readonly base: Size | undefined;
  readonly from: Away['from'];
  /** The observed size is the base, and is stored as such. */
  readonly isLearnt: boolean;
};

export type BaseInput = {
  readonly rule: Rule;
  readonly memory: PoolMemory;
  readonly autoscale: boolean;
  /** The size it was seen Running at; undefined while it is not Running or its size is unclear. */
  readonly running: Size | undefined;
  readonly says: Says;
  /** What the schedule says now, as far as known without a base. */
  readonly scheduledWithoutBase: Size | undefined;
  /** No lease, override, kept size or change in flight: the owner chose the observed size. */
  readonly isQuiet: boolean;
  /** The schedule says leave now and never says base: any size that somebody sets is the pool's full size. */
  readonly isOwnTime?: boolean;
  /**
   * For a size at base time that is not the remembered base: did the schedule say leave at any time since the pool got
   * it?
   */
  readonly wasLeft?: () => boolean;
};

/**
 * The base: the rule's own; else the one in `away`; else, at base time, the observed size (never 0 or idle); else the
 * remembered one; else the observed size, unless it is 0, idle or the scheduled size. For a schedule that never says
 * base, base time is while it says leave. In any other schedule, a size set during leave is no base (ADR 36).
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

/** A size that was set while the schedule said leave, when another base is known. */
function isOnlyLeft({ memory, running, wasLeft }: BaseInput): boolean {
  return memory.base !== undefined && !equalSize(memory.base, running) && wasLeft?.() === true;
}

/** The rule's own base within its limits; undefined if it has none, or in the wrong form. */
export function givenBase(rule: Rule, autoscale: boolean): Size | undefined {
  const base = rule.base === 'remembered' ? undefined : asPoolSize(rule.base, autoscale);
  return base === undefined ? undefined : clampSize(base, rule.limits);
}

/** The stored base: what the pool was scaled down from, else the remembered one; undefined = unknown. */
export function rememberedBase(memory: PoolMemory | undefined): Size | undefined {
  const away = memory?.away?.base;
  return away === undefined ? memory?.base : away === 'unknown' ? undefined : away;
}

/** The rule's own base, else the stored one: what is certain without the size that the pool has now. */
export function storedBase(rule: Rule, autoscale: boolean, memory: PoolMemory | undefined): Size | undefined {
  return rule.base === 'remembered' ? rememberedBase(memory) : givenBase(rule, autoscale);
}

/** The base as far as known without reading the pool: the rule's own, the stored one, else the size last seen. */
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

/** Base time: the schedule says base, and no other open window could be larger. */
export function isSaidAlone(says: Says): boolean {
  return says.includes('base') && says.every((term) => term === 'base' || term === 'idle');
}

/** An unknown base becomes known when, at base time, somebody set a size that is neither 0, idle nor ours. */
function baseWhileAway(input: BaseInput, away: Away, isBaseTime: boolean): BaseView {
  if (away.base !== 'unknown') {
    // A size from another rule was not chosen by a person: this rule's limits apply, and 0 is no base.
    const base = away.from === 'config' ? clampSize(away.base, input.rule.limits) : away.base;
    if (away.from !== 'config' || !isZero(base)) return { base, from: away.from, isLearnt: false };
  }
  const isPersons = isBaseTime && canBeBase(input) && !equalSize(input.running, input.memory.lastSet);
  return { base: isPersons ? input.running : undefined, from: 'person', isLearnt: isPersons };
}

/** 0 and the idle size are never a base, nor is a size that we sent and did not see applied. */
function canBeBase(input: BaseInput): boolean {
  const { running, rule, memory } = input;
  if (running === undefined) return false;
  if (memory.notApplied !== undefined && equalSize(memory.notApplied.target, running)) return false;
  return isFullSize(running, rule.idle, input.autoscale);
}

/**
 * The observed size, in the pool's own form. An absent size (or bound) is 0 only if we set 0 ourselves and have seen no
 * other size since; otherwise it is unknown, since MKS may omit both zeros and unknown values.
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
 * The same during a change: the pool may show either end of it, so an absent size is 0 if one end is 0. (Otherwise a
 * raise from 0 whose PUT was lost would never settle: the old size, omitted as before, would be unknown.)
 */
export function observedSizeDuring(
  pool: ObservedPool,
  memory: PoolMemory | undefined,
  { from, to }: Pick<Change, 'from' | 'to'>,
): Size | undefined {
  const seenAs = (lastSet: Size) => observedSize(pool, memory && { ...memory, lastSet, notApplied: undefined });
  return seenAs(to) ?? seenAs(from);
}

/** Does the answer omit a part of the size? Then `observedSize` can only be our own 0. */
export function isLeftOut({ autoscale, size, sizeMin, sizeMax }: SizeParts): boolean {
  return autoscale ? sizeMin === undefined || sizeMax === undefined : size === undefined;
}

type SizeParts = Pick<ObservedPool, 'autoscale' | 'size' | 'sizeMin' | 'sizeMax'>;

/** How many nodes an autoscaled pool lacks to its minimum; 0 if unknown. */
export function missingNodes(pool: Pick<ObservedPool, 'autoscale' | 'size'>, target: Size): number {
  return pool.autoscale && pool.size !== undefined ? Math.max(0, lower(target) - pool.size) : 0;
}

/** Does the pool have the nodes of its minimum? undefined = an autoscaled pool whose answer has no node count. */
export function hasNodes(pool: Pick<ObservedPool, 'autoscale' | 'size'>, target: Size): boolean | undefined {
  if (!pool.autoscale || lower(target) === 0) return true;
  return pool.size === undefined ? undefined : pool.size >= lower(target);
}

/** The pool's nodes now, as far as known: a fixed pool's size; an autoscaled pool's count, else its min. */
export function observedNodes(pool: ObservedPool): number {
  return pool.size ?? pool.sizeMin ?? 0;
}
