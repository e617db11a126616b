/**
 * A round over 1,000 clusters with 3 pools each, 50 ms per call, 16 calls at once, against the least time that so many
 * calls can take; and how many calls it makes against the least it can do with. `node bench/round.ts` prints it.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, makeApp } from '../lib/app.ts';
import { systemClock } from '../lib/io/clock.ts';
import type { Fetch } from '../lib/io/http/exchange.ts';
import { randomId } from '../lib/io/ids.ts';
import { silentLog } from '../lib/io/log.ts';
import { makeRedactor } from '../lib/io/redact.ts';
import { makeSecrets } from '../lib/io/secrets/secrets.ts';
import { openSqliteStore } from '../lib/io/stores/sqlite.ts';
import type { CompiledConfig } from '../lib/model/config.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';
import { configOf, officeHours, ruleFor } from './support/a-fleet.ts';
import { recordLargeFleet } from './support/recorded-api.ts';

const latencyMs = 50;
const concurrency = 16;
const clusters = 1000;
const goal = { atMost: 1.15 };
/** A Wednesday. Noon is office hours, 20:00 is not. */
const noon = Date.UTC(2026, 2, 4, 12);
const eveningMs = 8 * 60 * 60_000;

export async function bench(): Promise<readonly BenchResult[]> {
  return [...(await inProcess()), ...(await overHttp())];
}

async function inProcess(): Promise<readonly BenchResult[]> {
  const api = await recordLargeFleet(noon);
  const fetch: Fetch = async (input, init) => {
    await new Promise((resolve) => setTimeout(resolve, latencyMs));
    const request = new Request(input, init);
    return api.answer(request.method, new URL(request.url).pathname);
  };
  const round = await makeRound(fetch, 'http://127.0.0.1/api/v1');
  await round.run();
  api.forget();
  const quiet = [await round.run()];
  const quietCalls = total(api.calls());
  for (let more = 0; more < 4; more += 1) quiet.push(await round.run());
  const timers = await onlyWait();
  api.forget();
  const evening = await round.run(eveningMs);
  const eveningCalls = total(api.calls());
  round.close();
  if (evening.sent !== clusters) throw new Error(`${clusters} changes were expected, ${evening.sent} were sent`);
  return [
    ratioOf(
      'a round of 1,000 clusters, nothing to do',
      bestMs(quiet),
      1 + clusters,
      goal,
      `only waiting takes ${(timers / 1000).toFixed(2)} s here`,
    ),
    ratioOf('a round of 1,000 clusters in the evening, a change in each', evening.ms, 1 + 3 * clusters),
    callsOf('calls of a round with nothing to do', quietCalls, 1 + clusters),
    callsOf('calls of a round with 1,000 changes', eveningCalls, 1 + 3 * clusters),
  ];
}

async function overHttp(): Promise<readonly BenchResult[]> {
  const server = fork(join(import.meta.dirname, 'support/slow-server.ts'), [String(noon)]);
  try {
    const port = await new Promise<number>((resolve) => server.once('message', (got) => resolve(got as number)));
    const round = await makeRound((input, init) => fetch(input, init), `http://127.0.0.1:${port}/api/v1`);
    await round.run();
    const bare = await bareRound(round.paths, port);
    const ms = bestMs([await round.run(), await round.run(), await round.run()]);
    round.close();
    const compared = `${(ms / bare).toFixed(2)} × the same calls with plain fetch`;
    return [
      ratioOf('a round of 1,000 clusters over local HTTP', ms, 1 + clusters, undefined, compared),
      ratioOf('the same calls with plain fetch, 16 at once, bodies read and forgotten', bare, 1 + clusters),
    ];
  } finally {
    server.disconnect();
  }
}

type Round = {
  readonly run: (laterMs?: number) => Promise<{ readonly ms: number; readonly sent: number }>;
  /** Of the GETs of the last round. */
  readonly paths: Set<string>;
  readonly close: () => void;
};

/** Production parts on a real store; the clock runs at its own pace from that noon on. */
async function makeRound(fetch: Fetch, url: string): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
  const store = openSqliteStore({ path: join(folder, 'state.db'), newId: randomId });
  let offsetMs = noon - Date.now();
  const clock = { ...systemClock, now: () => Date.now() + offsetMs };
  const redactor = makeRedactor();
  const env = { LAMPLIGHTER_BENCH_TOKEN: 'a'.repeat(64) };
  const secrets = makeSecrets({ clock, redactor, log: silentLog, env, aws: { read: async () => undefined } });
  const paths = new Set<string>();
  const noting: Fetch = (input, init) => {
    paths.add(new URL(input instanceof Request ? input.url : input).pathname);
    return fetch(input, init);
  };
  const app = makeApp({ store, fetch: noting, clock, newId: randomId, log: silentLog, redactor, secrets });
  const config = fleetConfig(url);
  return {
    paths,
    run: (laterMs = 0) => {
      offsetMs += laterMs;
      return timedRound(app, config);
    },
    close: () => {
      void store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function timedRound(app: App, config: CompiledConfig): Promise<{ ms: number; sent: number }> {
  const began = performance.now();
  const { results, problems } = await app.scale(config);
  if (problems.length > 0) throw new Error(problems[0]?.reason);
  const ms = performance.now() - began;
  return { ms, sent: results.filter(({ result }) => result === 'sent').length };
}

function fleetConfig(url: string): CompiledConfig {
  const base = configOf({});
  return {
    ...base,
    regions: base.regions.map((region) => ({ ...region, url })),
    schedules: [officeHours('office-hours', 'UTC', 1)],
    rules: [ruleFor('(?:dev|prod)-[^/]*', 'office-hours')],
  };
}

/** What the machine and Node's own client need for the same calls, with nothing of ours in between. */
async function bareRound(paths: ReadonlySet<string>, port: number): Promise<number> {
  const left = [...paths];
  const began = performance.now();
  const worker = async () => {
    for (let path = left.pop(); path !== undefined; path = left.pop()) {
      await (await fetch(`http://127.0.0.1:${port}${path}`)).text();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return performance.now() - began;
}

/** The same waits with no work at all: what the timers of this machine make of the bare limit. */
async function onlyWait(): Promise<number> {
  const wait = () => new Promise((resolve) => setTimeout(resolve, latencyMs));
  const began = performance.now();
  let left = clusters;
  const worker = async () => {
    for (; left > 0; left -= 1) await wait();
  };
  await wait();
  await Promise.all(Array.from({ length: concurrency }, worker));
  return performance.now() - began;
}

/** The one that the machine disturbed least. */
function bestMs(rounds: readonly { readonly ms: number }[]): number {
  return Math.min(...rounds.map(({ ms }) => ms));
}

function ratioOf(
  name: string,
  ms: number,
  calls: number,
  atMost?: BenchResult['goal'],
  compared?: string,
): BenchResult {
  const bareMs = (calls * latencyMs) / concurrency;
  const took = `${(ms / 1000).toFixed(2)} s, bare limit ${(bareMs / 1000).toFixed(2)} s`;
  return benchResult(name, ms / bareMs, '×', atMost, compared === undefined ? took : `${took}; ${compared}`);
}

function callsOf(name: string, calls: number, least: number): BenchResult {
  return benchResult(name, calls / least, '× the least', { atMost: 1 }, `${calls} calls, least ${least}`);
}

function total({ GET, PUT }: { readonly GET: number; readonly PUT: number }): number {
  return GET + PUT;
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
