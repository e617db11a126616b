import type { ConfiguredSilence, Match } from '../../model/config.ts';
import type { FindingKind, NoticeKind, Subject } from '../../model/finding.ts';
import { matchesCluster, matchesPool } from '../../model/match.ts';
import type { Window } from '../../model/schedule.ts';
import { because } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { offsetsAround, renderDate } from '../schedule/local-time.ts';
import { windowsFrom } from '../schedule/openings.ts';
import { datesOpenIn } from '../schedule/timeline.ts';

/**
 * A silence set by a person on the command line. Partition `silences`, by id. A silence of one incident without an end
 * is its acknowledgement: it holds until that episode is over.
 */
export type SilenceRecord = {
  readonly schema: 1;
  readonly id: string;
  readonly scope:
    | { readonly kind: 'match'; readonly match: Match }
    | { readonly kind: 'incident'; readonly key: string; readonly episode: EpochMs };
  /** When it begins; absent = it began when it was asked for. */
  readonly from?: EpochMs;
  /** undefined only for an incident. */
  readonly until: EpochMs | undefined;
  readonly who: string;
  readonly reason: string | undefined;
  readonly askedAt: EpochMs;
};

/**
 * Is this recurring window open at this instant, in this zone? `dates`: the local dates on which it may begin, absent =
 * any. Passed in, since the window rules belong to schedules.
 */
type IsWindowOpen = (window: Window, zone: string, at: EpochMs, dates?: readonly string[]) => boolean;

export type Silences = {
  readonly configured: readonly ConfiguredSilence[];
  readonly asked: readonly SilenceRecord[];
  readonly isWindowOpen: IsWindowOpen;
};

export type Silenceable = {
  readonly kind: FindingKind | NoticeKind;
  readonly subject: Subject;
  readonly key: string;
  readonly episode: EpochMs;
};

/** Why messages about this are silenced now, or undefined. People's silences come before those of the config. */
export function silencedBy(silences: Silences, about: Silenceable, now: EpochMs): string | undefined {
  const asked = silences.asked.find((silence) => isAskedFor(silence, about, now));
  if (asked !== undefined) return `silenced by ${asked.who}${because(asked.reason)}`;
  const configured = silences.configured.find((silence) => isConfiguredFor(silence, about, now, silences.isWindowOpen));
  return configured && `silenced by the config for ${configured.match.text}${because(configured.reason)}`;
}

/** A silence that has ended, or whose episode is over. */
export function isSpent(
  silence: SilenceRecord,
  now: EpochMs,
  isEpisodeOpen: (key: string, episode: EpochMs) => boolean,
): boolean {
  if (silence.until !== undefined && now >= silence.until) return true;
  return silence.scope.kind === 'incident' && !isEpisodeOpen(silence.scope.key, silence.scope.episode);
}

function isAskedFor(silence: SilenceRecord, about: Silenceable, now: EpochMs): boolean {
  if (!isWithin(silence, now)) return false;
  const { scope } = silence;
  if (scope.kind === 'incident') return scope.key === about.key && scope.episode === about.episode;
  return namesSubject(scope.match, about.subject);
}

function isConfiguredFor(
  silence: ConfiguredSilence,
  about: Silenceable,
  now: EpochMs,
  isWindowOpen: IsWindowOpen,
): boolean {
  if (silence.kinds !== undefined && !namesKind(silence.kinds, about.kind)) return false;
  if (!namesSubject(silence.match, about.subject)) return false;
  return holdsNow(silence, now, isWindowOpen);
}

/** Is a silence of the config in force at this instant, whatever it matches? */
export function holdsNow(silence: ConfiguredSilence, now: EpochMs, isOpen: IsWindowOpen): boolean {
  const { window, zone, dates } = silence;
  return isWithin(silence, now) && (window === undefined || isOpen(window, zone, now, dates));
}

function isWithin(
  { from, until }: { readonly from?: EpochMs; readonly until: EpochMs | undefined },
  now: EpochMs,
): boolean {
  return (from === undefined || now >= from) && (until === undefined || now < until);
}

/**
 * A match silences the clusters and pools it names. Other subjects (a region, a token, a destination, the config) are
 * silenced only by `*`, or by `<region>:*` for that region.
 */
export function namesSubject(match: Match, subject: Subject): boolean {
  switch (subject.kind) {
    case 'pool':
      return matchesPool(match, subject);
    case 'cluster':
      return match.pool === undefined && matchesCluster(match, subject);
    case 'region':
      return match.text === '*' || match.text === `${subject.region}:*`;
    default:
      return match.text === '*';
  }
}

/** A kind is named in full, or with all its siblings: `pool.*`. */
export function namesKind(kinds: readonly string[], kind: FindingKind | NoticeKind): boolean {
  return kinds.some((named) => named === kind || (named.endsWith('.*') && kind.startsWith(named.slice(0, -1))));
}

/** Is a silence's window open now? By the same rules as the windows of schedules, daylight saving included. */
export const isWindowOpen: IsWindowOpen = (window, zone, at, dates) => {
  const [first, last] = datesOpenIn(at, at);
  const offsets = offsetsAround(zone, first, last);
  const schedule = { windows: [window] };
  for (let day = first; day <= last; day += 1) {
    if (dates !== undefined && !dates.includes(renderDate(day))) continue;
    if (windowsFrom(schedule, new Map(), day, offsets).some(({ from, to }) => from <= at && at < to)) return true;
  }
  return false;
};
