import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../lib/io/clock.ts';
import { createWorld, type World } from '../../lib/simulator/create-world.ts';
import type { Fault } from '../../lib/simulator/faults.ts';
import { type RunningSimulator, serveSimulator, simulatorBanner } from '../../lib/simulator/serve-simulator.ts';
import { answered } from './simulated.ts';

const running: RunningSimulator[] = [];

afterEach(async () => {
  for (const server of running.splice(0)) await server.close();
});

type Call = (path: string, init?: RequestInit) => Promise<Response>;

async function served(fault?: Fault): Promise<{ world: World; url: string; call: Call }> {
  const world = createWorld({ clock: systemClock, token: 'open-sesame' });
  const server = await serveSimulator(world, { host: '127.0.0.1', port: 0 });
  running.push(server);
  if (fault !== undefined) world.failNext(fault);
  const headers = { authorization: 'Token open-sesame' };
  const call: Call = (path, init) => fetch(`${server.url}/api/v1${path}`, { headers, ...init });
  return { world, url: server.url, call };
}

async function bodyOf(fault: Fault): Promise<string> {
  const { call } = await served(fault);
  return await (await call('/cluster')).text();
}

describe('over a socket', () => {
  test('reads and resizes', async () => {
    const { call, world } = await served();
    const { json } = await answered(await call('/cluster'));
    expect(json.items).toHaveLength(6);
    const { clusterId, id } = world.pool('dev-api/workers');
    const put = await call(`/cluster/${clusterId}/node-pool/${id}`, { method: 'PUT', body: '{"size":5}' });
    expect((await answered(put)).json).toMatchObject({ size: 5, status: 'Scaling' });
  });

  test.each(['no-connection', 'reset'] as const)('%s: the connection breaks', async (kind) => {
    const { call } = await served({ kind });
    await expect(call('/cluster')).rejects.toThrow('fetch failed');
    expect((await call('/cluster')).status).toBe(200);
  });

  test('hang: until the client lets go', async () => {
    const { call, world } = await served({ kind: 'hang' });
    const abort = new AbortController();
    world.setFault(() => {
      queueMicrotask(() => abort.abort(new Error('enough')));
      return { kind: 'hang' };
    });
    await expect(call('/cluster', { signal: abort.signal })).rejects.toThrow('enough');
  });

  test('hang: closing does not wait for it', async () => {
    const { call, world } = await served();
    const closed = new Promise<void>((resolve, reject) => {
      world.setFault(() => {
        setImmediate(() => void running[0]?.close().then(resolve, reject));
        return { kind: 'hang' };
      });
    });
    await expect(call('/cluster')).rejects.toThrow('fetch failed');
    await closed;
  });

  test('cut off: ended properly, or broken', async () => {
    const text = await bodyOf({ kind: 'cut-off', end: 'clean' });
    expect(text.startsWith('{"items":[{')).toBe(true);
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
    await expect(bodyOf({ kind: 'cut-off', end: 'reset' })).rejects.toThrow('terminated');
  });

  test('huge: streamed', async () => {
    expect(await bodyOf({ kind: 'huge', bytes: 3_000_000 })).toHaveLength(3_000_000);
    const { call } = await served({ kind: 'huge', declared: true });
    const response = await call('/cluster');
    expect(response.headers.get('content-length')).toBe('1000000000');
    await response.body?.cancel();
  });

  test('slow drip arrives whole in the end', async () => {
    const text = await bodyOf({ kind: 'slow-drip', everyMs: 1, bytes: 1000 });
    expect((JSON.parse(text) as { items: unknown[] }).items).toHaveLength(6);
  });

  test.each<[Fault, number]>([
    [{ kind: 'status', status: 503 }, 503],
    [{ kind: 'rate-limited', retryAfter: '86400' }, 429],
    [{ kind: 'block-page', status: 200 }, 200],
    [{ kind: 'redirect', location: 'http://127.0.0.1:9/' }, 302],
  ])('%j', async (fault, status) => {
    const { call } = await served(fault);
    const response = await call('/cluster', { redirect: 'manual' });
    expect(response.status).toBe(status);
    expect(response.headers.get('date')).not.toBeNull();
    await response.body?.cancel();
  });

  test('a taken port is said', async () => {
    const { url, world } = await served();
    const port = Number(new URL(url).port);
    await expect(serveSimulator(world, { host: '127.0.0.1', port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

test('the banner says where, how and what', () => {
  const world = createWorld({ clock: systemClock, token: 'open-sesame', speed: 60 });
  const text = simulatorBanner(world, 'http://127.0.0.1:8090');
  expect(text).toContain(`\n  export MKS_TOKEN=${world.token}\n  lamplighter init --api http://127.0.0.1:8090\n`);
  for (const part of ['http://127.0.0.1:8090/api/v1', 'open-sesame', '6 clusters, 12 node pools', '60 times faster']) {
    expect(text).toContain(part);
  }
});
