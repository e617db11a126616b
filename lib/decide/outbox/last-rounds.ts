import type { EpochMs } from '../model.ts';

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
