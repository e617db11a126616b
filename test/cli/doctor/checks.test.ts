import { expect, test } from 'vitest';
import { daysFrom, machineChecks } from '../../../lib/cli/doctor/config-checks.ts';
import { connectionAdvice, tokenAdvice } from '../../../lib/cli/doctor/connection-advice.ts';
import { destinationChecks } from '../../../lib/cli/doctor/destination-checks.ts';
import { SecretError } from '../../../lib/errors.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';
import { aDestination } from '../../support/destination.ts';
import { aConfig, at } from '../../support/scaling-world.ts';

test.each([
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', {}, /set NODE_EXTRA_CA_CERTS/],
  [
    'SELF_SIGNED_CERT_IN_CHAIN',
    { NODE_EXTRA_CA_CERTS: '/ca.pem' },
    /NODE_EXTRA_CA_CERTS is set, and its file does not hold/,
  ],
  ['CERT_HAS_EXPIRED', {}, /this machine's clock/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', {}, /another host/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', {}, /does not speak https/],
  ['ENOTFOUND', {}, /spelled.*behind a proxy, set HTTPS_PROXY and NODE_USE_ENV_PROXY=1/],
  ['EAI_AGAIN', {}, /DNS does not answer/],
  ['ECONNREFUSED', { https_proxy: 'http://p' }, /nothing listens.*https_proxy is set, but Node uses it only with/],
  ['ETIMEDOUT', { HTTPS_PROXY: 'http://p', NODE_USE_ENV_PROXY: '1' }, /firewall.*HTTPS_PROXY is in use/],
  [
    'ETIMEDOUT',
    { HTTPS_PROXY: 'http://p', NODE_OPTIONS: '--use-env-proxy' },
    /^a firewall[^;]*; HTTPS_PROXY is in use[^;]*$/,
  ],
  ['ETIMEDOUT', { HTTP_PROXY: 'http://p', NODE_USE_ENV_PROXY: '1' }, /HTTP_PROXY is in use/],
  [
    'ETIMEDOUT',
    { HTTPS_PROXY: 'http://p', NODE_USE_ENV_PROXY: '1', NO_PROXY: 'invalid' },
    /HTTPS_PROXY is set, but NO_PROXY excepts this host/,
  ],
  [undefined, {}, /may reach it/],
])('%s: what to do, in Node’s own terms', (code, env, text) => {
  expect(connectionAdvice(code, new URL('https://mks.invalid/api'), env)).toMatch(text);
});

const now = at('2026-11-23T12:00:00Z');

test.each([
  ['24.21.0', '2026b', ['ok', 'ok']],
  ['22.18.0', '2025b', ['warning', 'warning']],
  ['22.17.1', undefined, ['failed', 'unknown']],
  ['20.19.0', '2024a', ['failed', 'warning']],
])('Node %s with the time zones of %s', (node, tz, statuses) => {
  expect(machineChecks({ node, tz }, now).map(({ status }) => status)).toEqual(statuses);
});

const destination = aDestination('ops');

async function checked(url: string, patch: Partial<DestinationConfig> = {}, isProxied = false): Promise<string[]> {
  const asked: string[] = [];
  const secrets = {
    read: async () => {
      if (url === '') throw new SecretError('env URL is not set', 'env URL');
      return makeSecret(url);
    },
    token: () => {
      throw new Error('no token is needed');
    },
  };
  const lookUp = async (host: string) => {
    asked.push(host);
    if (host.includes('unknown')) throw new Error('ENOTFOUND canary');
  };
  const config = aConfig({ destinations: [{ ...destination, ...patch }] });
  const checks = await destinationChecks(config, { secrets, lookUp, isProxied: () => isProxied });
  const texts = checks.map(({ status, text, fix }) => `${status}: ${text} ${fix ?? ''}`);
  expect(texts.join('\n')).not.toContain('canary');
  expect(asked.length).toBeLessThanOrEqual(1);
  return texts;
}

test.each([
  ['a signing secret that cannot sign', 'https://hook.example/x', /^failed: A signing secret cannot be used.*whsec_/],
  ['one that can', `whsec_${Buffer.alloc(32, 7).toString('base64')}`, /^(?!failed: A signing)/],
] as const)('%s is judged as a sender would use it', async (_, kept, expected) => {
  const secrets = [{ kind: 'env', name: 'SIGNING' }] as const;
  const url = { kind: 'plain', url: 'https://hook.example/' } as const;
  expect((await checked(kept, { kind: 'webhook', secrets, url }))[0]).toMatch(expected);
});

test.each([
  [
    'slack where it lives',
    'https://hooks.slack.com/services/canary',
    {},
    /^ok: hooks\.slack\.com is known.*nothing was posted/,
  ],
  ['slack elsewhere', 'https://example.org/canary', {}, /^warning: example\.org is not a host of slack webhooks/],
  ['a workflow of Teams', 'https://x.environment.api.powerplatform.com/canary', { kind: 'teams' as const }, /^ok/],
  [
    'the old kind of Teams webhook',
    'https://x.webhook.office.com/canary',
    { kind: 'teams' as const },
    /^warning: .*old kind/,
  ],
  [
    'PagerDuty without an address',
    'unused',
    { kind: 'pagerduty' as const, url: undefined },
    /^ok: events\.pagerduty\.com/,
  ],
  [
    'a host that nobody knows',
    'https://unknown.example/canary',
    { kind: 'webhook' as const },
    /^failed: the host unknown\.example could not be looked up/,
  ],
  ['plain http', 'http://10.0.0.1/canary', { kind: 'webhook' as const }, /^failed: .*plain http/],
  ['no URL', 'canary', {}, /^failed: .*not a URL/],
  ['a secret that is not there', '', {}, /^failed: env URL is not set/],
])('%s', async (_name, url, patch, text) => {
  expect((await checked(url, patch)).at(0)).toMatch(text);
});

test.each([
  ['http://10.0.0.1/canary', false],
  ['https://ada:canary@10.0.0.1/', false],
  ['canary', true],
  ['ftp://10.0.0.1/canary', true],
])('%s is copied again only where that helps', async (url, isCopied) => {
  const [text = ''] = await checked(url, { kind: 'webhook' });
  expect(text.startsWith('failed')).toBe(true);
  expect(text.endsWith('copy it again from the service')).toBe(isCopied);
});

test('behind a proxy a name is not judged here; a retired destination not at all', async () => {
  expect(await checked('https://unknown.example/canary', { kind: 'webhook' }, true)).toEqual([
    expect.stringMatching(/^unknown: .*outbox test ops/),
  ]);
  expect(await checked('https://unknown.example/canary', { retired: true })).toEqual([]);
});

test.each([
  ['2026-11-28T00:00:00Z', '2026-11-30', 'in 2 days'],
  ['2026-11-28T23:59:00Z', '2026-11-30', 'in 2 days'],
  ['2026-11-28T07:32:00Z', '2026-12-05', 'in 7 days'],
  ['2026-11-28T12:00:00Z', '2026-11-29', 'tomorrow'],
  ['2026-11-28T12:00:00Z', '2026-11-28T18:00:00Z', 'today'],
])('from %s to %s: %s', (from, to, text) => {
  expect(daysFrom(at(from), Date.parse(to))).toBe(text);
});

test('what to do without a token depends on where it is kept', () => {
  expect(tokenAdvice({ kind: 'env', name: 'T' })).toBe('put the token where the config says');
  expect(tokenAdvice({ kind: 'awsSecret', name: 'r1' })).toContain('AWS region, credentials');
  expect(tokenAdvice({ kind: 'command', argv: ['pass'] })).toContain('by hand');
});
