import type { EpochMs, Finding, Json, Notice } from '../../decide/model.ts';
import type { Store, StoredRecord, Write } from '../../io/stores/store.ts';
import { listAll } from './cluster-records.ts';

/**
 * What a scale round leaves for the others: that it took place, what it looked at, and what it found wrong. Partition
 * `findings`, one record per region and shard (more where it is large). The watch job turns findings into incidents; the
 * deliver job judges from `at` whether rounds are missed.
 */
export type RoundFindings = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly region: string;
  readonly shard: { readonly index: number; readonly count: number };
  readonly configHash: string;
  /** Did the region answer its list? */
  readonly isAnswered: boolean;
  /** Ids of the clusters whose pools were read. */
  readonly checkedClusters: readonly string[];
  /** Pools that rules with a schedule match, and clusters listed: for people. */
  readonly pools: number;
  readonly clusters: number;
  readonly findings: readonly Finding[];
};

type Chunk = {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly index: number;
  readonly count: number;
  readonly text: string;
};

/** Stays well below the 100 KB that a record may have. */
const chunkCharacters = 40_000;

export async function writeRoundFindings(store: Store, findings: RoundFindings): Promise<void> {
  const prefix = prefixOf(findings.region, findings.shard.index);
  const stored = new Map((await listPrefix(store, prefix)).map((record) => [record.key.id, record.version]));
  const text = JSON.stringify(findings);
  const count = Math.max(1, Math.ceil(text.length / chunkCharacters));
  const writes = Array.from({ length: count }, (_, index): Write => {
    const key = { partition: 'findings', id: `${prefix}${String(index).padStart(3, '0')}` };
    const chunk: Chunk = {
      schema: 1,
      at: findings.at,
      index,
      count,
      text: text.slice(index * chunkCharacters, (index + 1) * chunkCharacters),
    };
    const version = stored.get(key.id);
    return version === undefined
      ? { kind: 'putIfAbsent', key, value: chunk as Json }
      : { kind: 'putIfVersion', key, value: chunk as Json, version };
  });
  // A conflict means that another process has just written a round of its own: that one stands.
  await store.commit(writes);
}

/** The last round of each shard of a region, oldest first; [] where there was none. */
export async function listRoundFindings(store: Store, region: string): Promise<readonly RoundFindings[]> {
  const byShard = new Map<string, StoredRecord[]>();
  for (const record of await listPrefix(store, `${region}/`)) {
    const shard = record.key.id.slice(0, record.key.id.lastIndexOf('/'));
    byShard.set(shard, [...(byShard.get(shard) ?? []), record]);
  }
  return [...byShard.values()].flatMap(joinChunks).sort((a, b) => a.at - b.at);
}

function joinChunks(records: readonly StoredRecord[]): readonly RoundFindings[] {
  const chunks = records.map((record) => record.value as unknown as Chunk).sort((a, b) => a.index - b.index);
  const first = chunks[0];
  if (first === undefined) return [];
  const own = chunks.filter((chunk) => chunk.at === first.at && chunk.index < first.count);
  return own.length < first.count ? [] : [JSON.parse(own.map((chunk) => chunk.text).join('')) as RoundFindings];
}

function prefixOf(region: string, shard: number): string {
  return `${region}/${String(shard).padStart(3, '0')}/`;
}

async function listPrefix(store: Store, prefix: string): Promise<readonly StoredRecord[]> {
  const records = await listAll(store, 'findings', prefix);
  return records.filter((record) => record.key.id.startsWith(prefix));
}

/** Notices wait in `notices` until the watch job has made deliveries of them. */
export function noticeWrite(notice: Notice, id: string): Write {
  const key = { partition: 'notices', id: `${String(notice.at).padStart(15, '0')}-${id}` };
  return {
    kind: 'putIfAbsent',
    key,
    value: JSON.parse(JSON.stringify(notice)) as Json,
    expiresAt: notice.at + 7 * 24 * 60 * 60_000,
  };
}
