import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startServer } from '../../support/local-server.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { clusterId, makeRegion, poolId, poolJson } from './region.ts';

const fresh = {
  observed: {
    ...poolJson,
    sizeMin: undefined,
    sizeMax: undefined,
    createdAt: undefined,
    updatedAt: undefined,
    errors: [],
  },
  raw: JSON.stringify(poolJson),
};

test('a read that is never answered ends after 15 s', async () => {
  const arrived = makeSignal();
  await using server = await startServer(() => arrived.give());
  const { mks, clock } = makeRegion(server.url);
  const pending = mks.listClusters();
  await arrived.given;
  expect(await isOpenAfter(pending, clock, 14_999)).toBe(true);
  await clock.advance(1);
  expect(await pending).toMatchObject({ kind: 'unknown', reason: 'timeout', maybeApplied: false });
  expect(server.seen.length).toBe(1);
});

test('a write that is never answered ends after 30 s, its fate open', async () => {
  const arrived = makeSignal();
  await using server = await startServer(() => arrived.give());
  const { mks, clock } = makeRegion(server.url);
  const pending = mks.putNodePool(clusterId, fresh, { size: 1 }, clock.now() + 1);
  await arrived.given;
  expect(await isOpenAfter(pending, clock, 29_999)).toBe(true);
  await clock.advance(1);
  expect(await pending).toMatchObject({ kind: 'unknown', reason: 'timeout', maybeApplied: true });
  expect(server.seen.length).toBe(1);
});

test('a body that drips ends at the deadline', async () => {
  const dripped = makeSignal();
  await using server = await startServer((_, response) => drip(response, dripped.give));
  const { mks, clock } = makeRegion(server.url);
  const pending = mks.listClusters();
  await dripped.given;
  await clock.advance(15_000);
  expect(await pending).toMatchObject({ kind: 'unknown', reason: 'timeout' });
});

test('a fetch that ignores its signal ends at the deadline', async () => {
  const { mks, clock } = makeRegion('http://127.0.0.1:1', { fetch: () => new Promise(() => {}) });
  const pending = mks.listClusters();
  await clock.advance(15_000);
  expect(await pending).toMatchObject({ kind: 'unknown', reason: 'timeout' });
});

test('a read whose time is over while it waits to be tried again keeps its answer', async () => {
  let asked = 0;
  const { mks, clock } = makeRegion('https://mks.invalid', {
    fetch: async () => {
      asked += 1;
      await clock.sleep(14_900);
      return Response.json({ code: 14, message: 'try later' }, { status: 503 });
    },
  });
  const pending = mks.listClusters();
  await clock.advance(14_900);
  await clock.advance(400);
  expect(await pending).toMatchObject({ reason: 'server-error', detail: expect.stringContaining('try later') });
  expect(asked).toBe(1);
});

test('no timer is left behind', async () => {
  await using server = await startServer((_, response) => response.end('{"items":[]}'));
  const { mks, clock } = makeRegion(server.url);
  await mks.listClusters();
  expect(clock.sleepers()).toBe(0);
});

test('a gigabyte is not read to its end', async () => {
  let sent = 0;
  await using server = await startServer((_, response) => {
    pour(response, 1024 * 1024 * 1024, (bytes) => {
      sent = bytes;
    });
  });
  const answer = await makeRegion(server.url).mks.getNodePool(clusterId, poolId);
  expect(answer).toMatchObject({ kind: 'unknown', reason: 'too-large' });
  expect(sent).toBeLessThan(64 * 1024 * 1024);
});

test('a body that breaks off is unknown', async () => {
  await using server = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"id":"');
    setImmediate(() => response.destroy());
  });
  const answer = await makeRegion(server.url).mks.putNodePool(clusterId, fresh, { size: 1 }, Number.MAX_SAFE_INTEGER);
  expect(answer).toMatchObject({ kind: 'unknown', reason: 'cut-off', maybeApplied: true });
});

test('a connection reset before the answer leaves a write open', async () => {
  await using server = await startServer((_, response) => response.destroy());
  const answer = await makeRegion(server.url).mks.putNodePool(clusterId, fresh, { size: 1 }, Number.MAX_SAFE_INTEGER);
  expect(answer).toMatchObject({ kind: 'unknown', reason: 'cut-off', maybeApplied: true });
  expect(server.seen.length).toBe(1);
});

test('a refused connection did not apply anything', async () => {
  const answer = await makeRegion(await closedUrl()).mks.putNodePool(
    clusterId,
    fresh,
    { size: 1 },
    Number.MAX_SAFE_INTEGER,
  );
  expect(answer).toMatchObject({ kind: 'unknown', reason: 'no-connection', maybeApplied: false });
});

test('an unknown host did not apply anything', async () => {
  const failing = () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }) }));
  const { mks } = makeRegion('https://mks.invalid', { fetch: failing });
  const answer = await mks.putNodePool(clusterId, fresh, { size: 1 }, Number.MAX_SAFE_INTEGER);
  expect(answer).toMatchObject({
    reason: 'no-connection',
    maybeApplied: false,
    detail: expect.stringContaining('ENOTFOUND'),
  });
});

function makeSignal(): { readonly given: Promise<void>; readonly give: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { given: promise, give: resolve };
}

async function isOpenAfter(pending: Promise<unknown>, clock: VirtualClock, ms: number): Promise<boolean> {
  let isOpen = true;
  void pending.then(() => {
    isOpen = false;
  });
  await clock.advance(ms);
  return isOpen;
}

function drip(response: ServerResponse, dripped: () => void): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const next = () => {
    if (response.destroyed) return;
    response.write(' ');
    dripped();
    setImmediate(next);
  };
  next();
}

function pour(response: ServerResponse, total: number, onSent: (bytes: number) => void): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  const chunk = Buffer.alloc(1024 * 1024, ' ');
  let sent = 0;
  const more = () => {
    while (sent < total && !response.destroyed) {
      sent += chunk.length;
      onSent(sent);
      if (!response.write(chunk)) return;
    }
    response.end();
  };
  response.on('drain', more);
  more();
}

/** A port where nobody listens any more. */
async function closedUrl(): Promise<string> {
  const server = await startServer((_, response) => response.end());
  await server[Symbol.asyncDispose]();
  await new Promise((resolve) => connect(Number(new URL(server.url).port), '127.0.0.1').once('error', resolve));
  return server.url;
}
