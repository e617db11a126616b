import { type EpochMs, minuteMs } from '../model/time.ts';
import { drawInteger } from './chance.ts';
import { changeCluster, changePool, rerenderCluster } from './past-answers.ts';
import type { Activity, WorldCluster, WorldPool, WorldState, WorldVersion } from './world-model.ts';

const deletionMinutes = [2, 6] as const;
const poolCreationMinutes = [4, 10] as const;
const clusterCreationMinutes = [8, 15] as const;
/** How many deleted things are remembered, for stale reads that still show them. */
const keptGone = 50;

/** Sets a pool Scaling for the given range of minutes; `change` writes the new sizes, which are shown at once. */
export function startResize(
  state: WorldState,
  pool: WorldPool,
  at: EpochMs,
  minutes: readonly [number, number],
  change: () => void,
): void {
  pool.resizes += 1;
  const until = pool.sticksNext ? undefined : at + durationMs(state, `${pool.id}/resize/${pool.resizes}`, minutes);
  pool.sticksNext = false;
  runOnPool(state, pool, at, { kind: 'Scaling', until }, change, (doneAt) => endResize(pool, doneAt));
}

function endResize(pool: WorldPool, at: EpochMs): void {
  if (pool.failsNext === undefined) return;
  pool.errors = [...pool.errors, { createdAt: at, message: pool.failsNext }];
  pool.failsNext = undefined;
}

export function startPoolCreation(state: WorldState, pool: WorldPool, at: EpochMs): void {
  const until = at + durationMs(state, `${pool.id}/create`, poolCreationMinutes);
  runOnPool(state, pool, at, { kind: 'Creating', until }, nothing, nothing);
}

export function startPoolDeletion(state: WorldState, pool: WorldPool, at: EpochMs): void {
  const until = at + durationMs(state, `${pool.id}/delete`, deletionMinutes);
  runOnPool(state, pool, at, { kind: 'Deleting', until }, nothing, (doneAt) => removePool(pool, doneAt));
}

export function removePool(pool: WorldPool, at: EpochMs): void {
  pool.deletedAt = at;
  pool.cluster.pools.delete(pool.id);
  keepGone(pool.cluster.gonePools, pool);
}

export function startClusterCreation(state: WorldState, cluster: WorldCluster, at: EpochMs): void {
  const until = at + durationMs(state, `${cluster.id}/create`, clusterCreationMinutes);
  runOnCluster(state, cluster, at, { kind: 'Creating', until }, nothing);
}

/** The version changes when the upgrade ends. */
export function startUpgrade(state: WorldState, cluster: WorldCluster, version: WorldVersion, at: EpochMs): void {
  cluster.upgrades += 1;
  const minutes = state.behaviour.upgradeMinutes;
  const until = at + durationMs(state, `${cluster.id}/upgrade/${cluster.upgrades}`, minutes);
  runOnCluster(state, cluster, at, { kind: 'Upgrading', until }, () => (cluster.version = version));
}

export function startClusterDeletion(state: WorldState, cluster: WorldCluster, at: EpochMs): void {
  const until = at + durationMs(state, `${cluster.id}/delete`, deletionMinutes);
  runOnCluster(state, cluster, at, { kind: 'Deleting', until }, (doneAt) => {
    cluster.deletedAt = doneAt;
    state.clusters.delete(cluster.id);
    keepGone(state.goneClusters, cluster);
  });
}

/** Ends what is under way on a pool now, also what is stuck; its effect is not undone. */
export function endPoolActivity(state: WorldState, pool: WorldPool, at: EpochMs): void {
  rerenderCluster(state, pool.cluster, at);
  changePool(state, pool, at, () => (pool.activity = undefined));
}

function runOnPool(
  state: WorldState,
  pool: WorldPool,
  at: EpochMs,
  activity: Activity,
  change: () => void,
  end: (at: EpochMs) => void,
): void {
  rerenderCluster(state, pool.cluster, at);
  changePool(state, pool, at, () => {
    change();
    pool.activity = activity;
  });
  whenOver(state, pool, activity, (doneAt) => {
    endPoolActivity(state, pool, doneAt);
    end(doneAt);
  });
}

function runOnCluster(
  state: WorldState,
  cluster: WorldCluster,
  at: EpochMs,
  activity: Activity,
  end: (at: EpochMs) => void,
): void {
  changeCluster(state, cluster, at, () => (cluster.activity = activity));
  whenOver(state, cluster, activity, (doneAt) =>
    changeCluster(state, cluster, doneAt, () => {
      cluster.activity = undefined;
      end(doneAt);
    }),
  );
}

/** Something else may have taken the activity's place meanwhile; then its end means nothing. */
function whenOver(
  state: WorldState,
  thing: WorldPool | WorldCluster,
  activity: Activity,
  over: (at: EpochMs) => void,
): void {
  if (activity.until === undefined) return;
  const happen = (at: EpochMs) => {
    if (thing.activity === activity) over(at);
  };
  state.due.add({ at: activity.until, happen });
}

/** Drawn to the second; the world's speed shortens it. */
function durationMs(state: WorldState, key: string, [from, to]: readonly [number, number]): number {
  const secondsMs = drawInteger(state.seed, key, from * 60, to * 60) * (minuteMs / 60);
  return Math.max(1, Math.round(secondsMs / state.speed));
}

function keepGone<T>(gone: T[], thing: T): void {
  gone.push(thing);
  if (gone.length > keptGone) gone.shift();
}

function nothing(): void {}
