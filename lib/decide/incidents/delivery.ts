/**
 * One message for one destination, as the watch job enqueues it and the deliver job carries it to its end.
 * Record: partition `outbox/<destination>`, id `<incident key>.<episode>#<sequence, 6 digits>` (its lane sorts together).
 */
import type { EpochMs, FindingKind, NoticeKind, Severity, Subject } from '../model.ts';

/**
 * `open`: told for the first time in this episode at this destination. `update`: severity rose, flapping, a ladder's
 * next step. `reminder`: still open. `resolve`: over. `notice`: said once, nothing follows.
 */
export type DeliveryWhat = 'open' | 'update' | 'reminder' | 'resolve' | 'notice';

/** Frozen when enqueued: a retry a day later says what was true, not what is true. */
export type DeliveryFacts = {
  readonly what: DeliveryWhat;
  readonly kind: FindingKind | NoticeKind | 'fire.drill';
  readonly subject: Subject;
  readonly severity: Severity;
  /** One sentence: what is wrong, on what. */
  readonly text: string;
  /** What a person can do. */
  readonly fix: string | undefined;
  /** What Lamplighter did or does about it ("PUT size 0 → 3 at …"), where it did something. */
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
  /** true once an attempt may have been accepted (5xx, time-out, crash after the mark). */
  readonly maybeAccepted: boolean;
  /** Frozen before the first attempt. */
  readonly body: string | undefined;
  /** The body is in its plainest form after a 400, 413 or 415. */
  readonly plain: boolean;
  /** A resolve that took the place of an open which was never accepted: it tells the whole story, and may grow old. */
  readonly untold?: true;
  /** How long it has been tried without success; time in which nobody tried does not count. */
  readonly waitedMs?: number;
};
