import { StoreError } from '../../errors.ts';

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
    throw new StoreError(`The store ${path}: cannot ${doing}: ${describeSqliteProblem(error)}`, { cause: error });
  }
}

/** Why SQLite failed, in one clause. Never a value that was bound. */
export function describeSqliteProblem(error: unknown): string {
  const { code, errcode, errstr } = error as { code?: unknown; errcode?: unknown; errstr?: unknown };
  if (code === 'ERR_INVALID_STATE') return 'it is closed';
  if (typeof errcode !== 'number') return 'SQLite failed in an unknown way';
  // The low byte of an extended result code is the primary one.
  return problems[errcode & 0xff] ?? `SQLite says "${String(errstr)}" (${errcode})`;
}

/** Another connection has the lock. */
export function isSqliteBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown };
  // The low byte of an extended result code is the primary one.
  return typeof errcode === 'number' && (errcode & 0xff) === 5;
}
