import { describe, expect, test } from 'vitest';
import { type LogLevel, makeLog } from '../../lib/io/log-lines.ts';
import { makeRedactor } from '../../lib/io/redact.ts';
import { makeSecret } from '../../lib/io/secrets/secret.ts';
import { makeVirtualClock } from '../support/virtual-clock.ts';

const token = 'c0ffee'.repeat(10) + 'beef';

function makeLines(format: 'json' | 'text', level: LogLevel = 'debug') {
  const lines: string[] = [];
  const redactor = makeRedactor();
  redactor.know(makeSecret(token));
  const log = makeLog({ level, format, redactor, clock: makeVirtualClock(), write: (line) => lines.push(line) });
  return { log, lines };
}

describe('a line of JSON', () => {
  test('holds level, time, fields and message', () => {
    const { log, lines } = makeLines('json');
    log.with({ region: 'r1' }).warn('API answered late', { ms: 900, late: true, pool: null });
    expect(lines).toEqual([
      '{"level":"warn","time":"2026-11-23T06:00:00.000Z","region":"r1","ms":900,"late":true,"pool":null,"message":"API answered late"}\n',
    ]);
  });

  test('holds each field once, as it was said last', () => {
    const { log, lines } = makeLines('json');
    log.with({ region: 'r1', job: 'watch' }).with({ region: 'r2' }).info('x', { job: 'scale', left: undefined });
    expect(lines[0]).toMatch(/"region":"r2","job":"scale","message":"x"\}\n$/u);
  });

  test('is one line whatever a name holds', () => {
    const { log, lines } = makeLines('json');
    log.info('a\nb', { pool: 'x\r\n\u001b[31m' });
    expect(lines[0]?.trimEnd()).not.toMatch(/\p{Cc}/u);
  });
});

describe('a line of text', () => {
  test('is for people', () => {
    const { log, lines } = makeLines('text');
    log.with({ region: 'r1' }).error('round failed', { cluster: 'dev one', calls: 3, note: '' });
    expect(lines).toEqual([
      '2026-11-23T06:00:00.000Z error round failed region=r1 cluster="dev one" calls=3 note=""\n',
    ]);
  });

  test('obeys no terminal command', () => {
    const { log, lines } = makeLines('text');
    log.info('pool \u001b[2J\nfake line', { pool: '\u0007' });
    expect(lines).toEqual(['2026-11-23T06:00:00.000Z info  pool \\x1b[2J\\x0afake line pool=\\x07\n']);
  });
});

test.each([
  ['debug', 4],
  ['info', 3],
  ['warn', 2],
  ['error', 1],
] as const)('level %s lets %i of four lines pass', (level, count) => {
  const { log, lines } = makeLines('json', level);
  for (const say of [log.debug, log.info, log.warn, log.error]) say('x');
  expect(lines.length).toBe(count);
});

test.each(['json', 'text'] as const)('no secret gets into %s', (format) => {
  const { log, lines } = makeLines(format);
  const base64 = Buffer.from(`Token ${token}`).toString('base64');
  log.info(`called with Token ${token}`, {
    part: token.slice(5, 30),
    base64,
    url: encodeURIComponent(`Token ${token}`),
  });
  log.with({ token }).error('again');
  expect(lines.join('')).not.toContain('c0ffee');
  expect(lines.join('')).not.toContain(base64.slice(12, 24));
});
