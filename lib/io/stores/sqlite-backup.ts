import {
  chownSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../../errors.ts';
import { applicationId, isSqliteBusy, naming, openSqliteToRead } from './sqlite-file.ts';

/**
 * Copies a store at one instant into a new file while others write: `vacuum into` reads in one transaction, and does
 * not block writers in WAL mode (sqlite.org/lang_vacuum.html). The file appears complete or not at all, readable by its
 * owner only. Throws StoreError, also if the file exists.
 */
export function backUpSqlite(path: string, target: string): void {
  if (existsSync(target)) throw isTaken(target);
  const part = copyBeside(path, target);
  try {
    // A link, not a rename, so that a file created meanwhile is not overwritten.
    linkSync(part, resolve(target));
    syncFolder(target);
  } catch {
    if (existsSync(target)) throw isTaken(target);
    renameSync(part, resolve(target));
  } finally {
    rmSync(part, { force: true });
  }
}

/** A file that others may read as soon as it is there must not be written over. */
export function isTaken(file: string): StoreError {
  return new StoreError(`The file ${file} exists already: name another one, or move it away`);
}

/** The old file's new name; undefined = there was none. */
export type Restored = { readonly aside: string | undefined };

/**
 * Replaces the store with a copy of `from`, and keeps the old store under the name `aside`. Throws StoreError, with
 * nothing changed, if a process has the store open, or if `from` is not a usable store.
 */
export function restoreSqlite(path: string, from: string, aside: string): Restored {
  if (existsSync(path) && realpathSync(from) === realpathSync(path))
    throw new StoreError(`The file ${from} is the store itself: name a backup of it`);
  if (existsSync(aside)) throw isTaken(aside);
  const part = copyBeside(from, path);
  try {
    if (!existsSync(path)) {
      replace(path, part, aside);
      return { aside: undefined };
    }
    keepOwner(part, path);
    alone(path, () => replace(path, part, aside));
    return { aside };
  } finally {
    rmSync(part, { force: true });
    syncFolder(path);
  }
}

/** A log left there belongs to another file: SQLite would apply it to this one. */
function replace(path: string, part: string, aside: string): void {
  for (const end of ['', '-wal', '-shm'])
    if (existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${aside}${end}`);
  renameSync(part, resolve(path));
}

/** A whole copy in the folder of `target`, on the disk; resolves to its name. */
function copyBeside(path: string, target: string): string {
  const part = `${resolve(target)}.part`;
  const database = openSqliteToRead(path);
  let isOurs = false;
  try {
    makeEmpty(part, target);
    isOurs = true;
    naming(target, `copy ${path}`, () => database.prepare('vacuum into ?').run(part));
    const file = openSync(part, 'r+');
    fsyncSync(file);
    closeSync(file);
    return part;
  } catch (error) {
    if (isOurs) rmSync(part, { force: true });
    throw error;
  } finally {
    database.close();
  }
}

/** SQLite writes into an existing empty file, so it has the right mode from the start. */
function makeEmpty(part: string, target: string): void {
  try {
    closeSync(openSync(part, 'wx', 0o600));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST')
      throw new StoreError(`${part} exists: another backup is running, or one was interrupted; then remove it`);
    throw new StoreError(`The file ${target} cannot be written: check that ${dirname(part)} exists and is writable`);
  }
}

/** Run by root, the copy gets the store's owner: otherwise the service could not open it. */
function keepOwner(part: string, path: string): void {
  const { uid, gid } = statSync(path);
  const own = statSync(part);
  if (own.uid === uid && own.gid === gid) return;
  try {
    chownSync(part, uid, gid);
  } catch {
    throw new StoreError(
      `The store ${path} belongs to another user (${uid}:${gid}): run this as that user, or as root`,
    );
  }
}

/**
 * Runs the work while no other process has the file open. Leaving WAL mode needs exclusive access, and fails at once if
 * another process has the file open (sqlite.org/wal.html). It also writes the log into the file. A file that SQLite
 * cannot read counts as not open.
 */
function alone(path: string, work: () => void): void {
  const database = new DatabaseSync(resolve(path), { timeout: 0 });
  try {
    refuseForeignOrOpen(database, path);
    work();
  } finally {
    database.close();
  }
}

function refuseForeignOrOpen(database: DatabaseSync, path: string): void {
  try {
    const owner = Object.values(database.prepare('pragma application_id').get() ?? {})[0];
    const isEmpty = database.prepare('select 1 from sqlite_schema limit 1').get() === undefined;
    if (owner !== applicationId && !isEmpty)
      throw new StoreError(`The store ${path} is the database of another program: nothing was restored over it`);
    database.exec('pragma journal_mode = delete; pragma locking_mode = exclusive; begin exclusive');
  } catch (error) {
    if (error instanceof StoreError) throw error;
    if (isSqliteBusy(error)) throw new StoreError(isHeld(path));
  }
}

function isHeld(path: string): string {
  return `The store ${path} is in use: stop the process that has it open (systemctl stop lamplighter, docker stop, kubectl scale deployment/lamplighter --replicas=0), then run this again`;
}

function syncFolder(file: string): void {
  const folder = openSync(dirname(resolve(file)), 'r');
  try {
    fsyncSync(folder);
  } catch {
    // Some file systems do not sync folders.
  } finally {
    closeSync(folder);
  }
}
