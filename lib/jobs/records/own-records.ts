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
  const [, number] = numberedIds.find(([name]) => name.test(partition))?.[1].exec(id) ?? [];
  return Number(number ?? 0);
}

const numberedIds: readonly (readonly [partition: RegExp, id: RegExp])[] = [
  [/^findings$/u, /\/(\d{4,})-\d+$/u],
  [/^obs\//u, /^head\/(\d{4,})$/u],
  [/^obs-times$/u, /^p(\d{4,})\//u],
  [/^seen$/u, /^watch\/(\d{4,})$/u],
];
