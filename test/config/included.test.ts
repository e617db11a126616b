import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigOutcome } from '../../lib/config/compile-config.ts';
import { loadConfig, makeConfigReader } from '../../lib/config/read-config.ts';
import { isWindows, unlessPosix } from '../support/platform.ts';
import { runs } from '../support/runs.ts';
import { compiled, head, now } from './compile-text.ts';

let above = '';
let folder = '';
let main = '';

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'lamplighter-included-'));
  folder = join(above, 'config');
  main = join(folder, 'lamplighter.yml');
});

afterEach(() => rm(above, { recursive: true }));

async function write(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text, { mode: 0o644 });
  }
}

async function load(files: Readonly<Record<string, string>>): Promise<ConfigOutcome> {
  await write(files);
  return loadConfig(main, { now });
}

async function configOf(files: Readonly<Record<string, string>>) {
  const outcome = await load(files);
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return outcome.config;
}

const rule = (match: string) => `  - { match: "${match}", schedule: office, idle: 1 }\n`;
const rules = (...matches: readonly string[]) => `pools:\n${matches.map(rule).join('')}`;
const including = (...patterns: readonly string[]) => `${head}include: ${JSON.stringify(patterns)}\n`;

describe('another file that is included', () => {
  test('is one problem', async () => {
    const { problems } = await load({
      'lamplighter.yml': `${including('teams/*')}${rules('main/a')}`,
      'teams/README.yml': readFileSync('README.md', 'utf8'),
      'teams/ok.yml': rules('ok/a'),
    });
    expect(problems.map(({ file, message }) => [file, message])).toEqual([
      [
        join(folder, 'teams/README.yml'),
        'this is not part of a config of Lamplighter: it has neither pools nor schedules, nor anything else of one',
      ],
    ]);
  });

  test('and is a folder is called that', async () => {
    const { problems } = await load({
      'lamplighter.yml': `${including('teams/')}${rules('main/a')}`,
      'teams/ok.yml': rules('ok/a'),
    });
    expect(problems.map(({ message, fix }) => [message, fix])).toEqual([
      ['"teams/" is a folder', 'name the files in it: teams/*.yml'],
    ]);
  });
});

describe('what is included', () => {
  test('stands below the main rules, in the order written', async () => {
    const config = await configOf({
      'lamplighter.yml': `${including('last.yml', 'teams/*.yml')}${rules('main/a')}`,
      'last.yml': rules('last/a', 'last/b'),
      'teams/b.yml': rules('b/a'),
      'teams/a.yml': rules('a/a'),
      'teams/B.yml': rules('B/a'),
    });
    expect(config.rules.map(({ match }) => match.text)).toEqual(['main/a', 'last/a', 'last/b', 'B/a', 'a/a', 'b/a']);
    expect(config.rules.map(({ position }) => [position.file, position.line])).toEqual([
      [main, 10],
      [join(folder, 'last.yml'), 2],
      [join(folder, 'last.yml'), 3],
      [join(folder, 'teams/B.yml'), 2],
      [join(folder, 'teams/a.yml'), 2],
      [join(folder, 'teams/b.yml'), 2],
    ]);
  });

  test('counts once, where it is named first', async () => {
    const config = await configOf({
      'lamplighter.yml': including('teams/z.yml', './teams/*.yml', 'teams/z.yml'),
      'teams/a.yml': rules('a/a'),
      'teams/z.yml': rules('z/a'),
    });
    expect(config.rules.map(({ match }) => match.text)).toEqual(['z/a', 'a/a']);
  });

  test('is one text as well as a list', async () => {
    const config = await configOf({
      'lamplighter.yml': `${head}include: teams/*/{pools,more}.yml\n`,
      'teams/a/pools.yml': rules('a/a'),
      'teams/b/more.yml': rules('b/a'),
      'teams/b/other.yml': 'nonsense: true\n',
      'teams/b/.more.yml': 'nonsense: true\n',
    });
    expect(config.rules).toHaveLength(2);
  });

  test('brings along all that a team needs', async () => {
    const config = await configOf({
      'lamplighter.yml': including('team.yml'),
      'team.yml': `calendars: { off: { dates: [2026-12-24], size: idle } }
schedules: { late: { calendar: off, windows: [{ from: "09:00", to: "21:00" }], otherwise: idle } }
pools: [{ match: "t/w", schedule: late, idle: 1 }, { match: "t/x", schedule: office, idle: 1 }]
exceptions: [{ match: "t/w", start: 2026-12-01T00:00, end: 2026-12-02T00:00, size: base }]
silences: [{ match: "t" }]
destinations: { team: { kind: slack, url: { env: TEAM_SLACK } } }
events: { queue: { kind: json, queue: team, may: ["t/*"] } }
`,
    });
    expect(config.schedules.map(({ name }) => name)).toEqual(['office', 'late']);
    expect([config.exceptions, config.silences, config.destinations, config.events].map((all) => all.length)).toEqual([
      1, 1, 1, 1,
    ]);
  });

  test("starts paths from the file's own folder", async () => {
    const config = await configOf({
      'lamplighter.yml': including('teams/a.yml'),
      'teams/a.yml':
        'calendars: { off: { ics: off.ics, size: idle } }\ndestinations: { d: { kind: slack, url: { file: url } } }\n',
      'teams/off.ics': 'BEGIN:VCALENDAR\nEND:VCALENDAR\n',
    });
    expect(config.destinations[0]?.url).toEqual({ kind: 'file', path: join(folder, 'teams/url') });
  });
});

describe('one hash', () => {
  test('of a config, however it is cut into files', async () => {
    const names = ['a/a', 'b/a', 'c/a', 'd/a', 'e/a'];
    const whole = await compiled(`${head}${rules(...names)}silences: [{ match: "a" }]\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }), async (cuts) => {
        const ends = [...cuts.toSorted((x, y) => x - y), names.length];
        const parts = ends.map((end, i) => names.slice(i === 0 ? 0 : ends[i - 1], end));
        const [own = [], ...rest] = parts;
        const text = (some: readonly string[]) => (some.length === 0 ? 'silences: []\n' : rules(...some));
        const files = rest.map((some, i) => [`t${i}.yml`, text(some)] as const);
        const config = await configOf({
          ...Object.fromEntries(files),
          'lamplighter.yml': `${including(...files.map(([name]) => name))}${own.length === 0 ? '' : rules(...own)}silences: [{ match: "a" }]\n`,
        });
        expect(config.rules.map(({ hash }) => hash)).toEqual(whole.rules.map(({ hash }) => hash));
        expect(config.hash).toBe(whole.hash);
      }),
      runs(5),
    );
  });

  test('changes with the order of the rules', async () => {
    const files = { 'a.yml': rules('a/a'), 'b.yml': rules('b/a') };
    const one = await configOf({ ...files, 'lamplighter.yml': including('a.yml', 'b.yml') });
    const other = await configOf({ ...files, 'lamplighter.yml': including('b.yml', 'a.yml') });
    expect(other.hash).not.toBe(one.hash);
  });
});

/** `§` marks where the problem is; a file name before the colon is the file. */
type Mistake = readonly [
  title: string,
  files: Readonly<Record<string, string>>,
  want: { readonly file: string; readonly path?: string; readonly message: string; readonly fix?: string },
];

const team = (text: string) => ({ 'lamplighter.yml': including('teams/a.yml'), 'teams/a.yml': text });
const mistakes: readonly Mistake[] = [
  [
    'a wrong rule',
    team('# ours\npools:\n  - { match: "a/b", schedule: office, idle: §-1 }\n'),
    { file: 'teams/a.yml', path: 'pools[0].idle', message: 'below 0' },
  ],
  [
    'a rule after others',
    {
      'lamplighter.yml': `${including('teams/*.yml')}${rules('x/a', 'x/b')}`,
      'teams/a.yml': rules('a/a'),
      'teams/b.yml': `${rules('b/a')}  - { match: "b/b", schedule: §offce, idle: 1 }\n`,
    },
    { file: 'teams/b.yml', path: 'pools[1].schedule', message: 'no schedule "offce"', fix: 'did you mean "office"?' },
  ],
  [
    'an unknown key',
    team('§pool: []\n'),
    { file: 'teams/a.yml', path: 'pool', message: 'unknown key', fix: '"pools"' },
  ],
  [
    'a key of the main file',
    team('§store: { kind: sqlite }\n'),
    { file: 'teams/a.yml', message: 'belongs in the main file', fix: 'move it there; an included file may have cal' },
  ],
  ['regions', team('§regions: {}\n'), { file: 'teams/a.yml', message: 'belongs in the main file' }],
  ['a file that includes', team('§include: b.yml\n'), { file: 'teams/a.yml', message: 'includes no others' }],
  ['a file that includes it again', team('§include: a.yml\n'), { file: 'teams/a.yml', message: 'includes no others' }],
  ['an empty file', team('§'), { file: 'teams/a.yml', message: 'not a map of keys', fix: 'begin with "pools:"' }],
  ['a list', team('§- a\n'), { file: 'teams/a.yml', message: 'not a map of keys' }],
  ['no YAML', team('pools: [§\n'), { file: 'teams/a.yml', message: 'not valid YAML' }],
  [
    'an octal',
    team('pools: [{ match: "a/b", schedule: office, idle: §01 }]\n'),
    { file: 'teams/a.yml', message: 'octal' },
  ],
  [
    'a pasted secret',
    team(`silences: [] # §${'ab1'.repeat(21)}f\n`),
    { file: 'teams/a.yml', message: 'looks like a token' },
  ],
  [
    'a name of the main file',
    team('schedules:\n  §office: { otherwise: base }\n'),
    { file: 'teams/a.yml', path: 'schedules.office', message: 'lamplighter.yml in line 5', fix: 'another name' },
  ],
  [
    'a name of another file',
    {
      'lamplighter.yml': including('a.yml', 'b.yml'),
      'a.yml': 'destinations:\n  x: { kind: slack, url: { env: A } }\n',
      'b.yml': '# b\ndestinations:\n  §x: { kind: slack, url: { env: B } }\n',
    },
    { file: 'b.yml', message: 'a.yml in line 2' },
  ],
  [
    'a pattern that matches nothing',
    { 'lamplighter.yml': including('teams/*.yaml').replace('"teams', '§"teams'), 'teams/a.yml': rules('a/a') },
    { file: 'lamplighter.yml', path: 'include[0]', message: 'no file matches "teams/*.yaml"' },
  ],
  [
    'a file that is not there',
    { 'lamplighter.yml': `${head}include: §teams/a.yml\n` },
    { file: 'lamplighter.yml', path: 'include', message: 'there is no file "teams/a.yml"' },
  ],
  [
    'a folder',
    { 'lamplighter.yml': `${head}include: §teams\n`, 'teams/a.yml': rules('a/a') },
    { file: 'lamplighter.yml', message: '"teams" is a folder' },
  ],
  ...(['/etc/lamplighter.yml', '~/a.yml', 'C:/a.yml'] as const).map(
    (path): Mistake => [
      `the absolute path ${path}`,
      { 'lamplighter.yml': `${head}include: [§${path}]\n` },
      { file: 'lamplighter.yml', message: 'is an absolute path', fix: 'teams/*.yml' },
    ],
  ),
  ...(['../a.yml', 'teams/../../a.yml', 'teams/..'] as const).map(
    (path): Mistake => [
      `the way out ${path}`,
      { 'lamplighter.yml': `${head}include: [§${path}]\n` },
      { file: 'lamplighter.yml', message: 'leads out of the folder' },
    ],
  ),
  [
    'an address',
    { 'lamplighter.yml': `${head}include: §https://example.org/a.yml\n` },
    { file: 'lamplighter.yml', message: 'only files can be' },
  ],
  [
    'a backslash',
    { 'lamplighter.yml': `${head}include: §teams\\a.yml\n` },
    { file: 'lamplighter.yml', message: 'backslash', fix: 'write /' },
  ],
  [
    'two stars',
    { 'lamplighter.yml': `${head}include: §teams/**/a.yml\n` },
    { file: 'lamplighter.yml', message: 'every folder', fix: 'teams/*/*.yml' },
  ],
  [
    'itself',
    { 'lamplighter.yml': `${head}include: §"*.yml"\n` },
    { file: 'lamplighter.yml', message: 'includes itself', fix: 'folder of their own' },
  ],
  [
    'a number',
    { 'lamplighter.yml': `${head}include: §7\n` },
    { file: 'lamplighter.yml', path: 'include', message: 'expected paths, or a list of them, got a number' },
  ],
];

describe('a mistake is told with its file and line', () => {
  test.each(mistakes)('%s', async (_, files, { file, path, message, fix = '' }) => {
    const { ok, problems } = await load(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [name, text.replace('§', '')])),
    );
    expect(ok).toBe(false);
    const text = files[file] ?? '';
    const before = text.slice(0, text.indexOf('§')).split('\n');
    expect(problems).toMatchObject([
      {
        severity: 'error',
        file: join(folder, file),
        line: before.length,
        column: (before.at(-1)?.length ?? 0) + 1,
        message: expect.stringContaining(message) as string,
        fix: expect.stringContaining(fix) as string,
        ...(path !== undefined && { path }),
      },
    ]);
  });

  test('all at once, file by file', async () => {
    const { problems } = await load({
      'lamplighter.yml': `${including('teams/*.yml')}evry: 5m\n`,
      'teams/a.yml': 'pools: 1\n',
      'teams/b.yml': 'silences: [{ match: "a//b" }]\n',
    });
    expect(problems.map(({ file }) => file.slice(folder.length + 1))).toEqual([
      'lamplighter.yml',
      'teams/a.yml',
      'teams/b.yml',
    ]);
  });

  test('a rule that never counts names the file of the one that does', async () => {
    const { problems } = await load({
      'lamplighter.yml': `${including('a.yml')}${rules('dev-*/*')}`,
      'a.yml': rules('dev-api/w'),
    });
    expect(problems).toMatchObject([
      { file: join(folder, 'a.yml'), message: expect.stringContaining(`in line 10 of ${main}`) as string },
    ]);
  });

  test.skipIf(isWindows)(`a file that anybody may change${unlessPosix}`, async () => {
    await write({ 'lamplighter.yml': including('a.yml') });
    await writeFile(join(folder, 'a.yml'), rules('a/a'));
    const { chmod } = await import('node:fs/promises');
    await chmod(join(folder, 'a.yml'), 0o666);
    expect((await loadConfig(main, { now })).problems).toMatchObject([
      { path: 'include[0]', message: expect.stringContaining('anybody on this machine may change it') as string },
    ]);
  });
});

describe.skipIf(isWindows)(`links${unlessPosix}`, () => {
  test('inside the folder are followed, as a ConfigMap has them', async () => {
    await write({ 'lamplighter.yml': including('*.team.yml'), '..2026/a.team.yml': rules('a/a') });
    await symlink('..2026', join(folder, '..data'));
    await symlink('..data/a.team.yml', join(folder, 'a.team.yml'));
    expect(await loadConfig(main, { now })).toMatchObject({
      ok: true,
      config: { rules: [{ match: { text: 'a/a' } }] },
    });
  });

  test.each([
    ['to a file', async () => symlink(join(above, 'b.yml'), join(folder, 'teams/a.yml'))],
    [
      'to a folder',
      async () => {
        await rm(join(folder, 'teams'), { recursive: true });
        await mkdir(join(above, 'elsewhere'));
        await writeFile(join(above, 'elsewhere/a.yml'), rules('a/a'));
        await symlink(join(above, 'elsewhere'), join(folder, 'teams'));
      },
    ],
  ])('%s outside are refused', async (_, link) => {
    await write({ 'lamplighter.yml': including('teams/*.yml'), 'teams/z': '' });
    await writeFile(join(above, 'b.yml'), rules('b/a'));
    await link();
    expect((await loadConfig(main, { now })).problems).toMatchObject([
      { path: 'include[0]', message: 'teams/a.yml is a link that leads out of the folder of the config' },
    ]);
  });
});

describe('a running process', () => {
  test('follows every file, and which files there are', async () => {
    await write({ 'lamplighter.yml': including('teams/*.yml'), 'teams/a.yml': rules('a/a') });
    const read = makeConfigReader(main);
    expect(await read(now)).toMatchObject({ ok: true, changed: true, config: { rules: [{}] } });
    expect(await read(now)).toMatchObject({ changed: false });
    await write({ 'teams/a.yml': rules('a/a', 'a/b') });
    expect(await read(now)).toMatchObject({ changed: true, config: { rules: [{}, {}] } });
    await write({ 'teams/b.yml': rules('b/a') });
    expect(await read(now)).toMatchObject({ changed: true, config: { rules: [{}, {}, {}] } });
    await rm(join(folder, 'teams/b.yml'));
    expect(await read(now)).toMatchObject({ changed: true, config: { rules: [{}, {}] } });
  });

  test('keeps the last good config while a file is wrong, or all are gone', async () => {
    await write({ 'lamplighter.yml': including('teams/*.yml'), 'teams/a.yml': rules('a/a') });
    const read = makeConfigReader(main);
    const first = await read(now);
    await write({ 'teams/a.yml': 'pols: []\n' });
    expect(await read(now)).toMatchObject({ ok: false, config: first.config, problems: [{ line: 1 }] });
    await rename(join(folder, 'teams'), join(folder, 'others'));
    expect(await read(now)).toMatchObject({ ok: false, config: first.config });
    await write({ 'teams/a.yml': rules('a/a') });
    expect(await read(now)).toMatchObject({ ok: true, changed: false });
  });

  test('keeps it too while the machine is short of files', async () => {
    await write({ 'lamplighter.yml': including('teams/*.yml'), 'teams/a.yml': rules('a/a') });
    let isShort = false;
    const findFiles = async () => {
      if (isShort) throw Object.assign(new Error('too many open files'), { code: 'EMFILE' });
      return [{ path: 'teams/a.yml', isOutside: false }];
    };
    const read = makeConfigReader(main, { findFiles });
    const first = await read(now);
    isShort = true;
    expect(await read(now)).toMatchObject({ ok: true, changed: false, config: first.config });
  });
});
