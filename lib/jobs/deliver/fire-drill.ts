import { type Delivery, type DeliveryFacts, deliveryId, unsent } from '../../decide/incidents/delivery.ts';
import type { OpenIncident } from '../../decide/messages/alertmanager.ts';
import { isFailure, type Outcome } from '../../decide/outbox/outcome.ts';
import type { DestinationConfig } from '../../model/config.ts';
import { isPushed } from '../../model/destination-kind.ts';
import { deliveryPut } from '../records/delivery-records.ts';
import type { DeliverParts, Target } from './parts.ts';
import { credentialsOf } from './parts.ts';
import { push } from './push-alertmanager.ts';
import { type SendOutcome, sendNow, type Waiting } from './send-now.ts';

export type DrillReport = {
  readonly open: SendOutcome;
  /** undefined = the open never got through, so there was nothing to end. */
  readonly resolve: SendOutcome | undefined;
};

/**
 * A fire drill: an open and then its resolve go the way every alert goes, outbox and all, but now, whatever the back-off,
 * and are named as a drill. The resolve follows only once the open is known to be accepted; two that wait together would become one.
 */
export async function runFireDrill(parts: DeliverParts, target: Target): Promise<DrillReport> {
  const { destination } = target;
  if (destination !== undefined && isPushed(destination.kind)) return drillPushed(parts, destination);
  const drill = await enqueueFireDrill(parts, target, 'open');
  const open = await sendNow(parts, target, drill);
  if (open.state === 'dropped' || open.state === 'parked') return { open, resolve: undefined };
  const resolve = await enqueueFireDrill(parts, target, 'resolve', drill);
  // What may have been accepted is owed its end, with the open's next try.
  return { open, resolve: open.state === 'waiting' ? open : await sendNow(parts, target, resolve) };
}

/** Puts one message of a drill into the destination's outbox. `after`: the open that this resolve ends. */
async function enqueueFireDrill(
  { store, clock, hash, newId }: DeliverParts,
  target: Target,
  what: 'open' | 'resolve',
  after?: Waiting,
): Promise<Waiting> {
  const now = clock.now();
  const key = after?.key ?? hash(`fire drill\n${target.id}\n${newId()}`);
  const episode = after?.episode ?? now;
  const sequence = what === 'open' ? 1 : 2;
  const id = deliveryId(key, episode, sequence, target.id, hash);
  const facts = drillFacts(target.name, what, episode, now);
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
  return { key, episode, sequence };
}

/** Alertmanager has no outbox: an alert is pushed as what is open is, and pushed again with its end. */
async function drillPushed(parts: DeliverParts, destination: DestinationConfig): Promise<DrillReport> {
  const since = parts.clock.now();
  const read = await credentialsOf(parts, destination);
  const say = async (what: 'open' | 'resolve') => {
    const facts: OpenIncident['facts'] = drillFacts(destination.name, what, since, parts.clock.now());
    return outcomeOf(await push(parts, destination, [{ key: '', facts }], read));
  };
  const open = await say('open');
  return { open, resolve: open.state === 'confirmed' ? await say('resolve') : undefined };
}

/** Nothing waits here: what was not taken is not sent again. */
function outcomeOf(outcome: Outcome): SendOutcome {
  if (isFailure(outcome)) return { state: 'dropped', reason: outcome.problem };
  return { state: outcome.kind, reason: undefined };
}

/** What a fire drill says, and that it is one. */
function drillFacts(destination: string, what: 'open' | 'resolve', since: number, now: number): DeliveryFacts {
  const isOver = what === 'resolve';
  return {
    what,
    kind: 'fire.drill',
    subject: { kind: 'destination', destination },
    severity: 'info',
    text: `this is a fire drill: it shows that messages to ${destination} arrive`,
    fix: 'nothing is wrong',
    did: undefined,
    since,
    until: isOver ? now : undefined,
    cause: isOver ? 'the drill is over' : undefined,
    worst: 'info',
    facts: {},
    at: now,
  };
}
