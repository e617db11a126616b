import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../../lib/io/clock.ts';
import { systemClock } from '../../../lib/io/clock.ts';
import { type Log, type LogFields, silentLog } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { makeAwsSecrets } from '../../../lib/io/secrets/aws-secret.ts';
import { makeCachedSecret } from '../../../lib/io/secrets/cached-secret.ts';
import { commandSecretSource } from '../../../lib/io/secrets/command-secret.ts';
import { fileSecretSource } from '../../../lib/io/secrets/file-secret.ts';
import { type SecretPurpose } from '../../../lib/io/secrets/parse-secret.ts';
import { type SecretSource, unwrap } from '../../../lib/io/secrets/secret.ts';
import { makeSecrets } from '../../../lib/io/secrets/secrets.ts';
import type { SecretRef } from '../../../lib/model/config.ts';
import { type LocalServer, sendJson, startServer } from '../../support/local-server.ts';

const credentials = { accessKeyId: 'a', secretAccessKey: 'c0ffeec0ffee' };
const value = 'a-value-of-some-length';

let folder = '';
let server: LocalServer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secret-'));
  writeFileSync(join(folder, 'kept'), `${value}\n`, { mode: 0o600 });
  server = await startServer((_, response) => sendJson(response, 200, { Name: 'x', SecretString: value }));
});
afterEach(async () => {
  rmSync(folder, { recursive: true });
  await server[Symbol.asyncDispose]();
});

const awsOn = (clock: Clock) => makeAwsSecrets(clock, { region: 'eu-central-1', endpoint: server.url, credentials });

function secretsOn(clock: Clock, log: Log = silentLog) {
  const env = { ...process.env, KEPT: value };
  return makeSecrets({ clock, env, log, redactor: makeRedactor(), aws: awsOn(clock) });
}

const refs = (): readonly SecretRef[] => [
  { kind: 'env', name: 'KEPT' },
  { kind: 'file', path: join(folder, 'kept') },
  { kind: 'command', argv: ['cat', join(folder, 'kept')] },
  { kind: 'awsSecret', name: 'kept' },
];
const kinds = ['env', 'file', 'command', 'awsSecret'] as const;
const refOf = (kind: SecretRef['kind']) => refs().find((ref) => ref.kind === kind)!;

describe.each(kinds)('a secret of kind %s', (kind) => {
  test('is read as a key and as a token', async () => {
    const secrets = secretsOn(systemClock);
    expect(unwrap(await secrets.read(refOf(kind), 'key'))).toBe(value);
    expect(unwrap(await secrets.token(refOf(kind)).current())).toBe(value);
  });

  test('leaves no timer behind, which would keep the process', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const clock: Clock = {
      now: systemClock.now,
      sleep: (ms, signal) => {
        signals.push(signal);
        return systemClock.sleep(ms, signal);
      },
    };
    await secretsOn(clock).read(refOf(kind), 'key');
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(signals.length).toBe(kind === 'env' ? 0 : kind === 'command' ? 2 : 1);
    expect(signals.every((signal) => signal?.aborted)).toBe(true);
  });
});

test.each([
  ['file', 'kept could not be read within 3 s'],
  ['command', 'command cat did not end within 10 s: run it by hand to see why'],
  ['awsSecret', 'awsSecret kept: AWS Secrets Manager gave no answer in 3 s'],
] as const)('a secret of kind %s that takes too long is given up', async (kind, problem) => {
  const hurried: Clock = { now: systemClock.now, sleep: async () => {} };
  const reading = secretsOn(hurried).read(refOf(kind), 'key');
  await expect(reading).rejects.toMatchObject({ name: 'SecretError', message: expect.stringContaining(problem) });
});

describe('the value before the last rotation', () => {
  test.each<[string, () => SecretSource]>([
    ['a file', () => fileSecretSource(join(folder, 'kept'), systemClock)],
    [
      'a command',
      () => commandSecretSource({ argv: ['cat', join(folder, 'kept')] }, { clock: systemClock, env: process.env }),
    ],
  ])('is not kept by %s', async (_, make) => {
    expect(await make().read('previous')).toBeUndefined();
  });

  test('that may not be read is no value that is not there', async () => {
    await using refusing = await startServer((_, response) =>
      sendJson(response, 400, { __type: 'AccessDeniedException', message: 'no' }),
    );
    const aws = makeAwsSecrets(systemClock, { region: 'eu-central-1', endpoint: refusing.url, credentials });
    await expect(aws.read('kept', 'previous')).rejects.toThrow('this role lacks secretsmanager:GetSecretValue on it');
  });
});

describe('AWS Secrets Manager', () => {
  const reading = async (answer: object, status = 200) => {
    await using own = await startServer((_, response) => sendJson(response, status, answer));
    const aws = makeAwsSecrets(systemClock, { region: 'eu-central-1', endpoint: own.url, credentials });
    return await aws.read('kept', 'current');
  };

  test.each([
    ['text', { SecretString: 'text' }, 'text'],
    ['bytes', { SecretBinary: Buffer.from('b\u00fctes').toString('base64') }, 'b\u00fctes'],
    ['neither', {}, ''],
  ])('gives %s as a text', async (_, answer, text) => {
    expect(await reading({ Name: 'kept', ...answer })).toBe(text);
  });

  test.each([
    ['OddErrors', 'AWS says OddErrors'],
    ['MyError', 'AWS says MyError'],
    ['Odd0c0ffee', 'AWS says nothing that can be shown'],
    ['0c0ffeeOdd', 'AWS says nothing that can be shown'],
    ['X', 'AWS says nothing that can be shown'],
  ])('says %s in our words', async (type, words) => {
    await expect(reading({ __type: type, message: 'c0ffee' }, 400)).rejects.toThrow(
      new RegExp(`^awsSecret kept could not be read: ${words}$`, 'u'),
    );
  });
});

describe('what cannot be read is said', () => {
  test('of a file below a file', async () => {
    const path = join(folder, 'kept', 'deeper');
    await expect(fileSecretSource(path, systemClock).read('current')).rejects.toThrow(
      `file ${path} could not be read (ENOTDIR)`,
    );
  });

  test.each([
    [64 * 1024, undefined],
    [64 * 1024 + 1, 'is larger than 64 KiB, too large for a secret'],
  ])('of a file of %i bytes', async (bytes, problem) => {
    writeFileSync(join(folder, 'large'), 'x'.repeat(bytes), { mode: 0o600 });
    const read = fileSecretSource(join(folder, 'large'), systemClock).read('current');
    if (problem === undefined) expect(await read).toHaveLength(bytes);
    else await expect(read).rejects.toThrow(problem);
  });

  test.each([
    [64 * 1024, undefined],
    [64 * 1024 + 1, 'printed more than 64 KiB, too much for a secret'],
  ])('of a command that prints %i bytes', async (bytes, problem) => {
    const source = commandSecretSource(
      { argv: ['head', '-c', String(bytes), '/dev/zero'] },
      { clock: systemClock, env: process.env },
    );
    const read = source.read('current');
    if (problem === undefined) expect(await read).toHaveLength(bytes);
    else await expect(read).rejects.toThrow(problem);
  });

  test.each([
    ['which may not be run', 'kept', 'cannot be started: it may not be run by this process'],
    ['below a file', 'kept/deeper', 'could not be run'],
  ])('of a command %s', async (_, name, problem) => {
    const path = join(folder, name);
    const source = commandSecretSource({ argv: [path] }, { clock: systemClock, env: process.env });
    await expect(source.read('current')).rejects.toThrow(new RegExp(` ${problem}$`, 'u'));
  });

  test('of a command that somebody ends', async () => {
    const source = commandSecretSource({ argv: ['sh', '-c', 'kill -9 $$'] }, { clock: systemClock, env: process.env });
    await expect(source.read('current')).rejects.toThrow('command sh was ended by SIGKILL');
  });
});

describe('of what is read the redactor knows', () => {
  const shown = async (purpose: SecretPurpose, text: string, said: string) => {
    const redactor = makeRedactor();
    const parts = { clock: systemClock, redactor, log: silentLog };
    await makeCachedSecret({ read: async () => text }, purpose, 'env X', parts).get();
    return redactor.clean(said);
  };

  test('each word of a header', async () => {
    expect(await shown('header', 'Bearer k7Qz9x', 'it was k7Qz9x')).toBe('it was [redacted]');
  });

  test('a password as a whole', async () => {
    expect(await shown('password', 'gentle donkey battery', 'a donkey ran')).toBe('a donkey ran');
    expect(await shown('password', 'gentle donkey battery', 'gentle donkey battery')).toBe('[redacted]');
  });
});

test('what serves in place of a place that is down is told with its reason, once it serves', async () => {
  const clock = { at: 1e12, now: () => clock.at, sleep: async () => {} };
  const lines: [string, LogFields | undefined][] = [];
  const log: Log = { ...silentLog, warn: (message, fields) => lines.push([message, fields]) };
  let text: string | undefined;
  const parts = { clock, redactor: makeRedactor(), log };
  const cached = makeCachedSecret({ read: async () => text }, 'key', 'env X', parts);
  await expect(cached.get()).rejects.toThrow('env X has no value');
  expect(lines).toEqual([]);
  text = value;
  clock.at += 15_000;
  await cached.get();
  text = undefined;
  clock.at += 5 * 60_000;
  expect(unwrap((await cached.get()).value)).toBe(value);
  expect(lines).toEqual([
    [
      'a secret could not be read again; its last good value is used',
      { secret: 'env X', reason: 'env X has no value' },
    ],
  ]);
});
