import { execFile, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SecretError } from '../../../lib/errors.ts';
import { systemClock } from '../../../lib/io/clock.ts';
import { silentLog } from '../../../lib/io/log.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { commandSecretSource } from '../../../lib/io/secrets/command-secret.ts';
import { envSecretSource } from '../../../lib/io/secrets/env-secret.ts';
import { fileSecretSource } from '../../../lib/io/secrets/file-secret.ts';
import { type SecretSource, unwrap } from '../../../lib/io/secrets/secret.ts';
import { makeSecrets } from '../../../lib/io/secrets/secrets.ts';
import { makePipe } from '../../support/pipe.ts';
import { isLinux, isWindows, unlessLinux, unlessPosix } from '../../support/platform.ts';
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
    using _pipe = makePipe(join(folder, 'pipe'));
    expect(await problemOf(file('pipe'))).toContain('not an ordinary file');
    put('big', 'x'.repeat(70_000), 0o600);
    expect(await problemOf(file('big'))).toContain('64 KiB');
  });
});

describe('a command', () => {
  const node = (script: string) =>
    commandSecretSource({ argv: [process.execPath, '-e', script] }, { clock: systemClock, env: { A: 'b' } });

  test('gives what it prints', async () => {
    expect(await node('console.log("value")').read('current')).toBe('value\n');
  });

  test('gets its arguments without a shell', async () => {
    const source = commandSecretSource(
      { argv: [process.execPath, '-p', 'process.argv[1]', '$(id); *'] },
      {
        clock: systemClock,
        env: {},
      },
    );
    expect(await source.read('current')).toBe('$(id); *\n');
  });

  test('that fails is named, and not what it printed', async () => {
    const problem = await problemOf(node('console.log("c0"+"ffee"); console.error("c0"+"ffee"); process.exitCode = 3'));
    expect(problem).toContain('exit code 3');
    expect(problem).not.toContain('c0ffee');
  });

  test('that is not there says so', async () => {
    const source = commandSecretSource({ argv: ['no-such-program'] }, { clock: systemClock, env: {} });
    expect(await problemOf(source)).toBe('command no-such-program cannot be started: there is no such program');
  });

  test('that prints without end is stopped', async () => {
    expect(await problemOf(node('console.log("x".repeat(1e6))'))).toContain('64 KiB');
  });

  test('that waits for input gets none', async () => {
    expect(await node('process.stdin.on("end", () => console.log("done")).resume()').read('current')).toBe('done\n');
  });

  test.skipIf(isWindows)(`ends nothing else where too many files are open${unlessPosix}`, async () => {
    const asker = `
      import { openSync } from 'node:fs';
      import { commandSecretSource } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/io/secrets/command-secret.ts'))};
      const clock = { now: Date.now, sleep: () => new Promise(() => undefined) };
      const source = commandSecretSource({ argv: ['true'] }, { clock, env: process.env });
      try { for (;;) openSync('/dev/null', 'r'); } catch {}
      await source.read('current').catch((error) => console.log(error.message));
      await new Promise((done) => setImmediate(done));
      console.log(process.listenerCount('exit'));
    `;
    const limited = ['-c', 'ulimit -n 64 && exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', asker];
    const { stdout } = await promisify(execFile)('sh', limited);
    expect(stdout).toBe('command true cannot be started: too many files are open, raise the limit (ulimit -n)\n0\n');
  });

  test('is watched over while it runs, and no longer', async () => {
    const watching = () => process.listenerCount('exit');
    const before = watching();
    const sources = ['echo one', 'echo two', 'exit 3'].map((script) =>
      commandSecretSource({ argv: ['sh', '-c', script] }, { clock: systemClock, env: process.env }),
    );
    const none = commandSecretSource({ argv: ['no-such-program'] }, { clock: systemClock, env: {} });
    const reading = Promise.allSettled([...sources, none].map((source) => source.read('current')));
    expect(watching()).toBe(before + 1);
    await reading;
    await until(() => watching() === before);
    const again = none.read('current').catch(() => undefined);
    expect(watching()).toBe(before + 1);
    await again;
    expect(watching()).toBe(before);
  });

  test('gets PATH, HOME, LANG and what is named, and no other secret', async () => {
    const env = {
      PATH: '/usr/bin:/bin',
      HOME: '/h',
      LANG: 'C.UTF-8',
      PAGER_KEY: 'c0ffee',
      VAULT_ADDR: 'v',
      LD_PRELOAD: '',
    };
    const print = (environment?: readonly string[]) =>
      commandSecretSource({ argv: ['env'], ...(environment ? { environment } : {}) }, { clock: systemClock, env }).read(
        'current',
      );
    const sorted = async (text: Promise<string | undefined>) => (await text)?.trim().split('\n').toSorted();
    expect(await sorted(print())).toEqual(['HOME=/h', 'LANG=C.UTF-8', 'PATH=/usr/bin:/bin']);
    expect(await sorted(print(['VAULT_ADDR', 'NOT_THERE']))).toEqual([
      'HOME=/h',
      'LANG=C.UTF-8',
      'PATH=/usr/bin:/bin',
      'VAULT_ADDR=v',
    ]);
  });

  test.each([
    ['fails', ['sh', '-c', 'exit 3', 'c0ffee']],
    ['is not there', ['no-such-program', 'c0ffee']],
    ['prints nothing', ['true', 'c0ffee']],
    ['prints too much', [process.execPath, '-e', 'console.log("x".repeat(1e6))', 'c0ffee']],
  ])('that %s shows none of its arguments', async (_, argv) => {
    const secrets = makeSecrets({
      clock: systemClock,
      env: process.env,
      aws: { read: async () => undefined },
      redactor: makeRedactor(),
      log: silentLog,
    });
    const problem: unknown = await secrets.read({ kind: 'command', argv }, 'key').catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(SecretError);
    expect(inspect(problem, { depth: 9 })).not.toContain('c0ffee');
    expect((problem as SecretError).message).toContain(`command ${argv[0]} `);
  });

  test('is another one with other arguments', async () => {
    const secrets = makeSecrets({
      clock: systemClock,
      env: process.env,
      aws: { read: async () => undefined },
      redactor: makeRedactor(),
      log: silentLog,
    });
    const read = async (word: string) => unwrap(await secrets.read({ kind: 'command', argv: ['echo', word] }, 'key'));
    expect([await read('first-key-0123456789'), await read('other-key-0123456789')]).toEqual([
      'first-key-0123456789',
      'other-key-0123456789',
    ]);
  });
});

/** Writes its process id down, starts the next generation, and goes on for ever. */
const hangs = `
[ "$2" = ignores ] && trap "" TERM
echo $$ >> "$1"
[ "$3" -gt 1 ] && sh "$0" "$1" "$2" $(($3 - 1)) &
while :; do sleep 0.05; done
`;

describe.skipIf(isWindows)(`a command that hangs${unlessPosix}`, () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'secret-'));
    writeFileSync(join(folder, 'hang.sh'), hangs);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const hang = (ignores: 'ignores' | 'heeds', generations: number) => [
    'sh',
    join(folder, 'hang.sh'),
    join(folder, 'ids'),
    ignores,
    String(generations),
  ];

  test.each([
    ['heeds', 1],
    ['ignores', 1],
    ['heeds', 3],
    ['ignores', 3],
  ] as const)('and %s SIGTERM is ended with all its %d generations', async (ignores, generations) => {
    const clock = makeVirtualClock();
    const file = join(folder, 'ids');
    const source = commandSecretSource({ argv: hang(ignores, generations) }, { clock, env: process.env });
    const pending = problemOf(source);
    await until(() => readIds(file).length === generations);
    await clock.advance(10_000);
    expect(await pending).toBe('command sh did not end within 10 s: run it by hand to see why');
    await clock.advance(1000);
    await until(() => readIds(file).every((id) => !isAlive(id)));
  });

  test.each([
    ['its secret', 'echo c0ffee', 10_000, 'did not end within 10 s: run it by hand to see why'],
    ['too much', 'head -c 70000 /dev/zero', 0, 'printed more than 64 KiB, too much for a secret'],
  ])('after it has printed %s is ended, and shows nothing of it', async (_, print, waitMs, problem) => {
    const clock = makeVirtualClock();
    const file = join(folder, 'ids');
    const argv = ['sh', '-c', `echo $$ > "$3"; ${print}; exec "$@"`, 'sh', ...hang('heeds', 1)];
    const pending = problemOf(commandSecretSource({ argv }, { clock, env: process.env }));
    await until(() => readIds(file).length > 0);
    if (waitMs > 0) await until(() => readIds(file).length === 2);
    await clock.advance(waitMs);
    expect(await pending).toBe(`command sh ${problem}`);
    await until(() => readIds(file).every((id) => !isAlive(id)));
  });

  test.runIf(isLinux).each([
    ['heeds', 'its parent waits', 'setsid "$@" & wait'],
    ['ignores', 'its parent waits', 'setsid "$@" > /dev/null & wait'],
    ['ignores', 'its parent has ended', '(setsid "$@" &) ; sleep 100'],
  ] as const)(`and %s SIGTERM is ended in a session of its own, while %s${unlessLinux}`, async (ignores, _, script) => {
    const clock = makeVirtualClock();
    const file = join(folder, 'ids');
    const argv = ['sh', '-c', script, 'sh', ...hang(ignores, 2)];
    const reading = commandSecretSource({ argv }, { clock, env: process.env }).read('current');
    const settled = reading.catch((error: unknown) => error);
    await until(() => readIds(file).length === 2);
    await clock.advance(10_000);
    await clock.advance(1000);
    await clock.advance(1000);
    await settled;
    await until(() => readIds(file).every((id) => !isAlive(id)));
  });

  test.runIf(isLinux)(`leaves other processes alone${unlessLinux}`, async () => {
    const clock = makeVirtualClock();
    const bystander = spawn('sleep', ['100'], { detached: true, stdio: 'ignore' });
    const argv = ['sh', '-c', 'setsid "$@" & wait', 'sh', ...hang('ignores', 1)];
    const pending = problemOf(commandSecretSource({ argv }, { clock, env: process.env }));
    await until(() => readIds(join(folder, 'ids')).length === 1);
    await clock.advance(10_000);
    await clock.advance(1000);
    await pending;
    await until(() => readIds(join(folder, 'ids')).every((id) => !isAlive(id)));
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    bystander.kill();
  });

  test('behind its back, after it has printed, is ended and not waited for', async () => {
    const file = join(folder, 'ids');
    const script = '"$@" & while ! [ -s "$3" ]; do sleep 0.01; done; echo value';
    const argv = ['sh', '-c', script, 'sh', ...hang('ignores', 1)];
    const source = commandSecretSource({ argv }, { clock: systemClock, env: process.env });
    expect(await source.read('current')).toBe('value\n');
    expect(readIds(file)).toHaveLength(1);
    await until(() => readIds(file).every((id) => !isAlive(id)));
  });

  test('behind its back has a moment to put things in order', async () => {
    const tidy = join(folder, 'tidy.sh');
    const file = join(folder, 'ids');
    const waits = `trap 'sleep 0.1; echo tidied >> "$1"; exit' TERM; echo $$ >> "$1"; while :; do sleep 0.02; done`;
    writeFileSync(tidy, waits);
    const script = 'sh "$1" "$2" > /dev/null & while ! [ -s "$2" ]; do sleep 0.01; done; echo value';
    const argv = ['sh', '-c', script, 'sh', tidy, file];
    expect(await commandSecretSource({ argv }, { clock: systemClock, env: process.env }).read('current')).toBe(
      'value\n',
    );
    await until(() => readFileSync(file, 'utf8').includes('tidied'));
  });

  test('is ended with the process that asked, whenever that ends', async () => {
    const file = join(folder, 'ids');
    const asker = `
      import { existsSync, readFileSync } from 'node:fs';
      import { commandSecretSource } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/io/secrets/command-secret.ts'))};
      const clock = { now: Date.now, sleep: () => new Promise(() => undefined) };
      for (const _ of [1, 2]) void commandSecretSource({ argv: ${JSON.stringify(hang('ignores', 1))} }, { clock, env: process.env }).read('current');
      const count = () => (existsSync(${JSON.stringify(file)}) ? readFileSync(${JSON.stringify(file)}, 'utf8').trim().split('\\n').length : 0);
      setInterval(() => count() === 2 && process.exit(0), 5);
    `;
    await promisify(execFile)(process.execPath, ['--input-type=module', '-e', asker]);
    await until(() => readIds(file).every((id) => !isAlive(id)));
  });

  test('does not keep the process that asked', async () => {
    const file = join(folder, 'ids');
    const asker = `
      import { commandSecretSource } from ${JSON.stringify(join(import.meta.dirname, '../../../lib/io/secrets/command-secret.ts'))};
      const soon = (ms, signal) => new Promise((done) => { const t = setTimeout(done, ms / 20); signal?.addEventListener('abort', () => { clearTimeout(t); done(); }, { once: true }); });
      const clock = { now: Date.now, sleep: soon };
      commandSecretSource({ argv: ${JSON.stringify(hang('ignores', 2))} }, { clock, env: process.env }).read('current').catch((error) => console.log(error.message));
    `;
    const ended = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', asker]);
    expect(ended.stdout).toBe('command sh did not end within 10 s: run it by hand to see why\n');
    // SIGKILL was sent as the asker ended; on a busy machine the kernel needs a moment to carry it out.
    await until(() => !readIds(file).some(isAlive));
  });
});

async function until(isSo: () => boolean): Promise<void> {
  for (let n = 0; n < 2000 && !isSo(); n += 1) await systemClock.sleep(5);
  expect(isSo()).toBe(true);
}

function readIds(file: string): readonly number[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').map(Number) : [];
}

/** A zombie has ended; it only waits to be told to its parent. */
function isAlive(id: number): boolean {
  try {
    process.kill(id, 0);
    return !/^State:\s+Z/mu.test(readFileSync(`/proc/${id}/status`, 'utf8'));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' && process.platform !== 'linux';
  }
}
