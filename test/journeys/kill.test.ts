import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../lib/io/clock.ts';
import { createWorld } from '../../lib/simulator/create-world.ts';
import { serveSimulator } from '../../lib/simulator/serve-simulator.ts';
import { makeFastClock } from './fast-clock.ts';
import { makeFolder, type Running, start, until } from './journey.ts';

/** `npm run test:long` has twenty. More of them: LAMPLIGHTER_KILLS=200 vitest run test/journeys/kill.test.ts */
const kills = Number(process.env.LAMPLIGHTER_KILLS ?? 3);
/** A minute of the rules is a second here: a claim that was never sent is planned again after four of them. */
const factor = 60;
const token = 'k'.repeat(64);
const names = ['dev-1', 'dev-2', 'dev-3'];
const clusters = names.map((name) => ({
  name,
  pools: [
    { name: 'build', size: 2 },
    { name: 'workers', size: 4 },
  ],
}));
const pools = names.flatMap((name) => [`${name}/build`, `${name}/workers`]);

const built = makeFolder();
const script = join(built.path, 'fast-process.mjs');

/** As JavaScript it starts several times as fast as the sources, and here it starts often. */
beforeAll(() =>
  build({
    entryPoints: { 'fast-process': join(import.meta.dirname, 'fast-process.ts') },
    outdir: built.path,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    // Files that are loaded as they are needed: a process on SQLite asks for none of AWS.
    splitting: true,
    external: ['@aws-sdk/*'],
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  }),
);
afterAll(() => built[Symbol.dispose]());

function configText(url: string, otherwise: 'base' | 'idle'): string {
  return `
timezone: UTC
every: 1m
regions: { r1: { api: "${url}", token: { env: MKS_TOKEN } } }
schedules: { all: { windows: [], otherwise: ${otherwise} } }
defaults: { region: r1 }
pools: [{ match: "*/*", schedule: all, base: remembered, idle: 1 }]
safety: { brake: off }
store: { kind: sqlite, path: ./state.db }
`;
}

test('kill -9 in the middle of anything: nothing is lost and nothing is done twice', { timeout: 300_000 }, async () => {
  using folder = makeFolder();
  const since = systemClock.now();
  const clock = makeFastClock(since, factor);
  let victim: { readonly running: Running; left: number } | undefined;
  const world = createWorld({
    clock,
    token,
    fleet: { clusters },
    behaviour: { raiseMinutes: [0.3, 0.6], lowerMinutes: [0.3, 0.6] },
    // Between a request's arrival and its being done: the process that sent it is gone before the answer.
    fault: () => {
      if (victim && (victim.left -= 1) === 0) victim.running.child.kill('SIGKILL');
      return undefined;
    },
  });
  const server = await serveSimulator(world, { host: '127.0.0.1', port: 0 });
  const config = join(folder.path, 'lamplighter.yml');
  const run = () => start([script, config, String(since), String(factor)], folder.path, { MKS_TOKEN: token });
  const sizes = () => pools.map((pool) => world.pool(pool).size);
  const puts = () => world.requests.filter(({ method }) => method === 'PUT').map(({ path }) => path);
  const before = sizes();

  /** The n-th victim dies at its n-th request, or a moment after that. */
  const killOne = async (n: number) => {
    const running = run();
    victim = { running, left: 1 + (n % 11) };
    void systemClock.sleep(250 + ((n * 197) % 450)).then(() => running.child.kill('SIGKILL'));
    await running.ended;
    victim = undefined;
  };
  /** Then one that lives, until everybody has what is wanted. */
  const settle = async (wanted: readonly (number | undefined)[]) => {
    const running = run();
    await until(`sizes ${wanted.join()}`, () => sizes().join() === wanted.join(), 60_000);
    running.child.kill('SIGTERM');
    expect((await running.ended).code).toBe(0);
  };

  try {
    writeFileSync(config, configText(server.url, 'base'));
    const first = run();
    await until('a first round', () => first.output().includes('round done'));
    first.child.kill('SIGKILL');
    await first.ended;

    for (const phase of ['idle', 'base'] as const) {
      writeFileSync(config, configText(server.url, phase));
      world.forgetRequests();
      for (let n = 0; n < kills / 2; n += 1) await killOne(phase === 'idle' ? n : n + 5);
      await settle(phase === 'idle' ? pools.map(() => 1) : before);
      expect(puts()).toHaveLength(new Set(puts()).size);
      expect(puts()).toHaveLength(pools.length);
    }
  } finally {
    await server.close();
  }
});
