import {
  endPoolActivity,
  removePool,
  startClusterCreation,
  startClusterDeletion,
  startPoolCreation,
  startUpgrade,
} from './activities.ts';
import { timestamp } from './api-json.ts';
import { addCluster, addPool, findVersion } from './create-things.ts';
import type { Fault, FaultHook, RequestInfo } from './faults.ts';
import type { ClusterSpec, PoolSpec } from './fleet.ts';
import { changeCluster, changePool, rerenderCluster } from './past-answers.ts';
import { everyRole, type Refusal } from './reply.ts';
import { type PoolFields, updatePool } from './update-pool.ts';
import { type ClusterView, clusterView, type PoolView, poolView } from './views.ts';
import type { Role, WorldCluster, WorldPool, WorldState } from './world-model.ts';

/** What people and bad luck do to clusters. A cluster is named by its name or id. */
export type ClusterOperations = {
  /** A new cluster, Creating for minutes. */
  readonly createCluster: (spec: ClusterSpec) => ClusterView;
  readonly renameCluster: (cluster: string, name: string) => void;
  readonly setClusterError: (cluster: string, message: string) => void;
  readonly clearClusterError: (cluster: string) => void;
  /** To another version, by its number; Upgrading for minutes. */
  readonly startUpgrade: (cluster: string, version: string) => void;
  /** Deleting for minutes, then gone. */
  readonly deleteCluster: (cluster: string) => void;
  readonly showClusterStatus: (cluster: string, status: string | undefined) => void;
};

/** `now` updates the world and returns its time. */
export function clusterOperations(state: WorldState, now: () => number): ClusterOperations {
  const change = (name: string, change: (cluster: WorldCluster, at: number) => void) => {
    const at = now();
    const cluster = findCluster(state, name);
    changeCluster(state, cluster, at, () => change(cluster, at));
  };
  return {
    createCluster: (spec) => {
      const at = now();
      const cluster = addCluster(state, spec, at);
      startClusterCreation(state, cluster, at);
      return clusterView(state, cluster);
    },
    renameCluster: (cluster, name) => change(cluster, (found) => (found.name = name)),
    setClusterError: (cluster, message) =>
      change(cluster, (found, createdAt) => {
        found.activity = undefined;
        found.errors = [...found.errors, { createdAt, message }];
      }),
    clearClusterError: (cluster) => change(cluster, (found) => (found.errors = [])),
    startUpgrade: (cluster, version) => {
      const at = now();
      startUpgrade(state, findCluster(state, cluster), findVersion(state, version), at);
    },
    deleteCluster: (cluster) => {
      const at = now();
      startClusterDeletion(state, findCluster(state, cluster), at);
    },
    showClusterStatus: (cluster, status) => change(cluster, (found) => (found.shownStatus = status)),
  };
}

/** What people, other tools and bad luck do to pools. A pool is named `cluster/pool`, each part a name or an id. */
export type PoolOperations = {
  /** As in the web console: the same rules as for a PUT; the refusal, or undefined when done. */
  readonly personResizes: (pool: string, fields: PoolFields) => Refusal | undefined;
  /** Turns the autoscaler on with these bounds, or off. */
  readonly toggleAutoscale: (pool: string, bounds: { min: number; max: number } | 'off') => Refusal | undefined;
  readonly addPool: (cluster: string, spec: PoolSpec) => PoolView;
  /** Deletes the pool and makes one of the same name and sizes, with another id; it is Creating for minutes. */
  readonly recreatePool: (pool: string) => PoolView;
  readonly removePool: (pool: string) => void;
  readonly setPoolError: (pool: string, message: string) => void;
  readonly clearPoolError: (pool: string) => void;
  /** The change in flight, else the next resize, never ends. */
  readonly makeStuck: (pool: string) => void;
  /** Ends the change in flight now; cancels a waiting `makeStuck`. */
  readonly unstick: (pool: string) => void;
  /** The next resize ends in Error. */
  readonly failNextResize: (pool: string, message: string) => void;
  /** A status over everything (`Awaiting Network`, or one nobody knows); undefined takes it back. */
  readonly showPoolStatus: (pool: string, status: string | undefined) => void;
};

/** `now` updates the world and returns its time. */
export function poolOperations(state: WorldState, now: () => number): PoolOperations {
  return {
    personResizes: (path, fields) => {
      const at = now();
      return updatePool(state, findPool(state, path), fields, at);
    },
    toggleAutoscale: (path, bounds) => {
      const at = now();
      const fields =
        bounds === 'off' ? { autoscale: false } : { autoscale: true, sizeMin: bounds.min, sizeMax: bounds.max };
      return updatePool(state, findPool(state, path), fields, at);
    },
    addPool: (cluster, spec) => createPool(state, cluster, spec, now()),
    recreatePool: (path) => recreate(state, path, now()),
    removePool: (path) => {
      const at = now();
      removePool(findPool(state, path), at);
    },
    setPoolError: (path, message) => setError(state, path, message, now()),
    clearPoolError: (path) => change(state, path, now(), (pool) => (pool.errors = [])),
    makeStuck: (path) => stick(state, path, now()),
    unstick: (path) => unstick(state, path, now()),
    failNextResize: (path, message) => change(state, path, now(), (pool) => (pool.failsNext = message)),
    showPoolStatus: (path, status) => change(state, path, now(), (pool) => (pool.shownStatus = status)),
  };
}

type Pool = ReturnType<typeof findPool>;

function change(state: WorldState, path: string, at: number, change: (pool: Pool) => void): void {
  const pool = findPool(state, path);
  changePool(state, pool, at, () => change(pool));
}

function createPool(state: WorldState, clusterName: string, spec: PoolSpec, at: number): PoolView {
  const pool = addPool(state, findCluster(state, clusterName), spec, at);
  startPoolCreation(state, pool, at);
  return poolView(state, pool);
}

function recreate(state: WorldState, path: string, at: number): PoolView {
  const old = findPool(state, path);
  removePool(old, at);
  const sizes = old.autoscale ? { min: old.sizeMin ?? 0, max: old.sizeMax ?? 0 } : { size: old.size };
  return createPool(state, old.cluster.id, { name: old.name, flavor: old.machineSpec.name, ...sizes }, at);
}

/** An error ends what was under way; the sizes asked for stay. */
function setError(state: WorldState, path: string, message: string, at: number): void {
  const pool = findPool(state, path);
  if (pool.activity !== undefined) endPoolActivity(state, pool, at);
  changePool(state, pool, at, () => (pool.errors = [...pool.errors, { createdAt: at, message }]));
}

function stick(state: WorldState, path: string, at: number): void {
  const pool = findPool(state, path);
  const activity = pool.activity;
  if (activity === undefined) pool.sticksNext = true;
  else changePool(state, pool, at, () => (pool.activity = { kind: activity.kind, until: undefined }));
}

function unstick(state: WorldState, path: string, at: number): void {
  const pool = findPool(state, path);
  pool.sticksNext = false;
  if (pool.activity !== undefined) endPoolActivity(state, pool, at);
}

/** Which requests `failNext` means; `path` is a part of it. */
type RequestMatch = { readonly method?: string; readonly path?: string };

/** What changes about the service itself: who may call it, how much it gives, what goes wrong with it. */
export type ServiceOperations = {
  /** The new token has the old one's roles; the old one is refused from now on, unless it is kept. */
  readonly rotateToken: (oldToken: string, newToken: string, options?: { readonly keepOld: boolean }) => void;
  readonly revokeToken: (token: string) => void;
  /** Also makes a token known. */
  readonly setRoles: (token: string, roles: readonly Role[] | 'every') => void;
  /** The most nodes all pools together may have; undefined = no limit. */
  readonly setQuota: (nodes: number | undefined) => void;
  /** A version's end of life: an instant, any text (`0001-01-01T00:00:00Z`), or undefined to leave the key out. */
  readonly setEol: (version: string, eol: number | string | undefined) => void;
  readonly setFault: (hook: FaultHook | undefined) => void;
  /** The next `times` requests that match meet this fault; until then the hook in place goes on. */
  readonly failNext: (fault: Fault, options?: RequestMatch & { readonly times?: number }) => void;
};

/** `now` updates the world and returns its time. */
export function serviceOperations(state: WorldState, now: () => number): ServiceOperations {
  return {
    rotateToken: (oldToken, newToken, options) => {
      state.tokens.set(newToken, state.tokens.get(oldToken) ?? new Set(everyRole));
      if (options?.keepOld !== true) state.tokens.delete(oldToken);
    },
    revokeToken: (token) => void state.tokens.delete(token),
    setRoles: (token, roles) => void state.tokens.set(token, new Set(roles === 'every' ? everyRole : roles)),
    setQuota: (nodes) => {
      state.quotaNodes = nodes;
    },
    setEol: (version, eol) => setEol(state, version, eol, now()),
    setFault: (hook) => {
      state.fault = hook;
    },
    failNext: (fault, options) => failNext(state, fault, options ?? {}),
  };
}

function setEol(state: WorldState, wanted: string, eol: number | string | undefined, at: number): void {
  const version = findVersion(state, wanted);
  for (const cluster of state.clusters.values()) {
    if (cluster.version === version) rerenderCluster(state, cluster, at);
  }
  version.eol = typeof eol === 'number' ? timestamp(eol, 0) : eol;
}

function failNext(state: WorldState, fault: Fault, options: RequestMatch & { readonly times?: number }): void {
  const before = state.fault;
  let left = options.times ?? 1;
  state.fault = (request) => {
    if (left === 0 || !matches(request, options)) return before?.(request);
    left -= 1;
    return fault;
  };
}

function matches(request: RequestInfo, { method, path }: RequestMatch): boolean {
  return (method === undefined || request.method === method) && (path === undefined || request.path.includes(path));
}

/** A cluster by id or name; of two with one name, the older. */
export function findCluster(state: WorldState, name: string): WorldCluster {
  const byId = state.clusters.get(name);
  if (byId !== undefined) return byId;
  for (const cluster of state.clusters.values()) if (cluster.name === name) return cluster;
  throw new RangeError(`The world has no cluster ${name}`);
}

/** A pool as `cluster/pool`, each part a name or an id. */
export function findPool(state: WorldState, path: string): WorldPool {
  const [clusterName = '', poolName = ''] = path.split('/');
  const cluster = findCluster(state, clusterName);
  const byId = cluster.pools.get(poolName);
  if (byId !== undefined) return byId;
  for (const pool of cluster.pools.values()) if (pool.name === poolName) return pool;
  throw new RangeError(`The world has no pool ${path}`);
}
