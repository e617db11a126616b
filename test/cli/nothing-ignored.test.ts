import { describe, expect, test } from 'vitest';
import { commandGroups } from '../../lib/cli/common-options.ts';
import { aCliWorld } from './cli-world.ts';

// What was typed has an effect, or is refused: whoever typed it counts on it.

/** All words that a command takes. */
const whole: { readonly [line: string]: readonly string[] } = {
  demo: [],
  init: [],
  check: [],
  doctor: [],
  simulator: [],
  status: ['dev-*'],
  page: [],
  explain: ['ml/gpu'],
  plan: ['dev-*'],
  rehearse: [],
  clusters: ['dev-api'],
  history: ['dev-*'],
  savings: [],
  scale: ['ml/gpu'],
  base: ['ml/gpu', 'set', '3'],
  pause: ['dev-*'],
  resume: ['dev-*'],
  approve: [],
  promote: ['dev-*'],
  send: [],
  incidents: ['ack', '3f9ac1d2'],
  silence: ['dev-*'],
  outbox: ['retry', '3f9ac1d2'],
  run: [],
  'store backup': ['file'],
  'store restore': ['file'],
  'store verify': ['file'],
  'store copy': ['file', 'other'],
  uninstall: [],
  schema: [],
  completion: ['bash'],
  man: [],
  version: [],
  help: ['status'],
};
const needed: { readonly [line: string]: readonly string[] } = {
  scale: ['--release'],
  send: ['--source', 'ci', '--file', 'x'],
  pause: ['--for', '1h'],
};

test('every command is here', () => {
  const known = Object.keys(whole).map((line) => line.split(' ')[0]);
  expect([...new Set(known)]).toEqual(Object.values(commandGroups).flat());
});

test.each(Object.entries(whole))('%s refuses one word more', async (line, words) => {
  using world = aCliWorld();
  const argv = [...line.split(' '), ...words, 'stray', ...(needed[line] ?? [])];
  const { code, out, err } = await world.runWith({}, ...argv);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toMatch(/\bstray\b/u);
});

const soon = '2026-12-01T20:00+01:00';

describe('what does not go together is refused', () => {
  test.each<readonly [line: string, says: string]>([
    ['silence --list dev-*', '--list shows every silence: leave out "dev-*"'],
    ['silence --list --end', "'--list' cannot be used with option '--end'"],
    ['silence --list --for 1h', "'--list' cannot be used with option '--for"],
    [`silence --list --from ${soon}`, "cannot be used with option '--list'"],
    ['silence --list --reason x', '--reason is for a silence: leave it out of --list'],
    ['silence dev-* --end --for 1h', "'--end' cannot be used with option '--for"],
    ['incidents --reason x', '--reason is for: incidents ack'],
    ['incidents ack 3f9ac1d2 --all', '--all is not for ack'],
    ['incidents ack 3f9ac1d2 --why 3f9ac1d2', '--why is not for ack'],
    ['incidents dev-* --why 3f9ac1d2', 'leave out the match'],
    ['incidents --all --why 3f9ac1d2', "cannot be used with option '--all'"],
    ['outbox --reason x', '--reason is for: outbox drop'],
    ['outbox retry 3f9ac1d2 --reason x', '--reason is for: outbox drop'],
    ['outbox test ops --history', '--history is not for test'],
    ['base ml/gpu show --reason x', '--reason is for set and restore: leave it out of show'],
    ['base ml/gpu restore 3', 'A size is only for set, not for restore'],
    ['scale ml/gpu --release --for 1h', '--release ends what was asked for now'],
    ['history dev-* --who', '--who lists what people did in the whole fleet: leave out "dev-*"'],
    ['status --every 2s', '--every is for --watch'],
    ['status --watch --json', 'leave out --json'],
    ['status --watch --fail-on warning', 'leave out --fail-on'],
    ['status --watch --quiet', '--watch is for people: leave out --quiet'],
    ['page --match dev-*', '--match is for one file: add --out <file>'],
    ['page --days 3', '--days is for one file: add --out <file>'],
    ['page --out x.html --listen 127.0.0.1:1', "cannot be used with option '--listen"],
    ['check --json --format github', 'Give either --json or --format, not both'],
    ['rehearse --format markdown', 'add --against'],
    ['rehearse --detailed-exitcode', 'add --against'],
    ['rehearse --json --format text', 'Give either --json or --format, not both'],
    ['run --dry-run', 'add --once'],
    ['run --json', 'add --once'],
    ['run --once --listen 127.0.0.1:0', 'leave out --once'],
    ['uninstall --undo --dry-run', "'--undo' cannot be used with option '--dry-run'"],
    ['uninstall --undo --wait 1h', "'--undo' cannot be used with option '--wait"],
  ])('%s', async (line, says) => {
    using world = aCliWorld();
    const { code, out, err } = await world.run(...line.split(' '));
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(says);
  });

  test('tokens of several places', async () => {
    using world = aCliWorld();
    const argv = [
      'init',
      '--api',
      'eumetsat-r1',
      '--token-env',
      'A',
      '--token-aws',
      'b',
      '-o',
      `${world.folder}/new.yml`,
    ];
    expect(await world.runWith({}, ...argv)).toMatchObject({
      code: 2,
      err: expect.stringContaining('Give only one of the --token options'),
    });
  });
});

test('help shows a command below another, and refuses what is none', async () => {
  using world = aCliWorld();
  expect((await world.runWith({}, 'help', 'store', 'backup')).out).toContain('Usage: lamplighter store backup');
  expect((await world.runWith({}, 'help', 'store')).out).toContain('Usage: lamplighter store [options] [command]');
  expect((await world.runWith({}, 'help', 'store', 'bakup')).err).toBe(
    'There is no command "store bakup": did you mean "backup"?\n',
  );
});

test('the reason for which a silence is ended is kept', async () => {
  using world = aCliWorld();
  await world.run('run', '--once');
  await world.run('silence', 'dev-*', '--for', '1h');
  expect((await world.run('silence', 'dev-*', '--end', '--reason', 'upgrade done')).code).toBe(0);
  expect((await world.run('history', '--who')).out).toMatch(/silence end +dev-\* \(upgrade done\)/u);
});
