import type { StoredRule } from '../../decide/scaling/brake.ts';
import type { ClusterRecord } from '../../decide/scaling/memory.ts';
import type { Decision } from '../../decide/scaling/plan.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import { asJson } from './as-json.ts';
import { putOver } from './put-over.ts';

/** One record per cluster, `clusters/<region>` by cluster id; rules as last acted on, `rules` by hash; history by time. */
export type StoredCluster = { readonly record: ClusterRecord; readonly version: Version };

export async function listClusterRecords(store: Store, region: string): Promise<ReadonlyMap<string, StoredCluster>> {
  const records = await listAll(store, `clusters/${region}`);
  return new Map(
    records.map(({ key, value, version }) => [key.id, { record: value as unknown as ClusterRecord, version }]),
  );
}

export async function readClusterRecord(
  store: Store,
  region: string,
  clusterId: string,
): Promise<StoredCluster | undefined> {
  const found = await store.read(clusterKey(region, clusterId));
  return found && { record: found.value as unknown as ClusterRecord, version: found.version };
}

/** The write that stores a cluster's record where it was read at `version`, or where there was none. */
export function clusterWrite(
  region: string,
  clusterId: string,
  record: ClusterRecord,
  version: Version | undefined,
  expiresAt?: EpochMs,
): Write {
  return putOver(clusterKey(region, clusterId), record, version, expiresAt);
}

function clusterKey(region: string, clusterId: string): Key {
  return { partition: `clusters/${region}`, id: clusterId };
}

/** History is listed per region, newest last; ids begin with the instant. Expires after `keepMs`. */
export function decisionWrite(decision: Decision, id: string, keepMs: number): Write {
  const key = { partition: `decisions/${decision.region}`, id: `${String(decision.at).padStart(15, '0')}-${id}` };
  return { kind: 'putIfAbsent', key, value: asJson(decision), expiresAt: decision.at + keepMs };
}

export type HistoryQuery = { readonly since?: EpochMs | undefined };

export async function listDecisions(
  store: Store,
  region: string,
  query: HistoryQuery = {},
): Promise<readonly Decision[]> {
  const after = query.since === undefined ? undefined : String(query.since).padStart(15, '0');
  const records = await listAll(store, `decisions/${region}`, after);
  return records.map((record) => record.value as unknown as Decision);
}

export async function listStoredRules(store: Store): Promise<ReadonlyMap<string, StoredRule>> {
  const records = await listAll(store, 'rules');
  return new Map(records.map(({ key, value }) => [key.id, value as unknown as StoredRule]));
}

/** Kept whole, once per hash; one that is there already is the same. */
export async function storeRule(store: Store, hash: string, rule: StoredRule): Promise<void> {
  await store.commit([{ kind: 'putIfAbsent', key: { partition: 'rules', id: hash }, value: asJson(rule) }]);
}

/** A whole partition, page by page. */
export async function listAll(store: Store, partition: string, after?: string): Promise<readonly StoredRecord[]> {
  const all: StoredRecord[] = [];
  for (let last = after; ; ) {
    const page = await store.list(partition, { limit: 1000, ...(last === undefined ? {} : { after: last }) });
    all.push(...page);
    const end = page.at(-1);
    if (page.length < 1000 || end === undefined) return all;
    last = end.key.id;
  }
}
