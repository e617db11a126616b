import type { Finding } from '../../model/finding.ts';
import type { Part } from '../../model/part.ts';
import { type EpochMs, isOverdue, minuteMs } from '../../model/time.ts';

export type Health = {
  readonly now: EpochMs;
  readonly everyMs: number;
  readonly rounds: LastRounds;
  /** Does the config have rules, so that scaling rounds are expected? */
  readonly scales: boolean;
  /** Destinations that are not retired: is each broken? */
  readonly broken: readonly boolean[];
};

export type Beat = { readonly kind: 'ping' } | { readonly kind: 'fail'; readonly reason: string };

/**
 * Healthy: no round over the whole fleet is overdue (a round counts even if its answers were unknown), and at least one
 * destination works. A destination that was never tried counts as working, and so does having none.
 */
export function decideBeat({ now, everyMs, rounds, scales, broken }: Health): Beat {
  const isFresh = (at: EpochMs | undefined) => at !== undefined && !isOverdue(at, everyMs, now);
  const reasons = [
    ...(isFresh(rounds.watchedAt) ? [] : ['the clusters are not watched']),
    ...(!scales || isFresh(rounds.scaledAt) ? [] : ['no scaling round']),
    ...(broken.length > 0 && broken.every((one) => one) ? ['every destination is broken'] : []),
  ];
  return reasons.length === 0 ? { kind: 'ping' } : { kind: 'fail', reason: reasons.join(', ') };
}

/** `since`: since when the fleet is divided into these parts, as far as that round knows. */
type Round = {
  readonly at: EpochMs;
  readonly region: string;
  readonly shard: Part;
  readonly since?: EpochMs | undefined;
};

export type LastRounds = {
  /** The oldest of the last watch rounds of all parts; undefined = none yet. */
  readonly watchedAt: EpochMs | undefined;
  /** The oldest of the last scaling rounds of every region and part. */
  readonly scaledAt: EpochMs | undefined;
  /** The part that this round belongs to, if the fleet is divided. */
  readonly watchedPart?: LastPart;
  readonly scaledPart?: LastPart;
};

/** `newestAt`: the newest round of any part. */
type LastPart = Part & { readonly newestAt: EpochMs };

/**
 * Parts of an earlier division do not count: per region, only those of the newest division. A part without any round
 * yet was expected from when the division began.
 */
export function lastRounds(
  watched: readonly Round[],
  scaled: readonly Round[],
  regions: readonly string[],
): LastRounds {
  const [watch, scale] = [oldestOf(watched), oldestOfRegions(scaled, regions)];
  return {
    watchedAt: watch?.at,
    scaledAt: scale?.at,
    ...(watch?.part && { watchedPart: watch.part }),
    ...(scale?.part && { scaledPart: scale.part }),
  };
}

type Oldest = { readonly at: EpochMs; readonly part: LastPart | undefined };

function oldestOfRegions(rounds: readonly Round[], regions: readonly string[]): Oldest | undefined {
  const all = regions.flatMap((region) => oldestOf(rounds.filter((round) => round.region === region)) ?? []);
  return all.toSorted((a, b) => a.at - b.at)[0];
}

function oldestOf(rounds: readonly Round[]): Oldest | undefined {
  const newest = rounds.toSorted((a, b) => b.at - a.at)[0];
  if (newest === undefined) return undefined;
  const { count } = newest.shard;
  const own = rounds.filter(({ shard }) => shard.count === count);
  const cutAt = Math.min(...own.map(({ at, since = at }) => since));
  const ats = Array.from({ length: count }, (_, index) => own.find(({ shard }) => shard.index === index)?.at ?? cutAt);
  const at = Math.min(...ats);
  return { at, part: count === 1 ? undefined : { index: ats.indexOf(at), count, newestAt: newest.at } };
}

/**
 * Are rounds still running? The deliver job checks it, since a round cannot notice its own absence: the oldest of the
 * last rounds must not be overdue. Before the first round there is nothing to check.
 */
export function findMissedRounds(last: LastRounds, everyMs: number, now: EpochMs): Finding | undefined {
  const isOld = (at: EpochMs | undefined) => at !== undefined && isOverdue(at, everyMs, now);
  const late = [
    ...(isOld(last.watchedAt) ? [{ what: 'watching', part: last.watchedPart }] : []),
    ...(isOld(last.scaledAt) ? [{ what: 'scaling', part: last.scaledPart }] : []),
  ].map(({ what, part }) => ({ what, part: part && !isOld(part.newestAt) ? part : undefined }));
  if (late.length === 0) return undefined;
  const oldest = Math.min(last.watchedAt ?? now, last.scaledAt ?? now);
  const rounds = late.map(({ what, part }) => (part ? `${what} (part ${part.index + 1} of ${part.count})` : what));
  const whose = late.every(({ part }) => part !== undefined) ? 'its clusters are' : 'the fleet is';
  return {
    kind: 'rounds.missed',
    subject: { kind: 'fleet' },
    severity: 'critical',
    text: `no round of ${rounds.join(' and ')} for ${Math.floor((now - oldest) / minuteMs)} min: ${whose} not managed`,
    fix: 'check the logs of the process or the functions, and that they run',
    since: oldest,
  };
}
