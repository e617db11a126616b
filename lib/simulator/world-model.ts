import type { Clock } from '../io/clock.ts';
import type { EpochMs } from '../model/time.ts';
import type { FaultHook } from './faults.ts';
import type { Recorder } from './recorder.ts';

/** What takes time. `until` undefined = stuck: it never ends by itself. */
export type Activity = {
  readonly kind: 'Creating' | 'Scaling' | 'Upgrading' | 'Deleting';
  readonly until: EpochMs | undefined;
};

export type WorldError = { readonly createdAt: EpochMs; readonly message: string };

/** An older answer, and the instant until which it was the true one. */
export type Past = { readonly text: string; readonly until: EpochMs };

export type Label = { readonly key: string; readonly value: string };
export type Taint = Label & { readonly effect: string };

export type WorldMachineSpec = {
  readonly id: string;
  readonly name: string;
  readonly createdAt: EpochMs;
  readonly updatedAt: EpochMs;
  readonly cpu: number;
  readonly memoryMb: number;
  readonly localDiskGb: number;
  readonly tags: readonly string[];
  readonly gpu: string;
};

export type WorldVersion = {
  readonly id: string;
  readonly version: string;
  readonly createdAt: EpochMs;
  /** As it is sent; undefined = the key is left out. */
  eol: string | undefined;
  isActive: boolean;
};

type Thing = {
  readonly id: string;
  name: string;
  readonly createdAt: EpochMs;
  updatedAt: EpochMs;
  deletedAt: EpochMs | undefined;
  activity: Activity | undefined;
  errors: WorldError[];
  /** A status that stands over whatever the rules would say. */
  shownStatus: string | undefined;
  /** The answer as last rendered; undefined = render anew. */
  text: string | undefined;
  past: Past[];
};

export type WorldPool = Thing & {
  readonly cluster: WorldCluster;
  size: number;
  sizeMin: number | undefined;
  sizeMax: number | undefined;
  /** Until then its raised bounds have brought no node. */
  nodesFrom?: EpochMs | undefined;
  autoscale: boolean;
  readonly machineSpec: WorldMachineSpec;
  labels: readonly Label[];
  taints: readonly Taint[];
  sharedNetworks: readonly string[];
  /** How many resizes were begun: the key of each one's duration. */
  resizes: number;
  /** The next resize never ends. */
  sticksNext: boolean;
  /** The next resize ends in Error with this message. */
  failsNext: string | undefined;
};

export type WorldCluster = Thing & {
  readonly controlPlane: { readonly size: number; readonly machineSpec: WorldMachineSpec; readonly name: string };
  version: WorldVersion;
  readonly pools: Map<string, WorldPool>;
  readonly gonePools: WorldPool[];
  upgrades: number;
};

/** What a token may do; every token may read versions, regions and machine specs. */
export type Role = `${'cluster' | 'node-pool'}:${'list' | 'create' | 'update' | 'delete'}`;

/** Trouble that somebody asked for (trouble.ts). */
export type PlayedTrouble = {
  readonly text: string;
  readonly at: EpochMs;
  isOver: boolean;
  readonly end: () => void;
};

export type WorldState = {
  readonly clock: Clock;
  readonly seed: number;
  readonly speed: number;
  readonly region: { readonly id: string; readonly name: string };
  readonly organisationId: string;
  readonly projectId: string;
  readonly startedAt: EpochMs;
  /** The instant up to which everything due has happened. */
  at: EpochMs;
  readonly due: DueQueue;
  readonly behaviour: Behaviour;
  readonly tokens: Map<string, ReadonlySet<Role>>;
  readonly versions: WorldVersion[];
  readonly machineSpecs: readonly WorldMachineSpec[];
  readonly clusters: Map<string, WorldCluster>;
  readonly goneClusters: WorldCluster[];
  /** The most nodes all pools together may have. */
  quotaNodes: number | undefined;
  /** How many things were created by calls or people: part of their ids' keys. */
  created: number;
  fault: FaultHook | undefined;
  /** What people have asked for, in order. */
  readonly troubles: PlayedTrouble[];
  readonly recorder: Recorder;
};

/** Facts about the service that are not public. Each can be set, so that no client depends on one. */
export type Behaviour = {
  /** "cluster is busy": FailedPrecondition (9) is 400 behind a gRPC gateway, Aborted (10) is 409; a 409 with 9 exists too. */
  busy: { httpStatus: 400 | 409; code: 9 | 10 };
  /** Size 0 or size_min 0: taken, refused as invalid, or answered 2xx and not done. */
  zero: 'accept' | 'refuse' | 'ignore';
  /** New bounds of an autoscaled pool while its `size` lies outside them: taken, or refused until a size within is sent. */
  sizeOutsideBounds: 'accept' | 'refuse';
  /** A size of 0 is left out of the answer, as an unset optional integer would be. */
  leavesOutZeroSize: boolean;
  /** A PUT that changes nothing still sets the pool Scaling. */
  unchangedPutScales: boolean;
  /** The cluster's own status while one of its pools changes; undefined = it stays as it is. */
  clusterStatusWhileScaling: string | undefined;
  /** The autoscaler moves sizes by a made-up demand; else a pool sits at its minimum. */
  autoscalerMoves: boolean;
  /** Minutes from and to, before the world's speed. */
  raiseMinutes: readonly [number, number];
  lowerMinutes: readonly [number, number];
  boundsMinutes: readonly [number, number];
  /** How long after its bounds were raised an autoscaled pool has the nodes for them. */
  nodesMinutes: readonly [number, number];
  upgradeMinutes: readonly [number, number];
  /** How far the Date header is from the world's clock. */
  dateSkewMs: number;
};

export function usualBehaviour(): Behaviour {
  return {
    busy: { httpStatus: 400, code: 9 },
    zero: 'accept',
    sizeOutsideBounds: 'accept',
    leavesOutZeroSize: false,
    unchangedPutScales: false,
    clusterStatusWhileScaling: undefined,
    autoscalerMoves: true,
    raiseMinutes: [4, 15],
    lowerMinutes: [2, 8],
    boundsMinutes: [2, 4],
    nodesMinutes: [0, 0],
    upgradeMinutes: [15, 40],
    dateSkewMs: 0,
  };
}

/** What is due at an instant; `happen` gets that instant, which may lie before the look that made it happen. */
type Due = { readonly at: EpochMs; readonly happen: (at: EpochMs) => void };

export type DueQueue = {
  readonly add: (due: Due) => void;
  /** Takes out the earliest that is due at or before `now`; of equals, the one added first. */
  readonly takeDue: (now: EpochMs) => Due | undefined;
};

/** Kept sorted: few things are under way at once, and most are added at the end. */
export function dueQueue(): DueQueue {
  const waiting: Due[] = [];
  return {
    add: (due) => {
      let index = waiting.length;
      while (index > 0 && (waiting[index - 1]?.at ?? 0) > due.at) index -= 1;
      waiting.splice(index, 0, due);
    },
    takeDue: (now) => {
      const first = waiting[0];
      return first !== undefined && first.at <= now ? waiting.shift() : undefined;
    },
  };
}
