import type { PoolMemory } from '../../decide/scaling/memory.ts';
import type { Store } from '../../io/stores/store.ts';
import type { Names } from '../../model/match.ts';
import type { Size } from '../../model/size.ts';
import { listClusterRecords } from '../records/cluster-records.ts';

/** What rounds have written down about pools, for judging what events ask for. No call to the API. */
export type KnownFleet = {
  /** The remembered base of a pool; undefined = not known. */
  readonly findBase: (names: Names) => Promise<Size | undefined>;
  /** Does the fleet have this pool? undefined = no round has looked at its region yet. */
  readonly isKnownPool: (names: Names) => Promise<boolean | undefined>;
};

export function knownFleet(store: Store): KnownFleet {
  const listOnce = sharing((region: string) => listClusterRecords(store, region));
  const memories = async ({ region, cluster, pool }: Names) => {
    const records = [...(await listOnce(region)).values()];
    const own = records.filter(({ record }) => record.cluster === cluster);
    return {
      isRead: records.length > 0,
      found: own.flatMap(({ record }) => Object.values(record.pools)).filter(({ name }) => name === pool),
    };
  };
  return {
    findBase: async (names) => {
      const { found } = await memories(names);
      return found.map(baseOf).find((base) => base !== undefined);
    },
    isKnownPool: async (names) => {
      const { isRead, found } = await memories(names);
      return isRead ? found.length > 0 : undefined;
    },
  };
}

/** A batch asks for many pools of a region at the same time: who asks while an answer is under way gets that one. */
function sharing<T>(work: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const underWay = new Map<string, Promise<T>>();
  return (key) => {
    const known = underWay.get(key);
    if (known) return known;
    const answer = work(key).finally(() => underWay.delete(key));
    underWay.set(key, answer);
    return answer;
  };
}

function baseOf({ away, base }: PoolMemory): Size | undefined {
  return away === undefined || away.base === 'unknown' ? base : away.base;
}
