import { expect, test } from 'vitest';
import { describeNetworkFailure } from '../../../lib/io/http/network-failure.ts';
import { sendJson, startServer } from '../../support/local-server.ts';

const coded = (code: string, more: object = {}) => Object.assign(new Error('secret words'), { code, ...more });
const failed = (cause: unknown) => new TypeError('fetch failed', { cause });
const several = (...codes: readonly string[]) => new AggregateError(codes.map((code) => coded(code)));

test.each([
  ['ENOTFOUND', failed(coded('ENOTFOUND')), false],
  ['ECONNREFUSED', failed(coded('ECONNREFUSED')), false],
  ['UND_ERR_CONNECT_TIMEOUT', failed(coded('UND_ERR_CONNECT_TIMEOUT')), false],
  ['ETIMEDOUT', failed(coded('ETIMEDOUT', { syscall: 'connect' })), false],
  ['CERT_HAS_EXPIRED', failed(coded('CERT_HAS_EXPIRED')), false],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', failed(coded('DEPTH_ZERO_SELF_SIGNED_CERT')), false],
  ['ECONNREFUSED', failed(several('ECONNREFUSED', 'ENETUNREACH')), false],
  ['ECONNRESET', failed(several('ECONNREFUSED', 'ECONNRESET')), true],
  ['ETIMEDOUT', failed(coded('ETIMEDOUT', { syscall: 'read' })), true],
  ['ECONNRESET', failed(coded('ECONNRESET')), true],
  ['UND_ERR_SOCKET', failed(coded('UND_ERR_SOCKET')), true],
  ['on the way', failed(undefined), true],
  ['on the way', failed(coded('https://secret words')), true],
  ['on the way', 'secret words', true],
  ['on the way', undefined, true],
])('%s', (text, error, connectionMade) => {
  const failure = describeNetworkFailure(error);
  expect(failure.connectionMade).toBe(connectionMade);
  expect(failure.detail).toContain(text);
  expect(failure.detail).not.toContain('secret');
});

test('https to a plain port: no certificate was seen, and none is blamed', async () => {
  await using server = await startServer((_request, response) => sendJson(response, 200, {}));
  const error: unknown = await fetch(server.url.replace('http:', 'https:')).catch((failure: unknown) => failure);
  expect(describeNetworkFailure(error)).toEqual({
    connectionMade: false,
    detail: 'it does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER)',
  });
});

test('a failure that is its own cause ends', () => {
  const loop: { cause?: unknown } = {};
  loop.cause = loop;
  expect(describeNetworkFailure(loop).connectionMade).toBe(true);
});
