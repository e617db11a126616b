import type { FindingKind, Subject } from '../../model/finding.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { describeSubject, type IncidentRecord, subjectId } from './incident.ts';
import type { Observation } from './observation.ts';

const afterBadMs = 10 * minuteMs;

/**
 * Kinds that make the things below them look bad as well. An end date or a late pool does not explain its neighbours.
 */
const parents: ReadonlySet<FindingKind> = new Set([
  'api.unreachable',
  'api.refused',
  'cluster.unseen',
  'cluster.error',
  'cluster.stuck',
]);

/**
 * A late pool and an end date are reported whatever else is wrong: the trouble above a late pool is often the reason
 * for it. Only a person's ask silences a late pool.
 */
const neverInhibited: ReadonlySet<FindingKind> = new Set(['pool.late', 'version.eol', 'token.expiry']);

/** Subject id → what inhibits everything below it. */
export type Inhibitors = ReadonlyMap<string, string>;

/**
 * A parent inhibits while its own finding is bad and, once opened, until 10 minutes after its last bad observation or
 * while it is unknown. It does not inhibit for as long as its incident is open: a flapping cluster would hide a dead
 * pool.
 */
export function inhibits(
  observation: Observation,
  record: IncidentRecord | undefined,
  lastKnownAt: EpochMs | undefined,
  now: EpochMs,
): boolean {
  if (!parents.has(observation.kind) || observation.state === 'over') return false;
  if (observation.state === 'bad') return true;
  if (record?.phase !== 'open') return false;
  return observation.state === 'unknown' || now - lastBadOf(record, lastKnownAt) < afterBadMs;
}

function lastBadOf({ run, lastBadAt }: IncidentRecord, lastKnownAt: EpochMs | undefined): EpochMs {
  return run.seen === 'bad' ? Math.max(run.since, lastKnownAt ?? 0) : (lastBadAt ?? run.since);
}

/** The reason why this incident may not open or remind now, or undefined. */
export function inhibitedBy(kind: FindingKind, subject: Subject, inhibitors: Inhibitors): string | undefined {
  if (neverInhibited.has(kind)) return undefined;
  for (const parent of above(subject)) {
    const reason = inhibitors.get(parent);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

export function inhibitor(observation: Observation): readonly [string, string] {
  const { kind, subject } = observation;
  return [subjectId(subject), `inhibited by ${kind} of ${describeSubject(subject)}`];
}

function above(subject: Subject): readonly string[] {
  const { kind } = subject;
  if (kind !== 'cluster' && kind !== 'pool') return [];
  const region = subjectId({ kind: 'region', region: subject.region });
  if (kind === 'cluster') return [region];
  const { clusterId, cluster } = subject;
  return [region, subjectId({ kind: 'cluster', region: subject.region, clusterId, cluster })];
}
