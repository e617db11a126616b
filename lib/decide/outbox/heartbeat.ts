import type { EpochMs } from '../model.ts';
import type { LastRounds } from './last-rounds.ts';

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
    ...(isFresh(rounds.watchedAt) ? [] : ['nobody watches the clusters']),
    ...(!scales || isFresh(rounds.scaledAt) ? [] : ['no scaling round']),
    ...(broken.length > 0 && broken.every((one) => one) ? ['every destination is broken'] : []),
  ];
  return reasons.length === 0 ? { kind: 'ping' } : { kind: 'fail', reason: reasons.join(', ') };
}
