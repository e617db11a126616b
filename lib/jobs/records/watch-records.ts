import type { EndDateMemory, RegionMemory, Seen, SeenCluster } from '../../decide/watching/watch-memory.ts';
import {
  compareIds,
  type Key,
  type Store,
  type StoredRecord,
  type Version,
  type Write,
} from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, putOver } from './change-record.ts';
import { readSchema1 } from './incident-records.ts';

/**
 * What the watch remembers of a region: partition `obs/<region>`, records `c/<id>` of neighbouring clusters (each holds
 * the ids from its own on, up to the next record's) and one `head`. Nearly everything was accepted in the last pass: that
 * instant stands in the head, and only exceptions carry their own. So a quiet pass writes the head and nothing else.
 */
type HeadRecord = { readonly schema: 1; readonly at: EpochMs; readonly token?: EndDateMemory };
type ChunkRecord = { readonly schema: 1; readonly clusters: readonly ShortCluster[] };

/** `acceptedAt` is left out where it is the head's. */
type Short<T extends Seen> = Omit<T, 'acceptedAt'> & { readonly acceptedAt?: EpochMs };
type ShortCluster = Omit<Short<SeenCluster>, 'pools'> & { readonly pools: readonly Short<Seen>[] };

/** A region's memory as it was read. What replaces a record conflicts with any other writer. */
export type StoredMemory = {
  readonly head: StoredRecord | undefined;
  /** In order of id. */
  readonly chunks: readonly Chunk[];
};

/** The clusters from id `from` on. */
type Chunk = { readonly from: string; readonly text: string; readonly version: Version };

/** A record takes 100 KB, a commit 4 MB and 100 writes; a character may be three bytes. What is cut leaves some room. */
const mostCharsOfRecord = 30_000;
const charsOfPart = 20_000;
const mostCharsOfCommit = 1_200_000;
const mostWritesOfCommit = 90;
const emptyText = textOf([]);

export async function loadMemory(
  store: Store,
  region: string,
): Promise<{ readonly memory: RegionMemory; readonly stored: StoredMemory }> {
  const records = await listAll(store, partitionOf(region));
  const head = records.find(({ key }) => key.id === 'head');
  const { at = 0, token } = headOf(head) ?? {};
  const read = records.filter(({ key }) => key.id.startsWith('c/'));
  const clusters = read.flatMap((record, index) => {
    const next = read[index + 1]?.key.id;
    const some = (readSchema1(record) as ChunkRecord | undefined)?.clusters ?? [];
    // What was cut off while the shorter record was not yet stored stands in both.
    return next === undefined ? some : some.filter(({ id }) => compareIds(`c/${id}`, next) < 0);
  });
  const memory = { region, clusters: clusters.map((cluster) => long(cluster, at)), ...(token && { token }) };
  const chunks = read.map(({ key, value, version }) => {
    return { from: key.id.slice(2), text: JSON.stringify(value), version };
  });
  return { memory, stored: { head, chunks } };
}

/**
 * The commits that store this memory, in their order; none where nothing changed. Each is right by itself: one that is
 * not reached costs a pass. `words` about a cluster (by id) go into the commit that remembers what they say.
 */
export function memoryCommits(
  { region, clusters, token }: RegionMemory,
  stored: StoredMemory,
  words: ReadonlyMap<string, readonly Write[]>,
): readonly (readonly Write[])[] {
  const before = headOf(stored.head)?.at ?? 0;
  const at = clusters.flatMap(({ acceptedAt, pools }) => [acceptedAt, ...pools.map((pool) => pool.acceptedAt)]);
  const head: HeadRecord = { schema: 1, at: at.reduce((a, b) => Math.max(a, b), before), ...(token && { token }) };
  const units = groupsOf(clusters, stored.chunks, words)
    .flatMap((group) => {
      const [first, ...rest] = chunkWrites(region, group, head.at);
      return [...rest.map((write) => [write]), [...(first ? [first] : []), ...group.words]];
    })
    .filter(({ length }) => length > 0);
  if (units.length === 0 && JSON.stringify(head) === JSON.stringify(stored.head?.value)) return [];
  const used = new Set(units.flat().map(({ key }) => key.id));
  const useless = stored.chunks
    .filter(({ from, text }) => from !== '' && text === emptyText && !used.has(`c/${from}`))
    .slice(0, mostWritesOfCommit - 1)
    .map(({ from, version }): Write => ({ kind: 'deleteIfVersion', key: chunkKey(region, from), version }));
  const headKey = { partition: partitionOf(region), id: 'head' };
  return inCommits([...units, [putOver(headKey, head, stored.head?.version), ...useless]]);
}

function headOf(record: StoredRecord | undefined): HeadRecord | undefined {
  return record && (readSchema1(record) as HeadRecord | undefined);
}

/** What lies from one chunk's id to the next one's. */
type Group = {
  readonly from: string;
  readonly chunk: Chunk | undefined;
  readonly clusters: SeenCluster[];
  readonly words: Write[];
};

function groupsOf(
  clusters: readonly SeenCluster[],
  chunks: readonly Chunk[],
  words: ReadonlyMap<string, readonly Write[]>,
): readonly Group[] {
  const groups = chunks.map((chunk): Group => ({ from: chunk.from, chunk, clusters: [], words: [] }));
  if (groups[0]?.from !== '') groups.unshift({ from: '', chunk: undefined, clusters: [], words: [] });
  const groupOf = (id: string) => groups.findLast(({ from }) => compareIds(from, id) <= 0);
  for (const cluster of clusters) groupOf(cluster.id)?.clusters.push(cluster);
  for (const [id, said] of words) groupOf(id)?.words.push(...said);
  return groups;
}

/** The records of a group that differ from what is stored: none, one, or several where it has grown too long. */
function chunkWrites(region: string, { from, chunk, clusters }: Group, at: EpochMs): readonly Write[] {
  const shorts = clusters.map((cluster) => short(cluster, at)).sort((a, b) => compareIds(a.id, b.id));
  const text = textOf(shorts);
  if (text === (chunk?.text ?? emptyText)) return [];
  const parts = text.length <= mostCharsOfRecord ? [shorts] : cut(shorts);
  return parts.map((part, index) => {
    const key = chunkKey(region, index === 0 ? from : (part[0]?.id ?? ''));
    return putOver(key, { schema: 1, clusters: part } satisfies ChunkRecord, index === 0 ? chunk?.version : undefined);
  });
}

function cut(clusters: readonly ShortCluster[]): readonly (readonly ShortCluster[])[] {
  const parts: ShortCluster[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const cluster of clusters) {
    const { length } = JSON.stringify(cluster);
    if (chars + length > charsOfPart) {
      parts.push([]);
      chars = 0;
    }
    parts.at(-1)?.push(cluster);
    chars += length;
  }
  return parts;
}

/** Whole units together, as many as a commit takes. */
function inCommits(units: readonly (readonly Write[])[]): readonly (readonly Write[])[] {
  const commits: Write[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const unit of units) {
    const { length } = JSON.stringify(unit);
    if (chars + length > mostCharsOfCommit || (commits.at(-1)?.length ?? 0) + unit.length > mostWritesOfCommit) {
      commits.push([]);
      chars = 0;
    }
    commits.at(-1)?.push(...unit);
    chars += length;
  }
  return commits;
}

function short(cluster: SeenCluster, at: EpochMs): ShortCluster {
  const without = <T extends Seen>({ acceptedAt, ...rest }: T) => (acceptedAt === at ? rest : { ...rest, acceptedAt });
  return { ...without(cluster), pools: cluster.pools.map(without) };
}

function long({ pools, ...cluster }: ShortCluster, at: EpochMs): SeenCluster {
  return { acceptedAt: at, ...cluster, pools: pools.map((pool) => ({ acceptedAt: at, ...pool })) };
}

function textOf(clusters: readonly ShortCluster[]): string {
  return JSON.stringify({ schema: 1, clusters } satisfies ChunkRecord);
}

function partitionOf(region: string): string {
  return `obs/${region}`;
}

function chunkKey(region: string, from: string): Key {
  return { partition: partitionOf(region), id: `c/${from}` };
}

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
