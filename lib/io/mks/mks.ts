import type { Answer } from '../../model/answer.ts';
import type { ObservedCluster, ObservedPool, ObservedVersion } from '../../model/cluster.ts';
import type { EpochMs } from '../../model/time.ts';

/** A pool, and the exact text of the answer with every key, in order, and every digit. */
export type FreshPool = { readonly observed: ObservedPool; readonly raw: string };

/** The pool fields that we may change; absent = unchanged. */
export type OwnedFields = { readonly size?: number; readonly size_min?: number; readonly size_max?: number };

/**
 * The MKS API of one region (facts and unknowns: docs/mks-api.md). Reads may be retried within their own deadline; a
 * PUT is sent at most once. Calls do not throw for errors of the service or the network.
 */
export type Mks = {
  readonly region: string;
  readonly listClusters: () => Promise<Answer<readonly ObservedCluster[]>>;
  /** Asks for errors as well (`extraFields=errors`). */
  readonly getCluster: (clusterId: string) => Promise<Answer<ObservedCluster>>;
  readonly listNodePools: (clusterId: string) => Promise<Answer<readonly ObservedPool[]>>;
  readonly getNodePool: (clusterId: string, poolId: string) => Promise<Answer<FreshPool>>;
  /**
   * Sends `fresh.raw` unchanged except for our own fields. The clock is read right before sending: at or after
   * `notAfter` nothing is sent and the answer is `not-sent`. Throws RangeError, before sending, if the sizes are
   * invalid or min > max: that is a bug of the caller.
   */
  readonly putNodePool: (
    clusterId: string,
    fresh: FreshPool,
    owned: OwnedFields,
    notAfter: EpochMs,
  ) => Promise<Answer<ObservedPool>>;
  readonly listVersions: () => Promise<Answer<readonly ObservedVersion[]>>;
};

/** Called after each call with its name and outcome ("ok", "busy", "unknown:timeout", …). */
export type OnCall = (region: string, call: keyof Omit<Mks, 'region'>, outcome: string) => void;

/** The same client; every call is counted once, whatever its outcome. */
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
