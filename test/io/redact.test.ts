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

test('what was shown before it was known is removed from then on', () => {
  const redactor = makeRedactor();
  const text = `pool ${token}`;
  expect([redactor.clean(text), redactor.clean(text)]).toEqual([text, text]);
  redactor.know(makeSecret('another secret'));
  expect(redactor.clean(text)).toBe(text);
  redactor.know(makeSecret(token));
  expect([redactor.clean(text), redactor.clean(text)]).toEqual(['pool [redacted]', 'pool [redacted]']);
});

test('among more texts than are remembered as well', () => {
  const { clean } = knowing(token);
  const texts = Array.from({ length: 21_000 }, (_, index) =>
    index % 7_000 === 0 ? `${index} ${token}` : `pool-${index}`,
  );
  for (const cleaned of [texts.map(clean), texts.map(clean)])
    expect(cleaned.filter((text, index) => text !== texts[index])).toEqual(
      ['0', '7000', '14000'].map((index) => `${index} [redacted]`),
    );
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

describe('a secret is found however a text writes it', () => {
  const nasty = 'Ab+/9=%41&"x\\y~(Z)!\'k*';
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const base32 = (text: string) => {
    const bits = Array.from(Buffer.from(text), (byte) => byte.toString(2).padStart(8, '0')).join('');
    const letters = bits.match(/.{1,5}/g) ?? [];
    return letters.map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(five.padEnd(5, '0'), 2)]).join('');
  };
  const coded = (form: (hex: string) => string) =>
    Array.from(nasty, (c) => form(c.charCodeAt(0).toString(16).padStart(2, '0'))).join('');
  const everyByte = (text: string) => Array.from(text, (c) => `%${c.charCodeAt(0).toString(16)}`).join('');
  test.each([
    ['as an address has it', encodeURIComponent(nasty)],
    [
      'with small letters in the escapes',
      encodeURIComponent(nasty).toLowerCase().replaceAll('ab%', 'Ab%').replaceAll('(z)', '(Z)'),
    ],
    ['with every byte escaped', everyByte(nasty)],
    ['escaped twice', encodeURIComponent(everyByte(nasty))],
    ['as a form has it', new URLSearchParams({ a: nasty }).toString().slice(2)],
    ['in JSON', JSON.stringify(nasty)],
    ['in JSON within JSON', JSON.stringify(JSON.stringify(nasty))],
    ['in JSON that escapes slashes', JSON.stringify(nasty).replaceAll('/', '\\/')],
    ['in JSON with codes', JSON.stringify(nasty).replaceAll('+', '\\u002B').replaceAll('&', '\\u0026')],
    ['in HTML', nasty.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll("'", '&#39;')],
    ['in base64', base64(nasty)],
    ['in base64 for addresses', Buffer.from(`me:${nasty}`).toString('base64url').slice(4)],
    ['in base64, escaped for an address', encodeURIComponent(base64(nasty))],
    ['in base64 of JSON', base64(JSON.stringify(nasty))],
    ['in base64 of a form', base64(encodeURIComponent(nasty))],
    ['in base64 twice', base64(base64(nasty))],
    ['in hexadecimal', Buffer.from(nasty).toString('hex')],
    ['in JSON with a code for each character', coded((hex) => `\\u00${hex}`)],
    ['in JavaScript with braces', coded((hex) => `\\u{${hex}}`)],
    ['in octal', Array.from(nasty, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`).join('')],
    ['as old scripts escape', coded((hex) => `%u00${hex}`)],
    ['in HTML without semicolons', Array.from(nasty, (c) => `&#${c.charCodeAt(0)}`).join('')],
    ['in quoted-printable', coded((hex) => `=${hex.toUpperCase()}`)],
    ['over the lines of a mail', nasty.replaceAll(/.{7}/g, '$&=\r\n')],
    ['over the lines of a file', base64(nasty).replaceAll(/.{7}/g, '$&\n')],
    ['in base32', base32(nasty)],
    ['in base32 within more, in small letters', base32(`me:${nasty}`).slice(5).toLowerCase()],
    ['letter by letter', Array.from(nasty).join(' ')],
    ['with dots between its letters', Array.from(nasty).join('.')],
    ['as a dump of bytes', coded((hex) => `${hex} `).trim()],
    ['as a fingerprint', coded((hex) => `:${hex.toUpperCase()}`).slice(1)],
    ['with what cannot be seen in between', Array.from(nasty).join('\u200B')],
  ])('%s', (_, text) => {
    const cleaned = knowing(nasty).clean(`a name ${text} of a pool`);
    expect(cleaned).toMatch(/^a name "?[^ ]{0,4}(\[redacted\])[^ ]{0,12} of a pool$/);
  });
});

describe('a secret that is not ASCII is found', () => {
  const accented = 'pa ss/w+rd=é"x<y€&z;12';
  const bytes = (form: (hex: string) => string) =>
    Array.from(Buffer.from(accented), (byte) => form(byte.toString(16).padStart(2, '0'))).join('');
  test.each([
    ['as an address has it', encodeURIComponent(accented)],
    ['with every byte escaped', bytes((hex) => `%${hex}`)],
    ['in a text of bytes', bytes((hex) => `\\x${hex}`)],
    ['in JSON with codes', Array.from(accented, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')],
  ])('%s', (_, text) => {
    expect(knowing(accented).clean(`a name ${text} of a pool`)).toBe('a name [redacted] of a pool');
  });
});

test('hexadecimal is found in capitals and without', () => {
  const hex = '954b0b5ce68320044ed33b82';
  expect(knowing(hex).clean(`a ${hex.toUpperCase()} b`)).toBe('a [redacted] b');
  expect(knowing(hex.toUpperCase()).clean(`a ${hex.slice(0, 20)} b`)).toBe('a [redacted] b');
});

test('a secret of words leaves the words of a sentence', () => {
  const { clean } = knowing('lamplighterfleet', 'abcdefghij', 'correct horse battery');
  const text = 'the lamplighter fleet, a b c d e f, a-b-c 10:20:30 and correct hor ses';
  expect(clean(text)).toBe(text);
});

test('what only looks like an escape stays', () => {
  const { clean } = knowing(token);
  const text = 'size=12, a=3D, 50%25, line\none\ntwo, \\d{3}, &#65 and \u{1F600} of x\u200Dy';
  expect(clean(text)).toBe(text);
});

describe('of a webhook the words stay', () => {
  test.each([
    'https://hooks.example/lamplighter',
    'https://hooks.example/Lamplighter/',
    'https://hooks.example/api/v2/alerts/incoming-webhook?channel=platform-team&thread=2026',
    'https://hooks.example/k8s/prod_alerts/onCallTeam2',
    'https://hooks.example/services/lamplighter-notifications',
  ])('%s', (address) => {
    const { clean } = knowing(address);
    const text =
      'lamplighter Lamplighter api/v2/alerts incoming-webhook channel platform-team 2026 k8s prod_alerts onCallTeam2 lamplighter-notifications';
    expect(clean(text)).toBe(text);
    expect(clean(`POST ${address} failed`)).toMatch(/^POST https:\/\/hooks\.example\/\[redacted\]\/? failed$/);
    expect(clean(Buffer.from(address).toString('base64'))).toContain('[redacted]');
  });

  test.each([
    ['https://h.example/hooks/lamplighter/xk9d3mfq7jbbtf8w6yqn4s1ohr', ['xk9d3mfq7jbbtf8w6yqn4s1ohr']],
    ['https://h.example/services/T024BE7LD/B01ABCDEF/aBcD1234eFgH5678iJkL', ['T024BE7LD', 'aBcD1234eFgH5678iJkL']],
    ['https://h.example/ping/6d3ab24f-6a8c-4f7c-9df9-f6f1b62fb2a5', ['6d3ab24f-6a8c-4f7c-9df9-f6f1b62fb2a5']],
    ['https://h.example/run?sig=open-sesame&v=1', ['open-sesame']],
    ['https://me:correct-horse@h.example/alerts', ['correct-horse']],
    ['https://h.example/trigger?x=Zm9v%2BYmFy%2FYmF6MTIz', ['Zm9v+YmFy/YmF6MTIz', 'Zm9v%2BYmFy%2FYmF6MTIz']],
    ['https://h.example/hook/qwrtzpsdfghjklyxcvbnmqwrtz', ['qwrtzpsdfghjklyxcvbnmqwrtz']],
  ])('%s keeps its secrets', (address, secrets) => {
    for (const secret of secrets) expect(knowing(address).clean(`the ${secret} went`)).toBe('the [redacted] went');
    expect(knowing(address).clean(`the lamplighter hooks services trigger alerts`)).not.toContain('redacted');
  });
});
