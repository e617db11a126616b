import { endPoolActivity, removePool, startPoolCreation } from './activities.ts';
import { addPool } from './create-things.ts';
import { findCluster, findPool } from './find-things.ts';
import type { PoolSpec } from './fleet.ts';
import { changePool } from './history.ts';
import type { PoolFields } from './pool-fields.ts';
import type { Refusal } from './reply.ts';
import { updatePool } from './update-pool.ts';
import { type PoolView, poolView } from './views.ts';
import type { WorldState } from './world-model.ts';

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
  /** What is under way, else the next resize, never ends. */
  readonly makeStuck: (pool: string) => void;
  /** Ends what is under way now; takes back a `makeStuck` that waits. */
  readonly unstick: (pool: string) => void;
  /** The next resize ends in Error. */
  readonly failNextResize: (pool: string, message: string) => void;
  /** A status over everything (`Awaiting Network`, or one nobody knows); undefined takes it back. */
  readonly showPoolStatus: (pool: string, status: string | undefined) => void;
};

/** `now` lets the world catch up and says what time it is there. */
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
