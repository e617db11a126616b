import type { Store } from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import { putOver } from './change-record.ts';

/**
 * Asks the running process to start a round at once, after a command. One record, stored under this id since the first
 * release.
 */
const key = { partition: 'fleet', id: 'knock' };

/** A lost compare-and-set is harmless: the other request wakes the process too. */
export async function requestWake(store: Store, at: EpochMs): Promise<void> {
  const known = await store.read(key);
  await store.commit([putOver(key, { schema: 1, at }, known?.version)]);
}

/** Changes with each request; undefined before the first. */
export async function lastWakeRequest(store: Store): Promise<string | undefined> {
  const found = await store.read(key);
  return found?.version;
}
