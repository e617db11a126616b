import { type Delivery, unsent } from '../../decide/incidents/delivery.ts';
import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import { historyOf } from '../../decide/outbox/delivery-log.ts';
import { newSender } from '../../decide/outbox/sender.ts';
import type { Store } from '../../io/stores/store.ts';
import { isKeyed } from '../../model/destination-kind.ts';
import { readAnnouncement } from '../records/announcement-records.ts';
import { readSchema1 } from '../records/change-record.ts';
import {
  deliveryDelete,
  deliveryPut,
  historyWrite,
  listParked,
  loadOutbox,
  outboxId,
  parkedDelete,
  type StoredParked,
} from '../records/delivery-records.ts';
import { loadSender, senderWrite } from '../records/destination-records.ts';
import { incidentKeyOf } from '../records/incident-records.ts';
import type { DeliverParts, Target } from './deliver-round.ts';
import { type SendOutcome, sendNow, type Waiting } from './send-now.ts';

export type ByHand = { readonly kind: 'done' } | { readonly kind: 'refused'; readonly reason: string };

type Parts = Pick<DeliverParts, 'store' | 'clock' | 'config'>;

export type Retried =
  | { readonly kind: 'sent'; readonly sent: SendOutcome }
  | Extract<ByHand, { readonly kind: 'refused' }>;

/** Sends a waiting or parked message now; `id` as `outbox` shows it. */
export async function retryDelivery(parts: DeliverParts, target: Target, id: string): Promise<Retried> {
  if (target.standing === 'removed') return refused('the destination was removed from the config');
  const waiting = await findWaiting(parts, target, id);
  if (waiting !== undefined) return { kind: 'sent', sent: await sendNow(parts, target, waiting) };
  const found = (await listParked(parts.store, target.id)).find(({ parked }) => outboxId(parked.delivery) === id);
  if (found === undefined) return refused('no message with this id waits or is parked');
  const back = await putBack(parts, target, found);
  return back.kind === 'refused' ? back : { kind: 'sent', sent: await sendNow(parts, target, found.parked.delivery) };
}

async function findWaiting({ store }: Parts, { id: destination }: Target, id: string): Promise<Waiting | undefined> {
  const { deliveries, batch } = await loadOutbox(store, destination);
  const all: readonly Waiting[] = [...deliveries.map(({ delivery }) => delivery), ...(batch?.batch.members ?? [])];
  return all.find((one) => outboxId(one) === id);
}

/** Puts a parked delivery back into its outbox, unsent. */
async function putBack({ store }: Parts, target: Target, found: StoredParked): Promise<ByHand> {
  const { waitedMs: _waited, doubt: _doubt, ...delivery } = { ...found.parked.delivery, ...unsent };
  const reason = await whyNoNews(store, target, delivery);
  if (reason !== undefined) return refused(`${reason}; to remove it, drop it`);
  const outcome = await store.commit([deliveryPut(delivery, undefined), parkedDelete(found)]);
  return outcome.kind === 'committed' ? { kind: 'done' } : refused('it was changed meanwhile');
}

/** What took a parked message back may be sent already, or never will be, since nobody had heard of it. */
async function whyNoNews(store: Store, { name, destination }: Target, delivery: Delivery): Promise<string | undefined> {
  if (delivery.facts.kind === 'announcement') {
    const known = await readAnnouncement(store, delivery.episode, name);
    const isCorrected = known !== undefined && known.sequence > delivery.sequence;
    return isCorrected ? 'it was corrected since: sent now, it would read as news' : undefined;
  }
  if (!isOpening(delivery) || (await isStillOpen(store, delivery))) return undefined;
  const isKept = destination !== undefined && isKeyed(destination.kind);
  return `its incident is over: sent now, it would ${isKept ? 'stay open there' : 'read as news'}`;
}

/** Drops a waiting or parked delivery, because a person asked for it. */
export async function dropDelivery(
  { store, clock, config }: Parts,
  target: Target,
  id: string,
  who: string,
): Promise<ByHand> {
  const now = clock.now();
  const ended = (delivery: Delivery) => {
    return historyWrite(historyOf(delivery, { state: 'dropped', at: now, reason: `dropped by ${who}` }), config.keepMs);
  };
  const parked = (await listParked(store, target.id)).find((one) => outboxId(one.parked.delivery) === id);
  if (parked !== undefined) return commit(store, [ended(parked.parked.delivery), parkedDelete(parked)]);
  const { deliveries } = await loadOutbox(store, target.id);
  const waiting = deliveries.find(({ delivery }) => outboxId(delivery) === id);
  if (waiting === undefined) return refused('no message with this id waits or is parked');
  const stored = await loadSender(store, target.id);
  const { lease } = stored?.sender ?? {};
  if (lease !== undefined && now < lease.until) return refused('a sender is at work there; try again in two minutes');
  // Includes the sender's record, so that this commit fails if a sender takes the destination meanwhile.
  const fence = senderWrite(stored?.sender ?? newSender(target.id, now), stored?.version);
  return commit(store, [fence, ended(waiting.delivery), deliveryDelete(waiting)]);
}

async function commit(store: Store, writes: Parameters<Store['commit']>[0]): Promise<ByHand> {
  const outcome = await store.commit(writes);
  return outcome.kind === 'committed' ? { kind: 'done' } : refused('it was changed meanwhile; try again');
}

function isOpening({ facts }: Delivery): boolean {
  return facts.what === 'open' || facts.what === 'update' || facts.what === 'reminder';
}

async function isStillOpen(store: Store, { key, episode, destination }: Delivery): Promise<boolean> {
  const record = await store.read(incidentKeyOf(key));
  const incident = record && (readSchema1(record) as IncidentRecord | undefined);
  return incident?.phase === 'open' && incident.told[destination]?.episode === episode;
}

function refused(reason: string): Extract<ByHand, { readonly kind: 'refused' }> {
  return { kind: 'refused', reason };
}
