import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { commandGroups } from '../../../lib/cli/common-options.ts';
import { environment, manPage } from '../../../lib/cli/completion/man-page.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { aCliWorld, makeOutput } from '../cli-world.ts';

describe('help', () => {
  test('lists the commands in groups', async () => {
    using world = aCliWorld();
    const { out } = await world.runWith({}, '--help');
    const headings = [...out.matchAll(/^([A-Z][a-z ]+:)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['Options:', ...Object.keys(commandGroups), 'Begin with:']);
    const named = [...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name);
    const grouped = Object.values(commandGroups).flat();
    expect(new Set(named.filter((name) => name !== 'lamplighter'))).toEqual(new Set(grouped));
  });

  test.each(['status', 'store', 'history'])('of %s also tells what every command takes', async (command) => {
    using world = aCliWorld();
    expect((await world.runWith({}, command, '--help')).out).toMatch(/Global Options:[^]*--as <name>[^]*--log-level/);
  });
});

describe('the manual page', () => {
  test('is written from a command line', async () => {
    const program = new Command('lamplighter').description("Keeps a fleet; it's small.");
    program.option('--as <name>', 'who asks');
    const store = program.command('store').description('.Begins with a dot, and has a back\\\\slash.');
    const copy = store
      .command('copy')
      .description('Copy "everything".')
      .argument('<from>', 'a')
      .argument('[to...]', 'b');
    copy.addOption(new Option('-f, --form <form>', 'how').choices(['a', 'b']).default('a', 'a'));
    const page = manPage(program).replace(`lamplighter ${packageJson.version}`, 'lamplighter x.y.z');
    await expect(page).toMatchFileSnapshot('golden/lamplighter.1');
  });

  test('names every command and every option', async () => {
    using world = aCliWorld();
    const { code, out } = await world.runWith({}, 'man');
    expect(code).toBe(0);
    for (const command of Object.values(commandGroups).flat()) {
      expect(out).toMatch(new RegExp(`^\\.B ${command}\\b`, 'm'));
      const { out: help } = await world.runWith({}, 'help', command);
      for (const [, option = ''] of help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm))
        if (option !== '--help' && option !== '--version') expect(out).toContain(option.replaceAll('-', '\\-'));
    }
  });

  const mandoc = spawnSync('mandoc', ['-T', 'lint', '/dev/null']);
  test.skipIf(mandoc.error !== undefined)(
    `has no mistakes for mandoc${mandoc.error === undefined ? '' : ' (skipped: there is no mandoc on this machine)'}`,
    async () => {
      using world = aCliWorld();
      const { out } = await world.runWith({}, 'man');
      const { stdout, status } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning'], { input: out, encoding: 'utf8' });
      const known = /missing date|: lower case|cross reference/;
      expect({
        status: status ?? 0,
        lines: stdout.split('\n').filter((line) => line !== '' && !known.test(line)),
      }).toMatchObject({ lines: [] });
    },
  );

  test('and the docs name every variable', () => {
    const page = readFileSync('docs/command-line.md', 'utf8');
    for (const [name] of environment) expect(page).toContain(`\`${name}\``);
  });
});

describe('options of every command', () => {
  test('--no-color leaves a terminal without colours, before or after the command', async () => {
    using world = aCliWorld();
    world.writeConfig('regoins: {}\n');
    for (const argv of [['--no-color', 'check'], ['check', '--no-color'], ['check']]) {
      const { output, text } = makeOutput(true);
      await world.runWith({ stdout: output }, ...argv, '--config', world.config);
      expect(text() === stripVTControlCharacters(text()), argv.join(' ')).toBe(argv.length === 2);
    }
  });

  test('--quiet leaves only what goes wrong', async () => {
    using world = aCliWorld();
    expect(await world.run('check', '--quiet')).toEqual({ code: 0, out: '', err: '' });
    expect(await world.run('pause', '--for', '1h', '-q')).toEqual({ code: 0, out: '', err: '' });
    expect((await world.run('status', '--quiet', '--json')).out).toContain('"pools"');
    const wrong = await world.run('pause', '--quiet');
    expect(wrong).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--for 4h') });
  });

  test('--log-level and LAMPLIGHTER_LOG_LEVEL say how much is logged', async () => {
    using world = aCliWorld();
    const logged = async (env: object, ...argv: string[]) => {
      const given = { env: { MKS_TOKEN: world.world.token, ...env } };
      return (await world.runWith(given, 'run', '--once', '--config', world.config, ...argv)).err;
    };
    expect(await logged({})).not.toContain('"level":"info"');
    expect(await logged({}, '--log-level', 'info')).toContain('"level":"info"');
    expect(await logged({ LAMPLIGHTER_LOG_LEVEL: 'info' })).toContain('"level":"info"');
    expect(await logged({ LAMPLIGHTER_LOG_LEVEL: 'info' }, '--log-level', 'error')).not.toContain('"level"');
    expect(await logged({ LAMPLIGHTER_LOG_LEVEL: 'loud' })).toContain('write debug, info, warn, error');
  });

  test('LAMPLIGHTER_CONFIG names the config where no option does', async () => {
    using world = aCliWorld();
    const env = { MKS_TOKEN: world.world.token, LAMPLIGHTER_CONFIG: world.config };
    expect((await world.runWith({ env }, 'check')).out).toContain(world.config);
    const { err } = await world.runWith({ env }, 'status', '--config', '/none.yml');
    expect(err).toContain('/none.yml');
  });

  test.each(['check', 'doctor', 'status', 'plan', 'rehearse', 'run'])(
    '%s of a missing one says who named it',
    async (command) => {
      using world = aCliWorld();
      const env = { LAMPLIGHTER_CONFIG: '/none.yml' };
      const { code, out, err } = await world.runWith({ env }, command);
      expect({ code, said: out + err }).toEqual({
        code: 2,
        said: expect.stringContaining('LAMPLIGHTER_CONFIG names it'),
      });
    },
  );

  test('LAMPLIGHTER_STORE takes the place of the config’s store', async () => {
    using world = aCliWorld();
    const other = join(world.folder, 'other.db');
    const env = { MKS_TOKEN: world.world.token, LAMPLIGHTER_STORE: other };
    const withOther = (...argv: string[]) => world.runWith({ env }, ...argv, '--config', world.config);
    expect((await withOther('run', '--once')).code).toBe(0);
    expect((await withOther('doctor')).out).toContain(other);
    expect((await withOther('store', 'verify')).out).toContain(other);
    expect((await world.run('store', 'verify')).err).toContain('There is no store at');
    const wrong = await world.runWith({ env: { LAMPLIGHTER_STORE: 'dynamodb:' } }, 'status', '--config', world.config);
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('is not a store') });
  });

  test('version tells what a bug report needs', async () => {
    using world = aCliWorld();
    const { out } = await world.runWith({}, 'version', '--json');
    const { version, storeSchema, node, timeZones } = JSON.parse(out) as Record<string, unknown>;
    expect({ version, storeSchema, node, timeZones }).toEqual({
      version: packageJson.version,
      storeSchema: 1,
      node: process.versions.node,
      timeZones: process.versions.tz,
    });
    expect((await world.runWith({}, 'version')).out).toContain('store schema 1');
  });
});

describe('status --watch', () => {
  test('draws in place until it is stopped', async () => {
    using world = aCliWorld();
    await world.run('run', '--once');
    const stop = new AbortController();
    const { output, text } = makeOutput(true, 120, 40);
    let waits = 0;
    const clock = {
      now: world.clock.now,
      sleep: async (ms: number) => {
        expect(ms).toBe(2000);
        waits += 1;
        if (waits === 3) stop.abort();
      },
    };
    const argv = ['status', '--watch', '--every', '2s', '--config', world.config];
    const { code, err } = await world.runWith({ stdout: output, clock, signal: stop.signal }, ...argv);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(text().match(/dev-api\/workers/g)).toHaveLength(3);
    expect(text()).toMatch(/^\x1b\[\?25l/); // oxlint-disable-line no-control-regex
    expect(text().endsWith('\x1b[?25h')).toBe(true);
  });

  test.each([
    [['--watch'], 'needs a terminal'],
    [['--watch', '--json'], 'leave out --json'],
  ])('%j is refused where nobody looks', async (argv, message) => {
    using world = aCliWorld();
    expect(await world.run('status', ...argv)).toMatchObject({ code: 2, err: expect.stringContaining(message) });
  });
});
