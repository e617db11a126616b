import type { StoredRecord } from '../../io/stores/store.ts';
import type { Subject } from '../../model/finding.ts';
import { type Part, partOf, partOfSubject } from '../../model/part.ts';

/**
 * Whether this record is one that the rounds of this part write. What belongs to no single cluster is the first part's,
 * and so is what a part of an earlier division has left.
 */
export function isOwnRecord(record: StoredRecord, { index, count }: Part): boolean {
  const owner = ownerOf(record, count);
  return (owner < count ? owner : 0) === index;
}

function ownerOf({ key: { partition, id }, value }: StoredRecord, count: number): number {
  if (partition.startsWith('clusters/')) return partOf(id, count);
  if (partition === 'incidents') return partOfSubject((value as { readonly subject: Subject }).subject, count);
  // A record of the watch's memory begins with the first id of its range.
  const [, from] = partition.startsWith('obs/') ? (/^[cm]\/(.*)$/u.exec(id) ?? []) : [];
  if (from !== undefined) return partOf(`${from}\0`, count);
  return numberIn(partition, id);
}

/** Records of which each part has its own have its number in their id. */
function numberIn(partition: string, id: string): number {
  const [, number] = numberedIds.find(([start]) => partition.startsWith(start))?.[1].exec(id) ?? [];
  return Number(number ?? 0);
}

/** By what the name of the partition begins with. */
const numberedIds: readonly (readonly [partition: string, id: RegExp])[] = [
  ['findings', /\/(\d+)-\d+$/u],
  ['obs/', /^head\/(\d+)$/u],
  ['obs-times', /^p(\d+)\//u],
  ['seen', /^watch\/(\d+)$/u],
];
