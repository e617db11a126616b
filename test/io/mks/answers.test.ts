import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../lib/model/answer.ts';
import { type LocalServer, startServer } from '../../support/local-server.ts';
import type { VirtualClock } from '../../support/virtual-clock.ts';
import { clusterId, makeRegion, poolId, poolJson } from './region.ts';

type Body = { readonly type: string; readonly text: string };
const json = (value: unknown): Body => ({ type: 'application/json', text: JSON.stringify(value) });
const plain = (text: string): Body => ({ type: 'text/plain', text });
const none: Body = { type: 'text/plain', text: '' };
const html: Body = {
  type: 'text/html',
  text: '<html><body>The requested URL was rejected. Please consult with your administrator.<br>Your support ID is: <b>1234567890</b></body></html>',
};

function answering(status: number, body: Body, headers: object = {}): Promise<LocalServer> {
  return startServer((_, response) => {
    response.writeHead(status, { 'content-type': body.type, ...headers });
    response.end(body.text);
  });
}

async function read(
  status: number,
  body: Body,
  headers: object = {},
): Promise<{ answer: Answer<unknown>; calls: number }> {
  await using server = await answering(status, body, headers);
  const { mks, clock } = makeRegion(server.url);
  const pending = mks.getNodePool(clusterId, poolId);
  const answer = await settled(pending, clock);
  return { answer, calls: server.seen.length };
}

async function write(
  status: number,
  body: Body,
  headers: object = {},
): Promise<{ answer: Answer<unknown>; calls: number }> {
  await using server = await answering(status, body, headers);
  const { mks, clock } = makeRegion(server.url);
  const fresh = { observed: observedPool, raw: JSON.stringify(poolJson) };
  const answer = await mks.putNodePool(clusterId, fresh, { size: 1 }, clock.now() + 60_000);
  return { answer, calls: server.seen.length };
}

const observedPool = {
  id: poolId,
  name: 'workers',
  status: 'Running',
  autoscale: false,
  size: 3,
  sizeMin: undefined,
  sizeMax: undefined,
  createdAt: undefined,
  updatedAt: undefined,
  errors: [],
};

/** Moves the clock over the pause before a second try, as often as one is taken. */
async function settled<T>(pending: Promise<T>, clock: VirtualClock): Promise<T> {
  const state = { isDone: false };
  void pending.finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) {
    if (clock.sleepers() > 1) await clock.advance(2_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return pending;
}

function label(answer: Answer<unknown>): string {
  if (answer.kind === 'refused') return `refused ${answer.reason}`;
  if (answer.kind !== 'unknown') return answer.kind;
  return `unknown ${answer.reason}${answer.maybeApplied ? ', maybe applied' : ''}`;
}

/** gRPC code, the status the gateway gives it, what a read means, what a write means, and both by status alone. */
const codes = [
  [1, 499, 'unknown timeout', 'unknown timeout, maybe applied', 'unknown timeout', 'unknown timeout, maybe applied'],
  [
    2,
    500,
    'unknown server-error',
    'unknown server-error, maybe applied',
    'unknown server-error',
    'unknown server-error, maybe applied',
  ],
  [3, 400, 'refused invalid', 'refused invalid', 'refused invalid', 'refused invalid'],
  [4, 504, 'unknown timeout', 'unknown timeout, maybe applied', 'unknown timeout', 'unknown timeout, maybe applied'],
  [5, 404, 'not-found', 'not-found', 'not-found', 'not-found'],
  [6, 409, 'refused invalid', 'refused invalid', 'busy', 'busy'],
  [7, 403, 'forbidden', 'forbidden', 'forbidden', 'forbidden'],
  [8, 429, 'unknown rate-limited', 'refused quota', 'unknown rate-limited', 'unknown rate-limited'],
  [9, 400, 'busy', 'busy', 'refused invalid', 'refused invalid'],
  [10, 409, 'busy', 'busy', 'busy', 'busy'],
  [11, 400, 'refused invalid', 'refused invalid', 'refused invalid', 'refused invalid'],
  [12, 501, 'refused invalid', 'refused invalid', 'unknown server-error', 'unknown server-error, maybe applied'],
  [
    13,
    500,
    'unknown server-error',
    'unknown server-error, maybe applied',
    'unknown server-error',
    'unknown server-error, maybe applied',
  ],
  [
    14,
    503,
    'unknown server-error',
    'unknown server-error, maybe applied',
    'unknown server-error',
    'unknown server-error, maybe applied',
  ],
  [
    15,
    500,
    'unknown server-error',
    'unknown server-error, maybe applied',
    'unknown server-error',
    'unknown server-error, maybe applied',
  ],
  [16, 401, 'unauthorized', 'unauthorized', 'unauthorized', 'unauthorized'],
] as const;

describe.each(codes)('gRPC code %i, status %i', (code, status, readMeans, writeMeans, readByStatus, writeByStatus) => {
  test('the body decides', async () => {
    const body = json({ code, message: 'a reason', details: [] });
    expect(label((await read(status, body)).answer)).toBe(readMeans);
    expect(label((await write(status, body)).answer)).toBe(writeMeans);
  });

  test.each([
    ['no body', none],
    ['plain text', plain('no')],
    ['JSON without a code', json({ message: 'no' })],
  ])('%s', async (_, body) => {
    expect(label((await read(status, body)).answer)).toBe(readByStatus);
    expect(label((await write(status, body)).answer)).toBe(writeByStatus);
  });

  test('HTML is a blocked request', async () => {
    expect(label((await read(status, html)).answer)).toBe('unknown blocked');
    expect(label((await write(status, html)).answer)).toBe('unknown blocked, maybe applied');
  });
});

describe('code 0 (OK)', () => {
  test('in an error answer leaves it to the status', async () => {
    expect(label((await write(500, json({ code: 0, message: '' }))).answer)).toBe(
      'unknown server-error, maybe applied',
    );
  });

  test('an error body with status 200 is no pool', async () => {
    expect(label((await read(200, json({ code: 5, message: 'not found' }))).answer)).toBe('unknown wrong-shape');
  });
});

test.each([
  [200, { type: 'text/html; charset=utf-8', text: '' }],
  [200, { type: 'application/json', text: html.text }],
  [200, { type: 'application/json', text: '\n  <!doctype html><p>hello' }],
  [200, { type: 'text/plain', text: 'The requested URL was rejected. Your support ID is: 77' }],
  [418, html],
])('a web page with %i is blocked', async (status, body) => {
  expect(label((await read(status, body)).answer)).toBe('unknown blocked');
});

test('the support id of a block page is kept', async () => {
  const { answer } = await read(200, html);
  expect(answer).toMatchObject({ supportId: '1234567890', detail: expect.stringContaining('support id 1234567890') });
});

test('JSON that quotes the block page is an answer', async () => {
  const quoting = { ...poolJson, name: 'The requested URL was rejected' };
  expect(label((await read(200, json(quoting))).answer)).toBe('ok');
});

test.each([
  [400, json({ code: 3, message: 'cluster is busy' })],
  [400, json({ message: 'cluster dev is busy' })],
  [500, json({ code: 2, message: 'node pool is currently busy' })],
  [400, plain('cluster is busy')],
])('the sentence "is busy" with %i is busy', async (status, body) => {
  expect(label((await write(status, body)).answer)).toBe('busy');
});

test('a pool called busy is not busy', async () => {
  const { answer } = await write(400, json({ code: 3, message: 'node pool "busy" has no such flavor' }));
  expect(label(answer)).toBe('refused invalid');
});

test.each([[301], [302], [307], [308]])('a redirect %i is not followed', async (status) => {
  await using other = await startServer((_, response) => response.end('{}'));
  const { answer, calls } = await read(status, none, { location: other.url });
  expect([label(answer), calls, other.seen.length]).toEqual(['unknown redirect', 1, 0]);
});

test.each([
  ['cut JSON', { type: 'application/json', text: JSON.stringify(poolJson).slice(0, 30) }, 'unknown unparsable'],
  ['nothing', none, 'unknown unparsable'],
  ['null', json(null), 'unknown wrong-shape'],
  ['a list', json([poolJson]), 'unknown wrong-shape'],
  ['a pool without a status', json({ ...poolJson, status: undefined }), 'unknown wrong-shape'],
])('200 with %s is unknown', async (_, body, means) => {
  expect(label((await read(200, body)).answer)).toBe(means);
  expect(label((await write(200, body)).answer)).toBe(`${means}, maybe applied`);
});

test('text that is not UTF-8 is unknown', async () => {
  await using server = await startServer((_, response) => response.end(Buffer.from('{"name":"\xff"}', 'latin1')));
  const answer = await makeRegion(server.url).mks.getNodePool(clusterId, poolId);
  expect(label(answer)).toBe('unknown unparsable');
});

test.each([[405], [413], [415], [422]])('%i is a refusal', async (status) => {
  expect(label((await write(status, none)).answer)).toBe('refused invalid');
});

test('408 leaves the fate of a write open', async () => {
  expect(label((await write(408, none)).answer)).toBe('unknown timeout, maybe applied');
});

test('a quota is told with the words of the service', async () => {
  const { answer } = await write(429, json({ code: 8, message: 'quota of 20 nodes is used up' }));
  expect(answer.kind === 'refused' && answer.detail).toContain('quota of 20 nodes is used up');
});

describe('tries', () => {
  test('a read is tried twice after 503', async () => {
    expect((await read(503, none)).calls).toBe(2);
  });

  test('a write goes out once, whatever comes back', async () => {
    for (const status of [408, 409, 413, 429, 500, 502, 503, 504]) {
      expect((await write(status, none, { 'retry-after': '0' })).calls).toBe(1);
    }
  });

  test("a day's Retry-After ends the call at once", async () => {
    const { answer, calls } = await read(429, json({ code: 8, message: 'slow down' }), { 'retry-after': '86400' });
    expect(calls).toBe(1);
    expect(answer).toMatchObject({ reason: 'rate-limited', retryAfterMs: 86_400_000 });
  });

  test('a short Retry-After is waited for', async () => {
    expect((await read(429, none, { 'retry-after': '1' })).calls).toBe(2);
  });

  test('429 without a time is not tried again', async () => {
    expect((await read(429, none)).calls).toBe(1);
  });

  test.each([[400], [401], [403], [404], [409]])('%i is not tried again', async (status) => {
    const { calls } = await read(status, json({ code: 3, message: '' }));
    expect(calls).toBe(1);
  });

  test('the second try can succeed', async () => {
    await using server = await startServer((_, response, index) => {
      response.writeHead(index === 0 ? 502 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(poolJson));
    });
    const { mks, clock } = makeRegion(server.url);
    expect(label(await settled(mks.getNodePool(clusterId, poolId), clock))).toBe('ok');
  });
});
