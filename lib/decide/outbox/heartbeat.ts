import type { Finding } from '../../model/finding.ts';
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

const intervals = 3;

/**
 * Somebody watches: rounds over the whole fleet within three intervals (a round whose answers were unknown counts, it
 * did look), and at least one destination that can be told; one never tried counts as working, and so does having none.
 */
export function decideBeat({ now, everyMs, rounds, scales, broken }: Health): Beat {
  const isFresh = (at: EpochMs | undefined) => at !== undefined && now - at <= intervals * everyMs;
  const reasons = [
    ...(isFresh(rounds.watchedAt) ? [] : ['the clusters are not watched']),
    ...(!scales || isFresh(rounds.scaledAt) ? [] : ['no scaling round']),
    ...(broken.length > 0 && broken.every((one) => one) ? ['every destination is broken'] : []),
  ];
  return reasons.length === 0 ? { kind: 'ping' } : { kind: 'fail', reason: reasons.join(', ') };
}

type Round = { readonly at: EpochMs; readonly region: string; readonly shard: { readonly count: number } };

export type LastRounds = {
  /** The last pass of the watch. */
  readonly watchedAt: EpochMs | undefined;
  /** The oldest of the last scaling rounds of every region, all shards of it; undefined = there never was one. */
  readonly scaledAt: EpochMs | undefined;
};

/** Shards of an earlier cut of the fleet are no rounds any more: per region only those cut like the newest count. */
export function lastRounds(
  watchedAt: EpochMs | undefined,
  rounds: readonly Round[],
  regions: readonly string[],
): LastRounds {
  const ats = regions.flatMap((region) => {
    const own = rounds.filter((round) => round.region === region);
    const newest = own.reduce<Round | undefined>((best, one) => (best && best.at >= one.at ? best : one), undefined);
    return own.filter(({ shard }) => shard.count === newest?.shard.count).map(({ at }) => at);
  });
  return { watchedAt, scaledAt: ats.length === 0 ? undefined : Math.min(...ats) };
}

/**
 * Is anybody still looking? Judged by the deliver job, since a round cannot miss itself: the oldest of the last rounds
 * is overdue. Where there never was a round there is nothing to judge yet.
 */
export function findMissedRounds(last: LastRounds, everyMs: number, now: EpochMs): Finding | undefined {
  const isOld = (at: EpochMs | undefined) => at !== undefined && isOverdue(at, everyMs, now);
  const late = [...(isOld(last.watchedAt) ? ['watching'] : []), ...(isOld(last.scaledAt) ? ['scaling'] : [])];
  if (late.length === 0) return undefined;
  const oldest = Math.min(last.watchedAt ?? now, last.scaledAt ?? now);
  return {
    kind: 'rounds.missed',
    subject: { kind: 'fleet' },
    severity: 'critical',
    text: `no round of ${late.join(' and ')} for ${Math.floor((now - oldest) / minuteMs)} min: the fleet is not looked after`,
    fix: 'look at the logs of the process or the functions, and check that they run',
    since: oldest,
  };
}
