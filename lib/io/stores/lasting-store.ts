import { existsSync } from 'node:fs';
import type { NewId } from '../ids.ts';
import { openSqliteStore, type SqliteStore } from './sqlite.ts';
import type { Reopened, Store } from './store.ts';

export type LastingStore = Store &
  Pick<SqliteStore, 'collect'> & { readonly reopenIfLost: () => Promise<Reopened | undefined> };

/**
 * A SQLite store for a process that runs for months. Its file may be deleted, moved or replaced, and SQLite would go on
 * writing to the old file. If no file can be opened, every call throws the error of opening.
 */
export function openLastingStore(parts: { readonly path: string; readonly newId: NewId }): LastingStore {
  const { path } = parts;
  let store = openSqliteStore(parts);
  let failure: unknown;
  const use = () => {
    if (failure !== undefined) throw failure;
    return store;
  };
  const reopen = () => {
    try {
      store = openSqliteStore(parts);
      failure = undefined;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  return {
    read: async (key) => use().read(key),
    list: async (partition, options) => use().list(partition, options),
    commit: async (writes) => use().commit(writes),
    collect: async (now, limit) => use().collect(now, limit),
    close: async () => (failure === undefined ? store.close() : undefined),
    // Without an await in between, so that no other call finds the store closed.
    reopenIfLost: async () => {
      if (failure === undefined && store.isInPlace()) return undefined;
      if (failure === undefined) store.abandon();
      const isNew = !existsSync(path);
      reopen();
      return { path, isNew };
    },
  };
}
