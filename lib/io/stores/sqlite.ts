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
  /** Is the open file still the one at the path? */
  readonly isInPlace: () => boolean;
  /** Closes a file that is no longer at its path. */
  readonly abandon: () => void;
};

type Row = { readonly id: string; readonly value: string; readonly version: string };

type Statements = { readonly [name in keyof typeof sql]: StatementSync };

const sql = {
  read: 'select id, value, version from records where partition = ? and id = ?',
  list: 'select id, value, version from records where partition = ? and id > ? and (? is null or id <= ?) order by id limit ?',
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
  const commits = groupCommits(database, run, path);
  return {
    read: async (key) => naming(path, 'read', () => readRecord(run, key)),
    list: async (partition, options = {}) => {
      checkPart('partition', partition);
      const limit = checkLimit(options.limit);
      const rows = naming(path, 'list', () => {
        const until = options.until ?? null;
        return run.list.all(partition, options.after ?? '', until, until, limit);
      });
      return rows.map((row) => toListed({ partition, id: (row as Row).id }, row as Row));
    },
    commit: async (writes) => commits.add(prepareWrites(writes, newId)),
    collect: async (now, limit = 1000) => naming(path, 'clean up', () => Number(run.collect.run(now, limit).changes)),
    close: async () => {
      commits.flush();
      close(database, path);
    },
    isInPlace: () => fileAt(path) === file,
    abandon: () => {
      commits.flush();
      emptyLog(database);
      close(database, path);
    },
  };
}

function close(database: DatabaseSync, path: string): void {
  if (database.isOpen) naming(path, 'close', () => database.close());
}

/** Writes the log into its own file: SQLite would otherwise use a log left at the path for the next file there. */
function emptyLog(database: DatabaseSync): void {
  try {
    database.exec('pragma wal_checkpoint(truncate)');
  } catch {
    // The file is lost in any case.
  }
}

function prepareAll(database: DatabaseSync, path: string): Statements {
  try {
    const entries = naming(path, 'open', () =>
      Object.entries(sql).map(([name, text]) => [name, database.prepare(text)]),
    );
    return Object.fromEntries(entries) as Statements;
  } catch (error) {
    // Its table is another one than ours. Left open, the file could not be restored over.
    database.close();
    throw error;
  }
}

function readRecord(run: Statements, key: Key): StoredRecord | undefined {
  checkKey(key);
  const row = run.read.get(key.partition, key.id) as Row | undefined;
  return row && toRecord({ partition: key.partition, id: key.id }, row);
}

function toRecord(key: Key, row: Row): StoredRecord {
  return { key, value: decode(key, row.value), version: row.version };
}

/** A damaged value in a list does not affect the others: it is null, which no record is. */
function toListed(key: Key, row: Row): StoredRecord {
  try {
    return toRecord(key, row);
  } catch {
    return { key, value: null, version: row.version };
  }
}

/**
 * SQLite fills a lost overflow page with zero bytes, which JSON never contains, so half a record cannot pass as a whole
 * one.
 */
function decode(key: Key, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new StoreError(
      `The record ${showKey(key)} is damaged: its value is not JSON; restore the store from a backup`,
    );
  }
}

type Waiting = {
  readonly writes: readonly PreparedWrite[];
  readonly resolve: (outcome: CommitOutcome) => void;
  readonly reject: (error: unknown) => void;
};

/** The most commits per disk sync; a burst is split, so that reads can run in between. */
const mostTogether = 50;

/**
 * Commits of the same turn of the event loop share one transaction; within it each is all or nothing. So a burst waits
 * for the disk once. None is acknowledged before it is on disk.
 */
function groupCommits(database: DatabaseSync, run: Statements, path: string) {
  let waiting: Waiting[] = [];
  const flushSome = () => {
    const group = waiting.splice(0, mostTogether);
    if (waiting.length > 0) setImmediate(flushSome);
    settle(group);
  };
  const settle = (group: readonly Waiting[]) => {
    const outcomes = group.length > 1 ? commitTogether(database, run, group) : undefined;
    group.forEach(({ writes, resolve, reject }, at) => {
      try {
        resolve(outcomes?.[at] ?? naming(path, 'write', () => commitAll(database, run, writes)));
      } catch (error) {
        reject(error);
      }
    });
  };
  return {
    add: (writes: readonly PreparedWrite[]) =>
      new Promise<CommitOutcome>((resolve, reject) => {
        if (waiting.length === 0) setImmediate(flushSome);
        waiting.push({ writes, resolve, reject });
      }),
    flush: () => {
      const group = waiting;
      waiting = [];
      if (group.length > 0) settle(group);
    },
  };
}

/**
 * undefined = the shared transaction failed (a full disk, a lock): nothing was written, and each commit is tried alone.
 */
function commitTogether(
  database: DatabaseSync,
  run: Statements,
  group: readonly Waiting[],
): readonly CommitOutcome[] | undefined {
  try {
    database.exec('begin immediate');
    const outcomes = group.map(({ writes }) => {
      database.exec('savepoint one');
      const failed = applyAll(run, writes);
      database.exec(failed.length > 0 ? 'rollback to one; release one' : 'release one');
      return outcomeOf(writes, failed);
    });
    database.exec('commit');
    return outcomes;
  } catch {
    return undefined;
  } finally {
    if (database.isOpen && database.isTransaction) database.exec('rollback');
  }
}

function outcomeOf(writes: readonly PreparedWrite[], failed: readonly number[]): CommitOutcome {
  return failed.length > 0 ? { kind: 'conflict', failed } : { kind: 'committed', versions: versionsOf(writes) };
}

/**
 * One statement is a transaction of its own; several take the write lock first, so that no other process writes in
 * between.
 */
function commitAll(database: DatabaseSync, run: Statements, writes: readonly PreparedWrite[]): CommitOutcome {
  const failed = writes.length === 1 ? applyAll(run, writes) : inTransaction(database, () => applyAll(run, writes));
  return outcomeOf(writes, failed);
}

/** Resolves to the indexes of failed conditions. */
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
