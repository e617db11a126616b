import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeSecret } from '../../lib/io/secrets/secret.ts';

function knowing(...values: readonly string[]) {
  const redactor = makeRedactor();
  for (const value of values) redactor.know(makeSecret(value));
  return redactor;
}

const token = 'k7Qz9xW2LmN4pR6tV8yB1cD3fG5hJ0sA';

test.each([
  ['itself', token],
  ['its beginning', token.slice(0, 14)],
  ['its middle', token.slice(9, 25)],
  ['base64', Buffer.from(token).toString('base64')],
  ['base64 within more', Buffer.from(`user:${token}:x`).toString('base64url').slice(8, -6)],
  ['quoted', JSON.stringify(token)],
])('%s is removed', (_, text) => {
  const cleaned = knowing(token).clean(`before ${text} after`);
  expect(cleaned).toMatch(/^before .*\[redacted\].* after$/);
  for (let at = 0; at + 12 <= text.length; at += 1) {
    if (!text.startsWith('"')) expect(cleaned).not.toContain(text.slice(at, at + 12));
  }
});

test('forms that need escaping are removed', () => {
  const { clean } = knowing('pa"ss\\wor/d+&=', 'sh/rt?');
  expect(clean(JSON.stringify({ a: 'pa"ss\\wor/d+&=' }))).toBe('{"a":"[redacted]"}');
  expect(clean(`?a=${encodeURIComponent('pa"ss\\wor/d+&=')}`)).toBe('?a=[redacted]');
  expect(clean('x sh/rt? y')).toBe('x [redacted] y');
});

test('of an address the host stays', () => {
  const { clean } = knowing('https://chat.example:8443/hooks/9f8e7d6c5b4a39281706');
  const text = clean('POST https://chat.example:8443/hooks/9f8e7d6c5b4a39281706 failed');
  expect(text).toBe('POST https://chat.example:8443/[redacted] failed');
});

test('a value too short to be a secret is left alone', () => {
  expect(knowing('a', '').clean('a banana')).toBe('a banana');
});

describe('what looks like a secret is removed unread', () => {
  test.each([
    ['Authorization: Token 0123456789abcdef0123', 'Authorization: Token [redacted]'],
    ['c0ffee'.repeat(10) + 'beef', '[redacted]'],
    ['https://hooks.slack.com/services/T0/B0/xyz here', 'https://hooks.slack.com/[redacted] here'],
    ['https://discord.com/api/webhooks/12/abc-DEF', 'https://discord.com/api/webhooks/[redacted]'],
    [
      'https://x.api.powerplatform.com/a?sp=1&sig=abc_D-1&v=2',
      'https://x.api.powerplatform.com/a?sp=1&sig=[redacted]&v=2',
    ],
    ['https://acme.webhook.office.com/webhookb2/1', 'https://acme.webhook.office.com/[redacted]'],
    ['secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'secret whsec_[redacted]'],
    ['Bearer abcdefghijklmnop123', 'Bearer [redacted]'],
  ])('%s', (text, expected) => {
    expect(makeRedactor().clean(text)).toBe(expected);
  });

  test.each([
    ['the token CLOUDFERRO_TOKEN_PROD ends in 3 days'],
    ['cluster ece35b5a-8ffe-4d07-9523-639323abbfbb'],
    ['config 0123456789abcdef'],
    ['Token awsSecret lamplighter/production is refused'],
  ])('and "%s" stays', (text) => {
    expect(knowing(token).clean(text)).toBe(text);
  });
});

test('no twelve characters of a known value ever pass', () => {
  const value = fc.string({ unit: fc.constantFrom(...'abcXYZ019+/=-_'.split('')), minLength: 12, maxLength: 80 });
  fc.assert(
    fc.property(value, fc.string(), fc.string(), fc.nat(80), (secret, before, after, cut) => {
      const part = secret.slice(0, Math.max(12, cut));
      const cleaned = knowing(secret).clean(`${before} ${part} ${after}`);
      for (let at = 0; at + 12 <= part.length; at += 1) expect(cleaned).not.toContain(part.slice(at, at + 12));
    }),
  );
});
