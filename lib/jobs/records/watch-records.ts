import type { EndDateMemory, RegionMemory, Seen, SeenCluster } from '../../decide/watching/watch-memory.ts';
import {
  compareIds,
  type Key,
  type Store,
  type StoredRecord,
  type Version,
  type Write,
} from '../../io/stores/store.ts';
import { type IdRange, isInPart, type Part, rangeOf, whole } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, numbered, putOver, readSchema1 } from './change-record.ts';

/**
 * What the watch remembers of a region: partition `obs/<region>`, records `c/<id>` of neighbouring clusters (each holds
 * the ids from its own up to the next record's) and one `head`. Nearly everything was accepted in the last round: that
 * time is in the head, and only exceptions have their own. So a quiet round writes only the head. If only an
 * `updatedAt` changed, as autoscalers cause all day, only these times are written, to `m/<id>`, by index in the record
 * `c/<id>` of that version. A part of a large fleet has its own head, and its records begin at the start of its range.
 */
type HeadRecord = { readonly schema: 1; readonly at: EpochMs; readonly token?: EndDateMemory };
/** `head`: the id of the head that it was written with; absent = `head`. */
type ChunkRecord = { readonly schema: 1; readonly clusters: readonly ShortCluster[]; readonly head?: string };
type MovesRecord = { readonly schema: 1; readonly of: Version; readonly updatedAt: Moved };
/** The index among a record's clusters, each followed by its pools, and the new `updatedAt`. */
type Moved = readonly (readonly [place: number, updatedAt: EpochMs])[];

/** `acceptedAt` is omitted if it is the head's. */
type Short<T extends Seen> = Omit<T, 'acceptedAt'> & { readonly acceptedAt?: EpochMs };
type ShortCluster = Omit<Short<SeenCluster>, 'pools'> & { readonly pools: readonly Short<Seen>[] };

/** The memory of a region or part as it was read. A write conflicts with any other writer. */
export type StoredMemory = {
  readonly part: Part;
  readonly head: StoredRecord | undefined;
  /** In order of id. */
  readonly chunks: readonly Chunk[];
};

/** The clusters from id `from` on. */
type Chunk = {
  readonly from: string;
  /** As they are stored. */
  readonly stored: readonly ShortCluster[];
  readonly text: string;
  readonly version: Version;
  readonly moves: StoredRecord | undefined;
  /** Clusters of the next part: they stay in this record until that part has stored them. */
  readonly others: readonly SeenCluster[];
};

/** A record takes 100 KB, a commit 4 MB and 100 writes; a character may be three bytes. The limits leave some room. */
const mostCharsOfRecord = 30_000;
const charsOfPart = 20_000;
const mostWritesOfCommit = 90;

export async function loadMemory(
  store: Store,
  region: string,
  part: Part = whole,
): Promise<{ readonly memory: RegionMemory; readonly stored: StoredMemory }> {
  const { heads, records, moves } = await readRecords(store, region, part);
  const head = heads.find(({ key }) => key.id === headIdOf(part));
  const ats = new Map(heads.map((one) => [one.key.id, headOf(one)?.at]));
  const { token } = headOf(head) ?? {};
  const isOwn = ({ id }: SeenCluster) => isInPart(id, part);
  const read = records.map((record, index) => {
    const chunk = readChunk(record, records[index + 1]?.key.id, moves);
    const all = chunk.clusters.map((cluster) => long(cluster, ats.get(chunk.head) ?? 0));
    return { ...chunk, clusters: all.filter(isOwn), others: all.filter((cluster) => !isOwn(cluster)) };
  });
  const clusters = read.flatMap((chunk) => chunk.clusters);
  const { after = '', until } = rangeOf(part);
  const chunks = read.filter(({ from }) => from >= after && (until === undefined || from < until));
  return { memory: { region, clusters, ...(token && part.index === 0 && { token }) }, stored: { head, part, chunks } };
}

type Records = {
  readonly heads: readonly StoredRecord[];
  /** In order of id; the one after them too, where there is one. */
  readonly records: readonly StoredRecord[];
  readonly moves: readonly StoredRecord[];
};

async function readRecords(store: Store, region: string, part: Part): Promise<Records> {
  const partition = partitionOf(region);
  if (part.count === 1) {
    const all = await listAll(store, partition);
    const startingWith = (start: string) => all.filter(({ key }) => key.id.startsWith(start));
    return { heads: startingWith('head'), records: startingWith('c/'), moves: startingWith('m/') };
  }
  const range = rangeOf(part);
  const [heads, records] = await Promise.all([
    listAll(store, partition, { after: 'hea', until: 'head/\uffff' }),
    listRange(store, partition, 'c/', range),
  ]);
  const isDrawn = records[0]?.key.id === `c/${borderOf(part)}`;
  // If no record begins at the start of the range yet, its clusters are in an earlier one: then all records up to there
  // are read, once.
  const { until } = range;
  const from: IdRange = isDrawn ? range : until === undefined ? {} : { until };
  return {
    heads,
    records: isDrawn ? records : await listRange(store, partition, 'c/', from),
    moves: await listRange(store, partition, 'm/', from),
  };
}

/** The records of a range of ids, from the one at its beginning on to the one at its end. */
async function listRange(
  store: Store,
  partition: string,
  start: string,
  { after, until }: IdRange,
): Promise<readonly StoredRecord[]> {
  const end = until === undefined ? `${start}\uffff` : start + until;
  return listAll(store, partition, { after: justBefore(start + (after ?? '')), until: end });
}

/** A list begins after an id, so this returns an id just before it. */
function justBefore(id: string): string {
  const last = id.length - 1;
  return `${id.slice(0, last)}${String.fromCharCode(id.charCodeAt(last) - 1)}\uffff`;
}

function readChunk(
  record: StoredRecord,
  next: string | undefined,
  moves: readonly StoredRecord[],
): Omit<Chunk, 'others'> & { readonly head: string; readonly clusters: readonly ShortCluster[] } {
  const { key, value, version } = record;
  const from = key.id.slice(2);
  const { clusters: stored = [], head = 'head' } = (readSchema1(record) as ChunkRecord | undefined) ?? {};
  const own = moves.find((one) => one.key.id === `m/${from}`);
  const moved = new Map(movedOf(own, version));
  let place = -1;
  const move = <T extends Short<Seen>>(seen: T): T => {
    const updatedAt = moved.get((place += 1));
    return updatedAt === undefined ? seen : { ...seen, updatedAt };
  };
  // While the shortened record was not stored yet, both records hold the same clusters.
  const clusters = stored
    .map((cluster) => ({ ...move(cluster), pools: cluster.pools.map(move) }))
    .filter(({ id }) => next === undefined || compareIds(`c/${id}`, next) < 0);
  return { from, head, stored, text: JSON.stringify(value), version, moves: own, clusters };
}

/** Only for exactly this version of the record: a newer one has newer times. */
function movedOf(moves: StoredRecord | undefined, version: Version): Moved {
  const record = moves && (readSchema1(moves) as MovesRecord | undefined);
  return record?.of === version ? record.updatedAt : [];
}

/**
 * The commits that store this memory, in order; none if nothing changed. Each is valid alone: if a later one fails,
 * that costs a round. `words` about a cluster (by id) go into the commit that stores its memory. Everything else is
 * written alone if possible, since a write in a transaction costs twice as much.
 */
export function memoryCommits(
  { region, clusters, token }: RegionMemory,
  stored: StoredMemory,
  words: ReadonlyMap<string, readonly Write[]>,
): readonly (readonly Write[])[] {
  const before = headOf(stored.head)?.at ?? 0;
  const at = clusters.flatMap(({ acceptedAt, pools }) => [acceptedAt, ...pools.map((pool) => pool.acceptedAt)]);
  const ofRegion = token && stored.part.index === 0 ? { token } : {};
  const head: HeadRecord = { schema: 1, at: at.reduce((a, b) => Math.max(a, b), before), ...ofRegion };
  const units = groupsOf(clusters, stored, words)
    .flatMap((group) => {
      const [first, ...rest] = chunkWrites(region, group, headIdOf(stored.part), head.at);
      return [...rest.map((write) => [write]), [...(first ? [first] : []), ...group.words]];
    })
    .filter(({ length }) => length > 0);
  if (units.length === 0 && JSON.stringify(head) === JSON.stringify(stored.head?.value)) return [];
  const used = new Set(units.flat().map(({ key }) => key.id));
  const useless = stored.chunks
    .filter((one) => one.from !== borderOf(stored.part) && one.stored.length === 0 && !used.has(`c/${one.from}`))
    .flatMap(({ from, version, moves }): readonly Write[] => [
      { kind: 'deleteIfVersion', key: keyOf(region, 'c', from), version },
      ...(moves ? [{ kind: 'deleteIfVersion', key: moves.key, version: moves.version } as const] : []),
    ])
    .slice(0, mostWritesOfCommit - 1);
  const headKey = { partition: partitionOf(region), id: headIdOf(stored.part) };
  return [...units, [putOver(headKey, head, stored.head?.version), ...useless]];
}

function headOf(record: StoredRecord | undefined): HeadRecord | undefined {
  return record && (readSchema1(record) as HeadRecord | undefined);
}

/** The clusters from one chunk's id to the next one's. `isBorder`: the record is needed even if it is empty. */
type Group = {
  readonly from: string;
  readonly chunk: Chunk | undefined;
  readonly clusters: SeenCluster[];
  readonly words: Write[];
  readonly isBorder: boolean;
};

function groupsOf(
  clusters: readonly SeenCluster[],
  { chunks, part }: StoredMemory,
  words: ReadonlyMap<string, readonly Write[]>,
): readonly Group[] {
  const group = (from: string, chunk?: Chunk): Group => {
    return { from, chunk, clusters: [], words: [], isBorder: part.index > 0 && from === borderOf(part) };
  };
  const groups = chunks.map((chunk) => group(chunk.from, chunk));
  if (groups[0]?.from !== borderOf(part)) groups.unshift(group(borderOf(part)));
  const groupOf = (id: string) => groups.findLast(({ from }) => compareIds(from, id) <= 0);
  for (const cluster of clusters) groupOf(cluster.id)?.clusters.push(cluster);
  for (const [id, said] of words) groupOf(id)?.words.push(...said);
  return groups;
}

/** The records of a group that changed: none, one, or several if it has grown too long. */
function chunkWrites(region: string, group: Group, headId: string, at: EpochMs): readonly Write[] {
  const { from, chunk, clusters, isBorder } = group;
  const all = [...clusters, ...(chunk?.others ?? [])].map((cluster) => short(cluster, at));
  const shorts = all.sort((a, b) => compareIds(a.id, b.id));
  const moved = chunk && movesBetween(chunk, shorts, headId);
  if (chunk && moved) {
    if (JSON.stringify(moved) === JSON.stringify(movedOf(chunk.moves, chunk.version))) return [];
    const record: MovesRecord = { schema: 1, of: chunk.version, updatedAt: moved };
    return [putOver(keyOf(region, 'm', from), record, chunk.moves?.version)];
  }
  if (chunk === undefined && shorts.length === 0 && !isBorder) return [];
  const isShort = JSON.stringify(shorts).length <= mostCharsOfRecord;
  return (isShort ? [shorts] : cut(shorts)).map((some, index) => {
    const key = keyOf(region, 'c', index === 0 ? from : (some[0]?.id ?? ''));
    return putOver(key, recordOf(some, headId), index === 0 ? chunk?.version : undefined);
  });
}

/** The times that changed, if nothing else did; undefined = something else did. */
function movesBetween(chunk: Chunk, shorts: readonly ShortCluster[], headId: string): Moved | undefined {
  const flat = (all: readonly ShortCluster[]): readonly Short<Seen>[] => all.flatMap((one) => [one, ...one.pools]);
  const [before, after] = [flat(chunk.stored), flat(shorts)];
  let place = -1;
  const back = <T extends Short<Seen>>(seen: T): T => {
    const updatedAt = before[(place += 1)]?.updatedAt;
    return updatedAt === undefined || seen.updatedAt === undefined ? seen : { ...seen, updatedAt };
  };
  const unmoved = shorts.map((cluster) => ({ ...back(cluster), pools: cluster.pools.map(back) }));
  if (JSON.stringify(recordOf(unmoved, headId)) !== chunk.text) return undefined;
  return after.flatMap(({ updatedAt = 0 }, i) => (updatedAt === (before[i]?.updatedAt ?? 0) ? [] : [[i, updatedAt]]));
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

function short(cluster: SeenCluster, at: EpochMs): ShortCluster {
  const without = <T extends Seen>({ acceptedAt, ...rest }: T) => (acceptedAt === at ? rest : { ...rest, acceptedAt });
  return { ...without(cluster), pools: cluster.pools.map(without) };
}

function long({ pools, ...cluster }: ShortCluster, at: EpochMs): SeenCluster {
  return { acceptedAt: at, ...cluster, pools: pools.map((pool) => ({ acceptedAt: at, ...pool })) };
}

function recordOf(clusters: readonly ShortCluster[], headId: string): ChunkRecord {
  return { schema: 1, clusters, ...(headId !== 'head' && { head: headId }) };
}

function partitionOf(region: string): string {
  return `obs/${region}`;
}

function keyOf(region: string, kind: 'c' | 'm', from: string): Key {
  return { partition: partitionOf(region), id: `${kind}/${from}` };
}

/** Where the records of a part begin. */
function borderOf(part: Part): string {
  return rangeOf(part).after ?? '';
}

/** The first part uses the head of the whole region. */
function headIdOf({ index }: Part): string {
  return index === 0 ? 'head' : `head/${numbered(index)}`;
}
