/**
 * One message for one destination, as the watch job enqueues it and the deliver job carries it to its end.
 * Record: partition `outbox/<destination>`, id `<incident key>.<episode>#<sequence, 6 digits>` (its lane sorts together).
 */

import type { FindingKind, NoticeKind, Severity, Subject } from '../../model/finding.ts';
import type { EpochMs } from '../../model/time.ts';
import type { IncidentRecord, Told } from './incident.ts';

/**
 * `open`: the destination's first message in this episode. `update`: severity rose, flapping, the next step of an end
 * date. `reminder`: still open. `resolve`: over. `notice`: sent once, nothing follows.
 */
type DeliveryWhat = 'open' | 'update' | 'reminder' | 'resolve' | 'notice';

/** Frozen when enqueued: a retry a day later reports the state of then, not of now. */
export type DeliveryFacts = {
  readonly what: DeliveryWhat;
  readonly kind: FindingKind | NoticeKind | 'fire.drill';
  readonly subject: Subject;
  readonly severity: Severity;
  /** One sentence: what is wrong, on what. */
  readonly text: string;
  /** What a person can do. */
  readonly fix: string | undefined;
  /** What Lamplighter did or does about it ("PUT size 0 → 3 at …"), if anything. */
  readonly did: string | undefined;
  /** First bad observation (of the episode), or the notice's time. */
  readonly since: EpochMs;
  /** End of the episode; only on a resolve. */
  readonly until: EpochMs | undefined;
  /** Why it ended: "recovered", "cluster is gone", "no longer watched", … ; only on a resolve. */
  readonly cause: string | undefined;
  /** Worst severity of the episode so far. */
  readonly worst: Severity;
  readonly facts: { readonly [name: string]: string | number };
  readonly at: EpochMs;
  /** Not sent after this instant, since its content would be out of date. Absent = it may come late. */
  readonly staleAt?: EpochMs;
  /** Of a correction of an announcement; older ones do not have it. */
  readonly corrects?: Corrects;
  /** Links for people, each signed right before the message is sent. */
  readonly links?: readonly { readonly label: string; readonly url: string }[];
  /** The address of the runbook for this kind; added when the message is rendered, never stored. */
  readonly runbook?: string;
};

type Corrects = {
  /** When the first message of the announcement was written. */
  readonly saidAt: EpochMs;
  /** It also tells of changes that are still to come until then; absent = it only takes back. */
  readonly newsUntil?: EpochMs;
};

export type Delivery = {
  readonly schema: 1;
  /** sha256 hex of (key, episode, sequence, destination): stable over retries, no dots. */
  readonly id: string;
  readonly destination: string;
  /** The incident's key: sha256 hex of (kind, subject). For a notice: of the notice. */
  readonly key: string;
  /** Time of the episode's first bad observation. */
  readonly episode: EpochMs;
  readonly sequence: number;
  readonly facts: DeliveryFacts;
  readonly queuedAt: EpochMs;
  /** Owned by the deliver job from here on. */
  readonly attempts: number;
  readonly lastAttemptAt: EpochMs | undefined;
  /** true once an attempt may have been accepted (5xx, time-out, crash after the attempt was recorded). */
  readonly maybeAccepted: boolean;
  /** Frozen before the first attempt. */
  readonly body: string | undefined;
  /** The body is in its plainest form after a 400, 413 or 415. */
  readonly plain: boolean;
  /**
   * A resolve that replaced an open which was never accepted: it holds the whole episode, and is not dropped by age.
   */
  readonly untold?: true;
  /** How long sending has failed; time without attempts does not count. */
  readonly waitedMs?: number;
  /** Chats only: the wait caused by attempts without a clear answer. */
  readonly doubt?: Doubt;
};

/** A chat may show a copy of a message per attempt without an answer, so the next attempt waits. */
export type Doubt = {
  readonly count: number;
  /** Not sent again before this instant, unless the address or its secret changes first. */
  readonly until: EpochMs;
  /** Fingerprint of the address that may have accepted it. */
  readonly address: string;
};

/** One message for one destination, before it becomes a delivery. */
export type Said = {
  readonly what: Exclude<DeliveryWhat, 'notice'>;
  readonly destinationId: string;
  readonly episode: EpochMs;
};

type Enqueuing = { readonly now: EpochMs; readonly hash: (text: string) => string };

/** Turns messages into frozen deliveries, and records in the incident which destination got what. */
export function enqueue(
  record: IncidentRecord,
  said: readonly Said[],
  { now, hash }: Enqueuing,
): { readonly record: IncidentRecord; readonly deliveries: readonly Delivery[] } {
  if (said.length === 0) return { record, deliveries: [] };
  const sequence = record.sequence + 1;
  const deliveries = said.map((one) => deliveryOf(record, one, sequence, now, hash));
  const told = said.reduce((before, one) => remember(before, record, one, now), record.told);
  return { record: { ...record, sequence, told }, deliveries };
}

function deliveryOf(
  record: IncidentRecord,
  { what, destinationId, episode }: Said,
  sequence: number,
  now: EpochMs,
  hash: (text: string) => string,
): Delivery {
  const { key } = record;
  const id = deliveryId(key, episode, sequence, destinationId, hash);
  const lane = { schema: 1, id, destination: destinationId, key, episode, sequence } as const;
  return { ...lane, facts: factsOf(record, what, now), queuedAt: now, ...unsent };
}

/** Stable over retries and restarts: the same message for the same destination has the same id. */
export function deliveryId(
  key: string,
  episode: EpochMs,
  sequence: number,
  destinationId: string,
  hash: (text: string) => string,
): string {
  return hash(`${key}\n${episode}\n${sequence}\n${destinationId}`);
}

/** A delivery that was never tried. */
export const unsent = {
  attempts: 0,
  lastAttemptAt: undefined,
  maybeAccepted: false,
  body: undefined,
  plain: false,
} as const;

function factsOf(record: IncidentRecord, what: DeliveryWhat, now: EpochMs): DeliveryFacts {
  const { did, ...facts } = record.facts ?? {};
  const isOver = what === 'resolve';
  return {
    what,
    kind: record.kind,
    subject: record.subject,
    severity: record.severity,
    text: isOver ? record.text : withFlapping(record),
    fix: record.fix,
    did: did === undefined ? undefined : String(did),
    since: Math.min(record.since ?? record.episode, record.episode),
    until: isOver ? (record.endedAt ?? now) : undefined,
    cause: isOver ? (record.cause ?? 'now below the severity of this destination') : undefined,
    worst: record.worst,
    facts,
    at: now,
  };
}

function withFlapping({ text, flapping }: IncidentRecord): string {
  return flapping ? `${text}; it comes and goes; it ends after 20 min without it` : text;
}

function remember(
  told: IncidentRecord['told'],
  record: IncidentRecord,
  { what, destinationId, episode }: Said,
  now: EpochMs,
): IncidentRecord['told'] {
  const { [destinationId]: _before, ...others } = told;
  if (what === 'resolve') return others;
  const entry: Told = { at: now, episode, severity: record.severity };
  const { ladder } = record;
  return { ...told, [destinationId]: ladder ? { ...entry, step: ladder.step, armedAt: ladder.armedAt } : entry };
}
