import type { Opening } from './openings.ts';

/** Overlapping and touching stretches joined; the given ones are in the order of their starts. */
export function joinOpenings(openings: readonly Opening[]): readonly Opening[] {
  const joined: Opening[] = [];
  for (const { from, to } of openings) {
    const last = joined.at(-1);
    if (last !== undefined && from <= last.to)
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else joined.push({ from, to });
  }
  return joined;
}
