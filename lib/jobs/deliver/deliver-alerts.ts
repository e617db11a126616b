import { destinationId } from '../../decide/incidents/routing.ts';
import { StoreError } from '../../errors.ts';
import { isPushed } from '../../model/destination-kind.ts';
import { mapBounded } from '../concurrency.ts';
import { listKnownDestinations, listSenders } from '../records/destination-records.ts';
import type { DeliverParts, DeliverReport, DestinationReport, Target } from './deliver-round.ts';
import { deliverTo } from './deliver-to.ts';
import { judgeDelivery } from './delivery-findings.ts';
import { pushAlertmanager } from './push-alertmanager.ts';

/** The most destinations at once; each has only one sender. */
const concurrency = 8;

/**
 * Sends what waits, destination by destination. Several runs at once are safe, and so is a crash at any point: each
 * destination is locked, and every attempt is recorded before it is made. Then it reports what only this job can see:
 * broken destinations and missed rounds. Throws StoreError if the store cannot be read at all.
 */
export async function deliverAlerts(parts: DeliverParts): Promise<DeliverReport> {
  const first = await deliverAll(parts);
  const judged = await judgeDelivery(parts, first.destinations);
  const problems = [...first.problems, ...judged.problems];
  if (judged.deliveries === 0) return { destinations: first.destinations, problems };
  const second = await deliverAll(parts);
  return { destinations: merged(first.destinations, second.destinations), problems: [...problems, ...second.problems] };
}

async function deliverAll(parts: DeliverParts): Promise<DeliverReport> {
  const targets = await listTargets(parts);
  const problems: string[] = [];
  const reports = await mapBounded(targets, concurrency, (target) => deliverOne(parts, target, problems));
  return { destinations: reports.flatMap((report) => report ?? []), problems };
}

/** A store error of one destination does not affect the others. */
async function deliverOne(
  parts: DeliverParts,
  target: Target,
  problems: string[],
): Promise<DestinationReport | undefined> {
  try {
    const { destination, standing } = target;
    const isSentAnew = destination !== undefined && isPushed(destination.kind) && standing === 'active';
    return isSentAnew ? await pushAlertmanager(parts, target) : await deliverTo(parts, target);
  } catch (error) {
    const reason = error instanceof StoreError ? error.message : 'an unexpected error';
    parts.log.warn('delivering failed', { destination: target.name, reason });
    problems.push(`delivering to ${target.name} failed: ${reason}`);
    return undefined;
  }
}

function merged(
  first: readonly DestinationReport[],
  second: readonly DestinationReport[],
): readonly DestinationReport[] {
  const before = new Map(first.map((report) => [report.id, report]));
  return second.map((report) => {
    const { accepted = 0, confirmed = 0, parked = 0, dropped = 0, failed = 0 } = before.get(report.id) ?? {};
    return {
      ...report,
      accepted: report.accepted + accepted,
      confirmed: report.confirmed + confirmed,
      parked: report.parked + parked,
      dropped: report.dropped + dropped,
      failed: report.failed + failed,
    };
  });
}

/** The configured destinations in order, then any others with waiting messages. */
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

/** An id is the name, a tilde, and a hash of the reference to its address. */
function nameOf(id: string): string {
  return id.slice(0, id.lastIndexOf('~'));
}
