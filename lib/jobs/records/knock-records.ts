import type { Store } from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import { putOver } from './change-record.ts';

/** A person asked for something: the process that keeps the fleet looks at once. One record; only its newest content counts. */
const key = { partition: 'fleet', id: 'knock' };

/** Another person's knock in the same moment is as good as this one. */
export async function knock(store: Store, at: EpochMs): Promise<void> {
  const known = await store.read(key);
  await store.commit([putOver(key, { schema: 1, at }, known?.version)]);
}

/** Changes with each knock; undefined before the first. */
export async function lastKnock(store: Store): Promise<string | undefined> {
  const found = await store.read(key);
  return found?.version;
}
