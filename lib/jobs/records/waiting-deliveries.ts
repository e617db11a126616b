import type { DestinationConfig } from '../../decide/compiled-config.ts';
import { destinationId } from '../../decide/incidents/destination-id.ts';
import type { EpochMs } from '../../decide/model.ts';
import { messagesOf } from '../../decide/outbox/batch.ts';
import type { Store } from '../../io/stores/store.ts';
import { loadOutbox, type Outbox } from './delivery-records.ts';

export type Waiting = { readonly destination: string; readonly count: number; readonly oldest: EpochMs };

/** How many messages wait for each of these destinations, and since when; those for which none waits are left out. */
export async function loadWaiting(
  store: Store,
  destinations: readonly DestinationConfig[],
  hash: (text: string) => string,
): Promise<readonly Waiting[]> {
  const waiting = destinations.map(async (one) => {
    const times = queuedTimes(await loadOutbox(store, destinationId(one, hash)));
    return { destination: one.name, count: times.length, oldest: Math.min(...times) };
  });
  return (await Promise.all(waiting)).filter(({ count }) => count > 0);
}

/** Of each message one time, also of those that wait together as a batch. */
function queuedTimes({ deliveries, batch }: Outbox): readonly EpochMs[] {
  const items = [...deliveries.map(({ delivery }) => delivery), ...(batch === undefined ? [] : [batch.batch])];
  return items.flatMap(messagesOf).map(({ queuedAt }) => queuedAt);
}
