import { type Names } from '../../model/match.ts';
import { dayMs, type EpochMs, hourMs } from '../../model/time.ts';
import type { ObservedFleetCluster } from '../scaling/memory.ts';
import { pastName } from './size-changes.ts';

/**
 * The node counts of autoscaled pools: once an hour, those that changed since the hour before. The first record of a
 * day (UTC) holds all of them, so that reading never starts further back.
 */
export type NodesRecord = {
  readonly schema: 1;
  readonly at: EpochMs;
  /** "0/1": the part of the fleet that was read. */
  readonly shard: string;
  readonly isWhole: boolean;
  readonly nodes: { readonly [pool: string]: number };
};

/** Counted at half past: schedules change on the hour, and an autoscaler needs a while to follow. */
export function isNextCount(before: EpochMs | undefined, now: EpochMs): boolean {
  const slot = (at: EpochMs) => Math.floor((at + hourMs / 2) / hourMs);
  return before === undefined || slot(before) !== slot(now);
}

/** From here on, the records of one day need no earlier ones. */
export function dayStart(at: EpochMs): EpochMs {
  return Math.floor(at / dayMs) * dayMs;
}

/** The nodes of every autoscaled pool that a rule scales. */
export function countNodes(
  clusters: readonly ObservedFleetCluster[],
  isRuled: (names: Names) => boolean,
): ReadonlyMap<string, number> {
  return new Map(
    clusters.flatMap(({ cluster, pools = [] }) =>
      pools.flatMap((pool): readonly (readonly [string, number])[] => {
        const names = { region: cluster.region, cluster: cluster.name, pool: pool.name };
        if (!pool.autoscale || pool.size === undefined || !isRuled({ ...names, labels: pool.labels })) return [];
        return [[pastName(names), pool.size]];
      }),
    ),
  );
}

/** The counts to store; undefined = no change. `today`: the records of this day so far. */
export function nodesRecord(
  at: EpochMs,
  shard: string,
  counted: ReadonlyMap<string, number>,
  today: readonly NodesRecord[],
): NodesRecord | undefined {
  if (counted.size === 0) return undefined;
  const isWhole = !today.some((record) => record.shard === shard && record.isWhole);
  const known = new Map(today.flatMap(({ nodes }) => Object.entries(nodes)));
  const news = [...counted].filter(([pool, nodes]) => isWhole || known.get(pool) !== nodes);
  return news.length === 0 ? undefined : { schema: 1, at, shard, isWhole, nodes: Object.fromEntries(news) };
}
