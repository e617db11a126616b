import type { DestinationConfig } from '../../decide/compiled-config.ts';
import { destinationId } from '../../decide/incidents/destination-id.ts';
import type { OutboxView } from '../../decide/outbox/next-step.ts';
import { listSenders, type StoredSender } from '../records/destination-records.ts';
import { listKnownDestinations } from '../records/known-destinations.ts';
import type { DeliverParts } from './deliver-parts.ts';

/** A destination as the deliver job sees it: configured, at its old address, or gone from the config. */
export type Target = {
  readonly id: string;
  /** undefined = nothing is known of it but that something waits. */
  readonly destination: DestinationConfig | undefined;
  readonly name: string;
  readonly standing: OutboxView['standing'];
  readonly stored: StoredSender | undefined;
};

/** The configured destinations in their order, then whatever else may have something waiting. */
export async function listTargets({
  store,
  config,
  hash,
}: Pick<DeliverParts, 'store' | 'config' | 'hash'>): Promise<readonly Target[]> {
  const senders = new Map((await listSenders(store)).map((stored) => [stored.sender.id, stored]));
  const known = (await listKnownDestinations(store)).map(({ known: { id, destination } }) => ({ id, destination }));
  const present = config.destinations.map((destination) => ({ id: destinationId(destination, hash), destination }));
  const ids = new Set(present.map(({ id }) => id));
  const names = new Set(config.destinations.map(({ name }) => name));
  const old = known.filter(({ id }) => !ids.has(id));
  const seen = new Set([...ids, ...old.map(({ id }) => id)]);
  const strangers = [...senders.keys()].filter((id) => !seen.has(id));
  return [
    ...present.map(({ id, destination }): Target => {
      const standing = destination.retired ? 'retired' : 'active';
      return { id, destination, name: destination.name, standing, stored: senders.get(id) };
    }),
    ...old.map(({ id, destination }): Target => {
      const standing = names.has(destination.name) ? 'retired' : 'removed';
      return { id, destination, name: destination.name, standing, stored: senders.get(id) };
    }),
    ...strangers.map((id): Target => {
      return { id, destination: undefined, name: nameOf(id), standing: 'removed', stored: senders.get(id) };
    }),
  ];
}

/** An id is the name, a tilde, and what its address is kept under, hashed. */
function nameOf(id: string): string {
  return id.slice(0, id.lastIndexOf('~'));
}
