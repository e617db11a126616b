import { describe, expect, test } from 'vitest';
import { type ListenParts, makeListenApp } from '../../../lib/io/listen/routes.ts';
import { makeListenWorld, secrets, signedHeaders } from './listen-world.ts';

/** The app on a clock that goes wherever it is told to. */
function anApp(patch: Partial<ListenParts> = {}) {
  const clock = { at: 1e12, now: () => clock.at, sleep: async () => {} };
  const nothing = { key: { partition: 'x', id: 'x' }, write: () => Promise.reject(new Error('unused')) } as never;
  const app = makeListenApp({
    clock,
    sources: () => [],
    secretsOf: async () => [],
    accept: async () => [],
    replays: { isKnown: async () => false, remember: async () => {}, along: () => nothing },
    quota: { take: () => true },
    takesUnsigned: false,
    isHealthy: () => true,
    readiness: async () => ({ isReady: true, text: 'ready' }),
    ...patch,
  });
  const get = async (path: string) => {
    const response = await app.request(path);
    return [response.status, await response.text()];
  };
  return { app, clock, get };
}

describe('the process says', () => {
  test.each([
    ['that it lives', '/healthz', {}, [200, 'ok\n']],
    ['that it does not', '/healthz', { isHealthy: () => false }, [503, 'not healthy\n']],
    ['that it works', '/readyz', {}, [200, 'ready\n']],
    [
      'what is missing',
      '/readyz',
      { readiness: async () => ({ isReady: false, text: 'no round yet' }) },
      [503, 'no round yet\n'],
    ],
    [
      'no more than that it failed',
      '/readyz',
      { readiness: () => Promise.reject(new Error('c0ffee')) },
      [500, '{"error":"failed"}'],
    ],
    ['nothing of metrics where it has none', '/metrics', {}, [404, '{"error":"not found"}']],
    ['nothing of links where there are none', '/keep/x', {}, [404, '{"error":"not found"}']],
    ['the same at doubled slashes', '//healthz//', {}, [200, 'ok\n']],
    ['the same at an address that ends with one', '/readyz/', {}, [200, 'ready\n']],
    ['nothing at its root', '/', {}, [404, '{"error":"not found"}']],
  ])('%s', async (_, path, patch, expected) => {
    expect(await anApp(patch).get(path)).toEqual(expected);
  });
});

test('metrics are made once a second, and anew where the clock was set back', async () => {
  let made = 0;
  const { clock, get, app } = anApp({
    metrics: async () => ({ contentType: 'text/plain; version=0.0.4', text: `made ${(made += 1)}\n` }),
  });
  expect(await Promise.all([get('/metrics'), get('/metrics')])).toEqual([
    [200, 'made 1\n'],
    [200, 'made 1\n'],
  ]);
  clock.at += 999;
  expect(await get('/metrics')).toEqual([200, 'made 1\n']);
  clock.at += 1;
  expect(await get('/metrics')).toEqual([200, 'made 2\n']);
  clock.at -= 3_600_000;
  expect(await get('/metrics')).toEqual([200, 'made 3\n']);
  expect((await app.request('/metrics')).headers.get('content-type')).toBe('text/plain; version=0.0.4');
});

test.each([
  ['a body of a known length', { 'content-length': '3' }, 'close'],
  ['a body of any length', { 'transfer-encoding': 'chunked' }, 'close'],
  ['no body', {}, null],
  ['a body of nothing', { 'content-length': '0' }, null],
])('what goes nowhere with %s ends its connection, or not', async (_, headers, connection) => {
  const { app } = makeListenWorld();
  const response = await app.request('/nowhere', { method: 'POST', headers });
  expect([response.status, response.headers.get('connection')]).toEqual([404, connection]);
});

test.each([
  ['nobody knows', '/events/nobody', {}, 401, 'close'],
  ['is not signed', '/events/ci', {}, 401, 'close'],
  ['is signed by another', '/events/ci', signedHeaders('{}', { secret: secrets.other }), 401, null],
])('an event that %s is answered before its body is read, or after', async (_, path, headers, status, connection) => {
  const { app } = makeListenWorld();
  const response = await app.request(path, { method: 'POST', headers, body: '{}' });
  expect([response.status, response.headers.get('connection')]).toEqual([status, connection]);
});
