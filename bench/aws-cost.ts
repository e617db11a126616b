/**
 * What Lamplighter costs on AWS in a month, for fleets of 10, 1,000 and 10,000 clusters with 3 pools each, from what its
 * jobs really read, write and call. `node bench/aws-cost.ts` prints the table of docs/aws.md.
 */
import { makeApp, openSecrets } from '../lib/app.ts';
import type { Clock } from '../lib/io/clock.ts';
import type { Fetch } from '../lib/io/http/exchange.ts';
import { randomId } from '../lib/io/ids.ts';
import { silentLog } from '../lib/io/log.ts';
import { makeRedactor } from '../lib/io/redact.ts';
import { makeMemoryStore } from '../lib/io/stores/memory-store.ts';
import type { Key, Store } from '../lib/io/stores/store.ts';
import { countParts } from '../lib/jobs/records/count-parts.ts';
import type { ScaleOptions } from '../lib/jobs/scale/scale-round.ts';
import { partOf } from '../lib/model/part.ts';
import { createWorld, type World } from '../lib/simulator/create-world.ts';
import { simulatorApp } from '../lib/simulator/simulator-app.ts';
import { aDestination } from '../test/support/destination.ts';
import { configOf, officeHours, ruleFor } from './support/a-fleet.ts';

/**
 * USD, list prices of eu-central-1 without any free tier: aws.amazon.com/lambda/pricing (arm64), /dynamodb/pricing/on-demand,
 * /eventbridge/pricing (Scheduler), /secrets-manager/pricing, /cloudwatch/pricing. Look them up again before you rely on them.
 */
const prices = {
  gigabyteSecond: 0.0000133334,
  invocation: 0.2e-6,
  readUnit: 0.1525e-6,
  writeUnit: 0.7625e-6,
  tick: 1e-6,
  secretMonth: 0.4,
  secretCall: 0.05e-4,
  logGigabyte: 0.63,
  alarm: 0.1,
  compositeAlarm: 0.5,
  metric: 0.3,
} as const;

const memoryGigabytes = 0.5;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const ticksPerMonth = (30 * dayMs) / (5 * minuteMs);
const minutesPerMonth = (30 * dayMs) / minuteMs;
/** An API call of 50 ms, 16 at once; a call of the store of 5 ms, one after another. */
const [apiMs, apiAtOnce, storeMs] = [50, 16, 5];
const startMs = 300;
/** The secrets of deploy/lamplighter.aws.example.yml: token, chat, pager, events, heartbeat. Its alarms, four of its ways in too. */
const [secrets, alarms, compositeAlarms, logBytesPerRun] = [5, 11, 1, 1500];
/** Of the three jobs that tick: when the last round ended; and the age of the oldest message. */
const metrics = 4;
/** Each costs reads of its own in every minute. */
const destinations = ['ops', 'pager'].map((name) =>
  aDestination(name, { kind: 'webhook', url: { kind: 'plain', url: `https://${name}.example.org/` } }),
);
/** Each autoscaler changes its pool's size every ten minutes, ten hours a working day: in those hours every second tick sees it. */
const restless = ((22 * 10) / (30 * 24)) * (5 / 10);
/** A cluster changes its three pools one after another, and each is settled by a later tick. */
const eveningTicks = 8;
/** A record an hour while autoscalers move, and a whole one each day. */
const countsPerMonth = 22 * 10 + 30;
/** A Wednesday at noon: office hours. */
const noon = Date.UTC(2026, 2, 4, 12);

type Use = {
  reads: number;
  writes: number;
  /** Of the writes: sizes and nodes of the past, which the page and savings are told from. */
  past: number;
  storeCalls: number;
  apiCalls: number;
  cpuMs: number;
  runs: number;
};

/** One tick of one job, in as many runs as it is cut into. `busy…`: while autoscalers move. */
type Measured = {
  readonly scale: Use;
  readonly busyScale: Use;
  readonly watch: Use;
  readonly busyWatch: Use;
  readonly deliver: Use;
  /** Once an hour the nodes of autoscaled pools are counted. */
  readonly counting: Use;
  /** The first change in each cluster; and the ticks after it, until each pool has settled. */
  readonly evening: Use;
  readonly settling: readonly Use[];
};

const nothing: Use = { reads: 0, writes: 0, past: 0, storeCalls: 0, apiCalls: 0, cpuMs: 0, runs: 0 };

/** What a tick costs in which nothing happens: for fleets of which more would take too long. */
export async function measureAtRest(clusters: number): Promise<Pick<Measured, 'scale' | 'watch'>> {
  const { scale, watch, world } = makeFleet(clusters);
  await scale();
  await watch();
  world.behaviour.autoscalerMoves = false;
  for (let tick = 0; tick < 3; tick += 1) {
    await scale();
    await watch();
  }
  return { scale: await scale(), watch: await watch() };
}

export async function measureFleet(clusters: number): Promise<Measured> {
  const { scale, watch, deliver, world, goTo } = makeFleet(clusters);
  for (let i = 0; i < 3; i += 1) {
    await scale();
    await watch();
    await deliver();
  }
  const busyWatch = await watch();
  const busyScale = await scale();
  world.behaviour.autoscalerMoves = false;
  await scale();
  await watch();
  await watch();
  const quiet = { scale: await scale(), watch: await watch(), busyScale, busyWatch, deliver: await deliver() };
  world.behaviour.autoscalerMoves = true;
  goTo(noon + 4.5 * 60 * minuteMs);
  const counting = await scale();
  goTo(noon + 5.75 * 60 * minuteMs);
  await scale();
  goTo(noon + 6 * 60 * minuteMs + 5 * minuteMs);
  const evening = await scale();
  const settling: Use[] = [];
  for (let tick = 1; tick < eveningTicks; tick += 1) settling.push(await scale());
  return { ...quiet, counting, evening, settling };
}

/** So many parts are all run each time. */
const mostPartsRun = 12;

type Fleet = {
  /** One tick of a job in all its parts, one after the other; five minutes pass with each. */
  readonly scale: () => Promise<Use>;
  readonly watch: () => Promise<Use>;
  readonly deliver: () => Promise<Use>;
  readonly world: World;
  readonly goTo: (at: number) => void;
};

type PartOptions = Pick<ScaleOptions, 'shard' | 'rounds'>;
type RunPart = (options: PartOptions) => Promise<readonly string[]>;

function makeFleet(clusters: number): Fleet {
  let now = noon;
  const clock: Clock = { now: () => now, sleep: waitForEnd };
  const pools = [
    { name: 'system', size: 2 },
    { name: 'workers', size: 3 },
    { name: 'burst', min: 1, max: 6 },
  ] as const;
  const names = Array.from({ length: clusters }, (_, i) => ({ name: `dev-${i}`, pools }));
  const world = createWorld({ clock, fleet: { clusters: names }, keepRequests: 0 });
  const use: Use = { ...nothing };
  const simulator = simulatorApp(world);
  const fetch: Fetch = async (input, init) => {
    if (String(input instanceof Request ? input.url : input).includes('.example.org'))
      return new Response(null, { status: 204 });
    use.apiCalls += 1;
    return simulator.fetch(input, init);
  };
  const store = counted(makeMemoryStore({ newId: randomId }), use);
  const parts = { clock, redactor: makeRedactor(), log: silentLog, env: { LAMPLIGHTER_BENCH_TOKEN: world.token } };
  const app = makeApp({ ...parts, store, fetch, newId: randomId, secrets: openSecrets(parts) });
  const config = configOf({
    schedules: [officeHours('office', 'Europe/Berlin', 0)],
    rules: [ruleFor('dev-[^/]*', 'office')],
    destinations,
    // An ordinary evening: somebody approved the first one long ago.
    safety: { brake: undefined, maxChangesPerRound: undefined, minNodesPerCluster: 0, runsOn: undefined },
  });
  const pass = async (work: () => Promise<unknown>): Promise<Use> => {
    const began = process.threadCpuUsage();
    Object.assign(use, nothing);
    await work();
    now += 5 * minuteMs;
    const { user, system } = process.threadCpuUsage(began);
    return { ...use, runs: Math.max(1, use.runs), cpuMs: use.cpuMs + (user + system) / 1000 };
  };
  const cut = new Map<RunPart, number>();
  /** Once the fleet has been cut into many, two parts do: the first one, and one that stands for the others. */
  const inParts = async (run: RunPart) => {
    const { count: known, rounds } = await countParts(store, config);
    // The very first round would do the whole fleet at once.
    const count = Math.max(known, Math.ceil(clusters / 1000));
    const runPart = async (index: number) => {
      // The run that counts is the one of the first part.
      const [problem] = await run({ ...(count > 1 && { shard: { index, count } }), ...(index === 0 && { rounds }) });
      if (problem !== undefined) throw new Error(problem);
      use.runs += 1;
    };
    const isSample = count > mostPartsRun && cut.get(run) === count;
    cut.set(run, count);
    await runPart(0);
    const first = { ...use };
    const began = process.threadCpuUsage();
    if (!isSample) for (let index = 1; index < count; index += 1) await runPart(index);
    else {
      await runPart(usualPart(world, count));
      const { user, system } = process.threadCpuUsage(began);
      for (const name of Object.keys(first) as (keyof Use)[]) use[name] += (use[name] - first[name]) * (count - 2);
      use.cpuMs += ((user + system) / 1000) * (count - 2);
    }
  };
  const scale = async (options: PartOptions) => (await app.scale(config, options)).problems.map(({ reason }) => reason);
  const watch = async ({ shard }: PartOptions) =>
    (await app.watch(config, undefined, undefined, shard ? { shard } : {})).problems;
  return {
    scale: () => pass(() => inParts(scale)),
    watch: () => pass(() => inParts(watch)),
    deliver: () => pass(() => app.deliver(config)),
    world,
    goTo: (at) => {
      now = at;
    },
  };
}

/** Of the parts after the first one, that of which the others are about as large. */
function usualPart(world: World, count: number): number {
  const sizes = Array.from({ length: count }, () => 0);
  for (const { id } of world.clusters()) sizes[partOf(id, count)] = (sizes[partOf(id, count)] ?? 0) + 1;
  const [, ...others] = sizes;
  const mean = others.reduce((sum, size) => sum + size, 0) / others.length;
  const farness = others.map((size) => Math.abs(size - mean));
  return 1 + farness.indexOf(Math.min(...farness));
}

/** Nothing here is late, so no deadline ever passes. */
function waitForEnd(_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}

/** Units as DynamoDB counts them: 4 KB per strongly consistent read, 1 KB per write, twice that in a transaction. */
function counted(store: Store, use: Use): Store {
  // An item's bytes are its names and values: pk, sk, version (a UUID), value, ttl.
  const size = ({ partition, id }: Key, value: unknown) =>
    JSON.stringify(value ?? null).length + partition.length + id.length + 70;
  const count = (reads: number, writes: number) => {
    use.storeCalls += 1;
    use.reads += reads;
    use.writes += writes;
  };
  return {
    read: async (key) => {
      const record = await store.read(key);
      count(Math.ceil(size(key, record?.value) / 4096), 0);
      return record;
    },
    list: async (partition, options) => {
      const records = await store.list(partition, options);
      const bytes = records.reduce((sum, { key, value }) => sum + size(key, value), 0);
      count(Math.max(1, Math.ceil(bytes / 4096)), 0);
      // A page of DynamoDB holds 1 MB.
      use.storeCalls += Math.floor(bytes / 1_048_576);
      return records;
    },
    commit: async (writes) => {
      const units = writes.map((write) => Math.ceil(size(write.key, 'value' in write ? write.value : null) / 1024));
      const all = units.reduce((sum, one) => sum + one, 0) * (writes.length > 1 ? 2 : 1);
      count(0, all);
      if (/^(?:sizes|nodes)\//u.test(writes[0]?.key.partition ?? '')) use.past += all;
      return store.commit(writes);
    },
    close: store.close,
  };
}

/** How long one run lasts: waiting, its own work, and at most once a container's start. */
export function secondsOf({ apiCalls, storeCalls, cpuMs, runs }: Use): number {
  return (startMs + (apiCalls / runs / apiAtOnce) * apiMs + (storeCalls / runs) * storeMs + (cpuMs * 2) / runs) / 1000;
}

export type MonthlyCost = { readonly [part: string]: number };

export function monthlyCost(measured: Measured): MonthlyCost {
  const { scale, busyScale, watch, busyWatch, deliver, counting, evening, settling } = measured;
  const changes = 2 * 22;
  const per = (pick: (use: Use) => number) =>
    (pick(scale) + pick(watch)) * (1 - restless) * ticksPerMonth +
    (pick(busyScale) + pick(busyWatch)) * restless * ticksPerMonth +
    pick(deliver) * minutesPerMonth +
    [evening, ...settling].reduce((sum, use) => sum + pick(use), 0) * changes;
  const pastWrites = counting.past * countsPerMonth;
  const runs = per((use) => use.runs);
  const ticks = 2 * ticksPerMonth + minutesPerMonth;
  return {
    lambda:
      per((use) => use.runs * secondsOf(use)) * memoryGigabytes * prices.gigabyteSecond + runs * prices.invocation,
    dynamodb: per((use) => use.reads) * prices.readUnit + (per((use) => use.writes) + pastWrites) * prices.writeUnit,
    scheduler: ticks * prices.tick,
    secrets: secrets * (prices.secretMonth + ticksPerMonth * prices.secretCall),
    logs: ((runs * logBytesPerRun) / 1e9) * prices.logGigabyte,
    'alarms and metrics': alarms * prices.alarm + compositeAlarms * prices.compositeAlarm + metrics * prices.metric,
  };
}

function line(clusters: number, measured: Measured): string {
  const cost = monthlyCost(measured);
  const sum = Object.values(cost).reduce((all, one) => all + one, 0);
  const { scale, busyScale, watch, busyWatch, deliver, counting, evening, settling } = measured;
  const seconds = [scale, watch].map((use) => secondsOf(use).toFixed(1)).join(' / ');
  const units = [scale, busyScale, watch, busyWatch, deliver].map(({ reads, writes }) => `${reads}+${writes}`);
  const changing = [evening, ...settling].reduce((all, { past }) => all + past, 0);
  const past = `${scale.past} / ${counting.past} / ${changing}`;
  const parts = Object.values(cost).map((one) => one.toFixed(2));
  return `| ${clusters.toLocaleString('en-US')} | ${scale.runs} | ${seconds} | ${units.join(' / ')} | ${past} | ${[...parts, sum.toFixed(2)].join(' | ')} |`;
}

if (import.meta.main) {
  console.log(
    '| clusters | parts | seconds per run: scale / watch | reads+writes per tick: scale at rest / while autoscalers move / watch at rest / while they move / deliver | of the writes, the past: a tick in which nothing changes / an hourly count / an evening | Lambda | DynamoDB | Scheduler | secrets | logs | alarms, metrics | USD a month |',
  );
  console.log(`|${' ---: |'.repeat(12)}`);
  const sizes = process.argv.slice(2).map(Number);
  for (const clusters of sizes.length > 0 ? sizes : [10, 1000, 10_000])
    console.log(line(clusters, await measureFleet(clusters)));
}
