import type { InferOutput } from 'valibot';
import type { ObservedCluster, ObservedPool, ObservedVersion } from '../../decide/model.ts';
import type { clusterShape, poolShape, versionShape } from './shapes.ts';

export function toCluster(region: string, cluster: InferOutput<typeof clusterShape>): ObservedCluster {
  const { id, name, status, created_at: createdAt, updated_at: updatedAt, version, errors } = cluster;
  return { region, id, name, status, createdAt, updatedAt, version: version && toVersion(version), errors };
}

export function toPool(pool: InferOutput<typeof poolShape>): ObservedPool {
  const { id, name, status, autoscale, size, errors } = pool;
  const { size_min: sizeMin, size_max: sizeMax, created_at: createdAt, updated_at: updatedAt } = pool;
  return { id, name, status, autoscale, size, sizeMin, sizeMax, createdAt, updatedAt, errors };
}

export function toVersion(version: InferOutput<typeof versionShape>): ObservedVersion {
  return { id: version.id, version: version.version, eol: version.eol };
}
