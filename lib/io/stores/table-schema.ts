import { StoreError } from '../../errors.ts';
import { type Store, schemaVersion } from './store.ts';

/** A file has its schema in its header (user_version); a table has a record, once it is not the first. */
const tableSchemaKey = { partition: 'store', id: 'schema' } as const;

/**
 * The same store, but it refuses a table that a newer version wrote. It checks once, together with the first read and
 * before the first write; a failed check is repeated by the next call.
 */
export function refusingNewer(store: Store, table: string): Store {
  let known: Promise<void> | undefined;
  const check = () => {
    known ??= refuseNewer(store, table).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
  // Waits for both even where one fails, so that nothing is on its way when the caller closes the store.
  const beside = async <T>(read: Promise<T>): Promise<T> => {
    const [found, checked] = await Promise.allSettled([read, check()]);
    if (checked.status === 'rejected') throw checked.reason;
    if (found.status === 'rejected') throw found.reason;
    return found.value;
  };
  return {
    ...store,
    read: (key) => beside(store.read(key)),
    list: (partition, options) => beside(store.list(partition, options)),
    commit: async (writes) => {
      await check();
      return store.commit(writes);
    },
  };
}

async function refuseNewer(store: Store, table: string): Promise<void> {
  const value: unknown = (await store.read(tableSchemaKey))?.value;
  const version = (value as { readonly version?: unknown } | null | undefined)?.version ?? 1;
  if (typeof version === 'number' && version <= schemaVersion) return;
  throw new StoreError(
    `The table ${table} was written by a newer version (store schema ${JSON.stringify(version)}, this one knows ${schemaVersion}); update this one`,
  );
}
