import { type Answer, unreadableAnswer } from '../../model/answer.ts';
import type { RegionConfig } from '../../model/config.ts';
import type { Json } from '../../model/json.ts';
import type { Clock } from '../clock.ts';
import type { Fetch } from '../http/exchange.ts';
import type { Redactor } from '../redact.ts';
import type { TokenSource } from '../secrets/token-source.ts';
import { type Call, type CallParts, callMks, describeCall } from './call.ts';
import type { FreshPool, Mks, OwnedFields } from './mks.ts';
import { patchMembers } from './patch-members.ts';
import { listReaderOf, type Reader, readAnswer, readerOf } from './read-answer.ts';
import { clusterShape, isSetAside, poolShape, toCluster, toPool, toVersion, versionShape } from './shapes.ts';

export type MksParts = {
  readonly region: Pick<RegionConfig, 'name' | 'url'>;
  readonly token: TokenSource;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly redactor: Redactor;
};

/** A thousand clusters are about 1 MB; the limits only protect the memory against broken answers. */
const listCapBytes = 64 * 1024 * 1024;
const capBytes = 5 * 1024 * 1024;
/** No real cluster has this many; processing more would block everything else in this process. */
const mostPools = 2000;

/** The API of one region, over real HTTP or an injected `fetch`. */
export function makeMks(parts: MksParts): Mks {
  const { region, token, fetch, clock, redactor } = parts;
  const http: CallParts = { url: region.url, token, fetch, clock, clean: redactor.clean };
  const { clean } = redactor;
  const cluster = readerOf(clusterShape, (parsed) => toCluster(region.name, parsed, clean));
  const clusters = listReaderOf(clusterShape, (parsed) => toCluster(region.name, parsed, clean));
  const pool = readerOf(poolShape, (parsed) => toPool(parsed, clean));
  const pools = listReaderOf(poolShape, (parsed) => toPool(parsed, clean), mostPools);
  const freshPool: Reader<FreshPool> = readerOf(poolShape, (parsed, raw) => ({ observed: toPool(parsed, clean), raw }));
  const versions = listReaderOf(versionShape, (parsed) => toVersion(parsed, clean));
  return {
    region: region.name,
    listClusters: () => get(http, '/cluster', listCapBytes, clusters),
    getCluster: async (clusterId) =>
      isSetAside(clusterId) ? setAside : get(http, `${clusterPath(clusterId)}?extraFields=errors`, capBytes, cluster),
    listNodePools: async (clusterId) =>
      isSetAside(clusterId) ? setAside : get(http, `${clusterPath(clusterId)}/node-pool`, capBytes, pools),
    getNodePool: (clusterId, poolId) => get(http, poolPath(clusterId, poolId), capBytes, freshPool),
    putNodePool: async (clusterId, fresh, owned, notAfter) => {
      checkSizes(fresh, owned);
      const path = poolPath(clusterId, fresh.observed.id);
      return run(http, { method: 'PUT', path, body: patchMembers(fresh.raw, owned), notAfter, capBytes }, pool);
    },
    listVersions: () => get(http, '/kubernetes-version', listCapBytes, versions),
  };
}

/** One cluster with every key of the answer, for people to read. */
export async function showCluster(
  { region, token, fetch, clock, redactor }: MksParts,
  clusterId: string,
): Promise<Answer<Json>> {
  if (isSetAside(clusterId)) return setAside;
  const http: CallParts = { url: region.url, token, fetch, clock, clean: redactor.clean };
  const whole: Reader<Json> = (json) => ({ ok: true, value: json as Json });
  return get(http, `${clusterPath(clusterId)}?extraFields=errors`, capBytes, whole);
}

/** An id that contains a secret is never put into a request. */
const setAside = unreadableAnswer('its id holds a secret');

function get<T>(http: CallParts, path: string, cap: number, reader: Reader<T>): Promise<Answer<T>> {
  return run(http, { method: 'GET', path, capBytes: cap }, reader);
}

async function run<T>(http: CallParts, call: Call, reader: Reader<T>): Promise<Answer<T>> {
  const answer = await callMks(http, call);
  return readAnswer(answer, reader, { what: describeCall(call), isWrite: call.method === 'PUT' });
}

function clusterPath(clusterId: string): string {
  return `/cluster/${encodeURIComponent(clusterId)}`;
}

function poolPath(clusterId: string, poolId: string): string {
  return `${clusterPath(clusterId)}/node-pool/${encodeURIComponent(poolId)}`;
}

/** The last check before sending: every size is a count, and min ≤ max. */
function checkSizes(fresh: FreshPool, owned: OwnedFields): void {
  for (const [name, value] of Object.entries(owned)) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} must be 0 or more, and is ${value}`);
  }
  if (owned.size_min === undefined && owned.size_max === undefined) return;
  const min = owned.size_min ?? fresh.observed.sizeMin ?? 0;
  const max = owned.size_max ?? fresh.observed.sizeMax;
  if (max !== undefined && min > max) throw new RangeError(`size_min ${min} is above size_max ${max}`);
}
