import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { isSigned, type SignedMessage, sign } from '../../../lib/io/signing.ts';
import { anyText } from '../../support/any-text.ts';
import vectors from '../../vectors/alerts.json' with { type: 'json' };

const { sign_v1_hmac_sha256: cases } = vectors.standard_webhooks;
const text = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const secret = makeSecret(text);
const other = makeSecret('whsec_bGFtcGxpZ2h0ZXItcmVjZWl2ZXItZm9yLXRlc3Rz');
const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
const at = 1_614_265_330_000;
const body = '{"test": 2432232314}';

test.each(cases)('signs like everybody else: $name', (one) => {
  const { char, count } = { char: '', count: 0, ...('body_repeat' in one ? one.body_repeat : {}) };
  const signed = sign(one.id, one.body ?? char.repeat(count), [makeSecret(one.secret)], one.timestamp * 1000);
  expect(signed).toEqual({
    'webhook-id': one.id,
    'webhook-timestamp': String(one.timestamp),
    'webhook-signature': one.expect,
  });
});

test('the reference implementation accepts it, and we accept its', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), anyText(), (bytes, payload) => {
      const key = `whsec_${Buffer.from(bytes).toString('base64')}`;
      const seconds = Math.floor(at / 1000);
      const ours = sign(id, payload, [makeSecret(key)], at);
      const theirs = new Webhook(key).sign(id, new Date(seconds * 1000), payload);
      expect(ours['webhook-signature']).toBe(theirs);
      const message = { id, timestamp: String(seconds), signature: theirs, body: Buffer.from(payload) };
      expect(isSigned(message, [makeSecret(key)], at)).toBe(true);
    }),
  );
});

test('two secrets sign side by side, either one verifies', () => {
  const signed = sign(id, body, [other, secret], at);
  expect(signed['webhook-signature'].split(' ')).toHaveLength(2);
  const message = received(signed['webhook-signature']);
  expect([isSigned(message, [secret], at), isSigned(message, [other], at)]).toEqual([true, true]);
});

test('each attempt has its own time', () => {
  const later = sign(id, body, [secret], at + 3_600_000);
  expect(later['webhook-timestamp']).toBe(String(at / 1000 + 3600));
  expect(later['webhook-signature']).not.toBe(sign(id, body, [secret], at)['webhook-signature']);
});

test('an id with a dot is refused', () => {
  expect(() => sign('a.b', body, [secret], at)).toThrow(TypeError);
  expect(() => sign('', body, [secret], at)).toThrow(TypeError);
});

test.each([
  '',
  'whsec_',
  'whsec_short',
  'plain text that is long enough for a key',
  'whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%',
])('a secret that cannot sign says so without showing itself: %s', (bad) => {
  const attempt = () => sign(id, body, [makeSecret(bad)], at);
  expect(attempt).toThrow(/signing secret cannot be used/);
  try {
    attempt();
  } catch (error) {
    if (bad.length > 6) expect(String(error)).not.toContain(bad);
  }
});

test('of several secrets the one that cannot sign is named', () => {
  expect(() => sign(id, body, [secret, makeSecret('whsec_short')], at)).toThrow(
    'Signing secret 2 of 2 cannot be used: it must be "whsec_"',
  );
});

function received(signature: string, patch: Partial<SignedMessage> = {}): SignedMessage {
  return { id, timestamp: String(at / 1000), signature, body: Buffer.from(body), ...patch };
}

describe('verifying', () => {
  const good = sign(id, body, [secret], at)['webhook-signature'];
  const cases: readonly (readonly [string, SignedMessage, number, boolean])[] = [
    ['a valid one', received(good), at, true],
    ['among others', received(`v1,bad v1a,AAAA ${good}`), at, true],
    ['none that matches', received('v1,AAAA v1,BBBB'), at, false],
    ['part of one', received(good.slice(0, 8)), at, false],
    ['only its version', received('v1,'), at, false],
    ['another version', received(good.replace('v1,', 'v1a,')), at, false],
    ['a timestamp that is no number', received(good, { timestamp: 'hello' }), at, false],
    ['300 s late', received(good), at + 300_000, true],
    ['301 s late', received(good), at + 301_000, false],
    ['301 s early', received(good), at - 301_000, false],
    ['another body', received(good, { body: Buffer.from(`${body} `) }), at, false],
    ['another id', received(good, { id: 'msg_2' }), at, false],
    ['nothing', received(''), at, false],
    [
      'an empty payload',
      received(sign(id, '', [secret], at)['webhook-signature'], { body: Buffer.from('') }),
      at,
      true,
    ],
  ];
  test.each(cases)('%s', (_, message, now, expected) => {
    expect(isSigned(message, [secret], now)).toBe(expected);
  });
  test('without a usable secret nothing verifies', () => {
    for (const bad of ['', 'whsec_']) expect(isSigned(received(good), [makeSecret(bad)], at)).toBe(false);
    expect(isSigned(received(good), [], at)).toBe(false);
  });
});
