import type { Subject } from './finding.ts';

/** A large fleet is divided into parts; each has its own run. `index` counts from 0. */
export type Part = { readonly index: number; readonly count: number };

export const whole: Part = { index: 0, count: 1 };

/** Ids after `after` up to and including `until`; absent = no limit. */
export type IdRange = { readonly after?: string; readonly until?: string };

/**
 * The ids of a part form a range, so that a store's sorted records can be read and written per part. Cluster ids are
 * UUIDs, whose first 32 bits are practically random, so parts have similar sizes. Any other id belongs to a part too.
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

/** Is this id in the part? The whole fleet has them all. */
export function isInPart(id: string, { index, count }: Part = whole): boolean {
  return partOf(id, count) === index;
}

/** The part responsible for this subject: its cluster's; the first part has regions and the fleet. */
export function partOfSubject(subject: Subject, count: number): number {
  return 'clusterId' in subject ? partOf(subject.clusterId, count) : 0;
}

/** The upper ends of the first parts of `count`, as the eight hexadecimal digits that a UUID begins with. */
function endOf(parts: number, count: number): string {
  return Math.floor((parts / count) * 2 ** 32)
    .toString(16)
    .padStart(8, '0');
}
