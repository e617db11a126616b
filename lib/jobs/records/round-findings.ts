import { isFromFuture } from '../../decide/stored-time.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { Key, Store, StoredRecord, Write } from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import { listAll, putOver } from './change-record.ts';

/**
 * What the last scaling round of a region (or of one shard of it) found: partition `findings`, ids
 * `<region>/<shard>-<chunk>`. This is how findings of a scaling round reach the watch, and incidents.
 */
const partition = 'findings';
/** A record stays well below 100 KB. */
const chunkChars = 60_000;
const mostWrites = 100;

/** The newest round of each shard of a region, or of one of them. */
export async function listRoundFindings(
  store: Store,
  region: string,
  shard?: number,
): Promise<readonly RoundFindings[]> {
  const prefix = shard === undefined ? `${region}/` : prefixOf(region, shard);
  const records = await listAll(store, partition, { prefix });
  const shards = new Map<string, RoundFindings>();
  for (const record of records) {
    const round = readRound(record);
    if (round === undefined || round.region !== region) continue;
    const shard = shardOfId(record.key.id);
    shards.set(shard, joined(shards.get(shard), round));
  }
  return [...shards.values()];
}

/**
 * Replaces the findings of this region and shard. A round that is older than the stored one, or that another process
 * overtakes, changes nothing and resolves to false.
 */
export async function writeRoundFindings(store: Store, round: RoundFindings): Promise<boolean> {
  const prefix = prefixOf(round.region, round.shard.index);
  const stored = await listAll(store, partition, { prefix });
  if (stored.some((record) => isNewer(readRound(record)?.at ?? 0, round.at))) return false;
  const chunks = chunksOf(round).slice(0, mostWrites / 2);
  const versions = new Map(stored.map(({ key, version }) => [key.id, version]));
  const puts = chunks.map((chunk, index) => {
    const key = keyOf(prefix, index);
    return putOver(key, chunk, versions.get(key.id));
  });
  const kept = new Set(puts.map(({ key }) => key.id));
  const leftovers = stored.filter(({ key }) => !kept.has(key.id)).slice(0, mostWrites - puts.length);
  const deletes = leftovers.map(({ key, version }): Write => ({ kind: 'deleteIfVersion', key, version }));
  const outcome = await store.commit([...puts, ...deletes]);
  return outcome.kind === 'committed';
}

/** One from the future was written by a clock that ran ahead: it is replaced. */
function isNewer(at: EpochMs, than: EpochMs): boolean {
  return at > than && !isFromFuture(at, than);
}

/** Chunks of one round have one time; what is older is left over from a longer round. */
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

function chunksOf(round: RoundFindings): readonly RoundFindings[] {
  const clusters = cut(round.checkedClusters);
  const findings = cut(round.findings);
  const nodes = cut(round.nodes ?? []);
  const { coming = [], verdicts = [], ...rest } = round;
  const nothing = { ...rest, checkedClusters: [], findings: [], nodes: [] };
  const chunks = [
    ...clusters.map((checkedClusters) => ({ ...nothing, checkedClusters })),
    ...findings.map((some) => ({ ...nothing, findings: some })),
    ...nodes.map((some) => ({ ...nothing, nodes: some })),
    ...cut(coming).map((some) => ({ ...nothing, coming: some })),
    ...cut(verdicts).map((some) => ({ ...nothing, verdicts: some })),
  ];
  const [first, second] = chunks;
  if (first === undefined) return [nothing];
  const isSmall = chunks.length <= 5 && second !== undefined && JSON.stringify(round).length <= chunkChars;
  return isSmall ? [round] : chunks;
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

function prefixOf(region: string, shard: number): string {
  return `${region}/${String(shard).padStart(4, '0')}-`;
}

function keyOf(prefix: string, index: number): Key {
  return { partition, id: `${prefix}${String(index).padStart(4, '0')}` };
}

function shardOfId(id: string): string {
  return id.slice(0, id.lastIndexOf('-'));
}

function readRound({ value }: StoredRecord): RoundFindings | undefined {
  const round = value as unknown as Partial<RoundFindings> | null;
  const isReadable = round?.schema === 1 && Array.isArray(round.findings) && Array.isArray(round.checkedClusters);
  return isReadable ? (round as RoundFindings) : undefined;
}
