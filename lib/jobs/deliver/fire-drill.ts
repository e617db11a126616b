import { type Delivery, type DeliveryFacts, deliveryId, unsent } from '../../decide/incidents/delivery.ts';
import type { OpenIncident } from '../../decide/messages/alertmanager.ts';
import type { HistoryRecord } from '../../decide/outbox/delivery-log.ts';
import { isFailure, type Outcome } from '../../decide/outbox/outcome.ts';
import type { DestinationConfig } from '../../model/config.ts';
import { deliveryPut, listHistory } from '../records/delivery-records.ts';
import { deliverAlerts } from './deliver-alerts.ts';
import { anotherSender } from './deliver-to.ts';
import type { DeliverParts, Target } from './parts.ts';
import { credentialsOf, push } from './push-alertmanager.ts';

/** One of the two messages of a fire drill, waiting in the outbox. */
export type Drill = { readonly key: string; readonly episode: number; readonly sequence: number };

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
  if (target.destination?.kind === 'alertmanager') return drillAlertmanager(parts, target.destination);
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

/** Longer than a lease: whoever else was sending is done by then, or gone. */
const longestMs = 100_000;
const betweenMs = 2_000;
/** Whoever sends it may run on a clock of its own. */
const skewMs = 10 * 60_000;

/** Waits for its turn where others are at work, but not for a destination that fails to work again. */
async function deliverDrill(parts: DeliverParts, target: Target, drill: Drill): Promise<DrillOutcome> {
  const since = parts.clock.now();
  for (;;) {
    const report = await deliverAlerts(parts, { only: target.name });
    const ended = (await listHistory(parts.store, since - skewMs)).find(({ said }) =>
      said.some((line) => isOf(line, drill)),
    );
    if (ended !== undefined) return { state: ended.state, reason: ended.reason };
    const problem = report.destinations.find(({ id }) => id === target.id)?.problem;
    const isFailing = problem !== undefined && problem !== anotherSender;
    if (isFailing || parts.clock.now() - since >= longestMs) return { state: 'waiting', reason: problem };
    await parts.clock.sleep(betweenMs);
  }
}

/** Among many others it may have become a line of one message. */
function isOf({ key, sequence }: Drill, drill: Drill): boolean {
  return key === drill.key && sequence === drill.sequence;
}

/** Alertmanager has no outbox: an alert is pushed as what is open is, and pushed again with its end. */
export async function drillAlertmanager(parts: DeliverParts, destination: DestinationConfig): Promise<DrillReport> {
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
function outcomeOf(outcome: Outcome): DrillOutcome {
  if (isFailure(outcome)) return { state: 'dropped', reason: outcome.problem };
  return { state: outcome.kind, reason: undefined };
}

/** What a fire drill says, and that it is one. */
export function drillFacts(destination: string, what: 'open' | 'resolve', since: number, now: number): DeliveryFacts {
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
