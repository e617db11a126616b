import type { Delivery, DeliveryFacts } from '../../decide/incidents/delivery.ts';
import { deliveryId, unsent } from '../../decide/incidents/enqueue.ts';
import type { HistoryRecord } from '../../decide/outbox/history.ts';
import { deliverAlerts } from '../deliver-alerts.ts';
import { deliveryPut } from '../records/delivery-records.ts';
import { listHistory } from '../records/history-records.ts';
import type { DeliverParts } from './deliver-parts.ts';
import type { Target } from './targets.ts';

/** One of the two messages of a fire drill, waiting in the outbox. */
export type Drill = { readonly key: string; readonly episode: number; readonly id: string };

export type DrillReport = {
  readonly open: DrillOutcome;
  /** undefined = the open never got through, so there was nothing to end. */
  readonly resolve: DrillOutcome | undefined;
};

export type DrillOutcome =
  | { readonly state: HistoryRecord['state']; readonly reason: string | undefined }
  | { readonly state: 'waiting'; readonly reason: string | undefined };

/**
 * A fire drill: an open and then its resolve go the way every alert goes, outbox and all, and are named as a drill. The
 * resolve follows only once the open is known to be accepted; two that wait together would become one.
 */
export async function runFireDrill(parts: DeliverParts, target: Target): Promise<DrillReport> {
  const drill = await enqueueFireDrill(parts, target, 'open');
  const open = await deliverDrill(parts, target, drill);
  if (open.state === 'dropped' || open.state === 'parked') return { open, resolve: undefined };
  const resolve = await enqueueFireDrill(parts, target, 'resolve', drill);
  return { open, resolve: await deliverDrill(parts, target, resolve) };
}

/** Puts one message of a drill into the destination's outbox. `after`: the open that this resolve ends. */
export async function enqueueFireDrill(
  { store, clock, hash, newId }: DeliverParts,
  target: Target,
  what: 'open' | 'resolve',
  after?: Drill,
): Promise<Drill> {
  const now = clock.now();
  const key = after?.key ?? hash(`fire drill\n${target.id}\n${newId()}`);
  const episode = after?.episode ?? now;
  const sequence = what === 'open' ? 1 : 2;
  const id = deliveryId(key, episode, sequence, target.id, hash);
  const facts = factsOf(target.name, what, episode, now);
  const delivery: Delivery = {
    schema: 1,
    id,
    destination: target.id,
    key,
    episode,
    sequence,
    facts,
    queuedAt: now,
    ...unsent,
  };
  await store.commit([deliveryPut(delivery, undefined)]);
  return { key, episode, id };
}

function factsOf(destination: string, what: 'open' | 'resolve', since: number, now: number): DeliveryFacts {
  const isOver = what === 'resolve';
  return {
    what,
    kind: 'fire.drill',
    subject: { kind: 'destination', destination },
    severity: 'info',
    text: `this is a fire drill: a message for ${destination} comes through`,
    fix: 'nothing is wrong; this shows that alerts arrive',
    did: undefined,
    since,
    until: isOver ? now : undefined,
    cause: isOver ? 'the drill is over' : undefined,
    worst: 'info',
    facts: {},
    at: now,
  };
}

async function deliverDrill(parts: DeliverParts, target: Target, { id }: Drill): Promise<DrillOutcome> {
  const since = parts.clock.now();
  const report = await deliverAlerts(parts, { only: target.name });
  const ended = (await listHistory(parts.store, since)).find((record) => record.id === id);
  if (ended !== undefined) return { state: ended.state, reason: ended.reason };
  return { state: 'waiting', reason: report.destinations.find((one) => one.id === target.id)?.problem };
}
