import type { Finding, FindingKind, Subject } from '../../model/finding.ts';
import type { EpochMs } from '../../model/time.ts';

/**
 * What one round knows about one (kind, subject). Unknown never opens, never resolves and resets nothing.
 * `at` is when it was seen: the same instant twice is one observation.
 */
export type Observation = Watched &
  (
    | { readonly state: 'bad'; readonly at: EpochMs; readonly finding: Finding }
    | { readonly state: 'ok'; readonly at: EpochMs }
    | { readonly state: 'unknown' }
    /** The subject is gone or no longer watched: its open incident resolves with this cause. */
    | { readonly state: 'over'; readonly at: EpochMs; readonly cause: string }
    /** It ends on a date: what counts is how near the date is, not how long the finding lasts. */
    | { readonly state: 'ends'; readonly at: EpochMs; readonly ends: EndDate }
  );

export type Watched = { readonly kind: FindingKind; readonly subject: Subject };

/** A date that comes nearer: a version's end of life, a token's expiry. */
export type EndDate = {
  readonly date: EpochMs;
  /** The zone on whose calendar days are counted. */
  readonly zone: string;
  /** The date is a day without an hour: an end of life. Absent = an instant, unless it is midnight in UTC. */
  readonly isDay?: true;
  /** What the date belongs to (a version's id). When it changes, the incident of the old one resolves. */
  readonly of: string;
  /** When this date was accepted; a later acceptance starts the steps again. */
  readonly armedAt: EpochMs;
  /** Only steps below this one are sent; undefined = all. */
  readonly below: number | undefined;
  /** What ends on that date: "support for Kubernetes 1.32.6 of cluster dev-1". */
  readonly what: string;
  /** Why the incident of the previous owner of the date resolves: "upgraded to 1.33.2". */
  readonly ifReplaced: string;
  readonly fix: string | undefined;
  /** The possible upgrades; undefined = not read in this round, so the known ones stay. */
  readonly offers?: readonly string[];
  readonly facts: { readonly [name: string]: string | number };
};

/** One key has one observation per round: over beats bad, bad beats a date or ok, anything known beats unknown. */
export function strongest(a: Observation, b: Observation): Observation {
  const difference = rank[a.state] - rank[b.state];
  if (difference !== 0) return difference > 0 ? a : b;
  return a.state === 'unknown' || b.state === 'unknown' || a.at >= b.at ? a : b;
}

const rank = { unknown: 0, ok: 1, ends: 2, bad: 3, over: 4 } as const;
