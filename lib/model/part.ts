import type { Subject } from './finding.ts';

/** A large fleet is cut into parts, each a run of its own. `index` counts from 0. */
export type Part = { readonly index: number; readonly count: number };

export const whole: Part = { index: 0, count: 1 };

/** Ids after `after` and up to `until`, this one included; where one is missing there is no end. */
export type IdRange = { readonly after?: string; readonly until?: string };

/**
 * The ids of a part lie side by side, so that what a store keeps in their order is read and written by part alone. Ids of
 * clusters are UUIDs: their first 32 bits are as good as drawn, and parts are alike. Any other id is in one part as well.
 */
export function rangeOf({ index, count }: Part): IdRange {
  return {
    ...(index > 0 ? { after: endOf(index, count) } : {}),
    ...(index < count - 1 ? { until: endOf(index + 1, count) } : {}),
  };
}

/** The part that an id is in. */
export function partOf(id: string, count: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (id > endOf(middle + 1, count)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Which part looks after what is wrong with this subject: that of its cluster; the first one has regions and the fleet. */
export function partOfSubject(subject: Subject, count: number): number {
  return 'clusterId' in subject ? partOf(subject.clusterId, count) : 0;
}

/** Where the first so many parts of `count` end, as the eight hexadecimal digits that a UUID begins with. */
function endOf(parts: number, count: number): string {
  return Math.floor((parts / count) * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
