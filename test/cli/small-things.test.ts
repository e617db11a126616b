import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { describeFailure } from '../../lib/cli/failure.ts';
import { makeRunMetrics } from '../../lib/cli/run/prometheus-metrics.ts';
import { makeHoldTeller } from '../../lib/cli/run/round-tellers.ts';
import { silentLog } from '../../lib/io/log.ts';
import type { ScaleReport } from '../../lib/jobs/scale/scale-round.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { startServer } from '../support/local-server.ts';
import { makePipe } from '../support/pipe.ts';
import { aPool, aWorld, byHand, minute, round } from '../support/scaling-world.ts';
import { aCliWorld, usualConfig } from './cli-world.ts';

describe('the command line', () => {
  test('help of a command that is misspelt names the mistake', async () => {
    using world = aCliWorld();
    const ran = await world.runWith({}, 'help', 'chek');
    expect(ran).toEqual({ code: 2, out: '', err: 'There is no command "chek": did you mean "check"?\n' });
    expect((await world.runWith({}, 'help', 'check')).code).toBe(0);
  });

  test.each([
    [['scale', 'ml/gpu', '--exactly', '3', '--exactly', '0', '--for', '1h'], '--exactly'],
    [['status', '--json', '--json'], '--json'],
    [['pause', '--for', '1h', '--for', '2h'], '--for'],
  ])('an option given twice is refused: %j', async (argv, option) => {
    using world = aCliWorld();
    expect(await world.run(...argv)).toMatchObject({
      code: 2,
      err: `${option} is given more than once: give it once\n`,
    });
  });

  test('one that may be given twice is taken', async () => {
    using world = aCliWorld();
    const at = ['--at', '2026-11-23T12:00:00Z', '--at', '2026-11-23T20:00:00Z'];
    expect((await world.run('explain', 'ml/gpu', ...at)).code).toBe(0);
  });

  test.each(['README.md', 'LICENSE', 'package.json'])('another file as the config is one problem: %s', async (file) => {
    using world = aCliWorld();
    world.writeConfig(readFileSync(file, 'utf8'));
    const { problems } = (await world.json('check')) as { problems: { message: string }[] };
    expect(problems.map(({ message }) => message)).toEqual([
      'this is not a config of Lamplighter: it has neither regions nor schedules nor pools',
    ]);
  });

  test('a folder and a pipe as the config are called that', async () => {
    using world = aCliWorld();
    const folder = mkdtempSync(join(world.folder, 'f-'));
    const pipe = join(world.folder, 'pipe');
    using _pipe = makePipe(pipe);
    expect((await world.runWith({}, 'check', '--config', folder)).out).toContain('it is a folder');
    expect((await world.runWith({}, 'check', '--config', pipe)).out).toContain('it is a pipe or a device');
    writeFileSync(join(world.folder, 'ok'), '');
  });

  test('a full disk is said to be full', () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    expect(describeFailure(full)).toEqual({
      exitCode: 1,
      message: 'The disk is full (ENOSPC): free some space, then run the command again',
    });
  });

  test('history is in order within an instant', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    let ids = 900;
    const newId = () => `id-${(ids -= 1)}`;
    for (let i = 0; i < 4; i += 1) {
      await world.runWith({ newId }, 'run', '--once', '--config', world.config);
      await world.clock.advance(10 * minute);
    }
    const lines = (await world.json('history', 'dev-api')) as { at: string; pool: string; kind: string }[];
    const settled = lines.find(({ kind }) => kind === 'done');
    const sameInstant = lines.filter(({ at }) => at === settled?.at).map(({ kind }) => kind);
    expect(sameInstant).toEqual(['done', 'scale']);
  });
});

describe('run', () => {
  test('logs holds by name when they begin and end, and a change by hand', () => {
    const lines: string[] = [];
    const tell = makeHoldTeller({ ...silentLog, info: (message) => void lines.push(message) });
    const world = aWorld('2026-03-02T20:00:00Z', [aPool('a', 3), aPool('b', 3)]);
    const look = (): void => {
      const report: ScaleReport = { plan: round(world), problems: [], results: [], clusters: 1, pools: 2 };
      tell(report);
      world.now += 5 * minute;
    };
    for (let i = 0; i < 5; i += 1) look();
    expect(lines).toEqual(['holds dev/b', 'dev/b is no longer held']);
    byHand(world, 'a', 2);
    look();
    expect(lines.at(-1)).toContain('dev/a was changed from 0 to 2 by somebody else');
  });

  test('metrics tell the region, the build and the process', async () => {
    const metrics = makeRunMetrics();
    const plan = round(aWorld('2026-03-02T12:00:00Z', [aPool('a', 3)]));
    const regions = [{ region: 'r1', clusters: 6 }];
    metrics.showRound({ plan, problems: [], results: [], clusters: 6, pools: 1, regions }, 5000, 1);
    const { text } = await metrics.render();
    expect(text).toContain('lamplighter_clusters{region="r1"} 6');
    expect(text).toContain('lamplighter_last_round_timestamp_seconds{region="r1"} 5');
    expect(text).toMatch(/^lamplighter_build_info\{version="[^"]+",node="v\d+/m);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
  });
});

test.each([
  [['run', '--once'], ['/ping/uuid']],
  [['run', '--once', '--dry-run'], []],
  [['plan'], []],
])('%j says outside that somebody watches, or not', async (words, beats) => {
  await using server = await startServer((_, response) => response.writeHead(200).end());
  using world = aCliWorld(undefined, `${usualConfig}heartbeat: { url: { env: BEAT }, insecure: true }\n`);
  const given = { env: { MKS_TOKEN: world.world.token, BEAT: `${server.url}/ping/uuid` } };
  const api = simulatorApp(world.world).fetch;
  const through: typeof fetch = (request, init) =>
    String(request instanceof Request ? request.url : request).startsWith(server.url)
      ? fetch(request, init)
      : api(request, init);
  await world.runWith({ ...given, fetch: through }, ...words, '--config', world.config);
  expect(server.seen.map(({ path }) => path)).toEqual(beats);
});

test('savings begin as long ago as is asked', async () => {
  using world = aCliWorld();
  await world.run('run', '--once');
  expect(await world.json('savings', '--since', '7d')).toMatchObject({ from: '2026-11-16T12:00:00Z' });
});

test('the simulator listens where it is told to', async () => {
  using world = aCliWorld();
  const signal = AbortSignal.abort();
  const { code, out } = await world.runWith({ signal }, 'simulator', '--host', '127.0.0.2', '--port', '0');
  expect([code, out]).toEqual([0, expect.stringContaining('http://127.0.0.2:')]);
});

test('a plan of some pools tells no problem of others', async () => {
  using world = aCliWorld();
  const { id } = world.world.cluster('dev-batch');
  const down = () => world.world.failNext({ kind: 'status', status: 403 }, { path: id, times: 9 });
  down();
  expect((await world.run('plan')).code).toBe(1);
  down();
  expect(await world.run('plan', 'dev-api')).toMatchObject({ code: 0, out: expect.not.stringContaining('problem:') });
  down();
  expect((await world.run('plan', 'dev-batch')).code).toBe(1);
});

test('a command that fails has closed the store', async () => {
  using world = aCliWorld();
  await world.run('run', '--once');
  expect((await world.run('base', 'dev-api/nobody', 'show')).code).toBe(1);
  expect(readdirSync(world.folder)).not.toContain('lamplighter.db-wal');
});

test('a round tells of a record that it cannot read', async () => {
  using world = aCliWorld();
  await world.run('run', '--once');
  const database = new DatabaseSync(join(world.folder, 'lamplighter.db'));
  database.exec("update records set value = '[1]' where partition = 'clusters/r1'");
  database.close();
  expect((await world.run('run', '--once')).err).toMatch(/clusters\/r1\//u);
});
