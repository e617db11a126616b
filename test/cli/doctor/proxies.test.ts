import { setGlobalProxyFromEnv } from 'node:http';
import { expect, test } from 'vitest';
import { startProxy } from '../../support/local-proxy.ts';
import { aCloudPatient, aPatient, configOf, examined, found } from './patient.ts';

test.each([
  [
    407,
    /^failed: mks\.invalid: .*the proxy needs credentials \(407\) > write them into HTTPS_PROXY: http:\/\/name:pass/,
  ],
  [403, /^failed: mks\.invalid: .*the proxy refused to connect to it \(403\) > ask whoever runs the proxy .*NO_PROXY/],
])('a proxy that answers %i is told as the proxy', async (status, text) => {
  await using proxy = await startProxy(status);
  expect(await toldBehind(proxy.url)).toEqual([expect.stringMatching(text)]);
});

test('a proxy that is not there is not told as the API', async () => {
  const proxy = await startProxy(403);
  await proxy[Symbol.asyncDispose]();
  const { host } = new URL(proxy.url);
  expect(await toldBehind(proxy.url)).toEqual([
    expect.stringMatching(
      `^failed: the proxy ${host} \\(HTTPS_PROXY\\), on the way to mks\\.invalid: .*refused the connection.* > check HTTPS_PROXY`,
    ),
  ]);
});

test.each([{ HTTP_PROXY: 'http://127.0.0.1:9' }, { HTTPS_PROXY: 'http://127.0.0.1:9' }])(
  '%o: a destination’s name is looked up by the proxy',
  async (env) => {
    using night = await aPatient({
      config: configOf('destinations: { hook: { kind: webhook, url: "https://hook.invalid/" } }'),
      env: { ...env, NODE_USE_ENV_PROXY: '1' },
    });
    const { checks } = await examined(night);
    expect(found(checks, 'destination')).toEqual([
      expect.stringMatching(/^unknown: hook\.invalid is looked up by the proxy/),
    ]);
  },
);

/** What is said of the API, by a process whose `fetch` goes through this proxy. */
async function toldBehind(proxy: string): Promise<readonly string[]> {
  const env = { NODE_USE_ENV_PROXY: '1', HTTPS_PROXY: proxy.replace('//', '//name:canary@') };
  using _undone = proxied(env);
  using night = await aCloudPatient('https://mks.invalid', env);
  const { code, checks } = await examined(night);
  expect(code).toBe(1);
  expect(night.printed()).not.toContain('canary');
  return found(checks, 'api');
}

function proxied(env: { readonly HTTPS_PROXY: string }): Disposable {
  return { [Symbol.dispose]: setGlobalProxyFromEnv(env) };
}
