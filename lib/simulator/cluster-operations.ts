import { startClusterCreation, startClusterDeletion, startUpgrade } from './activities.ts';
import { addCluster, findVersion } from './create-things.ts';
import { findCluster } from './find-things.ts';
import type { ClusterSpec } from './fleet.ts';
import { changeCluster } from './history.ts';
import { type ClusterView, clusterView } from './views.ts';
import type { WorldCluster, WorldState } from './world-model.ts';

/** What people and bad luck do to clusters. A cluster is named by its name or id. */
export type ClusterOperations = {
  /** A new cluster, Creating for minutes. */
  readonly createCluster: (spec: ClusterSpec) => ClusterView;
  readonly renameCluster: (cluster: string, name: string) => void;
  readonly setClusterError: (cluster: string, message: string) => void;
  readonly clearClusterError: (cluster: string) => void;
  /** To another version, by its number; Upgrading for minutes. */
  readonly startUpgrade: (cluster: string, version: string) => void;
  /** Deleting for minutes, then gone. */
  readonly deleteCluster: (cluster: string) => void;
  readonly showClusterStatus: (cluster: string, status: string | undefined) => void;
};

/** `now` lets the world catch up and says what time it is there. */
export function clusterOperations(state: WorldState, now: () => number): ClusterOperations {
  const change = (name: string, change: (cluster: WorldCluster, at: number) => void) => {
    const at = now();
    const cluster = findCluster(state, name);
    changeCluster(state, cluster, at, () => change(cluster, at));
  };
  return {
    createCluster: (spec) => {
      const at = now();
      const cluster = addCluster(state, spec, at);
      startClusterCreation(state, cluster, at);
      return clusterView(state, cluster);
    },
    renameCluster: (cluster, name) => change(cluster, (found) => (found.name = name)),
    setClusterError: (cluster, message) =>
      change(cluster, (found, createdAt) => {
        found.activity = undefined;
        found.errors = [...found.errors, { createdAt, message }];
      }),
    clearClusterError: (cluster) => change(cluster, (found) => (found.errors = [])),
    startUpgrade: (cluster, version) => {
      const at = now();
      startUpgrade(state, findCluster(state, cluster), findVersion(state, version), at);
    },
    deleteCluster: (cluster) => {
      const at = now();
      startClusterDeletion(state, findCluster(state, cluster), at);
    },
    showClusterStatus: (cluster, status) => change(cluster, (found) => (found.shownStatus = status)),
  };
}
