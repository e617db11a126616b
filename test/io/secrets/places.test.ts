import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SecretError } from '../../../lib/errors.ts';
import { systemClock } from '../../../lib/io/clock.ts';
import { commandSecretSource } from '../../../lib/io/secrets/command-secret.ts';
import { envSecretSource } from '../../../lib/io/secrets/env-secret.ts';
import { fileSecretSource } from '../../../lib/io/secrets/file-secret.ts';
import type { SecretSource } from '../../../lib/io/secrets/secret.ts';
import { makeVirtualClock } from '../../support/virtual-clock.ts';

async function problemOf(source: SecretSource): Promise<string> {
  const problem: unknown = await source.read('current').catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(SecretError);
  return (problem as SecretError).message;
}

describe('the environment', () => {
  test('is read anew each time', async () => {
    const env: { [name: string]: string | undefined } = { MKS: 'one' };
    const source = envSecretSource('MKS', env);
    expect(await source.read('current')).toBe('one');
    env['MKS'] = 'two';
    expect(await source.read('current')).toBe('two');
    expect(await source.read('previous')).toBeUndefined();
  });

  test('without the variable says so', async () => {
    expect(await problemOf(envSecretSource('MKS', {}))).toBe('env MKS is not set: set it for this process');
    expect(await problemOf(envSecretSource('MKS', { MKS: '' }))).toContain('is empty');
  });
});

describe('a file', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secret-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string) => fileSecretSource(join(folder, name), systemClock);

  function put(name: string, text: string, mode: number): void {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), mode);
  }

  test.each([[0o600], [0o400], [0o444], [0o640]])('of mode %o is read', async (mode) => {
    put('t', 'value\n', mode);
    expect(await file('t').read('current')).toBe('value\n');
  });

  test("of a container's mount is read through its links", async () => {
    put('data', 'value', 0o444);
    symlinkSync(join(folder, 'data'), join(folder, 't'));
    expect(await file('t').read('current')).toBe('value');
  });

  test('is read anew each time', async () => {
    put('t', 'one', 0o600);
    await file('t').read('current');
    put('t', 'two', 0o600);
    expect(await file('t').read('current')).toBe('two');
  });

  test('that everybody may write is refused', async () => {
    put('t', 'c0ffee', 0o666);
    const problem = await problemOf(file('t'));
    expect(problem).toContain('chmod 600');
    expect(problem).not.toContain('c0ffee');
  });

  test('that is not there, a folder, a pipe or huge is refused', async () => {
    expect(await problemOf(file('t'))).toContain('does not exist');
    expect(await problemOf(file('.'))).toContain('not an ordinary file');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(await problemOf(file('pipe'))).toContain('not an ordinary file');
    put('big', 'x'.repeat(70_000), 0o600);
    expect(await problemOf(file('big'))).toContain('64 KiB');
  });
});

describe('a command', () => {
  const node = (script: string) =>
    commandSecretSource([process.execPath, '-e', script], { clock: systemClock, env: { A: 'b' } });

  test('gives what it prints', async () => {
    expect(await node('console.log("value", process.env.A)').read('current')).toBe('value b\n');
  });

  test('gets its arguments without a shell', async () => {
    const source = commandSecretSource([process.execPath, '-p', 'process.argv[1]', '$(id); *'], {
      clock: systemClock,
      env: {},
    });
    expect(await source.read('current')).toBe('$(id); *\n');
  });

  test('that fails is named, and not what it printed', async () => {
    const problem = await problemOf(node('console.log("c0"+"ffee"); console.error("c0"+"ffee"); process.exitCode = 3'));
    expect(problem).toContain('exit code 3');
    expect(problem).not.toContain('c0ffee');
  });

  test('that is not there says so', async () => {
    const source = commandSecretSource(['no-such-program'], { clock: systemClock, env: {} });
    expect(await problemOf(source)).toBe('command no-such-program cannot be started: there is no such program');
  });

  test('that prints without end is stopped', async () => {
    expect(await problemOf(node('console.log("x".repeat(1e6))'))).toContain('64 KiB');
  });

  test('that waits for input gets none', async () => {
    expect(await node('process.stdin.on("end", () => console.log("done")).resume()').read('current')).toBe('done\n');
  });

  test('that hangs is ended after 10 s', async () => {
    const clock = makeVirtualClock();
    const source = commandSecretSource([process.execPath, '-e', 'setInterval(() => {}, 1000)'], { clock, env: {} });
    const pending = problemOf(source);
    await clock.advance(10_000);
    expect(await pending).toMatch(/ did not end within 10 s: run it by hand to see why$/);
  });
});
