import { startClusterCreation, startClusterDeletion, startUpgrade } from './activities.ts';
import { clusterShape, createdClusterShape, isBusy, machineSpecShape, regionShape, versionShape } from './api-json.ts';
import { type Call, idIn, isName, withBody, withCluster } from './call.ts';
import { addCluster } from './create-things.ts';
import { clusterText, textAsOf } from './past-answers.ts';
import { createPools } from './pool-calls.ts';
import { accepted, acceptedItems, acceptedText, type Refusal, type Reply, refusals } from './reply.ts';
import { busy } from './update-pool.ts';
import type { WorldCluster, WorldState } from './world-model.ts';

export function listClusters(state: WorldState, call: Call): Reply {
  const region = call.query('region');
  const organisationId = call.query('organisationId');
  const isElsewhere = region !== undefined && region !== state.region.name && region !== state.region.id;
  const isForeign = organisationId !== undefined && organisationId !== state.organisationId;
  if (isElsewhere || isForeign) return acceptedItems([]);
  const gone = call.asOf === undefined ? [] : state.goneClusters;
  const clusters = inOrder([...state.clusters.values(), ...gone], call.query('orderBy'));
  return acceptedItems(clusters.flatMap((cluster) => textFor(state, cluster, call) ?? []));
}

/** `name`, `created_at` or `updated_at`, with ` desc` for the other way round; anything else changes nothing. */
function inOrder(clusters: WorldCluster[], orderBy: string | undefined): WorldCluster[] {
  const [field, direction] = (orderBy ?? '').split(' ');
  const keys: { readonly [field: string]: (cluster: WorldCluster) => string | number } = {
    name: (cluster) => cluster.name,
    created_at: (cluster) => cluster.createdAt,
    updated_at: (cluster) => cluster.updatedAt,
  };
  const key = keys[field ?? ''];
  if (key === undefined) return clusters;
  const sign = direction?.toLowerCase() === 'desc' ? -1 : 1;
  return clusters.toSorted((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0));
}

/** Errors only when asked for; a stale answer has none, since none was kept. */
export function getCluster(state: WorldState, call: Call): Reply | Refusal {
  const extra = call.query('extraFields') ?? call.query('extra_fields') ?? '';
  return withCluster(state, call, (cluster) => {
    const isAsked = extra.split(',').includes('errors') && call.asOf === undefined;
    if (isAsked) return accepted(clusterShape(state, cluster, true));
    const text = textFor(state, cluster, call);
    return text === undefined ? refusals.notFound('cluster not found') : acceptedText(text);
  });
}

function textFor(state: WorldState, cluster: WorldCluster, call: Call): string | undefined {
  const text = clusterText(state, cluster);
  return call.asOf === undefined ? text : textAsOf(cluster, text, call.asOf);
}

/** Another `version.id` begins an upgrade; nothing else of a cluster can change. */
export function putCluster(state: WorldState, call: Call): Reply | Refusal {
  return withCluster(state, call, (cluster) =>
    withBody(call, (body) => {
      const versionId = idIn(body, 'version') ?? idIn(body, 'kubernetes_version');
      const version = state.versions.find((each) => each.id === (versionId ?? cluster.version.id));
      if (version === undefined) return refusals.invalid('kubernetes version not found');
      if (isBusy(cluster)) return busy(state.behaviour);
      if (version !== cluster.version) startUpgrade(state, cluster, version, state.at);
      return acceptedText(clusterText(state, cluster));
    }),
  );
}

export function postCluster(state: WorldState, call: Call): Reply | Refusal {
  return withBody(call, (body) => {
    const versionId = idIn(body, 'kubernetes_version') ?? idIn(body, 'version');
    const version = state.versions.find((each) => each.id === versionId);
    if (version === undefined) return refusals.invalid('kubernetes version not found');
    if (!isName(body['name'])) return refusals.invalid('invalid name');
    const size = controlPlaneSize(body);
    if (size === undefined) return refusals.invalid('control plane size must be 1, 3 or 5');
    const spec = { name: body['name'], version: version.id, controlPlaneSize: size, pools: [] };
    const cluster = addCluster(state, spec, state.at);
    startClusterCreation(state, cluster, state.at);
    const refusal = createPools(state, cluster, body['node_pools']);
    if (refusal === undefined) return accepted(createdClusterShape(state, cluster));
    state.clusters.delete(cluster.id);
    return refusal;
  });
}

function controlPlaneSize(body: { readonly [key: string]: unknown }): 1 | 3 | 5 | undefined {
  const plane = body['control_plane'] as { custom?: { size?: unknown } } | null | undefined;
  const size = plane?.custom?.size ?? 1;
  return size === 1 || size === 3 || size === 5 ? size : undefined;
}

export function deleteCluster(state: WorldState, call: Call): Reply | Refusal {
  return withCluster(state, call, (cluster) => {
    if (cluster.activity?.kind !== 'Deleting') startClusterDeletion(state, cluster, state.at);
    return accepted({});
  });
}

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
