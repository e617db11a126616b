import type { DestinationConfig, DestinationKind } from '../compiled-config.ts';
import { matchesCluster, matchesPool } from '../match.ts';
import type { EpochMs, FindingKind, NoticeKind, Severity, Subject } from '../model.ts';
import { isWorse } from './incident.ts';
import { namesKind } from './silence.ts';

/** A destination as routing sees it. `id` is what deliveries carry: its name and what its address is kept under. */
export type DestinationState = {
  readonly id: string;
  readonly name: string;
  readonly kind: DestinationKind;
  readonly only: DestinationConfig['only'];
  readonly fallback: string | undefined;
  /** Takes resolves of what it was told, nothing else: by hand, or because its address was changed. */
  readonly retired: boolean;
  readonly brokenSince: EpochMs | undefined;
};

type Routed = { readonly kind: FindingKind | NoticeKind; readonly subject: Subject; readonly severity: Severity };

/**
 * Why this destination is not told of this, or undefined: it is. `only.severity` is the least severity it takes.
 * `only.clusters` narrows what is said about clusters and pools; a region or a token concerns everybody.
 */
export function notFor(destination: DestinationState, about: Routed): string | undefined {
  const { only } = destination;
  if (destination.kind === 'alertmanager') return 'Alertmanager is sent what is open, not deliveries';
  if (destination.retired) return 'the destination is retired';
  if (isAboutItself(destination, about)) return 'a broken destination is not told about itself';
  if (only.severity !== undefined && isWorse(only.severity, about.severity)) return `only ${only.severity} or worse`;
  if (only.kinds !== undefined && !namesKind(only.kinds, about.kind)) return 'only other kinds';
  if (only.clusters !== undefined && !only.clusters.some((match) => isNamed(match, about.subject))) {
    return 'only other clusters';
  }
  return undefined;
}

/** While a destination is broken, its open criticals are wanted at its fallback too; one hop, no further. */
export function standsInFor(
  fallback: DestinationState,
  destinations: readonly DestinationState[],
  about: Routed,
): boolean {
  if (about.severity !== 'critical' || fallback.retired || fallback.kind === 'alertmanager') return false;
  if (isAboutItself(fallback, about)) return false;
  return destinations.some(
    (broken) =>
      broken.brokenSince !== undefined && broken.fallback === fallback.name && notFor(broken, about) === undefined,
  );
}

/** Keyed destinations hold an alert open under a key: a message that is never resolved would stay there for ever. */
export function isKeyed(kind: DestinationKind): boolean {
  return kind === 'pagerduty';
}

function isAboutItself(destination: DestinationState, about: Routed): boolean {
  return about.subject.kind === 'destination' && about.subject.destination === destination.name;
}

function isNamed(match: Parameters<typeof matchesPool>[0], subject: Subject): boolean {
  if (subject.kind === 'pool') return matchesPool(match, subject);
  if (subject.kind === 'cluster') return matchesCluster(match, subject);
  return true;
}
