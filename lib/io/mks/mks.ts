import type { Answer } from '../../model/answer.ts';
import type { ObservedCluster, ObservedPool, ObservedVersion } from '../../model/cluster.ts';
import type { EpochMs } from '../../model/time.ts';

/** A pool, and the text of the answer exactly as the service sent it: every key, in its order, every digit. */
export type FreshPool = { readonly observed: ObservedPool; readonly raw: string };

/** The fields of a pool that are ours to change; absent = leave as read. */
export type OwnedFields = { readonly size?: number; readonly size_min?: number; readonly size_max?: number };

/**
 * The MKS API of one region (facts and unknowns: docs/mks-api.md). Reads may be retried within their own deadline;
 * a PUT is handed to HTTP at most once. No call throws for what the service or the network does.
 */
export type Mks = {
  readonly region: string;
  readonly listClusters: () => Promise<Answer<readonly ObservedCluster[]>>;
  /** Asks for errors as well (`extraFields=errors`). */
  readonly getCluster: (clusterId: string) => Promise<Answer<ObservedCluster>>;
  readonly listNodePools: (clusterId: string) => Promise<Answer<readonly ObservedPool[]>>;
  readonly getNodePool: (clusterId: string, poolId: string) => Promise<Answer<FreshPool>>;
  /**
   * Sends `fresh.raw` verbatim with only the owned fields changed. Right before the request is handed to HTTP the clock
   * is read: at or after `notAfter` nothing is sent and the answer is `not-sent`. Throws RangeError when the sizes asked
   * for are no sizes, or min > max: that is a mistake of the caller, and nothing is sent.
   */
  readonly putNodePool: (
    clusterId: string,
    fresh: FreshPool,
    owned: OwnedFields,
    notAfter: EpochMs,
  ) => Promise<Answer<ObservedPool>>;
  readonly listVersions: () => Promise<Answer<readonly ObservedVersion[]>>;
};

/** Told after each call: which, and how it ended ("ok", "busy", "unknown:timeout", …). */
export type OnCall = (region: string, call: keyof Omit<Mks, 'region'>, outcome: string) => void;

/** The same client; every call is counted once, whatever became of it. */
export function countedMks(mks: Mks, onCall: OnCall): Mks {
  const counted = async <T>(call: Parameters<OnCall>[1], work: Promise<Answer<T>>): Promise<Answer<T>> => {
    const answer = await work;
    onCall(mks.region, call, answer.kind === 'unknown' ? `unknown:${answer.reason}` : answer.kind);
    return answer;
  };
  return {
    region: mks.region,
    listClusters: () => counted('listClusters', mks.listClusters()),
    getCluster: (id) => counted('getCluster', mks.getCluster(id)),
    listNodePools: (id) => counted('listNodePools', mks.listNodePools(id)),
    getNodePool: (id, pool) => counted('getNodePool', mks.getNodePool(id, pool)),
    putNodePool: (...args) => counted('putNodePool', mks.putNodePool(...args)),
    listVersions: () => counted('listVersions', mks.listVersions()),
  };
}
