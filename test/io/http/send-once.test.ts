import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { type OutgoingMessage, sendOnce } from '../../../lib/io/http/send-once.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { startServer } from '../../support/local-server.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';

const path = '/services/T0000/B0000/c0ffeec0ffeec0ffee';
const parts = { fetch, clock: systemClock };

function message(url: string, more: Partial<OutgoingMessage> = {}): OutgoingMessage {
  const headers = { 'content-type': 'application/json', 'x-key': makeSecret('key-1') };
  return {
    method: 'POST',
    url: makeSecret(url + path),
    insecure: true,
    headers,
    body: '{"a":1}',
    timeoutMs: 10_000,
    ...more,
  };
}

test('a message arrives as it was given', async () => {
  await using server = await startServer((_, response) => response.writeHead(202, { 'x-id': '7' }).end('ok'));
  const sent = await sendOnce(parts, message(server.url));
  expect(sent).toMatchObject({ kind: 'answered', status: 202, body: 'ok', bodyEnd: 'whole', retryAfterMs: undefined });
  expect(sent.kind === 'answered' && sent.headers.get('x-id')).toBe('7');
  expect(server.seen).toMatchObject([{ method: 'POST', path, body: '{"a":1}', headers: { 'x-key': 'key-1' } }]);
});

test('a host that ends with a dot is the one without', async () => {
  await using server = await startServer((_, response) => response.end('ok'));
  const { port } = new URL(server.url);
  expect(await sendOnce(parts, message(`http://localhost.:${port}`))).toMatchObject({ status: 200 });
  expect(server.seen).toMatchObject([{ path, headers: { host: `localhost:${port}` } }]);
  const twice = await sendOnce(parts, message(`http://localhost..:${port}`));
  expect(twice).toEqual({ kind: 'bad-address', detail: 'it is not a URL' });
});

test.each([[429], [500], [503]])('%i is an answer, and nothing is sent again', async (status) => {
  await using server = await startServer((_, response) => response.writeHead(status, { 'retry-after': '1.5' }).end());
  expect(await sendOnce(parts, message(server.url))).toMatchObject({ status, retryAfterMs: 2_000 });
  expect(server.seen.length).toBe(1);
});

test('a redirect is an answer', async () => {
  await using other = await startServer((_, response) => response.end());
  await using server = await startServer((_, response) => response.writeHead(307, { location: other.url }).end());
  expect(await sendOnce(parts, message(server.url))).toMatchObject({ kind: 'answered', status: 307 });
  expect(other.seen).toEqual([]);
});

test('of a long answer the first 64 KiB are kept', async () => {
  await using server = await startServer((_, response) => response.end('x'.repeat(1_000_000)));
  const sent = await sendOnce(parts, message(server.url));
  expect(sent.kind === 'answered' && [sent.body.length, sent.bodyEnd]).toEqual([65_536, 'cap']);
});

test('an answer whose body never ends keeps its status', async () => {
  const clock = makeVirtualClock();
  const { promise: secondPull, resolve } = Promise.withResolvers<void>();
  const dripping = async () => new Response(neverEnding(resolve));
  const pending = sendOnce({ fetch: dripping, clock }, message('https://host.invalid'));
  await secondPull;
  await clock.advance(10_000);
  expect(await pending).toMatchObject({ kind: 'answered', status: 200, body: 'o', bodyEnd: 'deadline' });
});

/** One byte, and nothing after it; tells when the next one is asked for. */
function neverEnding(onSecondPull: () => void): ReadableStream<Uint8Array> {
  let pulls = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    pulls += 1;
    if (pulls === 1) return controller.enqueue(Buffer.from('o'));
    onSecondPull();
    return new Promise<void>(() => {});
  };
  return new ReadableStream({ pull }, { highWaterMark: 0 });
}

test('no answer in time: it may have arrived', async () => {
  const clock = makeVirtualClock();
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  await using server = await startServer(() => resolve());
  const pending = sendOnce({ fetch, clock }, message(server.url));
  await arrived;
  await clock.advance(10_000);
  expect(await pending).toEqual({ kind: 'lost', reason: 'timeout', detail: 'no answer came in time' });
});

test('a reset: it may have arrived', async () => {
  await using server = await startServer((_, response) => response.destroy());
  expect(await sendOnce(parts, message(server.url))).toMatchObject({ kind: 'lost', reason: 'reset' });
});

test('nobody listens: it did not arrive', async () => {
  const server = await startServer((_, response) => response.end());
  await server[Symbol.asyncDispose]();
  const sent = await sendOnce(parts, message(server.url));
  expect(sent).toEqual({ kind: 'no-connection', detail: 'it refused the connection (ECONNREFUSED)' });
});

describe('an address that cannot be used', () => {
  test.each([
    ['not a URL', 'c0ffeec0ffee', /not a URL/],
    ['another scheme', 'ftp://c0ffeec0ffee/x', /https/],
    ['a password in it', 'https://me:c0ffeec0ffee@host.invalid/x', /password/],
    ['plain http', 'http://host.invalid/c0ffeec0ffee', /insecure/],
  ])('%s', async (_, url, problem) => {
    const refusing = () => Promise.reject(new Error('must not be called'));
    const given = message('', { url: makeSecret(url), insecure: false });
    const sent = await sendOnce({ ...parts, fetch: refusing }, given);
    expect(sent).toMatchObject({ kind: 'bad-address', detail: expect.stringMatching(problem) });
    expect(inspect(sent)).not.toContain('c0ffee');
  });
});

test('a header that cannot be sent is no crash and no leak', async () => {
  const given = message('https://host.invalid', { headers: { authorization: makeSecret('c0ffee\nc0ffee') } });
  const sent = await sendOnce(parts, given);
  expect(sent).toEqual({ kind: 'no-connection', detail: 'the request could not be made' });
});
