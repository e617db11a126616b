import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { stripVTControlCharacters } from 'node:util';
import { Command, Option } from 'commander';
import { describe, expect, test } from 'vitest';
import { addCommonOptions, commandGroups, settledParts } from '../../../lib/cli/common-options.ts';
import { environment, manPage } from '../../../lib/cli/completion/man-page.ts';
import type { CliParts } from '../../../lib/cli/parts.ts';
import packageJson from '../../../package.json' with { type: 'json' };
import { everyNth } from '../../support/runs.ts';
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

  test('--as is the name, whatever AWS would say', () => {
    const program = new Command();
    const parts = { env: {}, who: 'ada@lab' } as unknown as CliParts;
    addCommonOptions(program);
    program.parse(['--as', 'grace'], { from: 'user' });
    expect(settledParts(program, new Command('pause'), parts, [])).toMatchObject({ who: 'grace', isNamed: true });
  });

  test('--quiet leaves only what goes wrong', async () => {
    using world = aCliWorld();
    expect(await world.run('check', '--quiet')).toEqual({ code: 0, out: '', err: '' });
    expect(await world.run('pause', '--for', '1h', '-q')).toEqual({ code: 0, out: '', err: '' });
    expect((await world.run('status', '--quiet', '--json')).out).toContain('"pools"');
    const wrong = await world.run('pause', '--quiet');
    expect(wrong).toMatchObject({ code: 2, out: '', err: expect.stringContaining('--for 4h') });
  });

  test.each([
    [['check', '--format', 'gitlab'], /^\[/u],
    [['clusters', 'ml'], /"name": "ml"/u],
    [['clusters', '--json'], /"clusters"/u],
  ])('--quiet keeps back nothing for programs: %j', async (argv, expected) => {
    using world = aCliWorld();
    expect((await world.run(...argv, '--quiet')).out).toMatch(expected);
  });

  test('--quiet says on stderr what goes wrong, where a command only reports it', async () => {
    using world = aCliWorld();
    await world.run('run', '--once');
    await world.run('store', 'backup', join(world.folder, 'b.db'));
    world.writeConfig('regoins: {}\n');
    const plain = await world.run('check');
    expect(await world.run('check', '--quiet')).toEqual({ code: 2, out: '', err: plain.out });
    expect(await world.run('doctor', '-q')).toEqual({ code: 2, out: '', err: expect.stringContaining('regoins') });
    const database = new DatabaseSync(join(world.folder, 'b.db'));
    database.exec("update records set value = '{' where partition = 'clusters/r1'");
    database.close();
    const verified = await world.runWith({}, 'store', 'verify', '--quiet', join(world.folder, 'b.db'));
    expect(verified).toMatchObject({ code: 1, out: '', err: expect.stringContaining('clusters/r1/') });
  });

  test('--quiet says nothing of what would change, which is no failure', async () => {
    using world = aCliWorld();
    const old = join(world.folder, 'old.yml');
    writeFileSync(old, readFileSync(world.config, 'utf8').replace('19:00', '17:00'), { mode: 0o600 });
    const argv = ['rehearse', '--offline', '--pool', 'dev-api/workers', '--against', old, '--detailed-exitcode'];
    expect((await world.run(...argv, '--quiet')).out).toBe('');
    expect(await world.run(...argv, '--quiet')).toMatchObject({ code: 3, err: expect.not.stringContaining('17:00') });
  });

  const ordinary = [
    ...['status', 'plan', 'clusters', 'history', 'savings', 'incidents', 'outbox', 'approve'].map((one) => [one]),
    ['rehearse', '--days', '1'],
    ['explain', 'dev-api/workers'],
    ['base', 'dev-api/workers', 'show'],
    ['scale', 'ml/gpu', '--at-least', '2', '--for', '1h'],
    ['pause', 'dev-*', '--for', '1h'],
    ['resume', 'dev-*'],
    ['promote', 'dev-*', '--days', '1'],
    ['silence', 'dev-*', '--for', '1h'],
    ['silence', '--list'],
    ['page', '--out', './page.html'],
    ['run', '--once', '--dry-run'],
    ['store', 'verify'],
    ['uninstall', '--dry-run'],
  ];

  test('--quiet and --no-color are obeyed by every command, before and after it', async () => {
    using world = aCliWorld();
    await world.run('run', '--once');
    const onTerminal = async (...argv: string[]) => {
      const { output, text } = makeOutput(true);
      const { code, err } = await world.runWith({ stdout: output }, ...argv);
      return { code, out: text(), err };
    };
    const [quiet, plainly] = [0, 1].map((nth) => everyNth(2, nth, ordinary));
    for (const words of ordinary) {
      const own = [
        ...words.map((word) => word.replace('./page.html', join(world.folder, 'p.html'))),
        '--config',
        world.config,
      ];
      if (plainly?.includes(words)) {
        const plain = await onTerminal('--no-color', ...own);
        expect(plain, words.join(' ')).toEqual({ code: 0, out: stripVTControlCharacters(plain.out), err: plain.err });
        expect(plain.out, words.join(' ')).not.toBe('');
      }
      if (quiet?.includes(words))
        expect(await onTerminal(...own, '-q', '--as', 'Zoë'), words.join(' ')).toMatchObject({ code: 0, out: '' });
    }
    expect((await world.run('clusters', 'dev-api', '--quiet')).out).toContain('"dev-api"');
  });

  test.each([
    [['--config', 'x.yml', 'status'], 'lamplighter status --config …'],
    [['--config=x.yml', 'check'], 'lamplighter check --config …'],
    [['-q', '--until', 'x', 'pause'], 'lamplighter pause --until …'],
    [['--nope', 'status'], "Unknown option '--nope'"],
    [['status', '--for', '1h'], "Unknown option '--for'"],
  ])('%j is told where the option belongs', async (argv, said) => {
    using world = aCliWorld();
    expect(await world.runWith({}, ...argv)).toMatchObject({ code: 2, err: expect.stringContaining(said) });
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
