import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { GivenParts } from '../../../lib/cli/parts.ts';
import { randomId } from '../../../lib/io/ids.ts';
import { unwrap } from '../../../lib/io/secrets/secret.ts';
import { openSqliteStore } from '../../../lib/io/stores/sqlite.ts';
import { incidentWrite, listIncidents } from '../../../lib/jobs/records/incident-records.ts';
import { secrets, signedHeaders } from '../../io/listen/listen-world.ts';
import { aCliWorld, type CliWorld, makeOutput, usualConfig } from '../cli-world.ts';

const minute = 60_000;
const strong = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const source = 'events: { ci: { kind: json, secret: { env: CI }, may: ["ml/gpu"] } }\n';

const twoRegions = usualConfig.replace(
  '\nschedules:',
  '\n  r2: { api: "http://127.0.0.1:8091", token: { env: MKS_TOKEN } }\nschedules:',
);

const lease = (id: string, world: CliWorld) =>
  JSON.stringify({
    id,
    lease: id,
    time: new Date(world.clock.now()).toISOString(),
    pool: 'ml/gpu',
    atLeast: 2,
    for: '1h',
  });

/** Turns of the event loop, until it is so or clearly will not be. */
async function turns(isSo: () => boolean, most = 4000): Promise<void> {
  for (let i = 0; i < most && !isSo(); i += 1) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** `lamplighter run --listen` on a real socket of this machine and a clock that stands still; its first round has ended. */
async function aProcess(world: CliWorld, address = '127.0.0.1:0', patch: Partial<GivenParts> = {}) {
  const [stop, err] = [new AbortController(), makeOutput()];
  let isOver = false;
  const env = { MKS_TOKEN: world.world.token, CI: unwrap(secrets.ci) };
  const parts = { signal: stop.signal, stderr: err.output, env, ...patch };
  const running = world.runWith(parts, 'run', '--listen', address, '--config', world.config).finally(() => {
    isOver = true;
  });
  await turns(() => err.text().includes('lamplighter runs') || isOver);
  const url = `http://${/"listen":"([^"]+)"/u.exec(err.text())?.[1]}`;
  // A connection of its own each time: one that is kept for the next request can be closed to make room.
  const ask = (path: string) => fetch(`${url}${path}`, { headers: { connection: 'close' } });
  const isReady = async () => {
    const answer = await ask('/readyz');
    await answer.text();
    return answer.ok;
  };
  for (let i = 0; i < 200 && !(await isReady()); i += 1) await turns(() => isOver, 5);
  const end = async () => {
    stop.abort();
    return running;
  };
  const metrics = async () => {
    // Made once a second.
    await world.clock.advance(1000);
    return (await ask('/metrics')).text();
  };
  return {
    url,
    err,
    stop,
    running,
    isOver: () => isOver,
    end,
    metrics,
    [Symbol.asyncDispose]: async () => void (await end()),
  };
}

describe('run --listen', () => {
  test('takes the address of the command line before the config’s', async () => {
    using world = aCliWorld(undefined, `${usualConfig}listen: "127.0.0.3:0"\n`);
    await using run = await aProcess(world, '127.0.0.2:0');
    expect(run.url).toMatch(/^http:\/\/127\.0\.0\.2:/u);
    expect((await fetch(`${run.url}/healthz`)).status).toBe(200);
    // The page is shown under the name at which it is served.
    expect((await fetch(`${run.url}/`)).status).toBe(200);
  });

  test('serves where the config says, if nobody says otherwise', async () => {
    using world = aCliWorld(undefined, `${usualConfig}listen: "127.0.0.3:0"\n`);
    const [stop, err] = [new AbortController(), makeOutput()];
    const running = world.runWith({ signal: stop.signal, stderr: err.output }, 'run', '--config', world.config);
    await turns(() => err.text().includes('lamplighter runs'));
    stop.abort();
    await running;
    expect(err.text()).toContain('"listen":"127.0.0.3:');
  });

  test('counts calls, events, requests and node-hours', async () => {
    using world = aCliWorld(undefined, usualConfig + source);
    await using run = await aProcess(world);
    const post = async (path: string, body: string) => {
      const headers = signedHeaders(body, { id: body.slice(0, 12), at: world.clock.now() });
      return (await fetch(`${run.url}${path}`, { method: 'POST', headers, body })).status;
    };
    expect(await post('/events/ci', lease('e1', world))).toBe(200);
    expect(await post('/events/ci', '{}')).toBe(422);
    expect(await post('/events/nobody', '{}')).toBe(401);
    await world.clock.advance(6 * minute);
    let text = await run.metrics();
    for (let i = 0; i < 50 && !text.includes('lamplighter_node_hours_total{'); i += 1) text = await run.metrics();
    // Five minutes between two rounds, of every pool under a schedule.
    const sum = [...text.matchAll(/^lamplighter_pool_nodes\{.*cluster="(?:dev-.*|ml)",.*\} (\d+)$/gmu)]
      .map(([, count]) => Number(count))
      .reduce((all, count) => all + count, 0);
    const hours = Number(/^lamplighter_node_hours_total\{region="r1"\} (\S+)$/mu.exec(text)?.[1]);
    expect(hours).toBeGreaterThan(sum / 13);
    expect(hours).toBeLessThan(sum / 6);
    expect(text).toMatch(/^lamplighter_api_calls_total\{region="r1",call="listClusters",outcome="ok"\} [1-9]/mu);
    expect(text).toContain('lamplighter_events_total{source="ci",outcome="stored"} 1');
    expect(text).toContain('lamplighter_http_requests_total{source="ci",outcome="accepted"} 1');
    expect(text).toContain('lamplighter_http_requests_total{source="ci",outcome="refused"} 1');
    expect(text).toContain('lamplighter_http_requests_total{source="unknown",outcome="unauthorized"} 1');
  });

  test('shows what is open as it is now, not as after the round', async () => {
    using world = aCliWorld();
    await using run = await aProcess(world);
    expect(await run.metrics()).toMatch(/^lamplighter_incidents\{severity="critical"\} 0$/mu);
    const store = openSqliteStore({ path: join(world.folder, 'lamplighter.db'), newId: randomId });
    const [stored] = await listIncidents(store);
    await store.commit([incidentWrite({ ...stored!.record, phase: 'open', severity: 'critical' }, stored!.version)]);
    await store.close();
    expect(await run.metrics()).toMatch(/^lamplighter_incidents\{severity="critical"\} 1$/mu);
  });

  test('shows the versions of each region, and their ends', async () => {
    using world = aCliWorld(undefined, twoRegions);
    await using run = await aProcess(world);
    const text = await run.metrics();
    for (const region of ['r1', 'r2']) {
      expect(text).toContain(`lamplighter_version_eol_timestamp_seconds{region="${region}",cluster="`);
    }
  });

  test('holds as many connections as the config allows, and counts those it closed', async () => {
    using world = aCliWorld(undefined, `${usualConfig}maxConnections: 8\n`);
    await using run = await aProcess(world);
    const port = Number(new URL(run.url).port);
    const sockets: Socket[] = [];
    let closed = 0;
    for (let i = 0; i < 12; i += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('close', () => (closed += 1)).on('error', () => undefined);
      sockets.push(socket);
      await new Promise((resolve) => socket.once('connect', resolve));
    }
    await turns(() => closed >= 4);
    expect(closed).toBe(4);
    for (const socket of sockets) socket.destroy();
    await turns(() => closed === 12);
    expect(await run.metrics()).toMatch(
      /^lamplighter_http_requests_total\{source="unknown",outcome="closed"\} [45]$/mu,
    );
  });

  test.each([
    [
      'an event source',
      `events: { ci: { kind: json, secret: [{ env: STRONG }, { env: WEAK }], may: ["ml/gpu"] } }\n`,
      'events.ci',
    ],
    ['links', `links: { url: "https://x.example", secret: [{ env: STRONG }, { env: WEAK }] }\n`, 'links'],
  ])('refuses a second secret of %s that is weak', async (_, more, whose) => {
    using world = aCliWorld(undefined, usualConfig + more);
    const env = { MKS_TOKEN: world.world.token, STRONG: strong, WEAK: 'whsec_YQ==' };
    const refused = world.runWith({ env }, 'run', '--listen', '127.0.0.1:0', '--config', world.config);
    const { code, err } = await refused;
    expect([code, err]).toEqual([2, expect.stringContaining(`The secret of ${whose} was refused`)]);
    expect(world.world.requests).toEqual([]);
  });

  test('answers what it is reading before it ends', async () => {
    using world = aCliWorld(undefined, usualConfig + source);
    await using run = await aProcess(world);
    const body = lease('e1', world);
    const socket = connect(Number(new URL(run.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => (answer += chunk.toString()));
    const headers = {
      host: 'localhost',
      ...signedHeaders(body, { at: world.clock.now() }),
      'content-length': body.length,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `POST /events/ci HTTP/1.1\r\n${lines.join('')}\r\n`;
    await new Promise<void>((resolve) => void socket.write(head + body.slice(0, 10), () => resolve()));
    await turns(() => false, 20);
    run.stop.abort();
    await turns(() => run.isOver(), 100);
    expect(run.isOver()).toBe(false);
    socket.write(body.slice(10));
    await turns(() => answer !== '');
    expect(answer).toMatch(/^HTTP\/1.1 200/u);
    socket.destroy();
    expect((await run.running).code).toBe(0);
  });
});
