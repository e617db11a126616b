import type { Json } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';
import type { NewId } from '../ids.ts';
import { checkKey, checkLimit, checkPart, type PreparedWrite, prepareWrites, versionsOf } from './prepare-writes.ts';
import {
  type CommitOutcome,
  compareIds,
  type Key,
  type ListOptions,
  type Store,
  type StoredRecord,
  type Version,
  type Write,
} from './store.ts';

/** A snapshot of a memory store. Only for `restore`, and to start another store with. */
export type MemorySnapshot = ReadonlyMap<string, ReadonlyMap<string, Row>>;

export type MemoryStore = Store & {
  readonly snapshot: () => MemorySnapshot;
  /** Restores a snapshot, or clears the store. */
  readonly restore: (snapshot?: MemorySnapshot) => void;
  /** Removes what expired at or before `now`, at most `limit` records; resolves to how many. */
  readonly collect: (now: EpochMs, limit?: number) => Promise<number>;
};

type Row = { readonly record: StoredRecord; readonly expiresAt: EpochMs | undefined };

/** `order` is the sorted list of ids, made when first asked for and dropped when an id comes or goes. */
type Partition = { readonly rows: Map<string, Row>; order: readonly string[] | undefined };

/** The store for tests, dry runs and simulations. Values are deeply frozen, so that readers cannot change them. */
export function makeMemoryStore(parts: { readonly newId: NewId; readonly snapshot?: MemorySnapshot }): MemoryStore {
  let partitions = thaw(parts.snapshot);
  return {
    read: async (key) => {
      checkKey(key);
      return partitions.get(key.partition)?.rows.get(key.id)?.record;
    },
    list: async (partition, options = {}) => {
      checkPart('partition', partition);
      return listFrom(partitions.get(partition), options, checkLimit(options.limit));
    },
    commit: async (writes) => commitTo(partitions, writes, parts.newId),
    close: async () => {},
    snapshot: () => new Map([...partitions].map(([name, { rows }]) => [name, new Map(rows)])),
    restore: (snapshot) => {
      partitions = thaw(snapshot);
    },
    collect: async (now, limit = 1000) => collectFrom(partitions, now, limit),
  };
}

function thaw(snapshot: MemorySnapshot | undefined): Map<string, Partition> {
  const entries = [...(snapshot ?? [])];
  return new Map(entries.map(([name, rows]) => [name, { rows: new Map(rows), order: undefined }]));
}

function listFrom(
  partition: Partition | undefined,
  { after = '', until }: ListOptions,
  limit: number,
): readonly StoredRecord[] {
  if (partition === undefined) return [];
  partition.order ??= [...partition.rows.keys()].sort(compareIds);
  const from = firstAfter(partition.order, after);
  const end = until === undefined ? partition.order.length : firstAfter(partition.order, until);
  return partition.order.slice(from, Math.min(end, from + limit)).map((id) => partition.rows.get(id)!.record);
}

function firstAfter(order: readonly string[], after: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareIds(order[middle]!, after) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function commitTo(partitions: Map<string, Partition>, writes: readonly Write[], newId: NewId): CommitOutcome {
  const prepared = prepareWrites(writes, newId);
  const failed = prepared.flatMap((write, index) => (isAllowed(partitions, write) ? [] : [index]));
  if (failed.length > 0) return { kind: 'conflict', failed };
  for (const write of prepared) apply(partitions, write);
  return { kind: 'committed', versions: versionsOf(prepared) };
}

function isAllowed(partitions: Map<string, Partition>, write: PreparedWrite): boolean {
  return versionOf(partitions, write.key) === write.expected;
}

function versionOf(partitions: Map<string, Partition>, key: Key): Version | undefined {
  return partitions.get(key.partition)?.rows.get(key.id)?.record.version;
}

function apply(partitions: Map<string, Partition>, write: PreparedWrite): void {
  const partition = partitions.get(write.key.partition) ?? { rows: new Map<string, Row>(), order: undefined };
  partitions.set(write.key.partition, partition);
  if (write.kind === 'delete') return remove(partition, write.key.id);
  if (write.expected === undefined) partition.order = undefined;
  const key = { partition: write.key.partition, id: write.key.id };
  const record = deepFreeze({ key, value: JSON.parse(write.text) as Json, version: write.version });
  partition.rows.set(key.id, { record, expiresAt: write.expiresAt });
}

function remove(partition: Partition, id: string): void {
  partition.rows.delete(id);
  partition.order = undefined;
}

function collectFrom(partitions: Map<string, Partition>, now: EpochMs, limit: number): number {
  let collected = 0;
  for (const partition of partitions.values()) {
    for (const [id, { expiresAt }] of partition.rows) {
      if (collected === limit) return collected;
      if (expiresAt === undefined || expiresAt > now) continue;
      remove(partition, id);
      collected += 1;
    }
  }
  return collected;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
