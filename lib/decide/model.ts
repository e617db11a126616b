/** The nouns that every part shares. Instants are epoch milliseconds, always; a duration's name ends in Ms. */

export type EpochMs = number;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The bounds of an autoscaled pool (`size_min`, `size_max` of MKS). min ≤ max. */
export type Range = { readonly min: number; readonly max: number };

/** A pin (a fixed pool's size; on an autoscaled pool min = max = n) or a range. */
export type Size = number | Range;

/** What a window, a calendar day or an exception can say. `base` and `idle` are the rule's own two sizes. */
export type Term = 'base' | 'idle' | Size;

/**
 * What a schedule says at one instant: the terms of everything that is open and counts, without repetition, in a
 * canonical order. More than one term means "the largest, per part", which only the rule can resolve.
 */
export type Says = readonly Term[];

/** ISO weekday: 1 = Monday … 7 = Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** A node pool as one answer of the API showed it. Unknown keys stay with the raw object that is sent back, not here. */
export type ObservedPool = {
  readonly id: string;
  readonly name: string;
  /** As MKS spells it; any string, since unknown statuses exist. */
  readonly status: string;
  readonly autoscale: boolean;
  /** undefined = absent in the answer, which is not 0. */
  readonly size: number | undefined;
  readonly sizeMin: number | undefined;
  readonly sizeMax: number | undefined;
  readonly createdAt: EpochMs | undefined;
  readonly updatedAt: EpochMs | undefined;
  /** Error texts, when they were asked for and given. */
  readonly errors: readonly string[];
  /** Why nothing may be done with it ("its name has 300 characters, …"); its id and its shortened name only name it. */
  readonly unreadable?: string;
};

export type ObservedCluster = {
  readonly region: string;
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly createdAt: EpochMs | undefined;
  readonly updatedAt: EpochMs | undefined;
  readonly version: ObservedVersion | undefined;
  readonly errors: readonly string[];
  /** As of a pool: it is named, and neither watched nor scaled. */
  readonly unreadable?: string;
};

export type ObservedVersion = {
  readonly id: string;
  readonly version: string;
  /** undefined = missing, null, year 1 or year 3000: all of them mean unknown, never past. */
  readonly eol: EpochMs | undefined;
};

export type Severity = 'critical' | 'warning' | 'info';

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
  | 'token.expiry'
  | 'rounds.missed'
  | 'destination.broken';

/** Something wrong in one observation. */
export type Finding = {
  readonly kind: FindingKind;
  readonly subject: Subject;
  readonly severity: Severity;
  /** One sentence, without a trailing full stop: what is wrong, on what. */
  readonly text: string;
  /** What a person can do about it. */
  readonly fix?: string;
  /** Since when it has been so, where the finding itself knows better than its first observation. */
  readonly since?: EpochMs;
  /** Small named values for messages (sizes, error texts, versions). */
  readonly facts?: { readonly [name: string]: string | number };
};

export type NoticeKind = 'cluster.gone' | 'pool.gone' | 'pool.changed-by-hand' | 'started' | 'was-off';

/** Something worth saying once: no reminder, no resolve, never to keyed destinations. */
export type Notice = {
  readonly kind: NoticeKind;
  readonly subject: Subject;
  readonly text: string;
  readonly at: EpochMs;
  readonly facts?: { readonly [name: string]: string | number };
};
