/** The bounds of an autoscaled pool (`size_min`, `size_max` of MKS). min ≤ max. */
export type Range = { readonly min: number; readonly max: number };

/** A pin (a fixed pool's size; on an autoscaled pool min = max = n) or a range. */
export type Size = number | Range;

/**
 * What a window, a calendar day or an exception can say. `base` and `idle` are the rule's own two sizes; `leave` wants
 * nothing: the pool stays as it is (ADR 36).
 */
export type Term = 'base' | 'idle' | 'leave' | Size;

/**
 * What a schedule says at one instant: the terms of everything that is open and counts, without repetition, in a
 * canonical order. More than one term means "the largest, per part", which only the rule can resolve. `leave` stands
 * alone: beside anything that wants a size it adds nothing.
 */
export type Says = readonly Term[];

/** A size in the form its pool has: a number on a fixed pool, bounds on an autoscaled one; undefined = does not fit. */
export function asPoolSize(size: Size, autoscale: boolean): Size | undefined {
  if (isRange(size)) return autoscale ? size : undefined;
  return autoscale ? { min: size, max: size } : size;
}

export function isRange(size: Size): size is Range {
  return typeof size === 'object';
}

export function equalSize(a: Size | undefined, b: Size | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return lower(a) === lower(b) && upper(a) === upper(b) && isRange(a) === isRange(b);
}

/** The largest of both, each part for itself. Both must have the same form. */
export function largest(a: Size, b: Size): Size {
  if (!isRange(a) && !isRange(b)) return Math.max(a, b);
  return { min: Math.max(lower(a), lower(b)), max: Math.max(upper(a), upper(b)) };
}

/** Within limits, each part for itself. */
export function clampSize(size: Size, limits: { readonly min: number; readonly max: number | undefined }): Size {
  const clamp = (n: number) => Math.min(Math.max(n, limits.min), limits.max ?? Number.POSITIVE_INFINITY);
  return isRange(size) ? { min: clamp(size.min), max: clamp(size.max) } : clamp(size);
}

/** Each part goes up to `up` when it is below, down to `down` when it is above, and stays in between. */
export function approach(current: Size, up: Size, down: Size): Size {
  const part = (now: number, least: number, most: number) => (now < least ? least : now > most ? most : now);
  if (!isRange(current)) return part(current, lower(up), lower(down));
  return { min: part(current.min, lower(up), lower(down)), max: part(current.max, upper(up), upper(down)) };
}

/** Bounds that move both ways count as a raise: the raised part is the one somebody waits for. */
export function isRaise(from: Size, to: Size): boolean {
  return lower(to) > lower(from) || upper(to) > upper(from);
}

export function isLower(from: Size, to: Size): boolean {
  return lower(to) < lower(from) || upper(to) < upper(from);
}

/** Does the way from one size to another pass this one, ends included, each part for itself? */
export function isBetween(size: Size, from: Size, to: Size): boolean {
  const part = (n: number, a: number, b: number) => n >= Math.min(a, b) && n <= Math.max(a, b);
  return part(lower(size), lower(from), lower(to)) && part(upper(size), upper(from), upper(to));
}

export function isZero(size: Size): boolean {
  return upper(size) === 0;
}

/** The number, or a range's min: what a pool has for certain. */
export function lower(size: Size): number {
  return isRange(size) ? size.min : size;
}

/** The number, or a range's max. */
export function upper(size: Size): number {
  return isRange(size) ? size.max : size;
}

/** Of so many nodes, those that a size takes away for certain. */
export function nodesOver(nodes: number, size: Size): number {
  return Math.max(0, nodes - upper(size));
}

/** "3", "1..4". */
export function describeSize(size: Size | undefined): string {
  if (size === undefined) return 'unknown';
  return isRange(size) ? `${size.min}..${size.max}` : String(size);
}

/** Terms without repetition, in the one order that equal sets share: base, idle, numbers, ranges, leave. */
export function canonicalSays(terms: readonly Term[]): Says {
  const byKey = new Map(terms.map((term) => [termKey(term), term]));
  return [...byKey.values()].sort(compareTerms);
}

/** Does the schedule want nothing, so that the pool stays as it is? */
export function saysLeave(says: Says): boolean {
  return says.every((term) => term === 'leave');
}

/** Equal exactly when two instants say the same: "base", "base+3", "2-5". */
export function saysKey(says: Says): string {
  return says.map(termKey).join('+');
}

export function termKey(term: Term): string {
  return typeof term === 'object' ? `${term.min}-${term.max}` : String(term);
}

function compareTerms(a: Term, b: Term): number {
  const [kindA, minA, maxA] = rank(a);
  const [kindB, minB, maxB] = rank(b);
  return kindA - kindB || minA - minB || maxA - maxB;
}

function rank(term: Term): readonly [kind: number, min: number, max: number] {
  if (term === 'base') return [0, 0, 0];
  if (term === 'idle') return [1, 0, 0];
  if (term === 'leave') return [4, 0, 0];
  return typeof term === 'number' ? [2, term, term] : [3, term.min, term.max];
}
