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
 * Copies a store as of one instant into a new file, while others go on writing: `vacuum into` reads in one transaction,
 * and hinders no writer in WAL mode (sqlite.org/lang_vacuum.html). The file appears whole or not at all, readable by its
 * owner alone. Throws StoreError, also where there is a file of that name.
 */
export function backUpSqlite(path: string, target: string): void {
  if (existsSync(target)) throw isTaken(target);
  const part = copyBeside(path, target);
  try {
    // A link, not a rename: a file that somebody made meanwhile is not written over.
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

/** What became of the file that stood there: undefined = there was none. */
export type Restored = { readonly aside: string | undefined };

/**
 * Puts a copy of `from` where the store is, and keeps the store that was there under the name `aside`. Throws StoreError
 * where a process has the store open, and where `from` is no store that can be used; nothing has changed then.
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

/** A log that lies there is another file's: SQLite would bring it into this one. */
function replace(path: string, part: string, aside: string): void {
  for (const end of ['', '-wal', '-shm'])
    if (existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${aside}${end}`);
  renameSync(part, resolve(path));
}

/** A whole copy in the folder of `target`, on the disk; resolves to its name. */
function copyBeside(path: string, target: string): string {
  const part = `${resolve(target)}.part`;
  const database = openSqliteToRead(path);
  try {
    makeEmpty(part, target);
    naming(target, `copy ${path}`, () => database.prepare('vacuum into ?').run(part));
    const file = openSync(part, 'r+');
    fsyncSync(file);
    closeSync(file);
    return part;
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    database.close();
  }
}

/** SQLite writes into an empty file that is there: so it is nobody else's from its first byte on. */
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

/** Run by root, the copy still belongs to whom the store belonged to: the service could not open it else. */
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
 * Runs the work while nobody else has the file open. Leaving WAL mode needs the file for itself, and fails at once while
 * another process has it open (sqlite.org/wal.html); it also brings the log into the file. A file that SQLite cannot read
 * is open nowhere, as far as anybody can tell.
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
