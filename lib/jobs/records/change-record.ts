import { StoreError } from '../../errors.ts';
import {
  compareIds,
  type Key,
  type Store,
  type StoredRecord,
  type Version,
  type Write,
} from '../../io/stores/store.ts';
import { asJson } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';

const mostAttempts = 30;
const pageSize = 1000;
/** Few ids begin with one prefix, and a page also returns what follows it. */
const firstPageSize = 30;

/** The write that stores a record over the one read at `version`, or as a new one. */
export function putOver(key: Key, record: object, version: Version | undefined, expiresAt?: EpochMs): Write {
  const put = { key, value: asJson(record), ...(expiresAt === undefined ? {} : { expiresAt }) };
  return version === undefined ? { kind: 'putIfAbsent', ...put } : { kind: 'putIfVersion', ...put, version };
}

export type RecordChange<Before, Result> = {
  /** What the error names: "the record of cluster ml". */
  readonly what: string;
  readonly read: () => Promise<Before>;
  /** The writes that follow from what was read (none = no change), and the result. */
  readonly change: (before: Before) => { readonly writes: readonly Write[]; readonly result: Result };
  /** Waits before the next attempt (1, 2, …), if many compete for the same record. */
  readonly pause?: (attempt: number) => Promise<void>;
};

/**
 * Changes records by compare-and-set: reads, decides, commits under the versions read, and repeats if another process
 * was faster. Throws StoreError after 30 attempts, or if the store cannot be reached; then nothing was changed.
 */
export async function changeRecord<Before, Result>(
  store: Store,
  { what, read, change, pause }: RecordChange<Before, Result>,
): Promise<Result> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    if (attempt > 0) await pause?.(attempt);
    const { writes, result } = change(await read());
    if (writes.length === 0) return result;
    if ((await store.commit(writes)).kind === 'committed') return result;
  }
  throw new StoreError(`Storing ${what} failed: others kept changing it; try again`);
}

/**
 * Why a part of the work was not stored, so that the other parts go on: the work's own text, or a StoreError. Other
 * errors are thrown.
 */
export async function storeProblem(work: () => Promise<unknown>): Promise<string | undefined> {
  try {
    const said = await work();
    return typeof said === 'string' ? said : undefined;
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
}

type Listed = {
  readonly after?: string | undefined;
  readonly until?: string | undefined;
  readonly prefix?: string;
};

/** A whole partition in order of id, page by page; only ids after `after` and up to `until`, and only those that begin with `prefix`. */
export async function listAll(
  store: Store,
  partition: string,
  { after, until, prefix = '' }: Listed = {},
): Promise<readonly StoredRecord[]> {
  const all: StoredRecord[] = [];
  let limit = prefix === '' ? pageSize : firstPageSize;
  // Ids are plain printable text, so no id with the prefix is greater than this.
  const end = until ?? (prefix === '' ? undefined : `${prefix}\uffff`);
  for (let last = after ?? (prefix === '' ? undefined : prefix); ; limit = pageSize) {
    const range = { ...(last === undefined ? {} : { after: last }), ...(end === undefined ? {} : { until: end }) };
    const page = await store.list(partition, { limit, ...range });
    const wanted = page.filter((record) => record.key.id.startsWith(prefix));
    all.push(...wanted);
    const newest = page.at(-1);
    if (newest !== undefined && last !== undefined && compareIds(newest.key.id, last) <= 0) {
      throw new StoreError(`Listing "${partition}" failed: the store gives the same records again and again`);
    }
    if (page.length < limit || wanted.length < page.length || newest === undefined) return all;
    last = newest.key.id;
  }
}

/** A number as part of an id, padded so that ids sort by number. */
export function numbered(index: number): string {
  return String(index).padStart(4, '0');
}

/** A time as the beginning of an id, padded so that ids sort by time. */
export function timeId(at: EpochMs): string {
  return String(Math.max(0, at)).padStart(15, '0');
}

/** Is this value a record of schema 1? */
export function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && 'schema' in value && value.schema === 1;
}

/** A record of another version is left alone: another program may be running with this store. */
export function readSchema1({ value }: StoredRecord): object | undefined {
  return isRecord(value) ? value : undefined;
}
