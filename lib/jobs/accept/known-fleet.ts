import { rememberedBase } from '../../decide/scaling/base.ts';
import type { PoolMemory } from '../../decide/scaling/memory.ts';
import type { Clock } from '../../io/clock.ts';
import type { Store } from '../../io/stores/store.ts';
import type { Names } from '../../model/match.ts';
import type { Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { listClusterRecords, readClusterRecord } from '../records/cluster-records.ts';

/** Facts about pools from the records of rounds, to judge events. Does not call the API. */
export type KnownFleet = {
  /** The remembered base of a pool; undefined = not known. */
  readonly findBase: (names: Names) => Promise<Size | undefined>;
  /** Does the fleet have this pool? undefined = no round has read its region yet. */
  readonly isKnownPool: (names: Names) => Promise<boolean | undefined>;
};

/** Before a pool counts as missing, the list must be at most this old. */
const missedMs = 500;
/** The list of record ids may be this old, since a cluster keeps its record. */
const keptMs = 60_000;

/** Ids of the records of a region's clusters, by name. */
type Index = { readonly at: EpochMs; readonly idsOf: ReadonlyMap<string, readonly string[]> };

/**
 * A region's records are listed once, and again if a name is missing or the list is a minute old. Otherwise an event
 * reads only the current record of its own cluster.
 */
export function knownFleet(store: Store, clock: Pick<Clock, 'now'>): KnownFleet {
  const lists = new Map<string, Promise<Index>>();
  const listed = async (region: string, mostMs: number): Promise<Index> => {
    const known = lists.get(region);
    const index = await known?.catch(() => undefined);
    if (index && Math.abs(clock.now() - index.at) < mostMs) return index;
    // A call that waited for the old list uses the new one.
    if (lists.get(region) === known) lists.set(region, listRegion(store, region, clock.now()));
    return lists.get(region)!;
  };
  const find = async ({ idsOf }: Index, { region, cluster, pool }: Names): Promise<readonly PoolMemory[]> => {
    const ids = idsOf.get(cluster) ?? [];
    const records = await Promise.all(ids.map((id) => readClusterRecord(store, region, id)));
    return records.flatMap((stored) =>
      stored?.record.cluster === cluster ? Object.values(stored.record.pools).filter(({ name }) => name === pool) : [],
    );
  };
  const memories = async (names: Names) => {
    const kept = await listed(names.region, keptMs);
    const found = await find(kept, names);
    if (found.length > 0) return { isRead: true, found };
    const fresh = await listed(names.region, missedMs);
    return { isRead: fresh.idsOf.size > 0, found: fresh === kept ? found : await find(fresh, names) };
  };
  return {
    findBase: async (names) => {
      const { found } = await memories(names);
      return found.map(rememberedBase).find((base) => base !== undefined);
    },
    isKnownPool: async (names) => {
      const { isRead, found } = await memories(names);
      return isRead ? found.length > 0 : undefined;
    },
  };
}

async function listRegion(store: Store, region: string, at: EpochMs): Promise<Index> {
  const idsOf = new Map<string, string[]>();
  for (const [id, { record }] of await listClusterRecords(store, region)) {
    const ids = idsOf.get(record.cluster) ?? [];
    ids.push(id);
    idsOf.set(record.cluster, ids);
  }
  return { at, idsOf };
}
