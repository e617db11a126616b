/** The bounds of an autoscaled pool (`size_min`, `size_max` of MKS). min ≤ max. */
export type Range = { readonly min: number; readonly max: number };

/** A fixed size (on an autoscaled pool min = max = n) or a range. */
export type Size = number | Range;

/**
 * What a window, a calendar day or an exception can say. `base` and `idle` are the rule's own two sizes; `leave` wants
 * no size: the pool stays as it is (ADR 36).
 */
export type Term = 'base' | 'idle' | 'leave' | Size;

/**
 * What a schedule says at one instant: the terms of everything that is open and counts, each once, in canonical order.
 * Several terms mean the largest, per part, which only the rule can resolve. `leave` is always alone, since any size
 * beats it.
 */
export type Says = readonly Term[];

/** A size in the pool's form: a number for a fixed pool, bounds for an autoscaled one; undefined = does not fit. */
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

/** The larger of both, per part. Both must have the same form. */
export function largest(a: Size, b: Size): Size {
  if (!isRange(a) && !isRange(b)) return Math.max(a, b);
  return { min: Math.max(lower(a), lower(b)), max: Math.max(upper(a), upper(b)) };
}

/** Within limits, per part. */
export function clampSize(size: Size, limits: { readonly min: number; readonly max: number | undefined }): Size {
  const clamp = (n: number) => Math.min(Math.max(n, limits.min), limits.max ?? Number.POSITIVE_INFINITY);
  return isRange(size) ? { min: clamp(size.min), max: clamp(size.max) } : clamp(size);
}

/** Each part is raised to `up` if below, lowered to `down` if above, and otherwise unchanged. */
export function approach(current: Size, up: Size, down: Size): Size {
  const part = (now: number, least: number, most: number) => (now < least ? least : now > most ? most : now);
  if (!isRange(current)) return part(current, lower(up), lower(down));
  return { min: part(current.min, lower(up), lower(down)), max: part(current.max, upper(up), upper(down)) };
}

/** Bounds that move both ways count as a raise, since somebody waits for the raised part. */
export function isRaise(from: Size, to: Size): boolean {
  return lower(to) > lower(from) || upper(to) > upper(from);
}

export function isLower(from: Size, to: Size): boolean {
  return lower(to) < lower(from) || upper(to) < upper(from);
}

/** Does a change from one size to another pass this one, ends included, per part? */
export function isBetween(size: Size, from: Size, to: Size): boolean {
  const part = (n: number, a: number, b: number) => n >= Math.min(a, b) && n <= Math.max(a, b);
  return part(lower(size), lower(from), lower(to)) && part(upper(size), upper(from), upper(to));
}

export function isZero(size: Size): boolean {
  return upper(size) === 0;
}

/** The number, or a range's min: the certain nodes. */
export function lower(size: Size): number {
  return isRange(size) ? size.min : size;
}

/** The number, or a range's max. */
export function upper(size: Size): number {
  return isRange(size) ? size.max : size;
}

/** How many of these nodes certainly go at this size. */
export function nodesOver(nodes: number, size: Size): number {
  return Math.max(0, nodes - upper(size));
}

/** "3", "1..4". */
export function describeSize(size: Size | undefined): string {
  if (size === undefined) return 'unknown';
  return isRange(size) ? `${size.min}..${size.max}` : String(size);
}

/** Each term once, in canonical order: base, idle, numbers, ranges, leave. */
export function canonicalSays(terms: readonly Term[]): Says {
  const byKey = new Map(terms.map((term) => [termKey(term), term]));
  return [...byKey.values()].sort(compareTerms);
}

/** Does the schedule want no size, so that the pool stays as it is? */
export function saysLeave(says: Says): boolean {
  return says.every((term) => term === 'leave');
}

/** A key that is equal exactly if two instants say the same: "base", "base+3", "2-5". */
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
