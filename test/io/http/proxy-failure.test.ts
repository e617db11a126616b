import { setGlobalProxyFromEnv } from 'node:http';
import { expect, test } from 'vitest';
import { describeNetworkFailure, networkErrorCode } from '../../../lib/io/http/network-failure.ts';
import { startProxy } from '../../support/local-proxy.ts';

test.each([
  [407, 'the proxy needs credentials (407)'],
  [403, 'the proxy refused to connect to it (403)'],
  [502, 'the proxy refused to connect to it (502)'],
])('a proxy that answers %i', async (status, detail) => {
  await using proxy = await startProxy(status);
  using _undone = proxied(proxy.url);
  const error: unknown = await fetch('https://mks.invalid/').catch((failure: unknown) => failure);
  expect(describeNetworkFailure(error)).toEqual({ connectionMade: false, detail });
  expect(networkErrorCode(error)).toBe(`PROXY_${status}`);
});

test('words of another shape are not taken over', () => {
  const error = Object.assign(new Error('Proxy response (canary) !== 200'), { code: 'UND_ERR_ABORTED' });
  expect(describeNetworkFailure(error)).toEqual({
    connectionMade: true,
    detail: 'the connection broke (UND_ERR_ABORTED)',
  });
});

function proxied(url: string): Disposable {
  return { [Symbol.dispose]: setGlobalProxyFromEnv({ HTTPS_PROXY: url }) };
}
