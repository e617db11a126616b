import type { Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import { type Part, whole } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, numbered, putOver, readSchema1 } from './change-record.ts';

/**
 * When each incident was last observed: a few records `0000`, `0001`, … of many keys each, rewritten by every round.
 * Later parts of a large fleet have their own, `p0003/0000`; keys in none of those belong to the first part.
 */
type TimesRecord = { readonly schema: 1; readonly times: Times };
type Times = { readonly [key: string]: EpochMs };

export type KnownTimes = {
  readonly times: Times;
  /** Versions of this part's records only; a write conflicts with any other writer. */
  readonly versions: ReadonlyMap<string, Version>;
  /** Keys that no record of another part holds. */
  readonly unclaimed: Times;
};

/** A record stays below 100 KB. */
const mostKeys = 700;
const partition = 'obs-times';

export async function loadTimes(store: Store, part: Part = whole): Promise<KnownTimes> {
  const records = await listAll(store, partition);
  const isOwn = ({ key }: StoredRecord) => isOfPart(key.id, part);
  const [own, others] = [records.filter(isOwn), records.filter((record) => !isOwn(record))];
  const elsewhere = newest(others);
  const known = newest(own);
  const unclaimed = Object.fromEntries(Object.entries(known).filter(([key]) => !(key in elsewhere)));
  return {
    times: newest(records),
    versions: new Map(own.map(({ key, version }) => [key.id, version])),
    unclaimed: part.index === 0 ? unclaimed : {},
  };
}

/** After the division changed, the first part takes over old records. */
function isOfPart(id: string, { index, count }: Part): boolean {
  const [, of] = /^p(\d+)\//u.exec(id) ?? [];
  const owner = of === undefined || Number(of) >= count ? 0 : Number(of);
  return owner === index;
}

function newest(records: readonly StoredRecord[]): Times {
  const times: { [key: string]: EpochMs } = {};
  for (const record of records)
    for (const [key, at] of Object.entries((readSchema1(record) as TimesRecord | undefined)?.times ?? {}))
      times[key] = Math.max(at, times[key] ?? at);
  return times;
}

/** The writes that replace this part's records with these times. */
export function timesWrites(times: Times, { versions }: KnownTimes, { index: part }: Part = whole): readonly Write[] {
  const start = part === 0 ? '' : `p${numbered(part)}/`;
  const entries = Object.entries(times);
  const count = Math.max(1, Math.ceil(entries.length / mostKeys));
  const keyOf = (id: string) => ({ partition, id });
  const puts = Array.from({ length: count }, (_, index): Write => {
    const some = Object.fromEntries(entries.slice(index * mostKeys, (index + 1) * mostKeys));
    const id = start + numbered(index);
    return putOver(keyOf(id), { schema: 1, times: some } satisfies TimesRecord, versions.get(id));
  });
  const kept = new Set(puts.map(({ key }) => key.id));
  const rest = [...versions].filter(([id]) => !kept.has(id));
  return [...puts, ...rest.map(([id, version]): Write => ({ kind: 'deleteIfVersion', key: keyOf(id), version }))];
}
