import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import type { Store } from '../../io/stores/store.ts';
import type { EpochMs } from '../../model/time.ts';
import { isRecord, putOver } from './change-record.ts';

/**
 * Asks the running process to start a round at once, after a command. One record, stored under this id since the first
 * release.
 */
const key = { partition: 'fleet', id: 'knock' };

/** When a process ended that waited for such requests. */
const stoppedKey = { partition: 'fleet', id: 'stopped' };

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

/** A process that waited for requests ends. Others that still do show it with their next round. */
export async function noteStop(store: Store, at: EpochMs): Promise<void> {
  const known = await store.read(stoppedKey);
  await store.commit([putOver(stoppedKey, { schema: 1, at }, known?.version)]);
}

/** Does a process wait for requests, as far as the last rounds show? One that was killed shows none after a while. */
export async function isAwaited(store: Store, rounds: readonly RoundFindings[]): Promise<boolean> {
  const stopped = (await store.read(stoppedKey))?.value;
  const since = isRecord(stopped) && typeof stopped['at'] === 'number' ? stopped['at'] : Number.NEGATIVE_INFINITY;
  return rounds.some(({ at, isResident }) => isResident === true && at > since);
}
