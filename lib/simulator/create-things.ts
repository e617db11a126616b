import { dayMs, type EpochMs, hourMs } from '../model/time.ts';
import { timestamp } from './api-json.ts';
import { autoscaledSize } from './autoscaler.ts';
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
  const weekMs = 7 * dayMs;
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
function findMachineSpec(state: WorldState, wanted: string | undefined): WorldMachineSpec {
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

/** What a service does not know is sent as a year far away; year 1 (Go's zero time) has been seen too. */
const unknownEol = '3000-01-01T00:00:00Z';

const versionsByEolDays: readonly (readonly [string, number | undefined])[] = [
  ['1.31.9', -20],
  ['1.32.6', 12],
  ['1.33.4', 75],
  ['1.34.2', 240],
  ['1.35.0', undefined],
];

/** One version past its end of life, one near it, and one whose end nobody knows. */
export function versionCatalogue(seed: number, startedAt: EpochMs): WorldVersion[] {
  return versionsByEolDays.map(([version, eolDays], index) => ({
    id: drawUuid(seed, `version/${version}`),
    version,
    createdAt: startedAt - (400 - index * 60) * dayMs - Math.floor(draw(seed, version) * dayMs),
    eol: eolDays === undefined ? unknownEol : eolText(startedAt + eolDays * dayMs),
    isActive: eolDays === undefined || eolDays > 0,
  }));
}

/** The service keeps midnight of its own zone, which is an hour before midnight UTC. */
function eolText(at: EpochMs): string {
  return timestamp(Math.floor(at / dayMs) * dayMs - hourMs, 0);
}

const specsCreatedAt = Date.UTC(2025, 1, 5, 11, 14, 35);

type SpecRow = readonly [name: string, cpu: number, memoryMb: number, localDiskGb: number, gpu: string];

const specRows: readonly SpecRow[] = [
  ['eo2a.medium', 1, 3816, 16, 'NONE'],
  ['eo2a.large', 2, 7632, 32, 'NONE'],
  ['eo2a.xlarge', 4, 15_264, 64, 'NONE'],
  ['eo2a.2xlarge', 8, 30_528, 128, 'NONE'],
  ['gpu.l40s.large', 16, 122_880, 256, 'L40S'],
];

const usualFlavor = 'eo2a.large';

export function machineSpecCatalogue(seed: number): readonly WorldMachineSpec[] {
  return specRows.map(([name, cpu, memoryMb, localDiskGb, gpu]) => ({
    id: drawUuid(seed, `machine-spec/${name}`),
    name,
    createdAt: specsCreatedAt,
    updatedAt: specsCreatedAt,
    cpu,
    memoryMb,
    localDiskGb,
    tags: gpu === 'NONE' ? ['control-plane', 'worker'] : ['worker'],
    gpu,
  }));
}
