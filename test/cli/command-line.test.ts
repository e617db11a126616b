import { execFile } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { describeFailure } from '../../lib/cli/failure.ts';
import { makePaint } from '../../lib/cli/text/paint.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { aCliWorld, makeOutput, usualConfig } from './cli-world.ts';

const commands = [
  'demo',
  'init',
  'check',
  'explain',
  'plan',
  'run',
  'status',
  'history',
  'scale',
  'base',
  'pause',
  'resume',
  'approve',
  'simulator',
  'incidents',
  'outbox',
  'silence',
  'send',
];

describe('help', () => {
  test('lists every command and where to begin', async () => {
    using world = aCliWorld();
    const { code, out } = await world.runWith({}, '--help');
    expect(code).toBe(0);
    for (const command of commands) expect(out).toMatch(new RegExp(`^ {2}${command} `, 'm'));
    expect(out).toContain('Begin with:');
  });

  test.each(commands)('of %s has examples', async (command) => {
    using world = aCliWorld();
    const { code, out } = await world.runWith({}, command, '--help');
    expect(code).toBe(0);
    expect(out).toContain(`Usage: lamplighter ${command}`);
    expect(out).toMatch(/Examples:\n {2}lamplighter /);
  });

  test('the version is the package’s', async () => {
    using world = aCliWorld();
    expect(await world.runWith({}, '--version')).toEqual({ code: 0, out: `${packageJson.version}\n`, err: '' });
  });
});

describe('wrong usage is exit code 2', () => {
  test.each([
    ['an unknown command', ['chek'], 'did you mean check?'],
    ['an unknown option', ['check', '--jsn'], 'did you mean --json?'],
    ['a missing argument', ['explain'], "Missing required argument 'cluster/pool'"],
    ['one argument too many', ['check', 'this'], 'Too many arguments'],
    ['an instant without an offset', ['explain', 'a/b', '--at', '2026-12-24T18:00'], 'it has no offset'],
    ['no instant at all', ['explain', 'a/b', '--at', 'tomorrow'], 'is invalid: not a date and time'],
    ['a duration with words', ['pause', '--for', '4 hours'], 'write 4h'],
    [
      'no time at all',
      ['pause', '--for', '0m'],
      "'0m' is invalid: it must be longer than 0; write one like 30m, 4h or 2d",
    ],
    ['none in words', ['history', '--since', '0 seconds'], 'it must be longer than 0'],
    ['no wait', ['uninstall', '--wait', '0s'], 'it must be longer than 0'],
    ['no duration', ['scale', 'a/b', '--at-least', '3'], 'A lease needs an end: give --for 4h or --until'],
    ['both ends', ['pause', '--for', '1h', '--until', '2027-01-01T00:00Z'], 'Give either --for or --until, not both'],
    ['an end that has passed', ['pause', '--until', '2020-01-01T00:00Z'], 'has passed'],
    ['an end far away', ['pause', '--for', '900d'], 'more than a year'],
    ['how often without --watch', ['status', '--every', '2s'], '--every is for --watch'],
    ['a choice that is none', ['base', 'a/b', 'sett', '3'], 'Unknown verb "sett": did you mean "set"?'],
    ['nothing below store', ['store', 'backup'], 'lamplighter store backup --help'],
    ['help of nothing', ['help', 'xyz'], 'uninstall, schema, completion, man, version, help'],
    ['two asks', ['scale', 'a/b', '--at-least', '3', '--exactly', '1', '--for', '1h'], 'Give one of'],
    ['no ask', ['scale', 'a/b', '--for', '1h'], 'Give one of'],
    ['zero as a lease', ['scale', 'a/b', '--at-least', '0', '--for', '1h'], 'write 1 or more'],
    ['a size upside down', ['scale', 'a/b', '--exactly', '4..1', '--for', '1h'], 'smaller number comes first'],
    ['a broken match', ['pause', 'dev-[', '--for', '1h'], 'bracket'],
    ['an unknown region', ['pause', 'r2:dev', '--for', '1h'], 'did you mean "r1"?'],
    ['json without an end', ['run', '--json'], 'add --once'],
    ['a port that is none', ['simulator', '--port', '99999'], 'not a port'],
    ['a fleet that is none', ['simulator', '--fleet', 'huge'], 'allowed choices'],
  ])('%s', async (_, argv, message) => {
    using world = aCliWorld();
    const withConfig = ['simulator', 'chek'].includes(argv[0] ?? '') ? argv : [...argv, '--config', world.config];
    const { code, out, err } = await world.runWith({}, ...withConfig);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(out).toBe('');
  });

  test('nothing at all shows the help', async () => {
    using world = aCliWorld();
    const { code, err } = await world.runWith({});
    expect(code).toBe(2);
    expect(err).toContain('Usage: lamplighter');
  });

  test.each(['explain a/b', 'plan', 'run --once', 'status', 'history', 'pause --for 1h', 'resume', 'approve'])(
    'a config with mistakes: %s',
    async (line) => {
      using world = aCliWorld();
      world.writeConfig('regoins: {}\n');
      const { code, err } = await world.run(...line.split(' '));
      expect(code).toBe(2);
      expect(err).toContain('did you mean "regions"');
      expect(err).toMatch(/\nA running process goes on with the last good config\. [^\n]*--config[^\n]*\n$/);
    },
  );

  test('an older copy of a config with mistakes reaches the same store from the same folder', async () => {
    using world = aCliWorld();
    const copy = `${world.folder}/older.yml`;
    copyFileSync(world.config, copy);
    world.writeConfig('regoins: {}\n');
    expect((await world.runWith({}, 'pause', '--for', '1h', '--config', copy)).code).toBe(0);
    world.writeConfig(usualConfig);
    expect((await world.run('status')).out).toContain('pause     of the whole fleet');
  });

  test.each([['check'], ['doctor']])('%s says what is wrong, and nothing of a process', async (command) => {
    using world = aCliWorld();
    world.writeConfig('regoins: {}\n');
    const { out, err } = await world.run(command);
    expect(out + err).toContain('did you mean "regions"');
    expect(out + err).not.toContain('A running process');
  });

  test('a config that is not there names the way to one', async () => {
    using world = aCliWorld();
    const { code, err } = await world.runWith({}, 'status', '--config', `${world.folder}/none.yml`);
    expect(code).toBe(2);
    expect(err).toMatch(/lamplighter init"\n$/);
  });
});

describe('what is shown', () => {
  test('a foreign error shows neither its text nor its stack', () => {
    const secret = 'correct-horse-battery-staple';
    const failure = describeFailure(Object.assign(new TypeError(`boom ${secret}`), { code: 'EACCES' }));
    expect(failure.exitCode).toBe(1);
    expect(failure.message).toContain('TypeError (EACCES)');
    expect(failure.message).not.toContain(secret);
    expect(failure.message).not.toContain('at ');
  });

  test('the token is nowhere, whatever is asked', async () => {
    using world = aCliWorld();
    const token = world.world.token;
    const runs = [
      await world.run('run', '--once'),
      await world.run('plan', '--json'),
      await world.run('status'),
      await world.run('pause', '--for', '1h', '--reason', `because of ${token}`),
      await world.run('status', '--json'),
      await world.run('scale', 'ml/gpu', '--at-least', '2', '--for', '1h', '--reason', token),
      await world.run('explain', 'ml/gpu'),
    ];
    for (const { out, err } of runs) expect(out + err).not.toContain(token.slice(0, 16));
  });

  test('a refused token is said, and not shown', async () => {
    using world = aCliWorld();
    const wrong = 'f'.repeat(63) + '0';
    const argv = ['plan', '--config', world.config];
    const { code, out, err } = await world.runWith({ env: { MKS_TOKEN: wrong } }, ...argv);
    expect(code).toBe(1);
    expect(out).toContain('the token was refused (401)');
    expect(out + err).not.toContain(wrong.slice(0, 16));
  });

  test.each([
    ['a terminal', true, {}, true],
    ['no terminal', false, {}, false],
    ['NO_COLOR', true, { NO_COLOR: '1' }, false],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
  ])('colours: %s', (_, isTerminal, env, isOn) => {
    const paint = makePaint({ isTerminal }, env);
    expect(paint.isOn).toBe(isOn);
    expect(paint.red('x').includes('\x1b')).toBe(isOn);
  });

  test('JSON has no colours, not even on a terminal', async () => {
    using world = aCliWorld();
    const screen = makeOutput(true);
    const argv = ['check', '--json', '--config', world.config];
    await world.runWith({ stdout: screen.output }, ...argv);
    expect(screen.text()).not.toContain('\x1b');
    await world.runWith({ stdout: screen.output }, 'check', '--config', world.config);
    expect(screen.text()).toContain('\x1b');
  });
});

test('the program itself starts', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['lib/cli/main.ts', '--help']);
  expect(stdout).toContain('Usage: lamplighter');
  expect(stderr).toBe('');
});
