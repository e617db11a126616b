import { describe, expect, test } from 'vitest';
import { SecretError } from '../../../lib/errors.ts';
import { type Log, silentLog } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { makeSecret, type SecretSource, unwrap } from '../../../lib/io/secrets/secret.ts';
import { makeSecrets } from '../../../lib/io/secrets/secrets.ts';
import { makeTokenSource } from '../../../lib/io/secrets/token-source.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';

const minuteMs = 60_000;
const ref = { kind: 'awsSecret', name: 'lamplighter/r1', expires: 5 } as const;

function makePlace(first: string | Error) {
  const place: { current: string | Error; reads: number } = { current: first, reads: 0 };
  const clock = makeVirtualClock();
  const warned: string[] = [];
  const log: Log = { ...silentLog, warn: (message) => warned.push(message) };
  const redactor = makeRedactor();
  const source = {
    read: async () => {
      place.reads += 1;
      if (place.current instanceof Error) throw place.current;
      return place.current;
    },
  };
  const token = makeTokenSource(ref, source, { clock, redactor, log });
  return { place, clock, token, warned, redactor };
}

test('a token is read once in five minutes', async () => {
  const { place, clock, token } = makePlace('one');
  await Promise.all([token.current(), token.current()]);
  await clock.advance(5 * minuteMs - 1);
  await token.current();
  expect(place.reads).toBe(1);
  place.current = 'two';
  await clock.advance(1);
  expect(unwrap(await token.current())).toBe('two');
  expect(place.reads).toBe(2);
});

describe('while its place is down', () => {
  test('the last good value serves, and the place is asked now and then', async () => {
    const { place, clock, token, warned } = makePlace('one');
    await token.current();
    place.current = new SecretError('down', 'x');
    await clock.advance(5 * minuteMs);
    for (let call = 0; call < 20; call += 1) expect(unwrap(await token.current())).toBe('one');
    expect([place.reads, warned.length]).toEqual([2, 1]);
    await clock.advance(15_000);
    place.current = 'two';
    expect(unwrap(await token.current())).toBe('two');
  });

  test('a value that became garbage counts as down', async () => {
    const { place, clock, token } = makePlace('one');
    await token.current();
    place.current = '"two"';
    await clock.advance(5 * minuteMs);
    expect(unwrap(await token.current())).toBe('one');
  });

  test('a cold start has no token', async () => {
    const { token } = makePlace(new SecretError('awsSecret lamplighter/r1: down', 'awsSecret lamplighter/r1'));
    await expect(token.current()).rejects.toThrow(SecretError);
  });

  test("a foreign error's words go nowhere", async () => {
    const { token } = makePlace(new Error('c0ffee'));
    await expect(token.current()).rejects.toThrow('awsSecret lamplighter/r1 could not be read');
  });
});

test('the end comes from the secret, else from the config', async () => {
  const { place, clock, token } = makePlace('one');
  expect(token.expires()).toBe(5);
  place.current = '{"token":"two","expires":"2027-03-01"}';
  await clock.advance(5 * minuteMs);
  await token.current();
  expect(token.expires()).toBe(Date.UTC(2027, 2, 1));
});

test('every value read is known to the redactor', async () => {
  const { token, redactor } = makePlace('k7Qz9xW2k7Qz9xW2');
  await token.current();
  expect(redactor.clean('say k7Qz9xW2k7Qz9xW2')).toBe('say [redacted]');
});

test('secrets are told apart by place and purpose', async () => {
  const env: { [name: string]: string } = { URL: 'https://a.example/x', KEY: '{"key":"k"}', MKS: 't' };
  const aws = { read: async () => undefined };
  const secrets = makeSecrets({ clock: makeVirtualClock(), redactor: makeRedactor(), log: silentLog, env, aws });
  expect(unwrap(await secrets.read({ kind: 'env', name: 'URL' }, 'url'))).toBe('https://a.example/x');
  expect(unwrap(await secrets.read({ kind: 'env', name: 'KEY' }, 'key'))).toBe('k');
  await expect(secrets.read({ kind: 'env', name: 'KEY' }, 'url')).rejects.toThrow('"url"');
  await expect(secrets.read({ kind: 'awsSecret', name: 'x' }, 'url')).rejects.toThrow('has no value');
  expect(secrets.token({ kind: 'env', name: 'MKS' })).toBe(secrets.token({ kind: 'env', name: 'MKS' }));
});

test('after the clock was set back a value is read again, and so is a place that was down', async () => {
  const clock = { at: Date.UTC(2026, 10, 23), now: () => clock.at, sleep: async () => {} };
  const place: { value: string | Error; reads: number } = { value: 'one', reads: 0 };
  const source = {
    read: async () => {
      place.reads += 1;
      if (place.value instanceof Error) throw place.value;
      return place.value;
    },
  };
  const token = makeTokenSource(ref, source, { clock, redactor: makeRedactor(), log: silentLog });
  expect(unwrap(await token.current())).toBe('one');
  place.value = 'two';
  clock.at -= 60 * minuteMs;
  expect(unwrap(await token.current())).toBe('two');
  place.value = new SecretError('down', 'x');
  clock.at += 60 * minuteMs;
  expect([unwrap(await token.current()), place.reads]).toEqual(['two', 3]);
  place.value = 'three';
  clock.at -= 30 * minuteMs;
  expect(unwrap(await token.current())).toBe('three');
  // To right after a failure that was made up for since.
  place.value = 'four';
  clock.at += 30 * minuteMs + 16_000;
  expect(unwrap(await token.current())).toBe('four');
  place.value = 'five';
  clock.at -= 15_000;
  expect(unwrap(await token.current())).toBe('five');
});

describe('after a refusal', () => {
  /** A place that keeps two values, and a clock that goes wherever it is told to. */
  function aRotation(current: string | Error, previous?: string | Error) {
    const place = { current, previous, reads: [] as string[] };
    const clock = { at: Date.UTC(2026, 10, 23), now: () => clock.at, sleep: async () => {} };
    const redactor = makeRedactor();
    const source: SecretSource = {
      read: async (stage) => {
        place.reads.push(stage);
        const text = place[stage];
        if (text instanceof Error) throw text;
        return text;
      },
    };
    const token = makeTokenSource(ref, source, { clock, redactor, log: silentLog });
    const next = async (...refused: readonly string[]) => {
      const found = await token.after(refused.map(makeSecret));
      return found && unwrap(found);
    };
    const now = async () => unwrap(await token.current());
    return { place, clock, redactor, token, next, now };
  }

  test('a new value is found by one look, however many ask', async () => {
    const { place, next, now } = aRotation('one', 'zero');
    expect(await now()).toBe('one');
    place.current = 'two';
    expect(await Promise.all([next('one'), next('one'), next('one')])).toEqual(['two', 'two', 'two']);
    expect([await now(), place.reads]).toEqual(['two', ['current', 'current']]);
    expect(await next('one')).toBe('two');
    expect(place.reads).toHaveLength(2);
  });

  test('the value before serves until another one is found', async () => {
    const { place, clock, token, next, now, redactor } = aRotation('one', 'zero-zero-zero-zero');
    await now();
    expect(token.isPrevious()).toBe(false);
    expect(await next('one')).toBe('zero-zero-zero-zero');
    expect([await now(), token.isPrevious(), place.reads]).toEqual([
      'zero-zero-zero-zero',
      true,
      ['current', 'current', 'previous'],
    ]);
    expect(redactor.clean('zero-zero-zero-zero')).toBe('[redacted]');
    place.current = 'two';
    clock.at += 5 * minuteMs;
    expect([await now(), token.isPrevious()]).toEqual(['two', false]);
  });

  test('the value before is let go when it is refused too', async () => {
    const { token, next, now } = aRotation('one', 'zero');
    await now();
    await next('one');
    expect(await next('one', 'zero')).toBeUndefined();
    expect([token.isPrevious(), await now()]).toEqual([false, 'one']);
  });

  test.each<[string, number, number]>([
    ['half a minute later', 30_000, 1],
    ['a moment before that', 29_999, 0],
    ['at once', 0, 0],
    ['where the clock was set back', -1, 1],
    ['where it was set back by an hour', -60 * minuteMs, 1],
  ])('where none is left, the place is looked at again %s: %i ms', async (_, ms, looks) => {
    const { place, clock, next, now } = aRotation('one', 'zero');
    await now();
    expect(await next('one', 'zero')).toBeUndefined();
    const before = place.reads.length;
    clock.at += ms;
    expect(await next('one', 'zero')).toBeUndefined();
    expect(place.reads.slice(before)).toEqual(looks === 1 ? ['current', 'previous'] : []);
  });

  test.each<[string, string | Error | undefined]>([
    ['there is none', undefined],
    ['it is the refused one', 'one'],
    ['it cannot be read', new SecretError('down', 'x')],
    ['it is no token', '"zero"'],
  ])('of the value before nothing comes where %s', async (_, previous) => {
    const { next, now, token } = aRotation('one', previous);
    await now();
    expect([await next('one'), token.isPrevious()]).toEqual([undefined, false]);
  });

  test('while its place is down the value before is tried all the same', async () => {
    const { place, next, now } = aRotation('one', 'zero');
    await now();
    place.current = new SecretError('down', 'x');
    expect(await next('one')).toBe('zero');
  });
});
