import type { Clock } from '../io/clock.ts';
import type { EpochMs } from '../model/time.ts';
import { drawHex, drawUuid } from './chance.ts';
import { addCluster, machineSpecCatalogue, olderThan, versionCatalogue } from './create-things.ts';
import type { FaultHook } from './faults.ts';
import { type FleetName, type FleetSpec, fleetOf } from './fleet.ts';
import {
  type ClusterOperations,
  clusterOperations,
  findCluster,
  findPool,
  type PoolOperations,
  poolOperations,
  type ServiceOperations,
  serviceOperations,
} from './operations.ts';
import { type RecordedRequest, recorder } from './recorder.ts';
import { everyRole } from './reply.ts';
import { type ClusterView, clusterView, type PoolView, poolView } from './views.ts';
import { type Behaviour, dueQueue, type Role, usualBehaviour, type WorldState } from './world-model.ts';

export type WorldOptions = {
  readonly clock: Clock;
  /** The same seed and the same calls give the same answers. Default 1. */
  readonly seed?: number;
  /** Everything that takes time takes this many times less of it; clock and timestamps stay real. Default 1. */
  readonly speed?: number;
  /** Default `small`. */
  readonly fleet?: FleetName | FleetSpec;
  /** Default: 64 hex digits of the seed. */
  readonly token?: string;
  /** Default: every role. */
  readonly roles?: readonly Role[];
  /** The name of the only region, default `WAW4-1`. */
  readonly region?: string;
  readonly behaviour?: Partial<Behaviour>;
  readonly fault?: FaultHook;
  /** How many of the last requests are kept at least. Default 10,000. */
  readonly keepRequests?: number;
};

/**
 * A simulated region of the service. It has no timers: what is due happens when somebody asks or looks, at its own
 * instant. `behaviour` may be changed at any time.
 */
export type World = PoolOperations &
  ClusterOperations &
  ServiceOperations & {
    readonly token: string;
    readonly behaviour: Behaviour;
    /** The last requests, oldest first. */
    readonly requests: readonly RecordedRequest[];
    readonly forgetRequests: () => void;
    /** Lets the world catch up, to the clock's now or to `now`. */
    readonly advance: (now?: EpochMs) => void;
    readonly cluster: (name: string) => ClusterView;
    readonly pool: (path: string) => PoolView;
    readonly clusters: () => readonly ClusterView[];
    /** The inside, for the simulator's own files. */
    readonly state: WorldState;
  };

export function createWorld(options: WorldOptions): World {
  const state = newState(options);
  for (const spec of fleetOf(options.fleet ?? 'small').clusters) {
    addCluster(state, spec, olderThan(state, spec.name));
  }
  const token = options.token ?? drawHex(state.seed, 'token', 64);
  state.tokens.set(token, new Set(options.roles ?? everyRole));
  const now = () => {
    advance(state, state.clock.now());
    return state.at;
  };
  return {
    ...poolOperations(state, now),
    ...clusterOperations(state, now),
    ...serviceOperations(state, now),
    ...looks(state, now),
    token,
    behaviour: state.behaviour,
    requests: state.recorder.requests,
    forgetRequests: state.recorder.clear,
    advance: (to) => advance(state, to ?? state.clock.now()),
    state,
  };
}

function looks(state: WorldState, now: () => EpochMs): Pick<World, 'cluster' | 'pool' | 'clusters'> {
  return {
    cluster: (name) => {
      now();
      return clusterView(state, findCluster(state, name));
    },
    pool: (path) => {
      now();
      return poolView(state, findPool(state, path));
    },
    clusters: () => {
      now();
      return [...state.clusters.values()].map((cluster) => clusterView(state, cluster));
    },
  };
}

function newState(options: WorldOptions): WorldState {
  const seed = options.seed ?? 1;
  const startedAt = options.clock.now();
  return {
    clock: options.clock,
    seed,
    speed: options.speed ?? 1,
    region: { id: drawUuid(seed, 'region'), name: options.region ?? 'WAW4-1' },
    organisationId: drawUuid(seed, 'organisation'),
    projectId: drawHex(seed, 'project', 32),
    startedAt,
    at: startedAt,
    due: dueQueue(),
    behaviour: { ...usualBehaviour(), ...options.behaviour },
    tokens: new Map(),
    versions: versionCatalogue(seed, startedAt),
    machineSpecs: machineSpecCatalogue(seed),
    clusters: new Map(),
    goneClusters: [],
    quotaNodes: undefined,
    created: 0,
    fault: options.fault,
    troubles: [],
    recorder: recorder(options.keepRequests ?? 10_000),
  };
}

/** Lets everything happen that is due by now, each at its own instant. The world's time never goes back. */
export function advance(state: WorldState, now: EpochMs): void {
  for (let due = state.due.takeDue(now); due !== undefined; due = state.due.takeDue(now)) {
    state.at = Math.max(state.at, due.at);
    due.happen(due.at);
  }
  state.at = Math.max(state.at, now);
}
