import type { FindingKind, NoticeKind, Severity, Subject } from '../../model/finding.ts';
import { type EpochMs, hourMs, minuteMs } from '../../model/time.ts';

/**
 * The life of one incident key. Record: partition `incidents`, id `inc/<key>`. Written only when something in it
 * changed; the times of the last observations are in the few `obs/times` records.
 */
export type IncidentRecord = {
  readonly schema: 1;
  readonly key: string;
  readonly kind: FindingKind;
  readonly subject: Subject;
  /** `quiet`: nothing wrong, kept for its past. `pending`: bad, but not for long enough. `open`: until it resolves. */
  readonly phase: 'quiet' | 'pending' | 'open';
  /** The current run of equal observations; counted up to 2, since no rule needs more. */
  readonly run: { readonly seen: 'bad' | 'ok'; readonly since: EpochMs; readonly count: number };
  /** When the observation changed (either way), within the last hour. */
  readonly changes: readonly EpochMs[];
  /** When it resolved, within the last six hours. */
  readonly resolved: readonly EpochMs[];
  /** Time of the first bad observation of this (or, when quiet, the last) episode. */
  readonly episode: EpochMs;
  readonly openedAt?: EpochMs;
  /** Last bad observation before the current run of ok. */
  readonly lastBadAt?: EpochMs;
  readonly endedAt?: EpochMs;
  readonly cause?: string;
  readonly severity: Severity;
  readonly worst: Severity;
  readonly text: string;
  readonly fix?: string;
  /** Since when it is bad, if the finding knows a time before its first observation. */
  readonly since?: EpochMs;
  readonly facts?: { readonly [name: string]: string | number };
  readonly flapping: boolean;
  /** Why an open incident is silenced now. */
  readonly silenced?: string;
  /** Sequence number of the last message; ids of deliveries are made from it. */
  readonly sequence: number;
  /** How many reminders were sent or skipped. */
  readonly reminded: number;
  /** Only for end dates: which date the sent steps belong to. Stored under this name since the first release. */
  readonly ladder?: EndDateStep;
  /** By destination: what it may have accepted, and must get a resolve for. */
  readonly told: { readonly [destinationId: string]: Told };
  /** The latest decisions not to send, oldest first. */
  readonly why: readonly WhyNot[];
};

export type EndDateStep = {
  readonly date: EpochMs;
  readonly of: string;
  readonly armedAt: EpochMs;
  readonly step: number;
  /** Steps from here upwards are not sent: they had passed when the date was moved. */
  readonly below?: number;
};

export type Told = {
  readonly at: EpochMs;
  readonly episode: EpochMs;
  readonly severity: Severity;
  /** Only for end dates: the step that was sent, and its date. */
  readonly step?: number;
  readonly armedAt?: EpochMs;
};

/** A decision not to send: which message, to whom (undefined = all), and why. */
export type WhyNot = {
  readonly at: EpochMs;
  readonly what: string;
  readonly destination?: string;
  readonly reason: string;
};

/** More than the 40 destinations of one incident, so that reasons still in force do not push each other out. */
const keptReasons = 60;

/** Adds a reason, once per episode: a reason that still holds is not written again each round. */
export function withWhy(record: IncidentRecord, why: WhyNot): IncidentRecord {
  const same = (other: WhyNot) =>
    other.what === why.what && other.destination === why.destination && other.reason === why.reason;
  if (record.why.some((other) => same(other) && other.at >= record.episode)) return record;
  return { ...record, why: [...record.why.filter((other) => !same(other)), why].slice(-keptReasons) };
}

/** A subject by its ids, never its names: a renamed pool is the same pool, a recreated one is not. */
export function subjectId(subject: Subject): string {
  switch (subject.kind) {
    case 'region':
      return `region/${subject.region}`;
    case 'cluster':
      return `cluster/${subject.region}/${subject.clusterId}`;
    case 'pool':
      return `pool/${subject.region}/${subject.clusterId}/${subject.poolId}`;
    case 'destination':
      return `destination/${subject.destination}`;
    case 'secret':
      return `secret/${subject.reference}`;
    case 'config':
      return `config/${subject.path}`;
    case 'fleet':
      return 'fleet';
  }
}

/** What identifies an incident: its kind and its subject; never text, counts, severity or time. */
export function incidentKey(kind: FindingKind | NoticeKind, subject: Subject, hash: (text: string) => string): string {
  return hash(`${kind}\n${subjectId(subject)}`);
}

/** The subject in a few words, for reasons and logs. */
export function describeSubject(subject: Subject): string {
  switch (subject.kind) {
    case 'region':
      return `region ${subject.region}`;
    case 'cluster':
      return `cluster ${subject.cluster}`;
    case 'pool':
      return `pool ${subject.cluster}/${subject.pool}`;
    case 'destination':
      return `destination ${subject.destination}`;
    case 'secret':
      return `secret ${subject.reference}`;
    case 'config':
      return subject.path;
    case 'fleet':
      return 'the fleet';
  }
}

export type Durations = { readonly forMs: number; readonly clearMs: number };

/** How long a kind must be bad to open, and ok to resolve, and how many observations each takes at least. */
export type KindRules = {
  readonly forMs: number;
  readonly clearMs: number;
  readonly badSightings: number;
  readonly okSightings: number;
};

/**
 * Kinds with a time or count of their own, used instead of `watch.for`. If the finding itself already waits (stuck
 * longer than …, later than its deadline), it only needs the second observation.
 */
const named: { readonly [kind in FindingKind]?: { readonly forMs: number } } = {
  'api.unreachable': { forMs: 10 * minuteMs },
  'api.refused': { forMs: 0 },
  'cluster.unseen': { forMs: 30 * minuteMs },
  'cluster.stuck': { forMs: 0 },
  'pool.stuck': { forMs: 0 },
  'pool.late': { forMs: 0 },
  'pool.contended': { forMs: 0 },
  'pool.outside-bounds': { forMs: hourMs },
  'rounds.missed': { forMs: 0 },
  'calendar.stale': { forMs: 0 },
};

/** Facts, not measurements: they open and resolve at the first observation. */
const immediate: ReadonlySet<FindingKind> = new Set([
  'clock.skewed',
  'config.brake',
  'config.mismatch',
  'config.invalid',
  'destination.broken',
]);

export function rulesOf(kind: FindingKind, configured: Durations): KindRules {
  if (immediate.has(kind)) return { forMs: 0, clearMs: 0, badSightings: 1, okSightings: 1 };
  const forMs = named[kind]?.forMs ?? configured.forMs;
  return { forMs, clearMs: configured.clearMs, badSightings: 2, okSightings: 2 };
}

/** End dates are reported in steps; they have no durations, no reminders and no flapping. */
export function isLadder(kind: FindingKind): boolean {
  return kind === 'version.eol' || kind === 'token.expiry';
}
