import type { Store, Version, Write } from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, putOver } from './change-record.ts';
import { readSchema1 } from './incident-records.ts';

/** When each incident was last known: a few records `0000`, `0001`, … of many keys each, rewritten by every pass. */
type TimesRecord = { readonly schema: 1; readonly times: Times };
type Times = { readonly [key: string]: EpochMs };

/** The versions under which the records were read; what replaces them conflicts with any other writer. */
export type ReadVersions = ReadonlyMap<string, Version>;

/** A record stays below 100 KB. */
const mostKeys = 700;
/** By the job that observes them: jobs do not write over each other's. */
const partitions = { watch: 'obs-times', deliver: 'obs-times/deliver' } as const;

export type TimesOwner = keyof typeof partitions;

export async function loadTimes(
  store: Store,
  owner: TimesOwner,
): Promise<{ readonly times: Times; readonly versions: ReadVersions }> {
  const records = await listAll(store, partitions[owner]);
  const times = records.flatMap((record) =>
    Object.entries((readSchema1(record) as TimesRecord | undefined)?.times ?? {}),
  );
  return { times: Object.fromEntries(times), versions: new Map(records.map(({ key, version }) => [key.id, version])) };
}

/** The records with these times, in place of all that were read. */
export function timesWrites(times: Times, versions: ReadVersions, owner: TimesOwner): readonly Write[] {
  const entries = Object.entries(times).sort(([a], [b]) => (a < b ? -1 : 1));
  const count = Math.max(1, Math.ceil(entries.length / mostKeys));
  const keyOf = (id: string) => ({ partition: partitions[owner], id });
  const puts = Array.from({ length: count }, (_, index): Write => {
    const some = Object.fromEntries(entries.slice(index * mostKeys, (index + 1) * mostKeys));
    const id = String(index).padStart(4, '0');
    return putOver(keyOf(id), { schema: 1, times: some } satisfies TimesRecord, versions.get(id));
  });
  const kept = new Set(puts.map(({ key }) => key.id));
  const rest = [...versions].filter(([id]) => !kept.has(id));
  return [...puts, ...rest.map(([id, version]): Write => ({ kind: 'deleteIfVersion', key: keyOf(id), version }))];
}
