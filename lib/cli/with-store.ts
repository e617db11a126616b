import type { CompiledConfig } from '../decide/compiled-config.ts';
import { openStore } from '../io/stores/open-store.ts';
import type { Store } from '../io/stores/store.ts';
import type { CliParts } from './cli-parts.ts';
import { isThere } from './is-there.ts';

type Parts = Pick<CliParts, 'newId' | 'clock'>;

/** Opens the config's store, made where there is none, and closes it whatever happens. */
export async function withStore<T>(
  parts: Parts,
  { store }: Pick<CompiledConfig, 'store'>,
  work: (store: Store) => Promise<T>,
): Promise<T> {
  const opened = await openStore(store, parts);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

/** For commands that only look: undefined where there is no store yet, and none is made. */
export async function lookIntoStore<T>(
  parts: Parts,
  config: Pick<CompiledConfig, 'store'>,
  work: (store: Store) => Promise<T>,
): Promise<T | undefined> {
  return (await isStoreThere(config.store)) ? withStore(parts, config, work) : undefined;
}

/** Only a file can be missing: a table is made by whoever deploys. */
export async function isStoreThere(store: CompiledConfig['store']): Promise<boolean> {
  return store.kind !== 'sqlite' || isThere(store.path);
}
