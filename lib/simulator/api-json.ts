import type { Json } from '../model/json.ts';
import type { EpochMs } from '../model/time.ts';
import { drawInteger } from './chance.ts';
import type {
  Behaviour,
  WorldCluster,
  WorldError,
  WorldMachineSpec,
  WorldPool,
  WorldState,
  WorldVersion,
} from './world-model.ts';

/**
 * The service's JSON: protobuf names and key order, zero scalars and empty lists written, what is unset left out,
 * 64-bit integers as strings. Keys of both known generations are sent (`gpu` of 2026, `region` and `organisation_id`
 * of 2025), and `phase` and `health`, which newer clients require.
 */
export function clusterShape(state: WorldState, cluster: WorldCluster, withErrors: boolean): Json {
  return {
    id: cluster.id,
    created_at: timestamp(cluster.createdAt),
    updated_at: timestamp(cluster.updatedAt),
    name: cluster.name,
    organisation_id: state.organisationId,
    status: clusterStatus(cluster, state.behaviour),
    phase: '',
    health: '',
    control_plane: controlPlaneShape(state, cluster),
    errors: withErrors ? cluster.errors.map(errorShape) : [],
    version: versionShape(cluster.version),
    metadata: { openstack_project_id: state.projectId },
  };
}

/** The answer to a creation: nanoseconds, a join token's zero time, and neither version nor metadata yet. */
export function createdClusterShape(state: WorldState, cluster: WorldCluster): Json {
  return {
    id: cluster.id,
    created_at: timestamp(cluster.createdAt, 9),
    updated_at: timestamp(cluster.updatedAt, 9),
    name: cluster.name,
    organisation_id: state.organisationId,
    join_token_expires_at: '0001-01-01T00:00:00Z',
    status: clusterStatus(cluster, state.behaviour),
    phase: '',
    health: '',
    control_plane: controlPlaneShape(state, cluster),
    errors: [],
  };
}

function controlPlaneShape(state: WorldState, cluster: WorldCluster): Json {
  const { size, machineSpec, name } = cluster.controlPlane;
  return { custom: { size, machine_spec: machineSpecShape(state, machineSpec), name } };
}

export function poolShape(state: WorldState, pool: WorldPool, digits: 6 | 9 = 6): Json {
  const leavesOutSize = pool.size === 0 && state.behaviour.leavesOutZeroSize;
  return {
    id: pool.id,
    created_at: timestamp(pool.createdAt, digits),
    updated_at: timestamp(pool.updatedAt, digits),
    name: pool.name,
    status: poolStatus(pool),
    quantity: 0,
    ...(leavesOutSize ? {} : { size: pool.size }),
    ...(pool.sizeMin === undefined ? {} : { size_min: pool.sizeMin }),
    ...(pool.sizeMax === undefined ? {} : { size_max: pool.sizeMax }),
    autoscale: pool.autoscale,
    machine_spec: machineSpecShape(state, pool.machineSpec),
    shared_networks: pool.sharedNetworks,
    labels: pool.labels,
    taints: pool.taints,
    attach_external_ip: false,
    autoheal: false,
    errors: pool.errors.map(errorShape),
  };
}

export function versionShape(version: WorldVersion): Json {
  return {
    id: version.id,
    created_at: timestamp(version.createdAt),
    updated_at: timestamp(version.createdAt),
    version: version.version,
    ...(version.eol === undefined ? {} : { eol: version.eol }),
    info: '',
    is_active: version.isActive,
  };
}

export function machineSpecShape(state: WorldState, spec: WorldMachineSpec): Json {
  return {
    id: spec.id,
    created_at: timestamp(spec.createdAt, 0),
    updated_at: timestamp(spec.updatedAt, 0),
    name: spec.name,
    provider: 'CloudFerro',
    region: state.region.name,
    cpu: spec.cpu,
    memory: String(spec.memoryMb),
    local_disk_size: String(spec.localDiskGb),
    is_active: true,
    tags: spec.tags,
    gpu: spec.gpu,
  };
}

export function regionShape(state: WorldState): Json {
  const createdAt = timestamp(Date.UTC(2025, 0, 15, 9), 0);
  return {
    id: state.region.id,
    created_at: createdAt,
    updated_at: createdAt,
    name: state.region.name,
    is_active: true,
  };
}

function errorShape(error: WorldError): Json {
  return { created_at: timestamp(error.createdAt), msg: error.message };
}

/** What is under way comes first, then errors, else it is Running; pools share their cluster's upgrade and deletion. */
export function poolStatus(pool: WorldPool): string {
  if (pool.shownStatus !== undefined) return pool.shownStatus;
  if (pool.activity !== undefined) return pool.activity.kind;
  const shared = pool.cluster.activity?.kind;
  if (shared === 'Upgrading' || shared === 'Deleting') return shared;
  return pool.errors.length > 0 ? 'Error' : 'Running';
}

export function clusterStatus(cluster: WorldCluster, behaviour: Behaviour): string {
  if (cluster.shownStatus !== undefined) return cluster.shownStatus;
  if (cluster.activity !== undefined) return cluster.activity.kind;
  if (cluster.errors.length > 0) return 'Error';
  const whileScaling = behaviour.clusterStatusWhileScaling;
  return whileScaling !== undefined && isBusy(cluster) ? whileScaling : 'Running';
}

/** One thing at a time: a cluster is busy while anything of it is under way. */
export function isBusy(cluster: WorldCluster): boolean {
  if (cluster.activity !== undefined) return true;
  for (const pool of cluster.pools.values()) if (pool.activity !== undefined) return true;
  return false;
}

/**
 * A protobuf timestamp as JSON: what the database read back carries microseconds, what was just made nanoseconds, and
 * a whole second no fraction at all. The digits below the millisecond belong to the instant and never change.
 */
export function timestamp(at: EpochMs, digits: 0 | 6 | 9 = 6): string {
  const iso = new Date(at).toISOString();
  if (digits === 0) return `${iso.slice(0, 19)}Z`;
  const below = drawInteger(0, String(at), 1, 999_999);
  return `${iso.slice(0, 23)}${String(below)
    .padStart(6, '0')
    .slice(0, digits - 3)}Z`;
}
