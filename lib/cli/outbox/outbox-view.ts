import { sha256 } from '../../app.ts';
import { type Delivery, deliveryId } from '../../decide/incidents/delivery.ts';
import { destinationId } from '../../decide/incidents/routing.ts';
import type { Batch, Member } from '../../decide/outbox/batch.ts';
import type { Store } from '../../io/stores/store.ts';
import { listTargets } from '../../jobs/deliver/deliver-alerts.ts';
import type { Target } from '../../jobs/deliver/deliver-round.ts';
import { listParked, loadOutbox } from '../../jobs/records/delivery-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { isPushed } from '../../model/destination-kind.ts';
import type { EpochMs } from '../../model/time.ts';

/** A message that waits, as people see it. */
export type WaitingMessage = {
  readonly id: string;
  readonly key: string;
  readonly what: Delivery['facts']['what'];
  readonly kind: Delivery['facts']['kind'];
  readonly severity: Delivery['facts']['severity'];
  readonly subject: Delivery['facts']['subject'];
  readonly text: string;
  readonly queuedAt: EpochMs;
  readonly attempts: number;
  /** Its last attempt may have been taken all the same. */
  readonly isMaybeAccepted: boolean;
  /** It goes out as a line of one message with others. */
  readonly isInBatch: boolean;
};

export type ParkedMessage = WaitingMessage & { readonly reason: string; readonly parkedAt: EpochMs };

export type DestinationView = {
  readonly target: Target;
  /** `untried`: nothing was sent there yet. What Alertmanager took is not kept, so there it works until it fails. */
  readonly state: 'untried' | 'working' | 'failing' | 'broken';
  readonly since: EpochMs | undefined;
  readonly problem: string | undefined;
  /** Nothing is sent there before; undefined = at once. */
  readonly nextAt: EpochMs | undefined;
  readonly waiting: readonly WaitingMessage[];
  readonly parked: readonly ParkedMessage[];
};

/** Every destination with what waits for it and what it refused; those that left the config while something is there. */
export async function viewOutbox(
  store: Store,
  config: CompiledConfig,
  now: EpochMs,
): Promise<readonly DestinationView[]> {
  const targets = await listTargets({ store, config, hash: sha256 });
  const views = await Promise.all(targets.map((target) => viewDestination(store, target, now)));
  return views.filter(({ target, waiting, parked }) => {
    return target.standing !== 'removed' || waiting.length > 0 || parked.length > 0;
  });
}

async function viewDestination(store: Store, target: Target, now: EpochMs): Promise<DestinationView> {
  const { deliveries, batch } = await loadOutbox(store, target.id);
  const parked = await listParked(store, target.id);
  const alone = deliveries.map(({ delivery }) => waitingOf(delivery));
  const together = batch === undefined ? [] : membersOf(batch.batch);
  return {
    target,
    ...standingOf(target, now),
    waiting: [...alone, ...together].sort((a, b) => a.queuedAt - b.queuedAt),
    parked: parked.map(({ parked: { delivery, reason, at } }) => ({ ...waitingOf(delivery), reason, parkedAt: at })),
  };
}

function standingOf(
  { stored, destination }: Target,
  now: EpochMs,
): Pick<DestinationView, 'state' | 'since' | 'problem' | 'nextAt'> {
  const sender = stored?.sender;
  const nextAt = sender !== undefined && sender.nextAt > now ? sender.nextAt : undefined;
  const { failing, broken, lastSuccessAt } = sender ?? {};
  if (failing !== undefined) {
    const since = broken?.since ?? failing.since;
    return { state: broken === undefined ? 'failing' : 'broken', since, problem: failing.problem, nextAt };
  }
  const isTried = lastSuccessAt !== undefined || (destination !== undefined && isPushed(destination.kind));
  return { state: isTried ? 'working' : 'untried', since: lastSuccessAt, problem: undefined, nextAt };
}

function waitingOf(delivery: Delivery): WaitingMessage {
  const { id, attempts, maybeAccepted } = delivery;
  return { ...saidBy(delivery), id, attempts, isMaybeAccepted: maybeAccepted, isInBatch: false };
}

function membersOf({ members, destination, attempts, maybeAccepted }: Batch): readonly WaitingMessage[] {
  return members.map((member) => {
    const id = deliveryId(member.key, member.episode, member.sequence, destination, sha256);
    const isMaybeAccepted = maybeAccepted || member.maybeAccepted;
    return { ...saidBy(member), id, attempts, isMaybeAccepted, isInBatch: true };
  });
}

function saidBy({ key, queuedAt, facts: { what, kind, severity, subject, text } }: Delivery | Member) {
  return { key, what, kind, severity, subject, text, queuedAt };
}

/** What became of the last word to a destination about an incident, by the ids of both; absent = it is out. */
export function undelivered(views: readonly DestinationView[]): ReadonlyMap<string, 'waiting' | 'parked'> {
  return new Map(
    views.flatMap(({ target, waiting, parked }) => [
      ...parked.map(({ key }) => [laneName(target.id, key), 'parked'] as const),
      ...waiting.map(({ key }) => [laneName(target.id, key), 'waiting'] as const),
    ]),
  );
}

export function laneName(destinationId: string, key: string): string {
  return `${destinationId} ${key}`;
}

/** The name of a destination by its id; one that is configured otherwise by now says so. */
export function makeDestinationNames({ destinations }: Pick<CompiledConfig, 'destinations'>): (id: string) => string {
  const present = new Set(destinations.map((destination) => destinationId(destination, sha256)));
  const names = new Set(destinations.map(({ name }) => name));
  return (id) => {
    const name = id.slice(0, id.lastIndexOf('~'));
    if (present.has(id)) return name;
    return names.has(name) ? `${name} (its old address)` : `${name} (no longer configured)`;
  };
}
