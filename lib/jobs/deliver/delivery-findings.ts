import { type IncidentRecord, incidentKey } from '../../decide/incidents/incident.ts';
import type { Observation } from '../../decide/incidents/observation.ts';
import { destinationId } from '../../decide/incidents/routing.ts';
import { isWindowOpen, type Silences } from '../../decide/incidents/silence.ts';
import { type IncidentChange, stepIncidents } from '../../decide/incidents/step-incidents.ts';
import { findMissedRounds } from '../../decide/outbox/heartbeat.ts';
import { isTriedAgain, observeDestination } from '../../decide/outbox/sender.ts';
import { readSchema1 } from '../records/change-record.ts';
import { commitIncidents, destinationStates } from '../records/commit-incidents.ts';
import { listBroken, listKnownDestinations, listSenders } from '../records/destination-records.ts';
import { incidentKeyOf, listSilences, type StoredIncident } from '../records/incident-records.ts';
import { loadRounds } from '../records/last-rounds.ts';
import type { DeliverParts, DestinationReport } from './deliver-round.ts';

export type Judged = { readonly deliveries: number; readonly problems: readonly string[] };

/**
 * Findings that only the deliver job can see: broken destinations, and missed rounds (a round cannot report its own
 * absence). Each is one incident key, handled alone; the watch does not touch these keys. `reports`: what was just sent,
 * and what still waits.
 */
export async function judgeDelivery(parts: DeliverParts, reports: readonly DestinationReport[]): Promise<Judged> {
  const observations = await observe(parts, reports);
  const cases = await casesOf(parts, observations);
  if (cases.length === 0) return { deliveries: 0, problems: [] };
  const changes = await stepAll(parts, cases);
  const versions = new Map(cases.flatMap(({ stored }) => (stored ? [[stored.record.key, stored.version]] : [])));
  const { done, failed } = await commitIncidents(parts.store, changes, versions);
  return {
    deliveries: done.reduce((sum, { deliveries }) => sum + deliveries.length, 0),
    problems: failed.map(({ change, reason }) => `the incident ${change.record.kind} was not stored: ${reason}`),
  };
}

type Case = { readonly observation: Observation; readonly stored: StoredIncident | undefined };

async function observe(parts: DeliverParts, reports: readonly DestinationReport[]): Promise<readonly Observation[]> {
  const { config, clock, hash, store } = parts;
  const senders = new Map((await listSenders(store)).map(({ sender }) => [sender.id, sender]));
  const rounds = await loadRounds(parts);
  const now = clock.now();
  const active = config.destinations.filter(({ retired }) => !retired);
  const idle = new Set(reports.filter(({ waiting }) => waiting === 0).map(({ id }) => id));
  const destinations = active.map((one) => {
    const id = destinationId(one, hash);
    return observeDestination(one.name, senders.get(id), now, isTriedAgain(one.kind, !idle.has(id)));
  });
  const missed = findMissedRounds(rounds, config.everyMs, now);
  const watched = { kind: 'rounds.missed', subject: { kind: 'fleet' }, at: now } as const;
  const fleet: Observation =
    missed === undefined ? { ...watched, state: 'ok' } : { ...watched, state: 'bad', finding: missed };
  return [...destinations, fleet];
}

/** A healthy state without an earlier incident is not an observation, so a quiet run writes nothing. */
async function casesOf({ store, hash }: DeliverParts, observations: readonly Observation[]): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const observation of observations) {
    const record = await store.read(incidentKeyOf(incidentKey(observation.kind, observation.subject, hash)));
    const incident = record && (readSchema1(record) as IncidentRecord | undefined);
    const stored = record && incident && { record: incident, version: record.version };
    const isLiving = stored !== undefined && stored.record.phase !== 'quiet';
    if (observation.state === 'bad' || isLiving) cases.push({ observation, stored });
  }
  return cases;
}

async function stepAll(
  { store, config, clock, hash }: DeliverParts,
  cases: readonly Case[],
): Promise<readonly IncidentChange[]> {
  const known = await listKnownDestinations(store);
  const { states } = destinationStates(config.destinations, known, await listBroken(store), hash);
  const asked = (await listSilences(store)).map(({ silence }) => silence);
  const silences: Silences = { configured: config.silences, asked, isWindowOpen };
  return stepIncidents({
    now: clock.now(),
    hash,
    records: cases.flatMap(({ stored }) => (stored === undefined ? [] : [stored.record])),
    lastKnown: {},
    observations: cases.map(({ observation }) => observation),
    durations: config.watch,
    destinations: states,
    silences,
  }).changes;
}
