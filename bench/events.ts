/**
 * From an event to its PUT in the single process (signed HTTP in, HTTP out, SQLite in between), and how many events a
 * second are accepted on one core on a fleet of 1,000 clusters, each stored before it is acknowledged.
 * `node bench/events.ts` prints it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeApp } from '../lib/app.ts';
import { systemClock } from '../lib/io/clock.ts';
import { randomId } from '../lib/io/ids.ts';
import { makeListenApp } from '../lib/io/listen/routes.ts';
import { silentLog } from '../lib/io/log.ts';
import { makeQuota } from '../lib/io/quota.ts';
import { makeRedactor } from '../lib/io/redact.ts';
import { makeSecret } from '../lib/io/secrets/secret.ts';
import { makeSecrets } from '../lib/io/secrets/secrets.ts';
import { sign } from '../lib/io/signing.ts';
import { openSqliteStore, type SqliteStore } from '../lib/io/stores/sqlite.ts';
import { makeReplays } from '../lib/jobs/accept/replays.ts';
import { clusterWrite } from '../lib/jobs/records/cluster-records.ts';
import type { CompiledConfig, EventSourceConfig } from '../lib/model/config.ts';
import { createWorld } from '../lib/simulator/create-world.ts';
import { serveSimulator } from '../lib/simulator/serve-simulator.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';
import { configOf, officeHours, ruleFor } from './support/a-fleet.ts';

const eventCount = 41;
const acceptedCount = 300;
const key = `whsec_${Buffer.from('a key of this benchmark, 32 bytes').toString('base64')}`;
const secret = makeSecret(key);
const root = join(import.meta.dirname, '..');

export async function bench(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
  try {
    return [
      ...(await eventToPut(folder)),
      ...(await eventsPerSecond(folder)),
      ...(await burstOnLargeFleet(mkdtempSync(join(folder, 'burst-')))),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function eventToPut(folder: string): Promise<readonly BenchResult[]> {
  const clusters = fleetOf(eventCount);
  const puts: { at: number; path: string }[] = [];
  const world = createWorld({
    clock: systemClock,
    fleet: { clusters },
    fault: ({ method, path }) => {
      if (method === 'PUT') puts.push({ at: performance.now(), path });
      return undefined;
    },
  });
  const simulator = await serveSimulator(world, { host: '127.0.0.1', port: 0 });
  const child = startProcess(folder, simulator.url, world.token);
  try {
    const address = await readUntil(child, /(127\.0\.0\.1:\d+)[\s\S]*round done/);
    const answered: number[] = [];
    const put: number[] = [];
    for (const { name } of clusters) {
      const cluster = world.cluster(name).id;
      const began = performance.now();
      const answer = await send(`http://${address}/events/ci`, event(name, `bench ${name}`));
      if (answer.status !== 200) throw new Error(`the event was answered ${answer.status}: ${await answer.text()}`);
      answered.push(performance.now() - began);
      put.push((await waitFor(() => puts.find(({ path }) => path.includes(cluster)))).at - began);
    }
    return [
      benchResult(
        'event sent to PUT at the API, median',
        median(put),
        'ms',
        undefined,
        `longest of ${eventCount}: ${Math.max(...put).toFixed(0)} ms`,
      ),
      benchResult('event sent to its answer (stored), median', median(answered), 'ms'),
    ];
  } finally {
    child.kill();
    await simulator.close();
  }
}

function fleetOf(count: number) {
  return Array.from({ length: count }, (_, i) => ({ name: `dev-${i}`, pools: [{ name: 'gpu', size: 1 }] }));
}

function startProcess(folder: string, url: string, token: string): ChildProcess {
  writeFileSync(join(folder, 'lamplighter.yml'), configText(url), { mode: 0o600 });
  const words = ['run', '--config', join(folder, 'lamplighter.yml'), '--listen', '127.0.0.1:0'];
  return spawn(process.execPath, ['lib/cli/main.ts', ...words], {
    cwd: root,
    env: { PATH: process.env.PATH, TOKEN: token, CI_KEY: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

const burstCount = 600;
const largeFleet = 1000;
/** Fewer than the connections that a process takes. */
const atOnce = 50;

/** As many as a source may send at once, each for another cluster, while somebody asks every 20 ms whether the process lives. */
export async function burstOnLargeFleet(folder: string): Promise<readonly BenchResult[]> {
  const world = createWorld({ clock: systemClock, fleet: { clusters: fleetOf(largeFleet) } });
  const simulator = await serveSimulator(world, { host: '127.0.0.1', port: 0 });
  const child = startProcess(folder, simulator.url, world.token);
  try {
    const address = await readUntil(child, /(127\.0\.0\.1:\d+)[\s\S]*round done/);
    const health: number[] = [];
    let isOver = false;
    const asking = askHealth(`http://${address}/healthz`, health, () => isOver);
    const bodies = Array.from({ length: burstCount }, (_, n) => event(`dev-${n}`, `burst-${n}`));
    const [began, cpuBefore] = [performance.now(), cpuMs(child)];
    const sendNext = async (): Promise<void> => {
      for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
        const answer = await send(`http://${address}/events/ci`, body);
        if (answer.status !== 200) throw new Error(`the event was answered ${answer.status}: ${await answer.text()}`);
        await answer.text();
      }
    };
    await Promise.all(Array.from({ length: atOnce }, sendNext));
    const perSecond = (burstCount / (performance.now() - began)) * 1000;
    const perCpuSecond = (burstCount / (cpuMs(child) - cpuBefore)) * 1000;
    // The rounds that they woke.
    await systemClock.sleep(2000);
    isOver = true;
    await asking;
    const fleet = `${burstCount} on ${atOnce} connections, fleet of ${largeFleet} clusters`;
    return [
      benchResult(`events of a burst accepted, ${fleet}`, perSecond, 'events/s', { atLeast: 300 }),
      benchResult('the same, for each second that the process had a core', perCpuSecond, 'events/s', { atLeast: 300 }),
      benchResult('health asked meanwhile, median', median(health), 'ms', { atMost: 200 }),
      benchResult('health asked meanwhile, longest', Math.max(...health), 'ms', { atMost: 1000 }),
    ];
  } finally {
    child.kill();
    await simulator.close();
  }
}

/** Of a process, user and system, in steps of 10 ms (proc(5)); Linux alone tells it. */
function cpuMs({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /u, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function askHealth(url: string, health: number[], isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const began = performance.now();
    await (await fetch(url)).text();
    health.push(performance.now() - began);
    await systemClock.sleep(20);
  }
}

function configText(url: string): string {
  return `
timezone: UTC
regions: { r1: { api: "${url}/api/v1", token: { env: TOKEN } } }
schedules: { never: { windows: [{ dayOfMonth: [31], months: [jan], from: "00:00", to: "00:10" }], otherwise: idle } }
defaults: { region: r1 }
pools: [{ match: "*/gpu", schedule: never, base: 1, everyPool: true, idle: 1, leases: { max: 9 } }]
events: { ci: { kind: json, secret: { env: CI_KEY }, may: ["*/gpu"] } }
store: { kind: sqlite, path: ./state.db }
`;
}

function event(cluster: string, id: string): string {
  const time = new Date(systemClock.now()).toISOString();
  return JSON.stringify({ id, lease: id, time, pool: `${cluster}/gpu`, atLeast: 3, for: '2h' });
}

async function send(url: string, body: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...sign(randomId(), body, [secret], systemClock.now()) };
  return fetch(url, { method: 'POST', headers, body });
}

export async function eventsPerSecond(folder: string): Promise<readonly BenchResult[]> {
  const figures = { one: [] as number[], ten: [] as number[], fifty: [] as number[], commits: [] as number[] };
  // In turn, so that a busy moment of the machine meets all four.
  for (let turn = 0; turn < 5; turn += 1) {
    figures.commits.push(await commitsPerSecond(join(folder, `bare-${turn}.db`)));
    figures.one.push(await acceptAll(join(folder, `one-${turn}.db`), 1));
    figures.ten.push(await acceptAll(join(folder, `ten-${turn}.db`), 10));
    figures.fifty.push(await acceptAll(join(folder, `fifty-${turn}.db`), 1, atOnce));
  }
  const [overHttp, batched, commits] = [median(figures.one), median(figures.ten), median(figures.commits)];
  const together = median(figures.fifty);
  const ratio = (events: number) =>
    `${(events / commits).toFixed(2)} × the ${Math.round(commits)} bare commits/s of this disk`;
  return [
    benchResult(
      'signed messages accepted and stored, one event each',
      overHttp,
      'events/s',
      undefined,
      ratio(overHttp),
    ),
    benchResult(
      `the same, ${atOnce} of them under way at a time`,
      together,
      'events/s',
      { atLeast: 300 },
      ratio(together),
    ),
    benchResult('signed messages accepted and stored, ten events each', batched, 'events/s', undefined, ratio(batched)),
  ];
}

/** One write each, as durable as the accepted events. */
async function commitsPerSecond(path: string): Promise<number> {
  const store = openSqliteStore({ path, newId: randomId });
  const began = performance.now();
  for (let n = 0; n < acceptedCount; n += 1) {
    await store.commit([{ kind: 'putIfAbsent', key: { partition: 'p', id: `id ${n}` }, value: { n } }]);
  }
  const perSecond = (acceptedCount / (performance.now() - began)) * 1000;
  await store.close();
  return perSecond;
}

/** Through the listener, but for its socket: signature, replay, parsing, judging, storing. */
async function acceptAll(path: string, perMessage: number, lanes = 1): Promise<number> {
  const store = openSqliteStore({ path, newId: randomId });
  await fill(store);
  const listen = listenOn(store);
  const messages = Array.from({ length: acceptedCount / perMessage }, (_, message) => {
    const events = Array.from({ length: perMessage }, (__, i) =>
      event(`dev-${message * perMessage + i}`, `m${message}-${i}`),
    );
    return perMessage === 1 ? events[0]! : `[${events.join(',')}]`;
  });
  const began = performance.now();
  const sendNext = async (): Promise<void> => {
    for (let body = messages.pop(); body !== undefined; body = messages.pop()) {
      const headers = { 'content-type': 'application/json', ...sign(randomId(), body, [secret], systemClock.now()) };
      const answer = await listen.request('/events/ci', { method: 'POST', headers, body });
      if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
    }
  };
  await Promise.all(Array.from({ length: lanes }, sendNext));
  const perSecond = (acceptedCount / (performance.now() - began)) * 1000;
  await store.close();
  return perSecond;
}

/** What rounds have written down about a large fleet. */
async function fill(store: SqliteStore): Promise<void> {
  const pools = { p1: { name: 'gpu', autoscale: false, base: 1 } };
  for (let from = 0; from < largeFleet; from += 100) {
    const writes = Array.from({ length: 100 }, (_, i) =>
      clusterWrite('r1', `id-${from + i}`, { schema: 1, cluster: `dev-${from + i}`, pools }, undefined),
    );
    await store.commit(writes);
  }
}

function listenOn(store: SqliteStore): ReturnType<typeof makeListenApp> {
  const clock = systemClock;
  const redactor = makeRedactor();
  const secrets = makeSecrets({ clock, redactor, log: silentLog, env: {}, aws: { read: async () => undefined } });
  const app = makeApp({ store, fetch, clock, newId: randomId, log: silentLog, redactor, secrets });
  return makeListenApp({
    clock,
    sources: () => config.events,
    secretsOf: async () => [secret],
    accept: (source, events, along) => app.accept(config, source, events, () => {}, undefined, along),
    replays: makeReplays({ store, clock }),
    quota: makeQuota(clock, { burst: acceptedCount, perSecond: acceptedCount }),
    takesUnsigned: false,
    isHealthy: () => true,
    readiness: async () => ({ isReady: true, text: '' }),
  });
}

const rule = ruleFor('dev-[^/]*', 'office', 3);
const config: CompiledConfig = configOf({
  schedules: [officeHours('office', 'UTC', 1)],
  rules: [rule],
  events: [sourceOf()],
});

function sourceOf(): EventSourceConfig {
  return {
    name: 'ci',
    kind: 'json',
    secrets: [{ kind: 'env', name: 'CI_KEY' }],
    queue: undefined,
    when: undefined,
    pool: undefined,
    atLeast: undefined,
    forMs: undefined,
    may: [rule.match],
    most: undefined,
    longestMs: undefined,
  };
}

async function readUntil(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = '';
  const take = (chunk: unknown) => {
    text += String(chunk);
  };
  child.stdout!.on('data', take);
  child.stderr!.on('data', take);
  const found = await waitFor(
    () => pattern.exec(text)?.[1],
    () => `the process did not start: ${text}`,
  );
  return found;
}

/** Looks again and again, for at most ten seconds; what is waited for happens in another process. */
async function waitFor<T>(look: () => T | undefined, why = () => 'no PUT came'): Promise<T> {
  for (let left = 10_000; left > 0; left -= 1) {
    const found = look();
    if (found !== undefined) return found;
    await systemClock.sleep(1);
  }
  throw new Error(why());
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
