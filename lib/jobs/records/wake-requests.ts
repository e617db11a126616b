import type { Store } from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import { putOver } from './change-record.ts';

/** A command asked for something: the running process starts a round at once. One record, stored under this id since the first release. */
const key = { partition: 'fleet', id: 'knock' };

/** A lost compare-and-set does no harm: somebody else's request at the same moment wakes the process too. */
export async function requestWake(store: Store, at: EpochMs): Promise<void> {
  const known = await store.read(key);
  await store.commit([putOver(key, { schema: 1, at }, known?.version)]);
}

/** Changes with each request; undefined before the first. */
export async function lastWakeRequest(store: Store): Promise<string | undefined> {
  const found = await store.read(key);
  return found?.version;
}
