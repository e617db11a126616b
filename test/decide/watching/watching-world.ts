import type { Observation } from '../../../lib/decide/incidents/observation.ts';
import { observeRegion, type RegionLooking, type RegionSight } from '../../../lib/decide/watching/observe-region.ts';
import type { RegionAnswers, RegionMemory } from '../../../lib/decide/watching/watch-memory.ts';
import type { Answer } from '../../../lib/model/answer.ts';
import type { ObservedCluster, ObservedPool } from '../../../lib/model/cluster.ts';
import type { EpochMs } from '../../../lib/model/time.ts';

export const minuteMs = 60_000;
export const start = Date.UTC(2026, 10, 23, 8);
export const at = (minutes: number) => start + minutes * minuteMs;

export function aCluster(patch: Partial<ObservedCluster> = {}): ObservedCluster {
  const times = { createdAt: 0, updatedAt: 1000 };
  return {
    region: 'r1',
    id: 'c1',
    name: 'dev-1',
    status: 'Running',
    ...times,
    version: undefined,
    errors: [],
    ...patch,
  };
}

export function aPool(patch: Partial<ObservedPool> = {}): ObservedPool {
  const sizes = { autoscale: false, size: 3, sizeMin: undefined, sizeMax: undefined };
  return {
    id: 'p1',
    name: 'workers',
    status: 'Running',
    ...sizes,
    createdAt: 0,
    updatedAt: 1000,
    errors: [],
    ...patch,
  };
}

export function okAnswer<T>(value: T): Answer<T> {
  return { kind: 'ok', value, answeredAt: start, serverDate: undefined };
}

export const unknownAnswer: Answer<never> = {
  kind: 'unknown',
  reason: 'blocked',
  detail: 'a block page of the firewall',
  maybeApplied: false,
};
export const notFound: Answer<never> = { kind: 'not-found', detail: 'no such cluster' };

export function answersOf(
  patch: Partial<RegionAnswers> = {},
  clusters = [aCluster()],
  pools = [aPool()],
): RegionAnswers {
  return {
    region: 'r1',
    list: okAnswer(clusters),
    clusters: clusters.map((listed) => ({
      listed,
      cluster: okAnswer(listed),
      pools: okAnswer(pools),
      missingPools: [],
    })),
    missing: [],
    token: { reference: 'env TOKEN', expires: undefined },
    ...patch,
  };
}

/** A region looked at again and again, with what it remembers. */
export function regionWorld(stuckAfterMs = 30 * minuteMs, isRuled = true, versions: RegionLooking['versions'] = {}) {
  const world = {
    memory: { region: 'r1', clusters: [] } as RegionMemory,
    look(now: EpochMs, answers: RegionAnswers = answersOf()): RegionSight {
      const looking = { now, stuckAfterMs, zone: 'UTC', upgrades: () => [], isRuled: () => isRuled, versions };
      const sight = observeRegion(answers, world.memory, looking);
      world.memory = JSON.parse(JSON.stringify(sight.memory)) as RegionMemory;
      return sight;
    },
  };
  return world;
}

/** "pool.error bad", for all kinds but those left out. */
export function states(observations: readonly Observation[], kind?: string): readonly string[] {
  return observations.filter((one) => kind === undefined || one.kind === kind).map((one) => `${one.kind} ${one.state}`);
}
