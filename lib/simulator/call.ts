import type { EpochMs } from '../model/time.ts';
import { type Refusal, type Reply, refusals } from './reply.ts';
import type { Role, WorldCluster, WorldPool, WorldState } from './world-model.ts';

/** One call of the API, its path already matched. */
export type Call = {
  readonly clusterId: string;
  readonly poolId: string;
  readonly regionId: string;
  /** A query parameter; empty means not given. */
  readonly query: (name: string) => string | undefined;
  readonly body: string;
  /** Answer as the world was then (a stale read). */
  readonly asOf: EpochMs | undefined;
};

export type Route = {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly path: string;
  /** undefined: any valid token may. */
  readonly role: Role | undefined;
  readonly answer: (state: WorldState, call: Call) => Reply | Refusal;
};

/** The cluster of the call, or the refusal that it isn't there. */
export function withCluster(
  state: WorldState,
  call: Call,
  answer: (cluster: WorldCluster) => Reply | Refusal,
): Reply | Refusal {
  const cluster = state.clusters.get(call.clusterId);
  return cluster === undefined ? refusals.notFound('cluster not found') : answer(cluster);
}

export function withPool(state: WorldState, call: Call, answer: (pool: WorldPool) => Reply | Refusal): Reply | Refusal {
  return withCluster(state, call, (cluster) => {
    const pool = cluster.pools.get(call.poolId);
    return pool === undefined ? refusals.notFound('node pool not found') : answer(pool);
  });
}

/** The body as an object, or the refusal. */
export function withBody(
  call: Call,
  answer: (body: { readonly [key: string]: unknown }) => Reply | Refusal,
): Reply | Refusal {
  let body: unknown;
  try {
    body = JSON.parse(call.body);
  } catch {
    return refusals.invalid('the body is not JSON');
  }
  const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
  return isObject ? answer(body as { readonly [key: string]: unknown }) : refusals.invalid('the body is not an object');
}

/** `body[key].id`, as references are written. */
export function idIn(body: { readonly [key: string]: unknown }, key: string): string | undefined {
  const reference = body[key];
  if (typeof reference !== 'object' || reference === null || !('id' in reference)) return undefined;
  return typeof reference.id === 'string' ? reference.id : undefined;
}

/** Letters, digits, `-`, `_` and spaces, 1 to 64. */
export function isName(name: unknown): name is string {
  return typeof name === 'string' && /^[\w -]{1,64}$/.test(name);
}
