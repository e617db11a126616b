import type { EpochMs } from './time.ts';

/** From the gravest to the mildest. */
export const severities = ['critical', 'warning', 'info'] as const;

export type Severity = (typeof severities)[number];

/** Sorts the gravest first. */
export function bySeverity(a: { readonly severity: Severity }, b: { readonly severity: Severity }): number {
  return severities.indexOf(a.severity) - severities.indexOf(b.severity);
}

export function isWorse(a: Severity, b: Severity): boolean {
  return severities.indexOf(a) < severities.indexOf(b);
}

export function worse(a: Severity, b: Severity): Severity {
  return isWorse(b, a) ? b : a;
}

/** What a finding is about; the identity of an incident is its kind and this, never text, counts or time. */
export type Subject =
  | { readonly kind: 'region'; readonly region: string }
  | { readonly kind: 'cluster'; readonly region: string; readonly clusterId: string; readonly cluster: string }
  | {
      readonly kind: 'pool';
      readonly region: string;
      readonly clusterId: string;
      readonly poolId: string;
      readonly cluster: string;
      readonly pool: string;
    }
  | { readonly kind: 'destination'; readonly destination: string }
  | { readonly kind: 'secret'; readonly reference: string }
  | { readonly kind: 'config'; readonly path: string }
  | { readonly kind: 'fleet' };

export type FindingKind =
  | 'api.unreachable'
  | 'api.refused'
  | 'clock.skewed'
  | 'token.cannot-scale'
  | 'cluster.unseen'
  | 'cluster.error'
  | 'pool.error'
  | 'cluster.stuck'
  | 'pool.stuck'
  | 'pool.late'
  | 'pool.refused'
  | 'pool.contended'
  | 'config.brake'
  | 'config.mismatch'
  | 'pool.unclear'
  | 'pool.outside-bounds'
  | 'base.unknown'
  | 'config.invalid'
  | 'version.eol'
  | 'calendar.stale'
  | 'token.expiry'
  | 'token.previous'
  | 'rounds.missed'
  | 'destination.broken';

/** A problem in one observation. */
export type Finding = {
  readonly kind: FindingKind;
  readonly subject: Subject;
  readonly severity: Severity;
  /** One sentence, without a trailing full stop: what is wrong, on what. */
  readonly text: string;
  /** What a person can do about it. */
  readonly fix?: string;
  /** Since when, if the finding knows a time before its first observation. */
  readonly since?: EpochMs;
  /** Small named values for messages (sizes, error texts, versions). */
  readonly facts?: { readonly [name: string]: string | number };
};

export type NoticeKind =
  | 'cluster.gone'
  | 'pool.gone'
  | 'pool.changed-by-hand'
  | 'started'
  | 'was-off'
  | 'announcement'
  | 'digest';

/** A message that is sent once: no reminder, no resolve, never to keyed destinations. */
export type Notice = {
  readonly kind: NoticeKind;
  readonly subject: Subject;
  readonly text: string;
  readonly at: EpochMs;
  readonly facts?: { readonly [name: string]: string | number };
};
