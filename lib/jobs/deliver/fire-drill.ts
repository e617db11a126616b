import { type Delivery, type DeliveryFacts, deliveryId, unsent } from '../../decide/incidents/delivery.ts';
import type { OpenIncident } from '../../decide/messages/alertmanager.ts';
import { isFailure, type Outcome } from '../../decide/outbox/outcome.ts';
import type { DestinationConfig } from '../../model/config.ts';
import { isPushed } from '../../model/destination-kind.ts';
import { deliveryPut } from '../records/delivery-records.ts';
import type { DeliverParts, Target } from './deliver-round.ts';
import { credentialsOf } from './deliver-round.ts';
import { push } from './push-alertmanager.ts';
import { type SendOutcome, sendNow, type Waiting } from './send-now.ts';

export type DrillReport = {
  readonly open: SendOutcome;
  /** undefined = the open was not accepted, so there is nothing to resolve. */
  readonly resolve: SendOutcome | undefined;
};

/**
 * A fire drill: an open and then its resolve, marked as a drill, sent through the outbox like every alert, but at once,
 * whatever the back-off. The resolve follows only once the open is known to be accepted; if both waited together, they
 * would become one.
 */
export async function runFireDrill(parts: DeliverParts, target: Target): Promise<DrillReport> {
  const { destination } = target;
  if (destination !== undefined && isPushed(destination.kind)) return drillPushed(parts, destination);
  const drill = await enqueueFireDrill(parts, target, 'open');
  const open = await sendNow(parts, target, drill);
  if (open.state === 'dropped' || open.state === 'parked') return { open, resolve: undefined };
  const resolve = await enqueueFireDrill(parts, target, 'resolve', drill);
  // If the open may have been accepted, it needs a resolve, sent with its next attempt.
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

/** Alertmanager has no outbox: the alert is pushed directly, and pushed again with its end. */
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

/** There is no outbox here, so a failed push is not repeated. */
function outcomeOf(outcome: Outcome): SendOutcome {
  if (isFailure(outcome)) return { state: 'dropped', reason: outcome.problem };
  return { state: outcome.kind, reason: undefined };
}

/** The texts of a fire drill. */
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
