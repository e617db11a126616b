import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import { notFor } from '../../decide/incidents/routing.ts';
import { type OpenIncident, renderAlerts } from '../../decide/messages/alertmanager.ts';
import { withRegion, withRunbook } from '../../decide/messages/message.ts';
import { isFailure, type Outcome } from '../../decide/outbox/outcome.ts';
import { senderAfter, withAddress } from '../../decide/outbox/retry.ts';
import { attemptMs, newSender, type SenderRecord } from '../../decide/outbox/sender.ts';
import { overHttp, readOutcome } from '../../io/destinations/destinations.ts';
import type { DestinationConfig } from '../../model/config.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { senderWrite } from '../records/destination-records.ts';
import { listIncidents } from '../records/incident-records.ts';
import { cleanStrings } from './clean-strings.ts';
import {
  type Credentials,
  credentialsOf,
  type DeliverParts,
  type DestinationReport,
  type Target,
} from './deliver-round.ts';

/** Alertmanager considers an alert over if it is not sent again within this time. */
const staleMs = 15 * minuteMs;
/** How long an end is sent, so that later pushes make up for a lost one. */
const endsToldMs = 15 * minuteMs;
const mostPerPush = 200;
/** Too little time for an attempt and for storing its outcome. */
const leastLeftMs = 15_000;

/**
 * Alertmanager keeps no order and none of our state: every run pushes what is open, and what is over with its end. It
 * has no outbox, and several senders push the same. One that failed is asked with an empty list if there is nothing to
 * push: otherwise nobody would learn that it works again.
 */
export async function pushAlertmanager(parts: DeliverParts, target: Target): Promise<DestinationReport> {
  const { clock } = parts;
  const counts = { accepted: 0, confirmed: 0, parked: 0, dropped: 0, failed: 0, waiting: 0 };
  const idle = { name: target.name, id: target.id, ...counts, nextAt: undefined, problem: undefined };
  const { destination } = target;
  if (destination === undefined || (parts.timeLeftMs?.() ?? Number.POSITIVE_INFINITY) < leastLeftMs) return idle;
  const incidents = await wanted(parts, destination);
  const isFailing = target.stored?.sender.failing !== undefined && !destination.retired;
  if (incidents.length === 0 && !isFailing) return idle;
  const read = await credentialsOf(parts, destination);
  const before = target.stored?.sender ?? newSender(target.id, clock.now());
  const sender = 'fingerprint' in read ? withAddress(before, read.fingerprint, clock.now()) : before;
  if (sender.nextAt > clock.now()) return { ...idle, nextAt: sender.nextAt, problem: sender.failing?.problem };
  const outcome = await push(parts, destination, incidents, read);
  await remember(parts, target, sender, outcome, 'fingerprint' in read ? read.fingerprint : '');
  if (isFailure(outcome)) return { ...idle, failed: incidents.length, problem: outcome.problem };
  return { ...idle, confirmed: incidents.length };
}

async function wanted(
  { store, clock }: DeliverParts,
  destination: DestinationConfig,
): Promise<readonly OpenIncident[]> {
  const now = clock.now();
  // Routed like a receiver of deliveries, without the rule that Alertmanager gets none.
  const state = { ...destination, id: destination.name, kind: 'webhook', brokenSince: undefined } as const;
  const records = (await listIncidents(store)).map(({ record }) => record);
  return records
    .filter((record) => isWanted(record, now) && notFor(state, record) === undefined)
    .map((record) => ({ key: record.key, facts: factsOf(record) }));
}

function isWanted({ phase, openedAt, endedAt, silenced }: IncidentRecord, now: EpochMs): boolean {
  if (phase === 'open') return silenced === undefined;
  return openedAt !== undefined && endedAt !== undefined && now - endedAt <= endsToldMs;
}

function factsOf(record: IncidentRecord): OpenIncident['facts'] {
  const { kind, severity, subject, text, fix, phase, endedAt } = record;
  const since = Math.min(record.since ?? record.episode, record.episode);
  return { kind, severity, subject, text, fix, since, until: phase === 'open' ? undefined : endedAt };
}

/** All batches, up to the first failure: the next run sends everything again. */
export async function push(
  { send, clock, clean }: DeliverParts,
  destination: DestinationConfig,
  incidents: readonly OpenIncident[],
  read: Credentials,
): Promise<Outcome> {
  if ('problem' in read) return { kind: 'address-failed', problem: read.problem };
  const { insecure, zone, severalRegions, runbooks } = destination;
  const { address, classify } = overHttp(destination);
  let outcome: Outcome = { kind: 'confirmed' };
  let from = 0;
  do {
    const now = clock.now();
    const told = incidents.slice(from, from + mostPerPush);
    from += mostPerPush;
    const safe = told.map(({ key, facts }) => {
      const said = cleanStrings(facts, clean);
      const placed = severalRegions ? withRegion(said) : said;
      return { key, facts: runbooks === undefined ? placed : withRunbook(placed, runbooks) };
    });
    const body = JSON.stringify(renderAlerts(safe, now + staleMs, zone));
    const addressed = address({ id: '', body, now }, read.credentials);
    const sent = await send({ method: 'POST', insecure, ...addressed, timeoutMs: attemptMs });
    outcome = readOutcome(sent, { classify });
  } while (from < incidents.length && !isFailure(outcome));
  return outcome;
}

/** Written only if changed; another sender's record is as good. */
async function remember(
  { store, clock }: DeliverParts,
  { stored }: Target,
  sender: SenderRecord,
  outcome: Outcome,
  address: string,
): Promise<void> {
  if (!isFailure(outcome) && stored?.sender.failing === undefined) return;
  const now = clock.now();
  const about = { now, kind: 'alertmanager', address, chance: 0, isPlainest: true } as const;
  // Its wait counts from here (stored-time.ts).
  const tried = { ...sender, bucket: { ...sender.bucket, at: now } };
  await store.commit([senderWrite(senderAfter(tried, outcome, about), stored?.version)]);
}
