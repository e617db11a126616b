import type { Answer } from '../../decide/answer.ts';
import type { Mks } from './mks.ts';

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
