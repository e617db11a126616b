import { accessSync, closeSync, constants, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { naming } from './sqlite-problem.ts';

/** "LAMP": says whose file it is (sqlite.org/fileformat2.html, application id). */
const applicationId = 0x4c414d50;
/** Kept in the file's user_version. Raised when an older program could no longer use the file. */
const schemaVersion = 1;

/**
 * `synchronous = full`: in WAL mode `normal` may lose the last commits when the power fails, and a lost claim would let
 * a change be made twice. It costs one fsync for each commit: thousands a second on an SSD, a round makes tens.
 * `fullfsync` makes that fsync real on macOS. sqlite.org/pragma.html
 */
const settings = `
  pragma journal_mode = wal;
  pragma synchronous = full;
  pragma fullfsync = on;
  pragma checkpoint_fullfsync = on;
  pragma journal_size_limit = 16777216;`;

const schema = `
  create table if not exists records (
    partition text not null,
    id text not null,
    value text not null,
    version text not null,
    expires_at integer,
    primary key (partition, id)
  ) strict;
  create index if not exists records_expiring on records (expires_at) where expires_at is not null;
  pragma application_id = ${applicationId};
  pragma user_version = ${schemaVersion};`;

/** Another process may hold the write lock for that long before a write gives up. */
const lockTimeoutMs = 5000;

/** Opens or creates the file, checks that it is whole and ours, and brings it to the schema. Throws StoreError. */
export function openSqliteFile(path: string): DatabaseSync {
  // An absolute path is never taken for a URI or for SQLite's ":memory:".
  const absolute = resolve(path);
  createFile(path, absolute);
  return naming(path, 'open', () => {
    const database = new DatabaseSync(absolute, { timeout: lockTimeoutMs });
    try {
      makeReady(database, path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** Created here rather than by SQLite, for its mode; the log files that SQLite puts beside it inherit that. */
function createFile(path: string, absolute: string): void {
  const reason = folderProblem(dirname(absolute)) ?? fileProblem(absolute);
  if (reason !== undefined) throw new StoreError(`The store ${path} cannot be opened: ${reason}`);
}

function folderProblem(folder: string): string | undefined {
  const kind = statSync(folder, { throwIfNoEntry: false });
  if (kind === undefined) return `the folder ${folder} does not exist; create it`;
  if (!kind.isDirectory()) return `${folder} is not a folder`;
  const { W_OK, X_OK } = constants;
  if (attempt(() => accessSync(folder, W_OK | X_OK))) return undefined;
  return `the folder ${folder} is not writable; SQLite keeps its log beside the file`;
}

function fileProblem(file: string): string | undefined {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) return 'it is a folder; name a file in it';
  if (attempt(() => closeSync(openSync(file, 'a', 0o600)))) return undefined;
  return 'the file cannot be written; check who owns it, its permissions, and that the disk is not read-only';
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

function makeReady(database: DatabaseSync, path: string): void {
  refuseForeign(database, path);
  database.exec(settings);
  checkWhole(database, path);
  if (readPragma(database, 'user_version') === schemaVersion) return;
  // Two processes may get here at once: the second waits for the lock and finds everything made.
  database.exec(`begin immediate; ${schema} commit;`);
}

function refuseForeign(database: DatabaseSync, path: string): void {
  const owner = readPragma(database, 'application_id');
  const version = Number(readPragma(database, 'user_version'));
  const isEmpty = database.prepare('select 1 from sqlite_schema limit 1').get() === undefined;
  if (owner !== applicationId && !isEmpty) {
    throw new StoreError(`The store ${path} is the database of another program; name another file`);
  }
  if (version <= schemaVersion) return;
  throw new StoreError(
    `The store ${path} was written by a newer version (store schema ${version}, this one knows ${schemaVersion}); update this one`,
  );
}

/** 85 ms for 100 MB, measured: cheap enough for every start. */
function checkWhole(database: DatabaseSync, path: string): void {
  if (readPragma(database, 'quick_check(1)') === 'ok') return;
  throw new StoreError(`The store ${path} is damaged; restore it from a backup, or move it away to start empty`);
}

function readPragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0];
}
