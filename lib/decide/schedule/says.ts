import type { Says, Term } from '../model.ts';

/** Terms without repetition, in the one order that equal sets share: base, idle, numbers, ranges. */
export function canonicalSays(terms: readonly Term[]): Says {
  const byKey = new Map(terms.map((term) => [termKey(term), term]));
  return [...byKey.values()].sort(compareTerms);
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
  return typeof term === 'number' ? [2, term, term] : [3, term.min, term.max];
}
