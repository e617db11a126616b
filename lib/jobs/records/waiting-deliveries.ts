import type { DestinationConfig } from '../../decide/compiled-config.ts';
import { destinationId } from '../../decide/incidents/destination-id.ts';
import type { EpochMs } from '../../decide/model.ts';
import type { Store } from '../../io/stores/store.ts';
import { listAll } from './cluster-records.ts';

export type Waiting = { readonly count: number; readonly oldest: EpochMs | undefined };

/** How much waits in the outboxes of these destinations, and since when. */
export async function loadWaiting(
  store: Store,
  destinations: readonly DestinationConfig[],
  hash: (text: string) => string,
): Promise<Waiting> {
  const lists = await Promise.all(destinations.map((one) => listAll(store, `outbox/${destinationId(one, hash)}`)));
  const times = lists.flat().flatMap(({ value }) => queuedAt(value));
  return { count: lists.flat().length, oldest: times.length > 0 ? Math.min(...times) : undefined };
}

function queuedAt(value: unknown): readonly EpochMs[] {
  const at = (value as { readonly queuedAt?: unknown } | null)?.queuedAt;
  return typeof at === 'number' ? [at] : [];
}
