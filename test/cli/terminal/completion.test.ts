import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { readTypedLine } from '../../../lib/cli/completion/typed-line.ts';
import { builtCli } from '../../support/built-cli.ts';
import { aCliWorld, type CliWorld, usualConfig } from '../cli-world.ts';

/** A config with a destination, and the store of 0.1.0 beside it: its pools are known. */
function aKnownFleet() {
  const hook = 'destinations: { hook: { kind: webhook, url: "https://hook.test", secret: { env: HOOK } } }\n';
  const world = aCliWorld('2026-11-29T13:22:05Z', `${usualConfig}${hook}`);
  copyFileSync('test/fixtures/stores/0.1.0.db', join(world.folder, 'lamplighter.db'));
  return world;
}

const offered = async (words: readonly string[]) => {
  using world = aKnownFleet();
  const env = { LAMPLIGHTER_CONFIG: world.config };
  const { code, out, err } = await world.runWith({ env }, 'complete', '--', ...words);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('  ')[0]);
};

describe('completion offers', () => {
  test.each([
    ['commands', ['st'], ['status', 'store']],
    ['commands below a command', ['store', ''], ['backup', 'restore', 'verify', 'copy']],
    ['options, also those of every command', ['pause', '--no'], ['--no-color']],
    ['options of the command', ['pause', '--un'], ['--until']],
    ['no hidden command', ['compl'], ['completion']],
    ['choices of an argument', ['base', 'ml/gpu', ''], ['show', 'set', 'restore']],
    ['choices of an option', ['status', '--fail-on', 'w'], ['warning']],
    ['choices after "="', ['status', '--fail-on=c'], ['--fail-on=critical']],
    ['choices after a "=" that bash has cut off', ['status', '--fail-on', '=', 'c'], ['critical']],
    ['pools where one pool is wanted', ['explain', 'ml/'], ['ml/gpu', 'ml/system']],
    ['clusters and pools where a match is', ['status', 'ml'], ['ml', 'ml/gpu', 'ml/system']],
    ['pools after options', ['scale', '--at-least', '3', 'ml/g'], ['ml/gpu']],
    ['pools for options that name one', ['rehearse', '--pool', 'ml/g'], ['ml/gpu']],
    ['another pool for such an option', ['rehearse', '--pool', 'ml/gpu', 'ml/s'], ['ml/system']],
    ['destinations to test', ['outbox', 'test', ''], ['hook']],
    ['nothing for the id of a message', ['outbox', 'retry', ''], ['']],
    ['clusters and pools to silence', ['silence', 'ml'], ['ml', 'ml/gpu', 'ml/system']],
    ['clusters where a cluster is wanted', ['clusters', 'm'], ['mgmt', 'ml']],
    ['commands for help', ['help', 'res'], ['resume']],
    ['files for --config', ['status', '--config', ''], [':files']],
    ['files for a backup', ['store', 'backup', ''], [':files']],
    ['shells', ['completion', ''], ['bash', 'zsh', 'fish']],
    ['nothing for a duration', ['pause', '--for', ''], ['']],
    ['nothing after the last argument', ['pause', 'ml', ''], ['']],
    ['nothing for what is no command', ['nonsense', 'x'], ['']],
  ])('%s', async (_, words, values) => {
    expect(await offered(words)).toEqual(values);
  });

  test('no names and no error where the config is wrong', async () => {
    using world = aKnownFleet();
    world.writeConfig('regoins: {}\n');
    const env = { LAMPLIGHTER_CONFIG: world.config };
    expect(await world.runWith({ env }, 'complete', '--', 'status', '')).toEqual({ code: 0, out: '', err: '' });
  });

  test.each(['bash', 'zsh', 'fish'])('a script for %s', async (shell) => {
    using world = aCliWorld();
    const { code, out } = await world.runWith({}, 'completion', shell);
    expect(code).toBe(0);
    await expect(out).toMatchFileSnapshot(`golden/completion.${shell}`);
  });
});

const has = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;

const titled = (title: string, shell: string) =>
  has(shell) ? title : `${title} (skipped: there is no ${shell} on this machine)`;

/** Names that mean something to a shell, or to the form of the answers. */
const oddNames = [
  'my cluster',
  'a:b=c',
  `o'hara "q"`,
  'two  spaces',
  '$HOME`x`',
  'back\\slash (p) & *;',
  'zażółć ~',
  '#x',
];

/** The known fleet, with a cluster of each odd name. */
function anOddFleet() {
  const world = aKnownFleet();
  const database = new DatabaseSync(join(world.folder, 'lamplighter.db'));
  const add = database.prepare(
    `insert into records select partition, 'odd' || ?, json_set(value, '$.cluster', ?), version, null from records
     where partition = 'clusters/r1' and value like '%"cluster":"ml"%'`,
  );
  for (const [index, name] of oddNames.entries()) add.run(index, name);
  database.close();
  return world;
}

describe('a line of bash', () => {
  const breaks = ' \t\n"\'><=;|&(:';

  test.each([
    ['lamplighter status my', ['my\\ cluster', 'my\\ cluster/gpu', 'my\\ cluster/system']],
    ['lamplighter explain my\\ cluster/g', ['my\\ cluster/gpu']],
    ['lamplighter explain "my cluster/g', ['my cluster/gpu']],
    ["lamplighter explain 'my cluster/g", ['my cluster/gpu']],
    ['lamplighter explain a:b', ['b=c/gpu', 'b=c/system']],
    ['lamplighter explain a:b=', ['c/gpu', 'c/system']],
    ['lamplighter explain "a:b=c/s', ['a:b=c/system']],
    ['lamplighter explain "two  spaces/s', ['two  spaces/system']],
    [`lamplighter explain "o'hara \\"q\\"/g`, [`o'hara \\"q\\"/gpu`]],
    ['lamplighter explain \\$HOME', ['\\$HOME\\`x\\`/gpu', '\\$HOME\\`x\\`/system']],
    ['A=1 /usr/bin/lamplighter st', ['status', 'store']],
    ['lamplighter status --fail-on=c', ['critical']],
    ['lamplighter --as "a b" explain ml/g', ['ml/gpu']],
    ['lamplighter status --config ', [':files']],
  ])('%s', async (line, values) => {
    using world = anOddFleet();
    const env = { LAMPLIGHTER_CONFIG: world.config };
    const { out } = await world.runWith({ env }, 'complete', '--breaks', breaks, '--line', line);
    expect(out.trimEnd().split('\n')).toEqual(values);
  });

  test.skipIf(!has('bash'))(titled('what is inserted is the name, for bash itself', 'bash'), () => {
    const typed = oddNames.flatMap((name) =>
      ['', '"', "'"].map(
        (quote) => `${quote}${readTypedLine(`lamplighter status ${quote}`, breaks).insert(name)}${quote}`,
      ),
    );
    const said = execFileSync('bash', ['-c', `printf '%s\\n' ${typed.join(' ')}`], { encoding: 'utf8' });
    expect(said.trimEnd().split('\n')).toEqual(oddNames.flatMap((name) => [name, name, name]));
  });
});

/**
 * A `lamplighter` on the PATH that works in the folder of a known fleet: the program itself, or one that knows what the
 * program answers to these questions and to no others.
 */
async function aShell(name: 'bash' | 'zsh' | 'fish', questions?: readonly (readonly string[])[]) {
  const world = aKnownFleet();
  writeFileSync(join(world.folder, 'completion'), (await world.runWith({}, 'completion', name)).out);
  const program = join(world.folder, 'lamplighter');
  const answers = await Promise.all((questions ?? []).map((words) => answerFor(world, words)));
  const body = questions === undefined ? `exec "${process.execPath}" "${await builtCli()}" "$@"` : answers.join('\n');
  writeFileSync(program, `#!/bin/sh\n${body}\n`);
  chmodSync(program, 0o755);
  const env = {
    ...process.env,
    PATH: `${world.folder}:${process.env['PATH'] ?? ''}`,
    HOME: world.folder,
    LAMPLIGHTER_CONFIG: world.config,
  };
  const run = (shell: string, script: string) =>
    execFileSync(shell, shell === 'bash' ? ['--norc', '-c', script] : ['-c', script], {
      env,
      cwd: world.folder,
      encoding: 'utf8',
    }).trim();
  return { run, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

/** The lines of a shell's program that answer one question as the command line does. */
async function answerFor(world: CliWorld, words: readonly string[]): Promise<string> {
  const argv = ['complete', '--', ...words];
  const { out } = await world.runWith({ env: { LAMPLIGHTER_CONFIG: world.config } }, ...argv);
  return `[ "$*" = '${argv.join(' ')}' ] && cat <<'END'\n${out}END`;
}

describe('in a real shell', () => {
  test.skipIf(!has('bash'))(titled('bash completes commands, pools and values', 'bash'), async () => {
    using shell = await aShell('bash');
    const completed = (words: string) =>
      `COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1)); _lamplighter; printf '%s ' "\${COMPREPLY[@]}"; echo`;
    const lines = ['lamplighter ex', 'lamplighter status --fail-on = c'].map(completed);
    const typed = 'lamplighter explain "ml/';
    const asTyped = `COMP_LINE='${typed}'; COMP_POINT=${typed.length}; ${completed('')}`;
    const shown = shell.run('bash', ['source <(lamplighter completion bash)', ...lines, asTyped].join('\n'));
    const found = ['explain', 'critical', 'ml/gpu ml/system'];
    expect(shown.split('\n').map((line) => line.trim())).toEqual(found);
  });

  test.skipIf(!has('zsh'))(titled('zsh completes commands and pools', 'zsh'), async () => {
    using shell = await aShell('zsh', [
      ['explain', 'ml/'],
      ['status', '--config', ''],
    ]);
    const begun = `compdef() { :; }; _files() { print files; }
      _describe() { print -l -- \${(P)3}; }
      source ./completion`;
    const lines = ['lamplighter explain ml/', 'lamplighter status --config ""'].map(
      (words) => `words=(${words}); CURRENT=\${#words}; _lamplighter`,
    );
    expect(shell.run('zsh', [begun, ...lines].join('\n'))).toBe('ml/gpu:node pool\nml/system:node pool\nfiles');
  });

  test.skipIf(!has('fish'))(titled('fish completes commands, pools and options', 'fish'), async () => {
    using shell = await aShell('fish', [
      ['explain', 'ml/'],
      ['pause', '--unt'],
    ]);
    const lines = ['explain ml/', 'pause --unt'].map((words) => `complete -C 'lamplighter ${words}'`);
    const shown = shell.run('fish', ['source ./completion', ...lines].join('\n'));
    expect(shown).toMatch(/^ml\/gpu\tnode pool\nml\/system\tnode pool\n--until\t/);
  });
});
