import type { EpochMs } from '../../decide/model.ts';
import { StoreError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';

/**
 * The fleet is to be left alone: every round of every process on this store gives pools their bases back and does
 * nothing else. One record, not a pause, since a pause would hold the giving back as well.
 */
export type Uninstalled = { readonly at: EpochMs; readonly who: string; readonly reason: string | undefined };

const key = { partition: 'fleet', id: 'uninstalled' };
const mostAttempts = 5;

/** undefined = the fleet is kept as the config says. */
export async function readUninstalled(store: Store): Promise<Uninstalled | undefined> {
  const value = (await store.read(key))?.value as Partial<Uninstalled & { state: string }> | undefined;
  if (value === undefined || value.state === 'undone') return undefined;
  return { at: value.at ?? 0, who: value.who ?? 'somebody', reason: value.reason };
}

/** Says so once: the first one stands. Resolves to what is in force. */
export async function storeUninstalled(store: Store, uninstalled: Uninstalled): Promise<Uninstalled> {
  const known = await readUninstalled(store);
  if (known) return known;
  const { at, who, reason } = uninstalled;
  await overwrite(store, { schema: 1, state: 'uninstalled', at, who, ...(reason === undefined ? {} : { reason }) });
  return uninstalled;
}

/** The config is in force again from the next round on. false = there was nothing to undo. */
export async function undoUninstalled(store: Store, at: EpochMs, who: string): Promise<boolean> {
  if ((await readUninstalled(store)) === undefined) return false;
  await overwrite(store, { schema: 1, state: 'undone', at, who });
  return true;
}

async function overwrite(store: Store, value: { readonly [name: string]: string | number }): Promise<void> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const known = await store.read(key);
    const write = known
      ? ({ kind: 'putIfVersion', key, value, version: known.version } as const)
      : ({ kind: 'putIfAbsent', key, value } as const);
    if ((await store.commit([write])).kind === 'committed') return;
  }
  throw new StoreError('Storing whether the fleet is uninstalled failed: others kept changing it; try again');
}
