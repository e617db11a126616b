import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { proxyFor } from '../../../lib/cli/doctor/connection-advice.ts';
import { startProxy } from '../../support/local-proxy.ts';

export const api = 'https://mks.invalid/api';
export const on = { NODE_USE_ENV_PROXY: '1' };

/** What is set ("first" and "second" are proxies), which address is asked for, and the variable that names its proxy. */
export type ProxyCase = readonly [
  given: { readonly [name: string]: string },
  url: string,
  variable: string | undefined,
];

/** One of each kind. Each costs a process of Node. */
export const proxyCases: readonly ProxyCase[] = [
  [{ ...on, HTTPS_PROXY: 'first' }, api, 'HTTPS_PROXY'],
  [{ NODE_OPTIONS: '--no-warnings --use-env-proxy', HTTPS_PROXY: 'first' }, api, 'HTTPS_PROXY'],
  [{ ...on, HTTP_PROXY: 'first', HTTPS_PROXY: 'second' }, api, 'HTTPS_PROXY'],
  [{ ...on, HTTPS_PROXY: 'first', https_proxy: 'second' }, api, 'https_proxy'],
  [{ ...on, HTTPS_PROXY: 'first', NO_PROXY: 'other.invalid, MKS.invalid' }, api, undefined],
  [{ ...on, HTTPS_PROXY: 'first', NO_PROXY: '*', no_proxy: '' }, api, 'HTTPS_PROXY'],
];

export const moreProxyCases: readonly ProxyCase[] = [
  [{ HTTPS_PROXY: 'first' }, api, undefined],
  [{ NODE_USE_ENV_PROXY: 'true', HTTPS_PROXY: 'first' }, api, undefined],
  [{ ...on, NODE_OPTIONS: '--no-use-env-proxy', HTTPS_PROXY: 'first' }, api, undefined],
  [{ ...on, HTTP_PROXY: 'first' }, api, 'HTTP_PROXY'],
  [{ ...on, HTTP_PROXY: 'first', HTTPS_PROXY: 'second' }, 'http://mks.invalid/', 'HTTP_PROXY'],
  [{ ...on, HTTPS_PROXY: 'first' }, 'http://mks.invalid/', undefined],
  [{ ...on, HTTPS_PROXY: 'first', https_proxy: '' }, api, undefined],
  [{ ...on, HTTPS_PROXY: 'first', NO_PROXY: '*.invalid:443' }, api, undefined],
  [{ ...on, HTTPS_PROXY: 'first', NO_PROXY: 'mks.invalid:444,ks.invalid' }, api, 'HTTPS_PROXY'],
  [{ ...on, HTTPS_PROXY: 'first', NO_PROXY: '*' }, api, undefined],
];

/** What goes to no proxy ends at a name that nobody knows. */
const script = `
  require('node:dns').lookup = (host, options, done) => done(Object.assign(new Error('none'), { code: 'ENOTFOUND' }));
  fetch(process.argv[1]).catch(() => undefined);`;

/** What doctor says of the proxy is what Node itself does. */
export async function expectAsNodeDoes(...[given, url, variable]: ProxyCase): Promise<void> {
  await using first = await startProxy(403);
  await using second = await startProxy(403);
  const proxies: { readonly [name: string]: string } = { first: first.url, second: second.url };
  const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, proxies[value] ?? value]));
  const told = proxyFor(new URL(url), env);
  expect(told?.variable).toBe(variable);
  await promisify(execFile)(process.execPath, ['-e', script, url], { env });
  const asked = [first, second].filter((proxy) => proxy.asked.length > 0).map((proxy) => new URL(proxy.url).host);
  expect(asked).toEqual(told === undefined ? [] : [told.host]);
}
