import { createHash } from 'node:crypto';
import { isFromFuture } from '../../decide/stored-time.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import { compareIds, type Key, mostWrites, type Store, type StoredRecord, type Write } from '../../io/stores/store.ts';
import { type Part, whole } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import { isRecord, listAll, numbered, putOver } from './change-record.ts';

/**
 * What the last scaling round of a region (or part) found: partition `findings`, ids `<region>/<part>-<chunk>`. The
 * watch reads it and turns findings into incidents. For a large fleet, the lists of clusters and node counts are
 * separate records, in `looked`, written only when they change: a quiet round of 1,000 clusters writes 1 KB.
 */
const partition = 'findings';
const listsPartition = 'looked';
/** A record stays well below 100 KB. */
const chunkChars = 60_000;
/** Up to this size, a round is one record including its lists. */
const mostInline = 8_000;

const listNames = ['checkedClusters', 'nodes'] as const;
type ListName = (typeof listNames)[number];

/** A round without the lists that may be separate. */
export type RoundHead = Omit<RoundFindings, ListName>;

/** The newest round of each part, with the records they were read from. */
export type ListedRounds = {
  readonly rounds: readonly RoundFindings[];
  readonly records: readonly StoredRecord[];
};

/** The newest round of each part of a region. */
export async function listRoundFindings(store: Store, region: string): Promise<readonly RoundFindings[]> {
  return (await withLists(store, region, undefined, await listRounds(store, region), listNames)).rounds;
}

/** `isEach`: the clusters of every part are needed (the default). `listed`: what `listRounds` read just now. */
export type OwnRounds = { readonly isEach?: boolean; readonly listed?: ListedRounds | undefined };

/**
 * The previous rounds, with the clusters that they read and without node counts. A part only needs its own, unless the
 * fleet was divided differently then.
 */
export async function listOwnRounds(
  store: Store,
  region: string,
  part: Part = whole,
  { isEach = true, listed }: OwnRounds = {},
): Promise<ListedRounds> {
  const names = isEach ? (['checkedClusters'] as const) : [];
  if (part.count > 1) {
    const prefix = prefixOf(region, part.index);
    const own = listed ? startingWith(listed, prefix) : await listAll(store, partition, { prefix });
    const rounds = roundsIn(own, region);
    const isSameCut = rounds.some((round) => round.shard.count === part.count);
    if (isSameCut) return withLists(store, region, part.index, { rounds, records: own }, names);
  }
  return withLists(store, region, undefined, listed ?? (await listRounds(store, region)), names);
}

function startingWith({ records }: Pick<ListedRounds, 'records'>, prefix: string): readonly StoredRecord[] {
  return records.filter(({ key }) => key.id.startsWith(prefix));
}

/** The node counts that rounds have seen, by `nodesKey`. */
export function nodesOfRounds(rounds: readonly RoundFindings[]): ReadonlyMap<string, number> {
  return new Map(
    rounds.flatMap(({ region, nodes = [] }) => nodes.map(([poolId, count]) => [nodesKey(region, poolId), count])),
  );
}

/** An id is a pool's own in one region only. */
export function nodesKey(region: string, poolId: string): string {
  return `${region}\n${poolId}`;
}

/** The same without their lists, which are long and change rarely. */
export async function listRoundHeads(store: Store, region: string): Promise<readonly RoundHead[]> {
  return (await listRounds(store, region)).rounds;
}

/** The heads with their records, for `listOwnRounds` and `writeRoundFindings`, which need not read them again. */
export async function listRounds(store: Store, region: string): Promise<ListedRounds> {
  const records = await listAll(store, partition, { prefix: prefixOf(region, undefined) });
  return { rounds: roundsIn(records, region), records };
}

function roundsIn(records: readonly StoredRecord[], region: string): readonly RoundFindings[] {
  const parts = new Map<string, RoundFindings>();
  for (const record of records) {
    const round = readRound(record);
    if (round === undefined || round.region !== region) continue;
    const part = partOfId(record.key.id);
    parts.set(part, joined(parts.get(part), round));
  }
  return [...parts.values()];
}

type ListRecord = { readonly of?: string } & { readonly [name in ListName]?: readonly unknown[] };

async function withLists(
  store: Store,
  region: string,
  part: number | undefined,
  { rounds, records }: ListedRounds,
  names: readonly ListName[],
): Promise<ListedRounds> {
  const wanted = names.filter((name) => rounds.some(({ lists }) => lists?.[name] !== undefined));
  if (wanted.length === 0) return { rounds, records };
  // Of one part alone each list is a range of its own.
  const prefixes = part === undefined ? [prefixOf(region, part)] : wanted.map((name) => prefixOf(region, part) + name);
  const pages = await Promise.all(prefixes.map((prefix) => listAll(store, listsPartition, { prefix })));
  return { rounds: rounds.map((round) => withItsLists(round, pages.flat(), wanted)), records };
}

/** If a list's mark differs from the head's, the list is unknown: another process wrote in between. */
function withItsLists(
  round: RoundFindings,
  records: readonly StoredRecord[],
  names: readonly ListName[],
): RoundFindings {
  const prefix = prefixOf(round.region, round.shard.index);
  const lists = names.flatMap((name) => {
    const mark = round.lists?.[name];
    if (mark === undefined) return [];
    const own = records.filter(({ key }) => key.id.startsWith(`${prefix}${name}-`)).map(listOf);
    return [[name, own.flatMap((list) => (list.of === mark ? (list[name] ?? []) : []))]];
  });
  return { ...round, ...(Object.fromEntries(lists) as Partial<RoundFindings>) };
}

function listOf({ value }: StoredRecord): ListRecord {
  return isRecord(value) ? value : {};
}

/**
 * Replaces the findings of this region and part. Resolves to false if the stored round is newer, or another process
 * stores one meanwhile. `listed`: what was read of the previous rounds when this one began. If nobody wrote since then,
 * as usual, they are not read again.
 */
export async function writeRoundFindings(
  store: Store,
  given: RoundFindings,
  listed?: Pick<ListedRounds, 'records'>,
): Promise<boolean> {
  const round = inOrder(given);
  const prefix = prefixOf(round.region, round.shard.index);
  const early = listed && (await replaceRound(store, round, startingWith(listed, prefix)));
  if (early !== undefined && early !== 'conflict') return early === 'stored';
  return (await replaceRound(store, round, await listAll(store, partition, { prefix }))) === 'stored';
}

async function replaceRound(
  store: Store,
  round: RoundFindings,
  stored: readonly StoredRecord[],
): Promise<'stored' | 'conflict' | 'older'> {
  const prefix = prefixOf(round.region, round.shard.index);
  const known = stored.map(readRound);
  if (known.some((one) => isNewer(one?.at ?? 0, round.at))) return 'older';
  const storedLists = known.find((one) => one?.lists !== undefined)?.lists;
  const apart = await listsApart(store, round, storedLists);
  const head = { ...round, ...apart.head };
  const counts = apart.nodes.map(async (write) => (await store.commit([write])).kind);
  if ((await Promise.all(counts)).includes('conflict')) return 'conflict';
  const chunks = chunksOf(head).slice(0, mostWrites / 2);
  const versions = new Map(stored.map(({ key, version }) => [key.id, version]));
  const puts = chunks.map((chunk, index) => {
    const key = keyOf(prefix, index);
    return putOver(key, chunk, versions.get(key.id));
  });
  const kept = new Set(puts.map(({ key }) => key.id));
  const leftovers = [...stored.filter(({ key }) => !kept.has(key.id)), ...apart.leftovers];
  const deletes = leftovers.map(({ key, version }): Write => ({ kind: 'deleteIfVersion', key, version }));
  const outcome = await store.commit([...puts, ...apart.clusters, ...deletes].slice(0, mostWrites));
  return outcome.kind === 'committed' ? 'stored' : 'conflict';
}

/** Sorted, so that the order of reading makes no difference. */
function inOrder(round: RoundFindings): RoundFindings {
  const checkedClusters = round.checkedClusters.toSorted(compareIds);
  const nodes = (round.nodes ?? []).toSorted(([a], [b]) => compareIds(a, b));
  return { ...round, checkedClusters, nodes };
}

type Apart = {
  readonly head: Partial<RoundFindings>;
  /** Stored with the head: which clusters were read decides what is known. */
  readonly clusters: readonly Write[];
  /** Stored before the head, each alone, which costs half as much: node counts are only for display. */
  readonly nodes: readonly Write[];
  readonly leftovers: readonly StoredRecord[];
};

/** The marks of a round's lists, and the writes for those that changed. A small round keeps its lists inside. */
async function listsApart(store: Store, round: RoundFindings, stored: RoundFindings['lists']): Promise<Apart> {
  if (JSON.stringify([round.checkedClusters, round.nodes]).length <= mostInline)
    return { head: {}, clusters: [], nodes: [], leftovers: [] };
  const lists = { checkedClusters: markOf(round.checkedClusters), nodes: markOf(round.nodes) };
  const listOf = async (name: ListName) =>
    stored?.[name] === lists[name] ? undefined : replaceList(store, round, name, lists[name]);
  const [clusters, nodes] = [await listOf('checkedClusters'), await listOf('nodes')];
  return {
    head: { checkedClusters: [], nodes: [], lists },
    clusters: clusters?.writes ?? [],
    nodes: nodes?.writes ?? [],
    leftovers: [...(clusters?.leftovers ?? []), ...(nodes?.leftovers ?? [])],
  };
}

/** Equal lists have equal marks, so a list need not be read to be compared. */
function markOf(list: unknown): string {
  return createHash('sha256').update(JSON.stringify(list)).digest('hex').slice(0, 16);
}

async function replaceList(
  store: Store,
  round: RoundFindings,
  name: ListName,
  mark: string,
): Promise<{ readonly writes: readonly Write[]; readonly leftovers: readonly StoredRecord[] }> {
  const prefix = `${prefixOf(round.region, round.shard.index)}${name}-`;
  const known = await listAll(store, listsPartition, { prefix });
  const writes = cut<unknown>(round[name] ?? []).map((some, index) => {
    const id = `${prefix}${numbered(index)}`;
    const version = known.find(({ key }) => key.id === id)?.version;
    return putOver({ partition: listsPartition, id }, { schema: 1, of: mark, [name]: some }, version);
  });
  return { writes, leftovers: known.slice(writes.length) };
}

/** A round in the future was written by a clock that ran ahead: it is replaced. */
function isNewer(at: EpochMs, than: EpochMs): boolean {
  return at > than && !isFromFuture(at, than);
}

/** All chunks of a round have its time; older ones are left over from a longer round. */
function joined(one: RoundFindings | undefined, other: RoundFindings): RoundFindings {
  if (one === undefined || other.at > one.at) return other;
  if (other.at < one.at) return one;
  const checkedClusters = [...one.checkedClusters, ...other.checkedClusters];
  const nodes = [...(one.nodes ?? []), ...(other.nodes ?? [])];
  const ahead = {
    ...((one.coming ?? other.coming) && { coming: [...(one.coming ?? []), ...(other.coming ?? [])] }),
    ...((one.verdicts ?? other.verdicts) && { verdicts: [...(one.verdicts ?? []), ...(other.verdicts ?? [])] }),
  };
  return { ...one, checkedClusters, findings: [...one.findings, ...other.findings], nodes, ...ahead };
}

/** As many records as the findings need. */
function chunksOf(round: RoundFindings): readonly RoundFindings[] {
  if (JSON.stringify(round).length <= chunkChars) return [round];
  const { coming = [], verdicts = [], ...rest } = round;
  const nothing = { ...rest, checkedClusters: [], nodes: [], findings: [] };
  const [first, ...more] = [
    ...cut(round.findings).map((findings) => ({ findings })),
    ...cut(coming).map((some) => ({ coming: some })),
    ...cut(verdicts).map((some) => ({ verdicts: some })),
  ];
  return [{ ...rest, findings: [], ...first }, ...more.map((some) => ({ ...nothing, ...some }))];
}

function cut<T>(items: readonly T[]): readonly (readonly T[])[] {
  const parts: T[][] = [];
  let chars = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const length = JSON.stringify(item).length + 1;
    if (chars + length > chunkChars) {
      parts.push([]);
      chars = 0;
    }
    parts.at(-1)?.push(item);
    chars += length;
  }
  return parts;
}

function prefixOf(region: string, part: number | undefined): string {
  return part === undefined ? `${region}/` : `${region}/${numbered(part)}-`;
}

function keyOf(prefix: string, index: number): Key {
  return { partition, id: `${prefix}${numbered(index)}` };
}

function partOfId(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}

function readRound({ value }: StoredRecord): RoundFindings | undefined {
  const round = value as unknown as Partial<RoundFindings> | null;
  const isReadable = round?.schema === 1 && Array.isArray(round.findings) && Array.isArray(round.checkedClusters);
  return isReadable ? (round as RoundFindings) : undefined;
}
