/**
 * Deciding for 10,000 pools on 50 schedules, as a share of the least time that the reads of such a round take (one list
 * of clusters and one of pools per cluster, 50 ms each, 16 at once; a change takes a GET and a PUT more). `node bench/decide.ts` prints it.
 */

import type { ObservedFleetCluster } from '../lib/decide/scaling/memory.ts';
import type { Plan } from '../lib/decide/scaling/plan.ts';
import { planRound } from '../lib/decide/scaling/plan-round.ts';
import { bookFrom, type KeptBook } from '../lib/jobs/scale/scale-round.ts';
import type { ObservedPool } from '../lib/model/cluster.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';
import { configOf, officeHours, ruleFor } from './support/a-fleet.ts';

const scheduleCount = 50;
const poolCount = 10_000;
const poolsPerCluster = 3;
const clusterCount = Math.ceil(poolCount / poolsPerCluster);
const readsMs = ((1 + clusterCount) * 50) / 16;
const changesMs = (2 * clusterCount * 50) / 16;
const minuteMs = 60_000;
/** A Wednesday, in office hours everywhere in Europe. */
const noon = Date.UTC(2026, 2, 4, 12);
const evening = Date.UTC(2026, 2, 4, 20);

export async function bench(): Promise<readonly BenchResult[]> {
  const cold = timed(() => plan(firstSight(), noon));
  const settled = withRecords(firstSight(), cold.result);
  const keptBook: KeptBook = {};
  const quiet = medianMs(() => plan(settled, noon + 5 * minuteMs, keptBook));
  const busy = medianMs(() => plan(settled, evening, keptBook));
  if (plan(settled, evening).actions.length !== clusterCount) throw new Error('one change per cluster was expected');
  return [
    shareOf('deciding for 10,000 pools, nothing to do', quiet, readsMs, { atMost: 1 }),
    shareOf(
      'deciding for 10,000 pools at their evening boundary, a change in each cluster',
      busy,
      readsMs + changesMs,
      { atMost: 1 },
    ),
    shareOf('deciding for 10,000 pools for the first time in a new process', cold.ms, readsMs),
  ];
}

function shareOf(name: string, ms: number, bareLimitMs: number, goal?: { atMost: number }): BenchResult {
  const compared = `${ms.toFixed(0)} ms of ${(bareLimitMs / 1000).toFixed(1)} s bare limit`;
  return benchResult(name, (ms / bareLimitMs) * 100, '%', goal, compared);
}

const zones = ['Europe/Berlin', 'Europe/Warsaw', 'Europe/Paris', 'UTC', 'Europe/Lisbon'];
const config = configOf({
  schedules: Array.from({ length: scheduleCount }, (_, i) =>
    officeHours(`team-${i}`, zones[i % zones.length] ?? 'UTC', i % 4),
  ),
  rules: Array.from({ length: scheduleCount }, (_, i) => ruleFor(`team-${i}-[^/]*`, `team-${i}`)),
});
const storedRules = new Map(
  config.rules.map((rule, i) => [
    rule.hash,
    { schema: 1 as const, rule, schedule: config.schedules[i]!, exceptions: [] },
  ]),
);

/** Rounds that follow each other share a kept book, as in the single process and in a warm function. */
function plan(clusters: readonly ObservedFleetCluster[], now: number, keptBook: KeptBook = {}): Plan {
  const book = bookFrom(keptBook, config, now);
  return planRound({ now, config, clusters, asks: [], storedRules, isWhole: true, book });
}

function firstSight(): readonly ObservedFleetCluster[] {
  return Array.from({ length: clusterCount }, (_, i) => {
    const size = Math.min(poolsPerCluster, poolCount - i * poolsPerCluster);
    return {
      cluster: {
        region: 'r1',
        id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
        name: `team-${i % scheduleCount}-${i}`,
        status: 'Running',
        createdAt: Date.UTC(2025, 0, 1),
        updatedAt: Date.UTC(2025, 0, 1),
        version: undefined,
        errors: [],
      },
      pools: Array.from({ length: size }, (__, n) => aPool(i, n)),
      record: undefined,
      lookedAt: undefined,
    };
  });
}

function aPool(cluster: number, n: number): ObservedPool {
  const autoscale = n === 2;
  return {
    id: `10000000-0000-4000-8000-${String(cluster * 10 + n).padStart(12, '0')}`,
    name: `pool-${n}`,
    status: 'Running',
    autoscale,
    size: 3,
    sizeMin: autoscale ? 1 : undefined,
    sizeMax: autoscale ? 6 : undefined,
    createdAt: Date.UTC(2025, 0, 1),
    updatedAt: Date.UTC(2025, 0, 1),
    errors: [],
  };
}

/** As the next round reads them: what was remembered went through the store. */
function withRecords(clusters: readonly ObservedFleetCluster[], made: Plan): readonly ObservedFleetCluster[] {
  const records = new Map(
    made.updates.map(({ clusterId, record }) => [clusterId, JSON.parse(JSON.stringify(record)) as typeof record]),
  );
  return clusters.map((seen) => ({ ...seen, record: records.get(seen.cluster.id), lookedAt: noon }));
}

/** In time of this thread: what else the machine does meanwhile is not ours. */
function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const began = process.threadCpuUsage();
  const result = work();
  const { user, system } = process.threadCpuUsage(began);
  return { ms: (user + system) / 1000, result };
}

/** In a process that has run for a while; the first time is measured apart. */
function medianMs(work: () => unknown): number {
  for (let warm = 0; warm < 25; warm += 1) work();
  const times = Array.from({ length: 15 }, () => timed(work).ms);
  return times.toSorted((a, b) => a - b)[7]!;
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
