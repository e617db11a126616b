import type { Watched } from '../incidents/observation.ts';
import type { EpochMs, Subject } from '../model.ts';
import type { RegionMemory, SeenCluster } from './pass.ts';

/**
 * The memory, with every cluster and pool that has an incident: what has one is looked for until it is gone for
 * certain, also where the memory itself was lost.
 */
export function remembering(memory: RegionMemory, incidents: readonly Watched[], now: EpochMs): RegionMemory {
  const subjects = incidents
    .map(({ subject }) => subject)
    .filter((subject) => subject.kind === 'cluster' || subject.kind === 'pool')
    .filter(({ region }) => region === memory.region);
  const clusters = subjects.reduce(
    (known, subject) => withSubject(known, subject, now),
    new Map(memory.clusters.map((cluster) => [cluster.id, cluster])),
  );
  return { ...memory, clusters: [...clusters.values()] };
}

type Place = Extract<Subject, { kind: 'cluster' | 'pool' }>;

function withSubject(known: Map<string, SeenCluster>, subject: Place, now: EpochMs): Map<string, SeenCluster> {
  const { clusterId, cluster: name } = subject;
  const cluster = known.get(clusterId) ?? { id: clusterId, name, acceptedAt: now, pools: [] };
  if (subject.kind === 'cluster' || cluster.pools.some(({ id }) => id === subject.poolId)) {
    return known.set(clusterId, cluster);
  }
  const pool = { id: subject.poolId, name: subject.pool, acceptedAt: now };
  return known.set(clusterId, { ...cluster, pools: [...cluster.pools, pool] });
}
