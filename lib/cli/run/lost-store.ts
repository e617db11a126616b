import type { Log } from '../../io/log.ts';
import type { OpenedStore } from '../../io/stores/open-store.ts';

/** Deleted, moved or replaced under the process, the store's file is opened anew at its path, and that is said. */
export async function followStore({ log }: { readonly log: Log }, store: OpenedStore): Promise<void> {
  const reopened = await store.reopenIfLost?.();
  if (reopened === undefined) return;
  const { path, isNew } = reopened;
  const now = isNew ? 'a new one was made there' : 'the one that is there now was opened';
  log.warn(
    `the store ${path} was deleted, moved or replaced while it was in use: ${now}, and what was remembered in the old one (bases, pauses, leases, incidents) is not known here; to go back to it, stop this process and put the old file there`,
  );
}
