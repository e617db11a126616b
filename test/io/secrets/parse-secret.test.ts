import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecretError } from '../../../lib/errors.ts';
import { parseSecret } from '../../../lib/io/secrets/parse-secret.ts';
import { isSameSecret, makeSecret, unwrap } from '../../../lib/io/secrets/secret.ts';
import { anyNoise } from '../../support/any-text.ts';

const reference = 'awsSecret lamplighter/r1';

test.each([
  ['abc', 'abc', undefined],
  ['abc\n', 'abc', undefined],
  ['abc\r\n', 'abc', undefined],
  ['{"token":"abc"}', 'abc', undefined],
  ['{"token":"abc","expires":null,"user":"me"}\n', 'abc', undefined],
  ['{"token":"abc","expires":""}', 'abc', undefined],
  [' \n {"token":"abc"}', 'abc', undefined],
  ['a"b', 'a"b', undefined],
  ["a'b`c", "a'b`c", undefined],
  ['x'.repeat(8192), 'x'.repeat(8192), undefined],
  ['{"token":"abc","expires":"2027-03-01"}', 'abc', Date.UTC(2027, 2, 1)],
  ['{"token":"abc","expires":"2027-03-01T12:00:00+01:00"}', 'abc', Date.UTC(2027, 2, 1, 11)],
])('%j', (text, value, expires) => {
  const parsed = parseSecret(text, 'token', reference);
  expect([unwrap(parsed.value), parsed.expires]).toEqual([value, expires]);
});

test.each([
  ['header', 'Bearer abc\n', 'Bearer abc'],
  ['header', '{"header":"Basic YTpi"}', 'Basic YTpi'],
  ['password', 'pass wörd', 'pass wörd'],
  ['password', '{"password":"p w"}', 'p w'],
] as const)('%s: %j', (purpose, text, value) => {
  expect(unwrap(parseSecret(text, purpose, reference).value)).toBe(value);
});

test.each([
  ['header', 'Bearer a\nX-Evil: b', 'line break'],
  ['header', 'Bearer ä', 'that headers cannot have'],
  ['header', ' Bearer a', 'before or after'],
  ['password', 'a\tb', 'control character'],
  ['password', 'schl\uFFFDssel', 'is not UTF-8'],
  ['password', 'a\r\n\n', 'line break'],
] as const)('a %s %j is refused', (purpose, text, problem) => {
  expect(() => parseSecret(text, purpose, reference)).toThrow(problem);
});

test.each([
  ['', 'is empty'],
  ['\n', 'is empty'],
  ['c0ffeec0ffee\n\n', 'line break'],
  ['c0ffee c0ffee', 'space'],
  [' c0ffeec0ffee', 'a blank or line break before or after it'],
  ['c0ffeec0ffee \n', 'a blank or line break before or after it'],
  [' c0ffee c0ffee', 'contains a space'],
  ['"c0ffeec0ffee"', 'quotes'],
  ["'c0ffeec0ffee'", 'quotes'],
  ['"c0ffeec0ffee', 'quotes'],
  ['c0ffeec0ffee`', 'quotes'],
  [`c0ffee${'x'.repeat(8187)}`, '8 KiB'],
  ['{"token":"c0ffeec0ffee","expires":0}', '"expires"'],
  ['{"token":"c0ffeec0ffee","expires":["2027-03-01"]}', '"expires"'],
  ['c0ffeec0ffeé', 'special character'],
  ['\uFEFFc0ffeec0ffee', 'byte order mark'],
  ['\uFFFD\uFFFDc\0f\0', 'UTF-16'],
  ['c\0f\0', 'UTF-16'],
  ['\0c\0f', 'UTF-16'],
  ['\uFEFF{"token":"c0ffeec0ffee"}', 'byte order mark'],
  ['{"token":"c0ffeec0ffee"', 'is not valid JSON'],
  ['{"apikey":"c0ffeec0ffee"}', 'without a text under "token"'],
  ['{"token":{"c0ffeec0ffee":1}}', 'without a text under "token"'],
  ['{"token":"\\"c0ffeec0ffee\\""}', 'quotes'],
  ['{"token":"c0ffeec0ffee","expires":"soon"}', '"expires"'],
  ['{"token":"c0ffeec0ffee","expires":1}', '"expires"'],
  ['c0ffee'.repeat(2_000), '8 KiB'],
])('%j is refused by name, never by value', (text, problem) => {
  const error = errorOf(() => parseSecret(text, 'token', reference));
  expect(error.message).toContain(reference);
  expect(error.message).toContain(problem);
  expect(inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error)).not.toContain('c0ffee');
});

test('no text makes anything but a secret or a quiet error', () => {
  fc.assert(
    fc.property(anyNoise({ minLength: 8 }), (noise) => {
      const text = `${noise}k7Qz9xW2`;
      try {
        expect(inspect(parseSecret(text, 'token', reference))).not.toContain('k7Qz9xW2');
      } catch (error) {
        expect(error).toBeInstanceOf(SecretError);
        expect(inspect(error, { depth: 10 })).not.toContain('k7Qz9xW2');
      }
    }),
  );
});

describe('a secret', () => {
  const secret = makeSecret('c0ffee');

  test('shows itself to nobody', () => {
    const shown = [
      `${String(secret)}!`,
      secret.toString(),
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
    ];
    for (const text of shown) {
      expect(text).toContain('[redacted]');
      expect(text).not.toContain('c0ffee');
    }
    expect(Object.values(secret).filter((value) => typeof value !== 'function')).toEqual([]);
  });

  test('is compared by its value', () => {
    expect(isSameSecret(secret, makeSecret('c0ffee'))).toBe(true);
    expect(isSameSecret(secret, makeSecret('c0ffef'))).toBe(false);
    expect(isSameSecret(secret, makeSecret('c0ffee0'))).toBe(false);
  });

  test('cannot be forged', () => {
    expect(() => unwrap({ toString: () => '', toJSON: () => '' } as never)).toThrow(TypeError);
  });
});

function errorOf(task: () => unknown): SecretError {
  try {
    task();
  } catch (error) {
    if (error instanceof SecretError) return error;
  }
  throw new Error('no SecretError was thrown');
}
