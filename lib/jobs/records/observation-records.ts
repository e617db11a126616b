import type { EpochMs } from '../../decide/model.ts';
import type { DueMemory, RegionMemory, SeenCluster } from '../../decide/watching/pass.ts';
import type { Store, Version, Write } from '../../io/stores/store.ts';
import { listAll } from './cluster-records.ts';
import { plain, readSchema1 } from './incident-records.ts';

/** Memory of many clusters: partition `obs/<region>`, ids `0000`, `0001`, …; when each incident was last known: `obs-times`. */
type MemoryRecord = { readonly schema: 1; readonly clusters: readonly SeenCluster[]; readonly token?: DueMemory };
type TimesRecord = { readonly schema: 1; readonly times: { readonly [key: string]: EpochMs } };

/** The versions under which the records of a partition were read; what replaces them conflicts with any other writer. */
export type ReadVersions = ReadonlyMap<string, Version>;

/** A record stays below 100 KB: 250 clusters fit when they are small, and it is cut earlier when they are not. */
const mostClusters = 250;
const mostChars = 80_000;
const mostKeys = 700;
/** When incidents were last known, by the job that observes them: jobs do not write over each other's. */
const timesPartitions = { watch: 'obs-times', deliver: 'obs-times/deliver' } as const;

export type TimesOwner = keyof typeof timesPartitions;

export async function loadMemory(
  store: Store,
  region: string,
): Promise<{ readonly memory: RegionMemory; readonly versions: ReadVersions }> {
  const records = await listAll(store, memoryPartition(region));
  const readable = records.flatMap((record) => (readSchema1(record) as MemoryRecord | undefined) ?? []);
  const token = readable.find((record) => record.token !== undefined)?.token;
  const clusters = readable.flatMap((record) => record.clusters);
  const memory = { region, clusters, ...(token !== undefined && { token }) };
  return { memory, versions: new Map(records.map(({ key, version }) => [key.id, version])) };
}

export function memoryWrites({ region, clusters, token }: RegionMemory, versions: ReadVersions): readonly Write[] {
  const chunks = cut(clusters, mostClusters);
  const values = (chunks.length === 0 ? [[]] : chunks).map((some, index) => ({
    schema: 1,
    clusters: some,
    ...(index === 0 && token !== undefined && { token }),
  }));
  return replacing(memoryPartition(region), values, versions);
}

export async function loadTimes(
  store: Store,
  owner: TimesOwner,
): Promise<{ readonly times: { readonly [key: string]: EpochMs }; readonly versions: ReadVersions }> {
  const records = await listAll(store, timesPartitions[owner]);
  const times = records.flatMap((record) =>
    Object.entries((readSchema1(record) as TimesRecord | undefined)?.times ?? {}),
  );
  return { times: Object.fromEntries(times), versions: new Map(records.map(({ key, version }) => [key.id, version])) };
}

export function timesWrites(
  times: { readonly [key: string]: EpochMs },
  versions: ReadVersions,
  owner: TimesOwner,
): readonly Write[] {
  const entries = Object.entries(times).sort(([a], [b]) => (a < b ? -1 : 1));
  const chunks = cut(entries, mostKeys);
  const values = (chunks.length === 0 ? [[]] : chunks).map((some) => ({ schema: 1, times: Object.fromEntries(some) }));
  return replacing(timesPartitions[owner], values, versions);
}

function memoryPartition(region: string): string {
  return `obs/${region}`;
}

/** The records 0000 … with these values, in place of all that were read. */
function replacing(partition: string, values: readonly unknown[], versions: ReadVersions): readonly Write[] {
  const puts = values.map((value, index): Write => {
    const key = { partition, id: String(index).padStart(4, '0') };
    const version = versions.get(key.id);
    const put = { key, value: plain(value) };
    return version === undefined ? { kind: 'putIfAbsent', ...put } : { kind: 'putIfVersion', ...put, version };
  });
  const kept = new Set(puts.map(({ key }) => key.id));
  const rest = [...versions].filter(([id]) => !kept.has(id));
  return [
    ...puts,
    ...rest.map(([id, version]): Write => ({ kind: 'deleteIfVersion', key: { partition, id }, version })),
  ];
}

function cut<T>(items: readonly T[], most: number): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const length = JSON.stringify(item).length + 1;
    if (chars + length > mostChars || (parts.at(-1)?.length ?? 0) >= most) {
      parts.push([]);
      chars = 0;
    }
    parts.at(-1)?.push(item);
    chars += length;
  }
  return parts;
}
