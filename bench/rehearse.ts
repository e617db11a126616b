/** How long a rehearsed week takes, with the planning of real rounds. `node bench/rehearse.ts` prints it. */

import type { Rehearsal } from '../lib/decide/rehearsal/rehearsal.ts';
import { rehearse } from '../lib/decide/rehearsal/rehearse.ts';
import type { ObservedFleetCluster } from '../lib/decide/scaling/memory.ts';
import type { ObservedPool } from '../lib/model/cluster.ts';
import type { CompiledConfig, Rule } from '../lib/model/config.ts';
import type { Schedule } from '../lib/model/schedule.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';

const weekMs = 7 * 86_400_000;
const from = Date.UTC(2026, 2, 23, 12);
const rounds = 2016;

/** A rehearsed week of clusters with 3 pools each and a round every 5 minutes: 2,016 rounds. */
export async function bench(): Promise<readonly BenchResult[]> {
  const few = bestOf(5, 10, (i) => clusterOf(i));
  const alike = bestOf(2, 1000, (i) => clusterOf(i));
  const different = bestOf(2, 1000, (i) => withPast(clusterOf(i), i));
  const each = `${((few / rounds) * 1000).toFixed(0)} µs for each of ${rounds} rounds, quiet ones left out`;
  const goal = { atMost: 5000 };
  return [
    benchResult('a rehearsed week of 10 clusters × 3 pools', few, 'ms', { atMost: 1000 }, each),
    benchResult('the same of 1,000 clusters that nobody has changed yet', alike, 'ms', goal),
    benchResult('the same of 1,000 clusters, each with another past', different, 'ms', goal),
  ];
}

/** CPU time, since the machine may have other work. */
function bestOf(runs: number, count: number, make: (i: number) => ObservedFleetCluster): number {
  const clusters = Array.from({ length: count }, (_, i) => make(i));
  const tookMs = Array.from({ length: runs }, () => {
    const began = process.threadCpuUsage();
    const told = rehearse({ config, from, to: from + weekMs, clusters, asks: [], storedRules: new Map() });
    const { user, system } = process.threadCpuUsage(began);
    check(told, count);
    return (user + system) / 1000;
  });
  return Math.min(...tookMs);
}

function check({ changes }: Rehearsal, count: number): void {
  if (changes.length < count * 3 * 8) throw new Error('the week was not rehearsed');
}

/** Each of its pools has taken another time for its raises: no two clusters are alike. */
function withPast(seen: ObservedFleetCluster, i: number): ObservedFleetCluster {
  const memories = (seen.pools ?? []).map(({ id, name, autoscale }, k) => {
    const raisesMs = [400_000 + i * 317, 450_000 + i * 211 + k * 9_000];
    return [id, { name, autoscale, raisesMs }] as const;
  });
  return { ...seen, record: { schema: 1, cluster: seen.cluster.name, pools: Object.fromEntries(memories) } };
}

function clusterOf(i: number): ObservedFleetCluster {
  const id = `c${i}`;
  const cluster = {
    region: 'r1',
    id,
    name: `dev-${i}`,
    status: 'Running',
    createdAt: from - weekMs,
    updatedAt: from - weekMs,
    version: undefined,
    errors: [],
  };
  return {
    cluster,
    pools: ['system', 'workers', 'gpu'].map((name) => poolOf(id, name)),
    record: undefined,
    lookedAt: undefined,
  };
}

function poolOf(cluster: string, name: string): ObservedPool {
  const [sizeMin, sizeMax] = name === 'gpu' ? [1, 4] : [undefined, undefined];
  const createdAt = from - weekMs;
  const common = { id: `${cluster}-${name}`, name, status: 'Running', createdAt, updatedAt: createdAt, errors: [] };
  return { ...common, autoscale: name === 'gpu', size: 3, sizeMin, sizeMax };
}

const officeHours: Schedule = {
  name: 'office-hours',
  zone: 'Europe/Berlin',
  windows: [
    { text: 'mon-fri 07:00-19:00', size: 'base', pieces: [{ from: 7 * 3600, to: 19 * 3600, days: [1, 2, 3, 4, 5] }] },
  ],
  otherwise: 'idle',
  lead: { kind: 'auto' },
  calendarDays: [],
};

const rule: Rule = {
  match: { text: 'dev-*/*', region: undefined, cluster: 'dev-[^/]*', pool: '[^/]*', exactPool: false },
  position: { file: 'lamplighter.yml', line: 1 },
  schedule: 'office-hours',
  base: 'remembered',
  idle: 0,
  limits: { min: 0, max: undefined },
  leases: { max: undefined, longestMs: weekMs },
  mode: 'act',
  onHumanChange: 'respect',
  onRemove: 'restore',
  graceMs: 0,
  lead: { kind: 'auto' },
  hash: 'rule',
};

const config: CompiledConfig = {
  schema: 1,
  hash: 'bench',
  file: 'lamplighter.yml',
  zone: undefined,
  everyMs: 5 * 60_000,
  keepMs: weekMs,
  listen: undefined,
  store: { kind: 'sqlite', path: ':memory:' },
  regions: [{ name: 'r1', url: 'http://127.0.0.1/api/v1', mksRegion: undefined, token: { kind: 'env', name: 'T' } }],
  schedules: [officeHours],
  rules: [rule],
  exceptions: [],
  safety: { brake: { pools: 3, percent: 30 }, maxChangesPerRound: undefined, minNodesPerCluster: 0, runsOn: undefined },
  watch: { clusters: 'all', stuckAfterMs: 30 * 60_000, forMs: 0, clearMs: 0 },
  destinations: [],
  silences: [],
  events: [],
  heartbeat: undefined,
  calendarsEnd: {},
};

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
