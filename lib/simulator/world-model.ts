import type { EpochMs } from '../decide/model.ts';
import type { Clock } from '../io/clock.ts';
import type { Behaviour } from './behaviour.ts';
import type { DueQueue } from './due-queue.ts';
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
  readonly recorder: Recorder;
};
