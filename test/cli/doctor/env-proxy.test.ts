import { expect, test } from 'vitest';
import { proxyFor } from '../../../lib/cli/doctor/connection-advice.ts';
import { api, expectAsNodeDoes, moreProxyCases, on, proxyCases } from './proxy-cases.ts';

test.each(proxyCases)('%o sends %s through %s, as Node does', expectAsNodeDoes);

// That Node does so too, `npm run test:long` sees.
test.each(moreProxyCases)('%o sends %s through %s', (given, url, variable) => {
  const proxies: { readonly [name: string]: string } = { first: 'http://127.0.0.1:1', second: 'http://127.0.0.1:2' };
  const env = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, proxies[value] ?? value]));
  expect(proxyFor(new URL(url), env)?.variable).toBe(variable);
});

test('of a proxy only its host is taken', () => {
  const env = { ...on, HTTPS_PROXY: 'http://name:canary@proxy:3128/' };
  expect(proxyFor(new URL(api), env)).toEqual({ variable: 'HTTPS_PROXY', host: 'proxy:3128' });
});
