import type { Rule } from '../compiled-config.ts';
import type { Range, Says, Size, Term } from '../model.ts';
import { clampSize, equalSize, isRange, largest } from '../scaling/size.ts';

/**
 * A pool's scheduled size after limits, without a look at the pool: a number or bounds as the rule gives them, `observed
 * base` where the base is remembered, `untouched` where no rule with a schedule names the pool.
 */
export type Desired = { readonly size: number } | Range | 'observed base' | 'untouched';

/**
 * What the terms come to under a rule: the largest, each part for itself. A remembered base stands above any number
 * beside it, since it is the pool's full size and only the pool can tell it.
 */
export function resolveDesired(says: Says, rule: Rule): Desired {
  if (says.includes('base') && rule.base === 'remembered') return 'observed base';
  let size: Size | undefined;
  for (const term of says) {
    const own = termSize(term, rule);
    if (own !== undefined) size = size === undefined ? own : largest(size, own);
  }
  return size === undefined ? 'untouched' : toDesired(size);
}

/** One term in numbers, after limits; undefined for a remembered base. */
export function termSize(term: Term, rule: Rule): Size | undefined {
  const size = unlimitedSize(term, rule);
  return size === undefined ? undefined : clampSize(size, rule.limits);
}

/** One term in numbers as the rule writes it. */
export function unlimitedSize(term: Term, rule: Rule): Size | undefined {
  if (term === 'base') return rule.base === 'remembered' ? undefined : rule.base;
  return term === 'idle' ? rule.idle : term;
}

export function toDesired(size: Size): Exclude<Desired, string> {
  return isRange(size) ? { min: size.min, max: size.max } : { size };
}

export function isSameDesired(a: Desired, b: Desired): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return equalSize(asSize(a), asSize(b));
}

function asSize(desired: Exclude<Desired, string>): Size {
  return 'size' in desired ? desired.size : desired;
}
