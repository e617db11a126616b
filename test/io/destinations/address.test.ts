import { expect, test } from 'vitest';
import { overHttp, readCredentials } from '../../../lib/io/destinations/destinations.ts';
import { makeSecret, unwrap } from '../../../lib/io/secrets/secret.ts';
import { beatAddress } from '../../../lib/jobs/deliver/heartbeat.ts';
import { aDestination } from '../../support/receivers/outbox-world.ts';

const letter = { id: 'd1', body: '{"event_action":"trigger"}', now: 0 };
const url = makeSecret('https://chat.test/hook?a=1');
const none = { url, key: undefined, signing: [] };

test('Discord is asked to wait for the message', () => {
  const { url: address } = overHttp({ kind: 'discord', format: 'json' }).address(letter, none);
  expect(unwrap(address)).toBe('https://chat.test/hook?a=1&wait=true');
});

test.each(['https://am.test', 'https://am.test/', 'https://am.test/api/v2/alerts'])('Alertmanager at %s', (base) => {
  const { url: address } = overHttp({ kind: 'alertmanager', format: 'json' }).address(letter, {
    ...none,
    url: makeSecret(base),
  });
  expect(unwrap(address)).toBe('https://am.test/api/v2/alerts');
});

test.each([
  ['https://ntfy.sh/topic', 'https://ntfy.sh/', 'topic'],
  ['https://ntfy.sh/topic/', 'https://ntfy.sh/', 'topic'],
  ['https://push.test/ntfy/a%20b', 'https://push.test/ntfy/', 'a b'],
])('ntfy’s topic of %s joins only what goes out', (given, address, topic) => {
  const target = overHttp({ kind: 'ntfy', format: 'json' });
  const out = target.address({ ...letter, body: '{"title":"t"}' }, { ...none, url: makeSecret(given) });
  expect([unwrap(out.url), JSON.parse(out.body)]).toEqual([address, { topic, title: 't' }]);
});

test.each(['https://ntfy.sh/', 'https://ntfy.sh', 'https://ntfy.sh/100%', 'https://ntfy.sh/a%ff'])(
  'an ntfy address without a topic is refused: %s',
  (given) => {
    const target = overHttp({ kind: 'ntfy', format: 'json' });
    const failing = () => target.address(letter, { ...none, url: makeSecret(given) });
    expect(failing).toThrow(TypeError);
    expect(failing).toThrow('has no topic');
  },
);

test('Google Chat is asked for threads', () => {
  const { url: address } = overHttp({ kind: 'googlechat', format: 'json' }).address(letter, none);
  expect(unwrap(address)).toBe('https://chat.test/hook?a=1&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD');
});

test('PagerDuty’s key joins only what goes out', () => {
  const key = makeSecret('R0123456789ABCDEF0123456789ABCDE\n');
  const target = overHttp({ kind: 'pagerduty', format: 'json' });
  const { url: address, body } = target.address(letter, { url: undefined, key, signing: [] });
  expect(unwrap(address)).toBe('https://events.pagerduty.com/v2/enqueue');
  expect(JSON.parse(body)).toEqual({ routing_key: 'R0123456789ABCDEF0123456789ABCDE', event_action: 'trigger' });
});

test('a webhook without secrets still has its id', () => {
  const { headers } = overHttp({ kind: 'webhook', format: 'json' }).address(letter, none);
  expect(headers).toMatchObject({ 'webhook-id': 'd1' });
  expect(headers).not.toHaveProperty('webhook-signature');
});

test('CloudEvents say what they are', () => {
  const { headers } = overHttp({ kind: 'webhook', format: 'cloudevents' }).address(letter, none);
  expect(headers).toMatchObject({ 'content-type': 'application/cloudevents+json; charset=utf-8' });
});

test('the fingerprint changes with any of the secrets', async () => {
  const destination = aDestination({ name: 'hook', kind: 'webhook' });
  const read = async (values: Record<string, string>) => {
    const { fingerprint } = await readCredentials(destination, async (ref) => {
      return makeSecret(values[ref.kind === 'env' ? ref.name : ''] ?? 'none');
    });
    return fingerprint;
  };
  const first = await read({ HOOK: 'https://a.test', HOOK_SECRET: 's' });
  expect(await read({ HOOK: 'https://a.test', HOOK_SECRET: 's' })).toBe(first);
  expect(await read({ HOOK: 'https://b.test', HOOK_SECRET: 's' })).not.toBe(first);
  expect(await read({ HOOK: 'https://a.test', HOOK_SECRET: 't' })).not.toBe(first);
});

const fail = { kind: 'fail', reason: 'no scaling round' } as const;

test.each([
  ['https://hc-ping.com/uuid', 'https://hc-ping.com/uuid/fail'],
  ['https://checks.test/ping/uuid', 'https://checks.test/ping/uuid/fail'],
  ['https://kuma.test/api/push/t?status=up', 'https://kuma.test/api/push/t?status=down&msg=no+scaling+round'],
  ['https://other.test/beat', undefined],
])('a degraded heartbeat at %s', (address, expected) => {
  const degraded = beatAddress(makeSecret(address), fail);
  expect(degraded && unwrap(degraded)).toBe(expected);
  expect(unwrap(beatAddress(makeSecret(address), { kind: 'ping' })!)).toBe(address);
});
