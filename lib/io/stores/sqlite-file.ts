import { accessSync, closeSync, constants, openSync, readlinkSync, type Stats, statfsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { schemaVersion } from './store.ts';

/** "LAMP": says whose file it is (sqlite.org/fileformat2.html, application id). */
export const applicationId = 0x4c414d50;
/** SQLite's default; explicit because the check for a truncated file uses it. */
const pageBytes = 4096;

/**
 * `synchronous = full`: in WAL mode `normal` may lose the last commits when the power fails, and a lost claim would let
 * a change be made twice. It costs one fsync for each commit: thousands a second on an SSD, a round makes tens.
 * `fullfsync` makes that fsync real on macOS. sqlite.org/pragma.html
 */
const settings = `
  pragma page_size = ${pageBytes};
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

/** How long a write waits for the write lock of another process. */
const lockTimeoutMs = 5000;

/** `file` identifies the file, since the path may later lead to another one. */
export type SqliteFile = { readonly database: DatabaseSync; readonly file: string | undefined };

/** Opens or creates the file, checks that it is whole and ours, and brings it to the schema. Throws StoreError. */
export function openSqliteFile(path: string): SqliteFile {
  // SQLite never takes an absolute path for a URI or for ":memory:".
  const absolute = resolve(path);
  createFile(path, absolute);
  // Read before SQLite opens the file, so that a replacement in between is noticed.
  const file = fileAt(path);
  const hasLostItsEnd = endsWithinPage(absolute);
  return naming(path, 'open', () => {
    const database = new DatabaseSync(absolute, { timeout: lockTimeoutMs });
    try {
      makeReady(database, path, hasLostItsEnd);
      return { database, file };
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/**
 * Opens an existing file read-only: creates and migrates nothing. Throws StoreError if it is missing, not ours,
 * damaged, or written by a newer version.
 */
export function openSqliteToRead(path: string): DatabaseSync {
  const absolute = resolve(path);
  if (!kindOf(absolute)?.isFile())
    throw new StoreError(`The store ${path} cannot be read: ${looseLink(absolute) ?? 'there is no such file'}`);
  const hasLostItsEnd = endsWithinPage(absolute);
  return naming(path, 'open', () => {
    const database = new DatabaseSync(absolute, { timeout: lockTimeoutMs, readOnly: true });
    try {
      if (readMarks(database).isEmpty) throw new StoreError(`The store ${path} cannot be read: the file is empty`);
      refuseForeign(database, path);
      if (hasLostItsEnd || !isWhole(database)) throw damaged(path);
      return database;
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** The identity of the file at the path; undefined = none. It is not reused while the file is open. */
export function fileAt(path: string): string | undefined {
  const found = statSync(resolve(path), { throwIfNoEntry: false, bigint: true });
  return found && `${found.dev}:${found.ino}`;
}

/** Created here and not by SQLite, to set its mode, which SQLite's log files inherit. */
function createFile(path: string, absolute: string): void {
  const reason = folderProblem(dirname(absolute)) ?? fileProblem(absolute);
  if (reason !== undefined) throw new StoreError(`The store ${path} cannot be opened: ${reason}`);
}

function folderProblem(folder: string): string | undefined {
  const kind = kindOf(folder);
  const link = kind === undefined ? looseLink(folder) : undefined;
  if (link !== undefined) return `its folder ${folder} cannot be used: ${link}`;
  if (kind === undefined) return `the folder ${folder} does not exist; create it`;
  if (!kind.isDirectory()) return `${folder} is not a folder`;
  const { W_OK, X_OK } = constants;
  if (attempt(() => accessSync(folder, W_OK | X_OK))) return undefined;
  return `the folder ${folder} is not writable; SQLite keeps its log beside the file`;
}

function fileProblem(file: string): string | undefined {
  const kind = kindOf(file);
  if (kind?.isDirectory()) return 'it is a folder; name a file in it';
  // Opening a pipe would block for ever.
  if (kind !== undefined && !kind.isFile()) return 'it is a pipe or a device; name a file';
  if (attempt(() => closeSync(openSync(file, 'a', 0o600)))) return undefined;
  const link = kind === undefined ? looseLink(file) : undefined;
  return link ?? 'the file cannot be written; check who owns it, its permissions, and that the disk is not read-only';
}

/** undefined also for links that lead nowhere, or to themselves. */
function kindOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What is said of a link that leads nowhere; undefined = it is no link. */
function looseLink(path: string): string | undefined {
  try {
    const target = readlinkSync(path);
    return `it is a link to ${resolve(dirname(path), target)}, and nothing is there; correct the link, or create what it names`;
  } catch {
    return undefined;
  }
}

function attempt(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}

/**
 * SQLite notices missing pages, but fills a truncated page with zero bytes. With a log beside the file, its end may be
 * unfinished for a good reason, and the log completes it.
 */
function endsWithinPage(file: string): boolean {
  const logBytes = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  return logBytes === 0 && statSync(file).size % pageBytes !== 0;
}

function makeReady(database: DatabaseSync, path: string, hasLostItsEnd: boolean): void {
  refuseForeign(database, path);
  if (hasLostItsEnd) throw damaged(path);
  applySettings(database);
  if (!isWhole(database)) throw damaged(path);
  if (readPragma(database, 'user_version') === schemaVersion) return;
  // Two processes may get here at once: the second one waits for the lock and finds everything done.
  database.exec(`begin immediate; ${schema} commit;`);
}

/**
 * Changing to WAL needs exclusive access, and SQLite does not wait for that: if two processes create a file at once,
 * one would fail. So this waits for the lock and tries again.
 */
function applySettings(database: DatabaseSync): void {
  for (let tries = 1; ; tries++) {
    try {
      database.exec(settings);
      return;
    } catch (error) {
      if (!isSqliteBusy(error) || tries === 100) throw error;
      database.exec('begin exclusive; rollback');
    }
  }
}

function refuseForeign(database: DatabaseSync, path: string): void {
  const { owner, version, isEmpty } = readMarks(database);
  if (owner !== applicationId && !isEmpty) {
    throw new StoreError(`The store ${path} is the database of another program; name another file`);
  }
  if (version <= schemaVersion) return;
  throw new StoreError(
    `The store ${path} was written by a newer version (store schema ${version}, this one knows ${schemaVersion}); update this one`,
  );
}

/** In one transaction, since another process may be creating it now. */
function readMarks(database: DatabaseSync): { owner: unknown; version: number; isEmpty: boolean } {
  database.exec('begin');
  try {
    const isEmpty = database.prepare('select 1 from sqlite_schema limit 1').get() === undefined;
    const owner = readPragma(database, 'application_id');
    return { owner, version: Number(readPragma(database, 'user_version')), isEmpty };
  } finally {
    database.exec('rollback');
  }
}

/**
 * Every page, every row, and that the index has each of them (sqlite.org/pragma.html#pragma_integrity_check); the quick
 * check leaves the index out. 140 ms for 100 MB, measured: cheap enough for every start. A file of this schema has its table.
 */
function isWhole(database: DatabaseSync): boolean {
  if (readPragma(database, 'integrity_check(1)') !== 'ok') return false;
  if (readPragma(database, 'user_version') !== schemaVersion) return true;
  return database.prepare("select 1 from sqlite_schema where type = 'table' and name = 'records'").get() !== undefined;
}

function damaged(path: string): StoreError {
  return new StoreError(`The store ${path} is damaged; restore it from a backup, or move it away to start empty`);
}

function readPragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0];
}

/** SQLite's primary result codes (sqlite.org/rescode.html) and what a person can do about each. */
const problems: { readonly [code: number]: string } = {
  5: 'another process has held its lock for 5 seconds; see which one, then try again',
  8: 'the file or its disk is read-only; check the permissions',
  10: 'the disk reported an error; check the disk',
  11: 'the file is damaged; restore it from a backup, or move it away to start empty',
  13: 'the disk is full; free some space',
  14: 'the file or its log beside it cannot be opened; check the folder and the permissions',
  23: 'access was denied; check the permissions',
  26: 'the file is not a SQLite database; name another file',
};

/** Runs the work; a failure of SQLite becomes a StoreError that names the file, what was tried, and what to do. */
export function naming<T>(path: string, doing: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError(`The store ${path}: cannot ${doing}: ${describeSqliteProblem(error, path)}`, { cause: error });
  }
}

/** Why SQLite failed, in one clause. Never a value that was bound. */
export function describeSqliteProblem(error: unknown, path: string, roomAt = freeBytesAt): string {
  const { code, errcode, errstr } = error as { code?: unknown; errcode?: unknown; errstr?: unknown };
  if (code === 'ERR_INVALID_STATE') return 'it is closed';
  if (typeof errcode !== 'number') return 'SQLite failed in an unknown way';
  // The low byte of an extended result code is the primary one.
  const primary = errcode & 0xff;
  const isFull = mayBeFull.has(primary) && roomAt(path) < leastRoomBytes;
  return problems[isFull ? full : primary] ?? `SQLite says "${String(errstr)}" (${errcode})`;
}

const full = 13;
/** If there is no room for SQLite's shared memory, it reports "disk I/O error" or "unable to open", not "full". */
const mayBeFull: ReadonlySet<number> = new Set([10, 14]);
/** That memory takes 32 KiB at its smallest, and the log a page. */
const leastRoomBytes = 64 * 1024;

function freeBytesAt(path: string): number {
  try {
    const { bavail, bsize } = statfsSync(dirname(resolve(path)));
    return bavail * bsize;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** Another connection has the lock. */
export function isSqliteBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  // The low byte of an extended result code is the primary one.
  return typeof errcode === 'number' && (errcode & 0xff) === 5;
}
