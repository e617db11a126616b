import type { EpochMs } from '../decide/model.ts';
import { autoscaledSize } from './autoscaler.ts';
import { usualFlavor } from './catalogue.ts';
import { draw, drawUuid } from './chance.ts';
import type { ClusterSpec, PoolSpec } from './fleet.ts';
import type { WorldCluster, WorldMachineSpec, WorldPool, WorldState, WorldVersion } from './world-model.ts';

type NewThing = 'deletedAt' | 'activity' | 'errors' | 'shownStatus' | 'text' | 'past';

/** A cluster that stands in the world at once, Running. Ids come from the seed and the order of creation. */
export function addCluster(state: WorldState, spec: ClusterSpec, createdAt: EpochMs): WorldCluster {
  const cluster: WorldCluster = {
    id: newId(state, `cluster/${spec.name}`),
    name: spec.name,
    createdAt,
    updatedAt: createdAt,
    ...newThing(),
    controlPlane: {
      size: spec.controlPlaneSize ?? 1,
      machineSpec: findMachineSpec(state, undefined),
      name: `${spec.name} plane`.slice(0, 64),
    },
    version: findVersion(state, spec.version),
    pools: new Map(),
    gonePools: [],
    upgrades: 0,
  };
  state.clusters.set(cluster.id, cluster);
  for (const pool of spec.pools) addPool(state, cluster, pool, createdAt);
  return cluster;
}

export function addPool(state: WorldState, cluster: WorldCluster, spec: PoolSpec, createdAt: EpochMs): WorldPool {
  const isFixed = 'size' in spec;
  const pool: WorldPool = {
    id: newId(state, `pool/${cluster.name}/${spec.name}`),
    name: spec.name,
    createdAt,
    updatedAt: createdAt,
    ...newThing(),
    cluster,
    size: isFixed ? spec.size : spec.min,
    sizeMin: isFixed ? undefined : spec.min,
    sizeMax: isFixed ? undefined : spec.max,
    autoscale: !isFixed,
    machineSpec: findMachineSpec(state, spec.flavor),
    labels: [],
    taints: [],
    sharedNetworks: [],
    resizes: 0,
    sticksNext: false,
    failsNext: undefined,
  };
  if (pool.autoscale) pool.size = autoscaledSize(state, pool).size;
  cluster.pools.set(pool.id, pool);
  return pool;
}

/** Some while before the world began, so that nothing looks newly made. */
export function olderThan(state: WorldState, key: string): EpochMs {
  const weekMs = 7 * 86_400_000;
  return Math.floor(state.startedAt - weekMs * (1 + draw(state.seed, `age/${key}`) * 40));
}

function newThing(): Pick<WorldPool, NewThing> {
  return { deletedAt: undefined, activity: undefined, errors: [], shownStatus: undefined, text: undefined, past: [] };
}

function newId(state: WorldState, key: string): string {
  state.created += 1;
  return drawUuid(state.seed, `${key}/${state.created}`);
}

/** By name or id; without one, or with an unknown one, the usual flavor. */
export function findMachineSpec(state: WorldState, wanted: string | undefined): WorldMachineSpec {
  const named = state.machineSpecs.find((spec) => spec.name === wanted || spec.id === wanted);
  const spec = named ?? state.machineSpecs.find((candidate) => candidate.name === usualFlavor);
  if (spec === undefined) throw new RangeError(`The world has no machine spec ${wanted ?? usualFlavor}`);
  return spec;
}

/** By version or id; without one, the last but one (the last has no known end of life). */
export function findVersion(state: WorldState, wanted: string | undefined): WorldVersion {
  const usual = state.versions.at(-2);
  const version =
    wanted === undefined ? usual : state.versions.find((each) => each.version === wanted || each.id === wanted);
  if (version === undefined) {
    throw new RangeError(
      `The world has no version ${wanted}; it has ${state.versions.map((each) => each.version).join(', ')}`,
    );
  }
  return version;
}
