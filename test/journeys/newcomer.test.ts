import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { runCli } from '../../lib/cli/run-cli.ts';
import { systemClock } from '../../lib/io/clock.ts';
import { randomId } from '../../lib/io/ids.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { createWorld } from '../../lib/simulator/create-world.ts';
import { serveSimulator } from '../../lib/simulator/serve-simulator.ts';
import { makeOutput } from '../cli/cli-world.ts';
import { aDayFarFromNow, type Ended, makeFolder, runCommand, startCli, until } from './journey.ts';

// Processes start in a second here, and in many when the machine is busy.
const patience = { timeout: 300_000 };

/** 64 characters, as real tokens are; a part of it anywhere would be found. */
const canary = 'c0ffee5ea1ed5ea1'.repeat(4);

const clusters = [
  {
    name: 'dev-api',
    pools: [
      { name: 'build', size: 2 },
      { name: 'workers', size: 3 },
    ],
  },
  { name: 'ml', pools: [{ name: 'gpu', min: 0, max: 4 }] },
];

async function startWorld(patch: Partial<Parameters<typeof createWorld>[0]> = {}) {
  const world = createWorld({ clock: systemClock, speed: 3000, token: canary, fleet: { clusters }, ...patch });
  const server = await serveSimulator(world, { host: '127.0.0.1', port: 0 });
  return { world, url: server.url, [Symbol.asyncDispose]: server.close };
}

type Round = { actions: { result: string }[]; holds: unknown[]; problems: { reason: string }[] };

function readRound({ stdout }: Ended): Round {
  return JSON.parse(stdout) as Round;
}

test.concurrent('a newcomer: init, check, plan, act, and the pools reach their sizes', patience, async () => {
  await using api = await startWorld();
  using folder = makeFolder();
  const said: Ended[] = [];
  const lamplighter = async (...args: string[]) => {
    const ended = await runCommand(args, folder.path, { MKS_TOKEN: canary });
    said.push(ended);
    return ended;
  };
  const file = join(folder.path, 'lamplighter.yml');
  /** The same without a process: what a process adds was seen by then. */
  const here = async (...args: string[]) => {
    const ended = await runHere([...args, '--config', file]);
    said.push(ended);
    return ended;
  };
  const init = await lamplighter('init', '--api', api.url, '--token-env', 'MKS_TOKEN', '--timezone', 'UTC', '--yes');
  expect(init).toMatchObject({ code: 0, stderr: '' });
  const observing = readFileSync(file, 'utf8').replace('days: mon-fri', `days: ${aDayFarFromNow()}`);
  writeFileSync(file, observing);
  expect((await here('check')).code).toBe(0);

  const plan = readRound(await here('plan', '--json'));
  expect(plan).toMatchObject({ actions: [], problems: [] });
  expect(plan.holds).toHaveLength(3);
  expect(new Set(api.world.requests.map(({ method }) => method))).toEqual(new Set(['GET']));

  writeFileSync(file, observing.replace('mode: observe', 'mode: act'));
  expect(readRound(await lamplighter('run', '--once', '--json')).actions).toEqual([]);
  expect((await here('status')).stdout).toContain('run: lamplighter approve');
  expect((await lamplighter('approve')).code).toBe(0);
  for (let rounds = 0, isDone = false; !isDone; rounds += 1) {
    // The simulated resize takes some tenths of a second: on a fast machine that is many rounds.
    expect(rounds).toBeLessThan(200);
    const ended = await here('run', '--once', '--json');
    expect(ended.code).toBe(0);
    const { actions, holds } = readRound(ended);
    isDone = actions.length === 0 && holds.length === 0;
  }
  const sizes = ['dev-api/build', 'dev-api/workers'].map((pool) => api.world.pool(pool).size);
  expect(sizes).toEqual([1, 1]);
  expect(api.world.pool('ml/gpu')).toMatchObject({ sizeMin: 0, sizeMax: 2 });
  expect(api.world.requests.filter(({ method }) => method === 'PUT')).toHaveLength(3);

  api.world.forgetRequests();
  await here('run', '--once');
  const calls = api.world.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f-]{36}/, '*')}`).sort();
  const scaling = ['GET /api/v1/cluster', ...clusters.map(() => 'GET /api/v1/cluster/*/node-pool')];
  expect(calls).toEqual([...scaling, ...scaling, ...clusters.map(() => 'GET /api/v1/cluster/*')].sort());

  const everything = said.map(({ stdout, stderr }) => stdout + stderr).join('\n') + folder.bytes();
  expect(everything).toContain('dev-api');
  expect(everything).not.toContain(canary.slice(0, 12));
});

async function runHere(words: readonly string[]): Promise<Ended> {
  const [out, err] = [makeOutput(), makeOutput()];
  const code = await runCli(words, {
    env: { MKS_TOKEN: canary },
    fetch,
    clock: systemClock,
    newId: randomId,
    redactor: makeRedactor(),
    stdout: out.output,
    stderr: err.output,
    isInteractive: false,
    who: 'ada@lab',
    zone: 'UTC',
    signal: new AbortController().signal,
  });
  return { code, stdout: out.text(), stderr: err.text() };
}

function configText(url: string): string {
  return `
timezone: UTC
regions: { r1: { api: "${url}", token: { env: MKS_TOKEN } } }
schedules: { rare: { windows: [{ days: ${aDayFarFromNow()}, from: "07:00", to: "19:00" }], otherwise: idle } }
defaults: { region: r1 }
pools: [{ match: "*/*", schedule: rare, base: remembered, idle: 1 }]
safety: { brake: off }
store: { kind: sqlite, path: ./state.db }
`;
}

test.concurrent('two processes on one store at once: one PUT for each cluster', patience, async () => {
  await using api = await startWorld({ speed: 1 });
  using folder = makeFolder();
  writeFileSync(join(folder.path, 'lamplighter.yml'), configText(api.url));
  const once = () => runCommand(['run', '--once', '--json'], folder.path, { MKS_TOKEN: canary });
  const rounds = (await Promise.all([once(), once()])).map(readRound);
  const puts = api.world.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path.split('/')[4] ?? '');
  expect(puts).toHaveLength(clusters.length);
  expect(new Set(puts)).toEqual(new Set(clusters.map(({ name }) => api.world.cluster(name).id)));
  expect(rounds.flatMap(({ problems }) => problems)).toEqual([]);
});

test.concurrent.each(['SIGINT', 'SIGTERM'] as const)(
  '%s in the middle of a PUT: it is finished, and the process ends well',
  patience,
  async (signal) => {
    await using api = await startWorld({
      speed: 1,
      fault: ({ method }) => (method === 'PUT' ? { kind: 'delay', ms: 400 } : undefined),
    });
    using folder = makeFolder();
    writeFileSync(join(folder.path, 'lamplighter.yml'), configText(api.url));
    const running = startCli(['run', '--listen', '127.0.0.1:0'], folder.path, { MKS_TOKEN: canary });
    await until('a PUT', () => api.world.requests.some(({ method }) => method === 'PUT'));
    const asked = systemClock.now();
    running.child.kill(signal);
    const { code } = await running.ended;
    expect(code).toBe(0);
    // It waits for its PUT, and not for the next tick in five minutes.
    expect(systemClock.now() - asked).toBeLessThan(60_000);
    expect(running.output()).toContain('pool scaled');
    expect(running.output()).not.toContain(canary.slice(0, 12));
    const store = new DatabaseSync(join(folder.path, 'state.db'));
    store.exec('begin immediate; commit');
    store.close();
  },
);

test.concurrent('a config with mistakes: all of them, and exit code 2', patience, async () => {
  using folder = makeFolder();
  const text = configText('https://mks.example.org')
    .replace('timezone', 'timezones')
    .replace('remembered', 'rememberd');
  writeFileSync(join(folder.path, 'lamplighter.yml'), text);
  const { code, stdout, stderr } = await runCommand(['run'], folder.path, { MKS_TOKEN: canary });
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/lamplighter\.yml:2:1\b.*timezones/);
  expect(stderr).toMatch(/lamplighter\.yml:6:\d+\b.*base/);
});
