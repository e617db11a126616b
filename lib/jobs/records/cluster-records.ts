import { unknownRecord } from '../../decide/record-shape.ts';
import type { ClusterRecord, StoredRule } from '../../decide/scaling/memory.ts';
import type { Decision } from '../../decide/scaling/plan.ts';
import { StoreError } from '../../errors.ts';
import type { Key, Store, StoredRecord, Version, Write } from '../../io/stores/store.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { asJson, type Json } from '../../model/json.ts';
import type { IdRange } from '../../model/part.ts';
import type { EpochMs } from '../../model/time.ts';
import { changeRecord, isRecord, listAll, putOver, timeId } from './change-record.ts';

/** One record per cluster, `clusters/<region>` by cluster id; rules as last used, `rules` by hash; history by time. */
export type StoredCluster = { readonly record: ClusterRecord; readonly version: Version };

/**
 * The records of a region or part. Unreadable ones are skipped, and the cluster's id is passed to `onUnknown` with what
 * to do.
 */
export async function listClusterRecords(
  store: Store,
  region: string,
  onUnknown?: (clusterId: string, what: string) => void,
  range: IdRange = {},
): Promise<ReadonlyMap<string, StoredCluster>> {
  const records = await listAll(store, `clusters/${region}`, range);
  return new Map(
    records.flatMap(({ key: { partition, id }, value, version }) => {
      if (isClusterRecord(value)) return [[id, { record: value, version }] as const];
      onUnknown?.(id, unknownRecord({ partition, id }));
      return [];
    }),
  );
}

/** Throws StoreError if this version cannot read it. */
export async function readClusterRecord(
  store: Store,
  region: string,
  clusterId: string,
): Promise<StoredCluster | undefined> {
  const found = await store.read(recordKey(region, clusterId));
  if (found === undefined) return undefined;
  const { value, version }: { value: unknown; version: Version } = found;
  if (!isClusterRecord(value)) throw new StoreError(`Reading failed: ${unknownRecord(found.key)}`);
  return { record: value, version };
}

/** Checks each pool too: what is remembered of a pool decides its size, and is never guessed. */
function isClusterRecord(value: unknown): value is ClusterRecord {
  if (!isRecord(value) || typeof value['cluster'] !== 'string') return false;
  const { pools } = value;
  if (typeof pools !== 'object' || pools === null || Array.isArray(pools)) return false;
  return Object.values(pools).every((pool: unknown) => {
    return typeof pool === 'object' && pool !== null && 'name' in pool && typeof pool.name === 'string';
  });
}

/** The write that stores a cluster's record where it was read at `version`, or where there was none. */
export function clusterWrite(
  region: string,
  clusterId: string,
  record: ClusterRecord,
  version: Version | undefined,
  expiresAt?: EpochMs,
): Write {
  return putOver(recordKey(region, clusterId), record, version, expiresAt);
}

function recordKey(region: string, clusterId: string): Key {
  return { partition: `clusters/${region}`, id: clusterId };
}

/**
 * History is listed per region, newest last; ids begin with the time, then the order within it. Expires after `keepMs`.
 */
export function decisionWrite(decision: Decision, id: string, keepMs: number): Write {
  return historyWrite(decision, asJson(decision), id, keepMs);
}

/** Far below what a record may hold (400 kB on DynamoDB), whatever the reasons say. */
const decisionsPerRecord = 50;
/** What the decisions of a round share. */
const common = ['schema', 'at', 'region', 'clusterId', 'cluster', 'configHash'] as const;

/**
 * The decisions of one cluster at one time, stored and billed as one record (ADR 46): the first in full, which is all
 * that older versions read, the others under `also`, without what they share with it.
 */
export function decisionWrites(decisions: readonly Decision[], newId: () => string, keepMs: number): readonly Write[] {
  const groups = Array.from({ length: Math.ceil(decisions.length / decisionsPerRecord) }, (_, i) =>
    decisions.slice(i * decisionsPerRecord, (i + 1) * decisionsPerRecord),
  );
  return groups.flatMap(([first, ...others], i) => {
    if (first === undefined) return [];
    const also = others.map((one) =>
      Object.fromEntries(
        Object.entries(one).filter(
          ([name, value]) => !common.some((known) => known === name && first[known] === value),
        ),
      ),
    );
    const value = asJson(also.length === 0 ? first : { ...first, also });
    return [historyWrite(first, value, `${String(i).padStart(3, '0')}-${newId()}`, keepMs)];
  });
}

function historyWrite({ region, at }: Decision, value: Json, id: string, keepMs: number): Write {
  const key = { partition: `decisions/${region}`, id: `${timeId(at)}-${id}` };
  return { kind: 'putIfAbsent', key, value, expiresAt: at + keepMs };
}

export type HistoryQuery = { readonly since?: EpochMs | undefined };

export async function listDecisions(
  store: Store,
  region: string,
  { since = 0 }: HistoryQuery = {},
): Promise<readonly Decision[]> {
  const records = await listAll(store, `decisions/${region}`, { after: timeId(since) });
  return records.flatMap(({ value }) => (isDecision(value) ? unpacked(value) : []));
}

function unpacked({ also, ...first }: Decision & { readonly also?: unknown }): readonly Decision[] {
  if (!Array.isArray(also)) return [first];
  const { schema, at, region, clusterId, cluster, configHash } = first;
  const others = also.filter(isOfPool);
  return [first, ...others.map((one) => ({ schema, at, region, clusterId, cluster, configHash, ...one }))];
}

/** The fields of a decision that differ from the first one. */
function isOfPool(value: unknown): value is Omit<Decision, (typeof common)[number]> {
  return typeof value === 'object' && value !== null && 'pool' in value && typeof value.pool === 'string';
}

function isDecision(value: unknown): value is Decision {
  return typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number';
}

export async function listStoredRules(store: Store): Promise<ReadonlyMap<string, StoredRule>> {
  const records = await listAll(store, 'rules');
  return new Map(records.flatMap(({ key: { id }, value }) => (isStoredRule(value) ? [[id, value] as const] : [])));
}

function isStoredRule(value: unknown): value is StoredRule {
  return isRecord(value) && ['rule', 'schedule', 'exceptions'].every((part) => typeof value[part] === 'object');
}

/** Stored once per hash; an existing one is the same rule, and is older. */
export async function storeRule(store: Store, hash: string, rule: StoredRule): Promise<void> {
  await store.commit([{ kind: 'putIfAbsent', key: ruleKey(hash), value: asJson(rule) }]);
}

/** It has acted: what was only tried is known from now on. */
export async function storeActed(store: Store, hash: string, now: EpochMs): Promise<void> {
  await changeRecord(store, {
    what: 'a rule that has acted',
    read: () => store.read(ruleKey(hash)),
    change: (known) => {
      const stored: unknown = known?.value;
      if (!isStoredRule(stored) || !stored.isTried) return { writes: [], result: undefined };
      const rule: StoredRule = { ...stored, isTried: undefined, knownSince: now };
      return { writes: [putOver(ruleKey(hash), rule, known?.version)], result: undefined };
    },
  });
}

/**
 * The rule of this hash with everything needed to evaluate it later; undefined if the config has none, or it only
 * watches.
 */
export function ruleToStore(config: CompiledConfig, hash: string, knownSince: EpochMs): StoredRule | undefined {
  const rule = config.rules.find((one) => one.hash === hash);
  const schedule = config.schedules.find((one) => one.name === rule?.schedule);
  return rule && schedule && { schema: 1, rule, schedule, exceptions: config.exceptions, knownSince };
}

export function ruleKey(hash: string): Key {
  return { partition: 'rules', id: hash };
}

/**
 * Set by `uninstall`: every round of every process with this store restores bases and does nothing else. It is a record
 * of its own, since a pause would also hold the restoring.
 */
export type Uninstalled = { readonly at: EpochMs; readonly who: string; readonly reason: string | undefined };

const key = { partition: 'fleet', id: 'uninstalled' };

/** undefined = not uninstalled; the config is in force. */
export async function readUninstalled(store: Store): Promise<Uninstalled | undefined> {
  return uninstalledIn(await store.read(key));
}

export type FleetState = {
  readonly uninstalled: Uninstalled | undefined;
  /** The hash of the config that a round began with last. */
  readonly startedConfig: string | undefined;
};

/** What a round needs to know of the fleet as a whole, in one call. */
export async function readFleetState(store: Store): Promise<FleetState> {
  const records = await listAll(store, key.partition);
  const find = (id: string) => records.find((record) => record.key.id === id);
  const started = find(startedKey.id)?.value;
  const hash = isRecord(started) ? started['hash'] : undefined;
  return { uninstalled: uninstalledIn(find(key.id)), startedConfig: typeof hash === 'string' ? hash : undefined };
}

/** The config whose first round was noticed. */
export const startedKey: Key = { partition: 'fleet', id: 'config' };

function uninstalledIn(record: StoredRecord | undefined): Uninstalled | undefined {
  const value = record?.value as Partial<Uninstalled & { state: string }> | null | undefined;
  if (value === undefined || value?.state === 'undone') return undefined;
  return { at: value?.at ?? 0, who: value?.who ?? 'somebody', reason: value?.reason };
}

/** Stores it unless it exists. Resolves to the one in force. */
export async function storeUninstalled(store: Store, uninstalled: Uninstalled): Promise<Uninstalled> {
  const known = await readUninstalled(store);
  if (known) return known;
  const { at, who, reason } = uninstalled;
  await overwrite(store, { schema: 1, state: 'uninstalled', at, who, ...(reason === undefined ? {} : { reason }) });
  return uninstalled;
}

/** The config is in force again from the next round. false = it was not uninstalled. */
export async function undoUninstalled(store: Store, at: EpochMs, who: string): Promise<boolean> {
  if ((await readUninstalled(store)) === undefined) return false;
  await overwrite(store, { schema: 1, state: 'undone', at, who });
  return true;
}

async function overwrite(store: Store, value: { readonly [name: string]: string | number }): Promise<void> {
  await changeRecord(store, {
    what: 'whether the fleet is uninstalled',
    read: () => store.read(key),
    change: (known) => ({ writes: [putOver(key, value, known?.version)], result: undefined }),
  });
}
