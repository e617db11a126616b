import type { DestinationConfig } from '../../model/config.ts';
import { type DestinationKind, isPushed } from '../../model/destination-kind.ts';
import { type FindingKind, isWorse, type NoticeKind, type Severity, type Subject } from '../../model/finding.ts';
import { matchesCluster, matchesPool } from '../../model/match.ts';
import type { EpochMs } from '../../model/time.ts';
import { namesKind } from './silence.ts';

/**
 * A destination as routing sees it. `id` is stored in deliveries: the name, and a hash of the reference to its address.
 */
export type DestinationState = {
  readonly id: string;
  readonly name: string;
  readonly kind: DestinationKind;
  readonly only: DestinationConfig['only'];
  readonly fallback: string | undefined;
  /** It only gets resolves of what it got before: it was retired by hand, or its address was changed. */
  readonly retired: boolean;
  readonly brokenSince: EpochMs | undefined;
};

type Routed = { readonly kind: FindingKind | NoticeKind; readonly subject: Subject; readonly severity: Severity };

/**
 * Why this destination does not get this message; undefined = it does. `only.severity` is the least severity it takes.
 * `only.clusters` limits messages about clusters and pools; a region or a token concerns everybody.
 */
export function notFor(destination: DestinationState, about: Routed): string | undefined {
  const { only } = destination;
  if (isPushed(destination.kind)) return 'Alertmanager gets what is open, not single messages';
  if (destination.retired) return 'the destination is retired';
  if (isAboutItself(destination, about)) return 'a broken destination gets no message about itself';
  if (only.severity !== undefined && isWorse(only.severity, about.severity)) return `only ${only.severity} or worse`;
  if (only.kinds !== undefined && !namesKind(only.kinds, about.kind)) return 'only other kinds';
  if (only.clusters !== undefined && !only.clusters.some((match) => isNamed(match, about.subject))) {
    return 'only other clusters';
  }
  return undefined;
}

/**
 * While a destination is broken, its open critical incidents also go to its fallback, but not to the fallback's
 * fallback.
 */
export function standsInFor(
  fallback: DestinationState,
  destinations: readonly DestinationState[],
  about: Routed,
): boolean {
  if (about.severity !== 'critical' || fallback.retired || isPushed(fallback.kind)) return false;
  if (isAboutItself(fallback, about)) return false;
  return destinations.some(
    (broken) =>
      broken.brokenSince !== undefined && broken.fallback === fallback.name && notFor(broken, about) === undefined,
  );
}

function isAboutItself(destination: DestinationState, about: Routed): boolean {
  return about.subject.kind === 'destination' && about.subject.destination === destination.name;
}

function isNamed(match: Parameters<typeof matchesPool>[0], subject: Subject): boolean {
  if (subject.kind === 'pool') return matchesPool(match, subject);
  if (subject.kind === 'cluster') return matchesCluster(match, subject);
  return true;
}

type Address = Exclude<DestinationConfig['url'], undefined>;

/**
 * A destination is identified by its name and the reference to its address. A changed reference makes a new
 * destination; the old one stays until all its resolves are sent. A new value under the same reference changes nothing.
 * Plain URLs are only hashed.
 */
export function destinationId(
  { name, url, key, mail, topic }: Pick<DestinationConfig, 'name' | 'url' | 'key' | 'mail' | 'topic'>,
  hash: (text: string) => string,
): string {
  // A mail's address is its recipients; the server is only the way there.
  const reference = mail
    ? [...mail.to].sort().join('\n')
    : (topic ?? [url, key].map((part) => (part === undefined ? '' : addressOf(part))).join('\n'));
  return `${name}~${hash(reference).slice(0, 8)}`;
}

function addressOf(address: Address): string {
  if (address.kind === 'plain') return `plain ${address.url}`;
  if (address.kind === 'command') return `command ${address.argv.join('\n')}`;
  return address.kind === 'file' ? `file ${address.path}` : `${address.kind} ${address.name}`;
}
