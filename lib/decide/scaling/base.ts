import type { Rule } from '../compiled-config.ts';
import type { Says, Size } from '../model.ts';
import type { Away, PoolMemory } from './memory.ts';
import { asPoolSize, clampSize, equalSize, isZero } from './size.ts';

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
};

/**
 * The base: given by the rule; else what `away` holds; else, at base time, what is seen (0 and idle are never a base);
 * else what was remembered; else what is seen, unless it is 0, idle or the scheduled size.
 */
export function findBase(input: BaseInput): BaseView {
  const { rule, memory } = input;
  if (rule.base !== 'remembered') return { base: givenBase(rule, input.autoscale), from: 'config', isLearnt: false };
  const isBaseTime = isSaidAlone(input.says) && input.isQuiet;
  if (memory.away) return baseWhileAway(input, memory.away, isBaseTime);
  if (isBaseTime && canBeBase(input)) return { base: input.running, from: 'remembered', isLearnt: true };
  if (memory.base !== undefined) return { base: memory.base, from: 'remembered', isLearnt: false };
  const isGuessable = canBeBase(input) && !equalSize(input.running, input.scheduledWithoutBase);
  return { base: isGuessable ? input.running : undefined, from: 'observed', isLearnt: false };
}

/** The base that a rule gives, within its limits; undefined where it gives none, or one of the other kind. */
export function givenBase(rule: Rule, autoscale: boolean): Size | undefined {
  const base = rule.base === 'remembered' ? undefined : asPoolSize(rule.base, autoscale);
  return base === undefined ? undefined : clampSize(base, rule.limits);
}

/** Base time: the base is said, and no other window's size stands beside it that might be more. */
export function isSaidAlone(says: Says): boolean {
  return says.includes('base') && says.every((term) => term === 'base' || term === 'idle');
}

/** An unknown base is known again when, at base time, somebody has set a size that is neither 0, idle nor ours. */
function baseWhileAway(input: BaseInput, away: Away, isBaseTime: boolean): BaseView {
  if (away.base !== 'unknown') {
    // What another rule gave is no person's size: this rule's limits hold for it.
    const base = away.from === 'config' ? clampSize(away.base, input.rule.limits) : away.base;
    return { base, from: away.from, isLearnt: false };
  }
  const isPersons = isBaseTime && canBeBase(input) && !equalSize(input.running, input.memory.lastSet);
  return { base: isPersons ? input.running : undefined, from: 'person', isLearnt: isPersons };
}

/** 0 and the idle size are never a base, nor is what we sent ourselves and did not see arrive. */
function canBeBase(input: BaseInput): boolean {
  const { running, rule, memory } = input;
  if (running === undefined || isZero(running)) return false;
  if (memory.notApplied !== undefined && equalSize(memory.notApplied.target, running)) return false;
  return rule.idle === undefined || !equalSize(running, asPoolSize(rule.idle, input.autoscale));
}
