import { createHash } from 'node:crypto';
import type { Delivery } from '../../../lib/decide/incidents/delivery.ts';
import { type IncidentRecord, incidentKey } from '../../../lib/decide/incidents/incident.ts';
import type { Observation } from '../../../lib/decide/incidents/observation.ts';
import type { DestinationState } from '../../../lib/decide/incidents/routing.ts';
import type { Silences } from '../../../lib/decide/incidents/silence.ts';
import { stepIncidents } from '../../../lib/decide/incidents/step-incidents.ts';
import type { Match } from '../../../lib/model/config.ts';
import type { FindingKind, Severity, Subject } from '../../../lib/model/finding.ts';
import type { EpochMs } from '../../../lib/model/time.ts';

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;
export const start = Date.UTC(2026, 10, 23, 8);

export const hash = (text: string) => createHash('sha256').update(text).digest('hex');

export const region: Subject = { kind: 'region', region: 'r1' };
export const cluster: Subject = { kind: 'cluster', region: 'r1', clusterId: 'c1', cluster: 'dev-1' };
export const pool: Subject = {
  kind: 'pool',
  region: 'r1',
  clusterId: 'c1',
  poolId: 'p1',
  cluster: 'dev-1',
  pool: 'workers',
};

export const noSilence: Silences = { configured: [], asked: [], isWindowOpen: () => false };

export function destination(name: string, patch: Partial<DestinationState> = {}): DestinationState {
  const only = { severity: undefined, kinds: undefined, clusters: undefined };
  const state = { id: name, name, kind: 'slack', only, fallback: undefined, retired: false, brokenSince: undefined };
  return { ...state, kind: 'slack', ...patch };
}

export function only(severity: Severity, patch: Partial<DestinationState['only']> = {}): DestinationState['only'] {
  return { severity, kinds: undefined, clusters: undefined, ...patch };
}

export function match(text: string, patch: Partial<Match> = {}): Match {
  return { text, region: undefined, cluster: text.replaceAll('*', '.*'), pool: undefined, exactPool: false, ...patch };
}

export function bad(kind: FindingKind, subject: Subject, at: EpochMs, severity: Severity = 'critical'): Observation {
  return { kind, subject, state: 'bad', at, finding: { kind, subject, severity, text: `${kind} is bad` } };
}

export function ok(kind: FindingKind, subject: Subject, at: EpochMs): Observation {
  return { kind, subject, state: 'ok', at };
}

export function unknown(kind: FindingKind, subject: Subject): Observation {
  return { kind, subject, state: 'unknown' };
}

export function over(kind: FindingKind, subject: Subject, at: EpochMs, cause: string): Observation {
  return { kind, subject, state: 'over', at, cause };
}

/** The incident machine with a memory, as the watch job drives it. */
export function incidentWorld(destinations: readonly DestinationState[] = [destination('ops')]) {
  const world = {
    destinations,
    silences: noSilence,
    durations: { forMs: 5 * minuteMs, clearMs: 10 * minuteMs },
    records: [] as readonly IncidentRecord[],
    lastKnown: {} as { readonly [key: string]: EpochMs },
    sent: [] as Delivery[],
    /** Records written, pass by pass. */
    written: [] as number[],
    pass(now: EpochMs, ...observations: readonly Observation[]): readonly Delivery[] {
      const { records, lastKnown, durations, silences } = world;
      const input = { now, hash, records, lastKnown, observations, durations, silences };
      const outcome = stepIncidents({ ...input, destinations: world.destinations });
      // What is stored comes back as JSON: nothing may hang on undefined or on the order of keys.
      world.records = JSON.parse(JSON.stringify(outcome.records)) as readonly IncidentRecord[];
      world.lastKnown = outcome.lastKnown;
      world.written.push(outcome.changes.length);
      const deliveries = outcome.changes.flatMap((change) => change.deliveries);
      world.sent.push(...deliveries);
      return deliveries;
    },
    record(kind: FindingKind, subject: Subject): IncidentRecord | undefined {
      const key = incidentKey(kind, subject, hash);
      return world.records.find((record) => record.key === key);
    },
  };
  return world;
}

/** "ops open", in order of sending. */
export function told(deliveries: readonly Delivery[]): readonly string[] {
  return deliveries.map(({ destination, facts }) => `${destination} ${facts.what}`);
}
