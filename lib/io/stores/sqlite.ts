import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import type { Json } from '../../model/json.ts';
import type { EpochMs } from '../../model/time.ts';
import type { NewId } from '../ids.ts';
import {
  checkKey,
  checkLimit,
  checkPart,
  type PreparedWrite,
  prepareWrites,
  showKey,
  versionsOf,
} from './prepare-writes.ts';
import { fileAt, naming, openSqliteFile } from './sqlite-file.ts';
import type { CommitOutcome, Key, Store, StoredRecord } from './store.ts';

export type SqliteStore = Store & {
  /** Removes what expired at or before `now`, oldest first, at most `limit` (default 1,000) records; resolves to how many. */
  readonly collect: (now: EpochMs, limit?: number) => Promise<number>;
  /** Does the path still lead to the file that is open? */
  readonly isInPlace: () => boolean;
  /** Closes a file that is not in its place any more. */
  readonly abandon: () => void;
};

type Row = { readonly id: string; readonly value: string; readonly version: string };

type Statements = { readonly [name in keyof typeof sql]: StatementSync };

const sql = {
  read: 'select id, value, version from records where partition = ? and id = ?',
  list: 'select id, value, version from records where partition = ? and id > ? order by id limit ?',
  insert: `insert into records (value, version, expires_at, partition, id) values (?, ?, ?, ?, ?) on conflict do nothing`,
  update: 'update records set value = ?, version = ?, expires_at = ? where partition = ? and id = ? and version = ?',
  remove: 'delete from records where partition = ? and id = ? and version = ?',
  collect: `delete from records where rowid in
    (select rowid from records where expires_at <= ? order by expires_at limit ?)`,
} as const;

/**
 * The store of the single process: one SQLite file, safe with several processes on one machine (not on a network file
 * system: its write-ahead log needs shared memory). A missing file is created, readable by its owner alone.
 * Throws StoreError, here and from every call, saying what is wrong with which file and what to do.
 */
export function openSqliteStore(parts: { readonly path: string; readonly newId: NewId }): SqliteStore {
  const { path, newId } = parts;
  const { database, file } = openSqliteFile(path);
  const run = prepareAll(database, path);
  return {
    read: async (key) => naming(path, 'read', () => readRecord(run, key)),
    list: async (partition, options = {}) => {
      checkPart('partition', partition);
      const limit = checkLimit(options.limit);
      const rows = naming(path, 'list', () => run.list.all(partition, options.after ?? '', limit));
      return rows.map((row) => toListed({ partition, id: (row as Row).id }, row as Row));
    },
    commit: async (writes) => {
      const prepared = prepareWrites(writes, newId);
      return naming(path, 'write', () => commitAll(database, run, prepared));
    },
    collect: async (now, limit = 1000) => naming(path, 'clean up', () => Number(run.collect.run(now, limit).changes)),
    close: async () => close(database, path),
    isInPlace: () => fileAt(path) === file,
    abandon: () => {
      emptyLog(database);
      close(database, path);
    },
  };
}

function close(database: DatabaseSync, path: string): void {
  if (database.isOpen) naming(path, 'close', () => database.close());
}

/** Into the file it belongs to: SQLite would take a log that stays behind at the path for that of the next file there. */
function emptyLog(database: DatabaseSync): void {
  try {
    database.exec('pragma wal_checkpoint(truncate)');
  } catch {
    // The file is lost anyway.
  }
}

function prepareAll(database: DatabaseSync, path: string): Statements {
  return naming(path, 'open', () => {
    const entries = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)]);
    return Object.fromEntries(entries) as Statements;
  });
}

function readRecord(run: Statements, key: Key): StoredRecord | undefined {
  checkKey(key);
  const row = run.read.get(key.partition, key.id) as Row | undefined;
  return row && toRecord({ partition: key.partition, id: key.id }, row);
}

function toRecord(key: Key, row: Row): StoredRecord {
  return { key, value: decode(key, row.value), version: row.version };
}

/** In a list one damaged value costs its neighbours nothing: it is null there, which is the shape of no record. */
function toListed(key: Key, row: Row): StoredRecord {
  try {
    return toRecord(key, row);
  } catch {
    return { key, value: null, version: row.version };
  }
}

/** SQLite fills a lost overflow page with zero bytes, which JSON never holds: half a record cannot be mistaken for one. */
function decode(key: Key, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new StoreError(
      `The record ${showKey(key)} is damaged: its value is not JSON; restore the store from a backup`,
    );
  }
}

/** One statement is a transaction of its own; more take the write lock first, so that nobody writes in between. */
function commitAll(database: DatabaseSync, run: Statements, writes: readonly PreparedWrite[]): CommitOutcome {
  const outcome = writes.length === 1 ? applyAll(run, writes) : inTransaction(database, () => applyAll(run, writes));
  return outcome.length > 0
    ? { kind: 'conflict', failed: outcome }
    : { kind: 'committed', versions: versionsOf(writes) };
}

/** Resolves to the indexes whose condition did not hold. */
function applyAll(run: Statements, writes: readonly PreparedWrite[]): readonly number[] {
  return writes.flatMap((write, index) => (applyOne(run, write) ? [] : [index]));
}

function applyOne(run: Statements, write: PreparedWrite): boolean {
  const { partition, id } = write.key;
  if (write.kind === 'delete') return run.remove.run(partition, id, write.expected).changes === 1;
  const row = [write.text, write.version, write.expiresAt ?? null, partition, id] as const;
  const done = write.expected === undefined ? run.insert.run(...row) : run.update.run(...row, write.expected);
  return done.changes === 1;
}

function inTransaction(database: DatabaseSync, work: () => readonly number[]): readonly number[] {
  database.exec('begin immediate');
  try {
    const failed = work();
    database.exec(failed.length > 0 ? 'rollback' : 'commit');
    return failed;
  } finally {
    // Only after an error (a full disk at the commit): SQLite may have rolled back by itself already.
    if (database.isTransaction) database.exec('rollback');
  }
}
