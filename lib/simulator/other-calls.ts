import { type Call, withCluster } from './call.ts';
import { accepted, refusals, type Refusal, type Reply } from './reply.ts';
import { machineSpecShape, regionShape, versionShape } from './shapes.ts';
import type { WorldCluster, WorldState } from './world-model.ts';

export function listVersions(state: WorldState): Reply {
  return accepted({ items: state.versions.map(versionShape) });
}

export function listRegions(state: WorldState, call: Call): Reply {
  const name = call.query('name');
  return accepted({ items: name === undefined || name === state.region.name ? [regionShape(state)] : [] });
}

export function listMachineSpecs(state: WorldState, call: Call): Reply | Refusal {
  const isHere = call.regionId === state.region.id || call.regionId === state.region.name;
  if (!isHere) return refusals.notFound('region not found');
  return accepted({ items: state.machineSpecs.map((spec) => machineSpecShape(state, spec)) });
}

export function countResources(state: WorldState, call: Call): Reply | Refusal {
  return withCluster(state, call, (cluster) => {
    const nodes = [...cluster.pools.values()].reduce((sum, pool) => sum + pool.size, 0);
    return accepted({ counts: { Node: nodes, Pod: nodes * 9, Deployment: 12, Service: 8, Namespace: 6 } });
  });
}

/** A kubeconfig that leads nowhere: the host is reserved (RFC 2606) and the token says what it is. */
export function getFiles(state: WorldState, call: Call): Reply | Refusal {
  return withCluster(state, call, (cluster) => accepted({ kubeconfig: fakeKubeconfig(cluster) }));
}

function fakeKubeconfig(cluster: WorldCluster): string {
  return [
    'apiVersion: v1',
    'kind: Config',
    `clusters: [{ name: simulated, cluster: { server: "https://${cluster.id}.invalid:6443" } }]`,
    'users: [{ name: simulated, user: { token: no-secret-the-cluster-is-simulated } }]',
    'contexts: [{ name: simulated, context: { cluster: simulated, user: simulated } }]',
    'current-context: simulated',
    '',
  ].join('\n');
}
