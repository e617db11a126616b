import * as v from 'valibot';
import type { Mks } from '../../lib/io/mks/mks.ts';
import { clusterShape, poolShape, toCluster, toPool } from '../../lib/io/mks/shapes.ts';
import type { Answer } from '../../lib/model/answer.ts';
import type { ObservedCluster, ObservedPool } from '../../lib/model/cluster.ts';
import { moveAutoscaledPool } from '../../lib/simulator/autoscaler.ts';
import { clusterText, poolText } from '../../lib/simulator/past-answers.ts';
import { operate, type Run } from './operate.ts';
import type { Simulation } from './simulation.ts';

/**
 * Nearly all answers are good ones. These are handed over parsed, as the client would have read them, without going
 * through HTTP: a simulated year is then minutes cheaper. Anything that meets a fault, every PUT, every hundredth list
 * and every tenth look at a single pool goes the whole way.
 */
export function withQuickReads(sim: Simulation, run: Run, whole: Mks, { isTokenGood, onText }: ReadParts): Mks {
  const quick = (wholeShare = 0.01) => isTokenGood() && !sim.latency.is(wholeShare);
  return {
    ...whole,
    listClusters: async () => {
      if (!quick()) return whole.listClusters();
      if (faultAhead(sim, run)) return whole.listClusters();
      return operate(sim, run, 'api: list clusters', async () => allClusters(sim, run));
    },
    listNodePools: async (clusterId) => {
      if (!quick()) return whole.listNodePools(clusterId);
      if (faultAhead(sim, run, clusterId)) return whole.listNodePools(clusterId);
      return operate(
        sim,
        run,
        'api: list pools',
        async () => poolsOf(sim, run, clusterId) ?? whole.listNodePools(clusterId),
      );
    },
    getNodePool: async (clusterId, poolId) => {
      if (!quick(0.1)) return whole.getNodePool(clusterId, poolId);
      if (faultAhead(sim, run, clusterId, poolId)) return whole.getNodePool(clusterId, poolId);
      return operate(sim, run, 'api: get pool', async () => {
        const text = textOfPool(sim, clusterId, poolId);
        if (text === undefined) return whole.getNodePool(clusterId, poolId);
        onText(poolId, text);
        const value = { observed: readPool(text), raw: text };
        return { kind: 'ok', value, ...times(sim, run) };
      });
    },
  };
}

export type ReadParts = {
  readonly isTokenGood: () => boolean;
  /** The text of a pool that is about to be sent back. */
  readonly onText: (poolId: string, text: string) => void;
};

/** A fault drawn here waits for the request of this run that now goes over HTTP. */
function faultAhead(sim: Simulation, run: Run, clusterId?: string, poolId?: string): boolean {
  const fault = sim.apiFaults.decide({ method: 'GET', clusterId, poolId }, sim.kernel.now());
  if (fault !== undefined) run.drawn.set(poolId ?? clusterId ?? '', fault);
  return fault !== undefined;
}

function textOfPool(sim: Simulation, clusterId: string, poolId: string): string | undefined {
  sim.world.advance();
  const { state } = sim.world;
  const pool = state.clusters.get(clusterId)?.pools.get(poolId);
  if (pool === undefined) return undefined;
  moveAutoscaledPool(state, pool);
  return poolText(state, pool);
}

function allClusters(sim: Simulation, run: Run): Answer<readonly ObservedCluster[]> {
  sim.world.advance();
  const { state } = sim.world;
  const value = [...state.clusters.values()].map((cluster) => readCluster(clusterText(state, cluster)));
  return { kind: 'ok', value, ...times(sim, run) };
}

/** undefined = a cluster that is not there any more: the service itself says so best. */
function poolsOf(sim: Simulation, run: Run, clusterId: string): Answer<readonly ObservedPool[]> | undefined {
  sim.world.advance();
  const { state } = sim.world;
  const cluster = state.clusters.get(clusterId);
  if (cluster === undefined) return undefined;
  const value = [...cluster.pools.values()].map((pool) => {
    moveAutoscaledPool(state, pool);
    return readPool(poolText(state, pool));
  });
  return { kind: 'ok', value, ...times(sim, run) };
}

/** As a client has them: by its own clock, and the server's to the second. */
function times(sim: Simulation, run: Run): Pick<Extract<Answer<unknown>, { kind: 'ok' }>, 'answeredAt' | 'serverDate'> {
  const now = sim.kernel.now();
  return { answeredAt: now + run.skewMs(), serverDate: now - (now % 1000) };
}

const asItIs = (text: string) => text;
const readPool = remembering((text) => toPool(v.parse(poolShape, JSON.parse(text)), asItIs));
const readCluster = remembering((text) => toCluster('r1', v.parse(clusterShape, JSON.parse(text)), asItIs));

/** The same text gives the same object; only so many are kept. */
function remembering<T>(read: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text) ?? read(text);
    if (known.size > 2000) known.clear();
    known.set(text, found);
    return found;
  };
}
