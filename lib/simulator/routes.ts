import type { Route } from './call.ts';
import { deleteCluster, getCluster, listClusters, postCluster, putCluster } from './cluster-calls.ts';
import { countResources, getFiles, listMachineSpecs, listRegions, listVersions } from './other-calls.ts';
import { deletePool, getPool, listPools, postPool, putPool } from './pool-calls.ts';

const cluster = '/cluster/:clusterId';
const pool = `${cluster}/node-pool/:poolId`;

export const apiBase = '/api/v1';

/** Every call the simulated service knows, below `/api/v1`. */
export const routes: readonly Route[] = [
  { method: 'GET', path: '/cluster', role: 'cluster:list', answer: listClusters },
  { method: 'POST', path: '/cluster', role: 'cluster:create', answer: postCluster },
  { method: 'GET', path: cluster, role: 'cluster:list', answer: getCluster },
  { method: 'PUT', path: cluster, role: 'cluster:update', answer: putCluster },
  { method: 'DELETE', path: cluster, role: 'cluster:delete', answer: deleteCluster },
  { method: 'GET', path: `${cluster}/node-pool`, role: 'node-pool:list', answer: listPools },
  { method: 'POST', path: `${cluster}/node-pool`, role: 'node-pool:create', answer: postPool },
  { method: 'GET', path: pool, role: 'node-pool:list', answer: getPool },
  { method: 'PUT', path: pool, role: 'node-pool:update', answer: putPool },
  { method: 'DELETE', path: pool, role: 'node-pool:delete', answer: deletePool },
  { method: 'GET', path: `${cluster}/resource-counts`, role: 'cluster:list', answer: countResources },
  { method: 'GET', path: `${cluster}/files`, role: 'cluster:list', answer: getFiles },
  { method: 'POST', path: `${cluster}/refresh-kubeconfig`, role: 'cluster:update', answer: getFiles },
  { method: 'GET', path: '/kubernetes-version', role: undefined, answer: listVersions },
  { method: 'GET', path: '/region', role: undefined, answer: listRegions },
  { method: 'GET', path: '/region/:regionId/machine-spec', role: undefined, answer: listMachineSpecs },
];
