import { isSameJson } from '../../model/json.ts';
import { compareText } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Delivery } from './delivery.ts';
import { stepTowardsEnd } from './end-date-steps.ts';
import { type Durations, type IncidentRecord, incidentKey, isLadder, rulesOf, withWhy } from './incident.ts';
import { type Inhibitors, inhibitedBy, inhibitor, inhibits } from './inhibition.ts';
import { type Observation, strongest } from './observation.ts';
import { end, settle, track } from './open-and-resolve.ts';
import type { DestinationState } from './routing.ts';
import { type Silences, silencedBy } from './silence.ts';
import { isDailyDue, reminded, tell } from './who-is-told.ts';

export type IncidentsInput = {
  readonly now: EpochMs;
  /** sha256, hex. Passed in, since the pure part has no crypto. */
  readonly hash: (text: string) => string;
  /** Every incident record, in any order. */
  readonly records: readonly IncidentRecord[];
  /** When each key was last known (bad or ok). */
  readonly lastKnown: { readonly [key: string]: EpochMs };
  /** Keys without an observation are unknown in this round. */
  readonly observations: readonly Observation[];
  readonly durations: Durations;
  readonly destinations: readonly DestinationState[];
  readonly silences: Silences;
};

/** One incident's transition with its deliveries: one transaction. */
export type IncidentChange = {
  readonly before: IncidentRecord | undefined;
  readonly record: IncidentRecord;
  readonly deliveries: readonly Delivery[];
};

export type IncidentsOutcome = {
  /** Records that changed, in order of key, each with its deliveries. */
  readonly changes: readonly IncidentChange[];
  /** All records as they are after this round, in order of key. */
  readonly records: readonly IncidentRecord[];
  readonly lastKnown: { readonly [key: string]: EpochMs };
};

type Case = {
  readonly key: string;
  readonly before: IncidentRecord | undefined;
  readonly observation: Observation;
};

/** One round of the incident machine: the same input gives the same output in the same order. */
export function stepIncidents(input: IncidentsInput): IncidentsOutcome {
  const cases = casesOf(input);
  const inhibitors = inhibitorsOf(cases, input);
  const settled = cases.map((one) => ({ ...one, record: lifeOf(one, inhibitors, input) }));
  const living = settled.flatMap(({ before, record }) => (record ? [{ before, record }] : []));
  const isDailyRound = living.some(({ record }) => isDailyDue(record, input.now));
  const told = living.map(({ before, record }) => ({
    before,
    ...tellOf(before, record, inhibitors, isDailyRound, input),
  }));
  return {
    changes: told.filter(({ before, record }) => !isSameJson(before, record)),
    records: told.map(({ record }) => record),
    lastKnown: lastKnownOf(settled, input),
  };
}

function casesOf({ records, observations, hash }: IncidentsInput): readonly Case[] {
  const seen = new Map<string, Observation>();
  for (const observation of observations) {
    const key = incidentKey(observation.kind, observation.subject, hash);
    const other = seen.get(key);
    seen.set(key, other === undefined ? observation : strongest(other, observation));
  }
  for (const { key, kind, subject } of records) {
    if (!seen.has(key)) seen.set(key, { kind, subject, state: 'unknown' });
  }
  const byKey = new Map(records.map((record) => [record.key, record]));
  return [...seen]
    .map(([key, observation]) => ({ key, before: byKey.get(key), observation }))
    .sort((a, b) => compareText(a.key, b.key));
}

function inhibitorsOf(cases: readonly Case[], { lastKnown, now }: IncidentsInput): Inhibitors {
  const active = cases.filter(({ key, observation, before }) => inhibits(observation, before, lastKnown[key], now));
  return new Map(active.map(({ observation }) => inhibitor(observation)));
}

/** The record after the observation, before any message. */
function lifeOf(
  { key, before, observation }: Case,
  inhibitors: Inhibitors,
  { now, lastKnown, durations }: IncidentsInput,
): IncidentRecord | undefined {
  if (observation.state === 'over') return over(before, observation.cause, observation.at, now);
  if (observation.state === 'ends') return stepTowardsEnd(before, observation, observation.ends, key, now);
  const tracked = track(before, observation, key, lastKnown[key]);
  if (tracked === undefined || isLadder(observation.kind)) return before;
  const { kind, subject } = observation;
  return settle(tracked, rulesOf(kind, durations), inhibitedBy(kind, subject, inhibitors), now);
}

function over(
  before: IncidentRecord | undefined,
  cause: string,
  at: EpochMs,
  now: EpochMs,
): IncidentRecord | undefined {
  if (before === undefined || before.phase === 'quiet') return before;
  if (before.phase === 'open') return end(before, cause, at, now);
  return withWhy({ ...before, phase: 'quiet' }, { at: now, what: 'open', reason: cause });
}

function tellOf(
  before: IncidentRecord | undefined,
  record: IncidentRecord,
  inhibitors: Inhibitors,
  isDailyRound: boolean,
  { now, hash, destinations, silences }: IncidentsInput,
): { readonly record: IncidentRecord; readonly deliveries: readonly Delivery[] } {
  const passed = reminded(record, now, isDailyRound);
  return tell(record, {
    now,
    hash,
    destinations,
    inhibited: inhibitedBy(record.kind, record.subject, inhibitors),
    silenced: silencedBy(silences, record, now),
    flaps: record.flapping && before?.flapping === false,
    reminds: passed > record.reminded,
    reminded: passed,
  });
}

function lastKnownOf(
  settled: readonly (Case & { readonly record: IncidentRecord | undefined })[],
  { lastKnown }: IncidentsInput,
): { readonly [key: string]: EpochMs } {
  const entries = settled.flatMap(({ key, observation, record }) => {
    const seenAt = observation.state === 'bad' || observation.state === 'ok' ? observation.at : undefined;
    const at = Math.max(seenAt ?? 0, lastKnown[key] ?? 0);
    return record === undefined || at === 0 ? [] : [[key, at] as const];
  });
  return Object.fromEntries(entries);
}
