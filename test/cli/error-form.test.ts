import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeFailure } from '../../lib/cli/failure.ts';
import { SecretError } from '../../lib/errors.ts';
import { everyNth } from '../support/runs.ts';
import { aCliWorld, usualConfig } from './cli-world.ts';

/**
 * Every error of the command line is a sentence that begins with a capital, a quoted word, an option, or the name of what
 * it is about; says what to do after ":" or ";"; and has neither full stop nor "error:" nor brackets with a hint.
 */
const formed = /^(?:[A-Z]|["“]|--\w|\S+:\d+:\d+ (?:error|warning) |(?:dev-api|ml|events|\/\S+)\S*[ :])[^]*[^.)]$/u;

const oddly = 'dev-api/x\ny\u202e\u001b[31m';
const endless = 'z'.repeat(20_000);

test.each([
  ['odd', oddly, 0],
  ['endless', endless, 1],
])('%s words are repeated shortly, in one line', async (_, typed, nth) => {
  using world = aCliWorld();
  await world.run('run', '--once');
  const lines = [
    [typed],
    ['help', typed],
    ['pause', typed, '--for', '1h'],
    ['pause', '--for', typed],
    ['pause', `--until=${typed}`],
    ['pause', '--for', '1h', '--config', typed],
    ['explain', typed],
    ['explain', 'a/b', '--at', typed],
    ['scale', typed, '--at-least', '2', '--for', '1h'],
    ['scale', 'dev-api/workers', '--exactly', typed, '--for', '1h'],
    ['base', typed, 'show'],
    ['base', 'dev-api/workers', typed],
    ['silence', typed, '--for', '1h'],
    ['status', typed],
    ['outbox', 'retry', typed],
    ['outbox', 'test', typed],
    ['incidents', 'ack', typed],
    ['history', '--since', typed],
    ['resume', typed],
    ['clusters', typed],
    ['promote', typed],
    ['--log-level', typed, 'status'],
    ['completion', typed],
    ['store', 'verify', typed],
    ['simulator', '--trouble', typed],
    ['run', '--listen', typed],
  ];
  for (const argv of everyNth(2, nth, lines)) {
    const { code, err } = await world.run(...argv);
    expect(code, argv[0]).toBeGreaterThan(0);
    expect(err.length, argv[0]).toBeLessThan(2000);
    expect(err, argv[0]).not.toMatch(/^y\\u202e/mu);
  }
});

const failures: readonly (readonly string[])[] = [
  ['nosuch'],
  ['chek'],
  ['help', 'chek'],
  ['status', '--nosuch'],
  ['status', '--jsn'],
  ['status', '--config'],
  ['status', '--fail-on', 'info'],
  ['status', 'a', 'b'],
  ['status', 'dev-['],
  ['status', 'r9:dev-api'],
  ['explain'],
  ['explain', 'dev-api'],
  ['explain', 'dev-api/worker'],
  ['explain', 'nosuch-*/x'],
  ['explain', 'r9:a/b'],
  ['explain', 'a/b', '--at', 'tomorrow'],
  ['explain', 'a/b', '--at', '2026-12-24T18:00'],
  ['plan', '--json', '--json'],
  ['run', '--json'],
  ['run', '--dry-run'],
  ['run', '--once', '--listen', '127.0.0.1:0'],
  ['run', '--listen', 'nowhere'],
  ['scale'],
  ['scale', 'dev-api/workers', '--for', '1h'],
  ['scale', 'dev-api/workers', '--exactly', '0'],
  ['scale', 'dev-api/workers', '--exactly', '1..2', '--for', '1h'],
  ['scale', 'dev-api/workers', '--exactly', '4..1', '--for', '1h'],
  ['scale', 'dev-api/workers', '--exactly', '3', '--exactly', '0', '--for', '1h'],
  ['scale', 'dev-api/workers', '--at-least', '0', '--for', '1h'],
  ['scale', 'dev-api/workers', '--at-least', '2', '--for', '0h'],
  ['scale', 'dev-api/workers', '--at-least', '2', '--for', '4 hours'],
  ['scale', 'dev-api/workers', '--release', '--for', '4h'],
  ['scale', 'mgmt/system', '--at-least', '2', '--for', '4h'],
  ['pause'],
  ['pause', '--until', '2020-01-01T00:00Z'],
  ['pause', '--for', '900d'],
  ['pause', 'nosuch', '--for', '1h'],
  ['pause', 'x'.repeat(600), '--for', '1h'],
  ['base', 'dev-api/workers', 'set'],
  ['base', 'dev-api/workers', 'forget', '3'],
  ['base', 'dev-api/workers', 'set', '0'],
  ['base', 'dev-api/workers', 'set', '1..2'],
  ['base', 'dev-*/workers', 'set', '3'],
  ['base', 'dev-api/worker', 'set', '3'],
  ['base', 'ml/gpu', 'set', '3'],
  ['silence'],
  ['silence', 'nosuch', '--for', '1h'],
  ['silence', 'dev-api/nosuch', '--for', '1h'],
  ['silence', 'dev-api'],
  ['silence', 'dev-api', '--end'],
  ['incidents', '--why', 'abcdef012345'],
  ['incidents', 'dev-*', '--why', 'abcdef012345'],
  ['incidents', '--all', '--why', 'abcdef012345'],
  ['outbox', 'test'],
  ['outbox', 'test', 'nosuch'],
  ['outbox', 'retry'],
  ['outbox', 'drop', 'abcdef012345'],
  ['outbox', 'test', 'x', '--history', '7d'],
  ['outbox', '--reason', 'x'],
  ['send', 'nosuch', 'file.json'],
  ['clusters', 'nosuch'],
  ['history', '--since', 'x'],
  ['rehearse', '--days', '0'],
  ['rehearse', '--from', '2020-01-01T00:00Z'],
  ['rehearse', '--against', 'nosuch.yml'],
  ['simulator', '--port', '99999'],
  ['simulator', '--port', '0', '--speed', '0'],
  ['simulator', '--port', '0', '--trouble', 'nosuch'],
  ['simulator', '--port', '0', '--trouble', 'cluster-error:nosuch'],
  ['simulator', '--port', '1', '--host', '256.0.0.1'],
  ['demo', '--seconds', 'x'],
  ['page', '--days', '99'],
  ['page', '--out', '/nosuch/dir/page.html'],
  ['uninstall'],
  ['uninstall', '--wait', '0s'],
  ['init', '--api', '127.0.0.1:8090', '--token-env', 'MKS_TOKEN', '--output', '/nosuch/x.yml'],
  ['init', '--api', 'http://127.0.0.1:8090', '--output', '/tmp/lamplighter-none/x.yml'],
  ['init', '--api', 'http://127.0.0.1:8090', '--token-env', 'A', '--token-file', 'b'],
  ['init', '--api', 'http://127.0.0.1:8090', '--token-env', 'MKS_TOKEN', '--timezone', 'Europe/Berlim'],
  ['status', '--config', 'nosuch.yml'],
];

const ownConfig = new Set(['help', 'simulator', 'demo', 'init', 'nosuch', 'chek']);

/** The lines of an error that are not formed; an error without a line is none. */
function unformed(err: string): readonly string[] {
  const lines = err.split('\n').slice(0, -1);
  return lines.length === 0 ? ['nothing was said'] : lines.filter((line) => !formed.test(line));
}

test('every error has one form, whoever finds it', async () => {
  using world = aCliWorld();
  await world.run('run', '--once');
  const wrong: unknown[] = [];
  for (const argv of failures) {
    const config = ownConfig.has(argv[0] ?? '') || argv.includes('--config') ? [] : ['--config', world.config];
    const signal = AbortSignal.timeout(2000);
    const { code, err } = await world.runWith({ signal }, ...argv, ...config);
    const found = code === 1 || code === 2 ? unformed(err) : ['did not fail'];
    if (found.length > 0) wrong.push([argv.join(' '), found]);
  }
  expect(wrong).toEqual([]);
});

test('so have those of a config, a secret and a store', async () => {
  using world = aCliWorld();
  for (const text of ['regoins: {}\n', 'a: [', '', usualConfig.replace('idle: 0', 'idle: -1')]) {
    world.writeConfig(text);
    expect(unformed((await world.run('status')).err)).toEqual([]);
  }
  world.writeConfig(usualConfig);
  const db = join(world.folder, 'lamplighter.db');
  mkdirSync(db);
  expect(unformed((await world.run('status')).err)).toEqual([]);
  writeFileSync(join(world.folder, 'no.db'), 'no database at all, whatever its name says'.repeat(100));
  world.writeConfig(`${usualConfig}store: { kind: sqlite, path: ./no.db }\n`);
  expect(unformed((await world.run('status')).err)).toEqual([]);
  const init = ['init', '--api', 'http://127.0.0.1:8090', '--token-env', 'NOT_SET', '--yes'];
  const { err } = await world.runWith({}, ...init, '--output', join(world.folder, 'new.yml'));
  expect(unformed(err)).toEqual([]);
  const secret = describeFailure(new SecretError('env NOT_SET is not set: set it for this process', 'env NOT_SET'));
  expect(secret.message).toBe('The secret env NOT_SET is not set: set it for this process');
});

test('no error repeats a secret that was typed', async () => {
  using world = aCliWorld();
  const password = 'CANARYs3cr3t';
  const token = `0CANARY${'ab12'.repeat(15)}`;
  const typed = [
    `user:${password}@host.example`,
    `:${password}@host`,
    `https://user:${password}@host.example/x`,
    `//user:${password}@host`,
    `host.example/x?token=${password}`,
    `host.example?a=b&api_key=${password}`,
    token,
  ];
  const said: string[] = [];
  for (const text of typed) {
    const init = ['init', '--yes', '--output', join(world.folder, 'new.yml'), '--token-env', 'MKS_TOKEN'];
    for (const argv of [
      [...init, '--api', text],
      [...init, '--api', 'eumetsat-r1', '--region', text],
      [...init, '--api', 'eumetsat-r1', '--timezone', text],
      ['run', '--listen', text],
      ['page', '--listen', text],
      ['status', '--log-level', text],
      ['send', 'nosuch', 'x.json', '--to', text],
      ['simulator', '--trouble', text],
    ]) {
      const { code, out, err } = await world.runWith({ signal: AbortSignal.timeout(2000) }, ...argv);
      if (code === 0 || /CANARY/u.test(out + err)) said.push(`${argv.join(' ')}: ${code} ${out}${err}`);
    }
    for (const line of [`timezone: "${text}"`, `destinations: { a: { kind: "${text}" } }`, `listen: "${text}"`]) {
      world.writeConfig(`${usualConfig.replace(/^timezone.*\n/u, '')}${line}\n`);
      const { out, err } = await world.run('check');
      if (/CANARY/u.test(out + err)) said.push(`${line}: ${out}${err}`);
    }
    world.writeConfig(usualConfig.replace('http://127.0.0.1:8090', text));
    const { out, err } = await world.run('check');
    if (/CANARY/u.test(out + err)) said.push(`api ${text}: ${out}${err}`);
  }
  expect(said).toEqual([]);
});

/** Those that are too rare to be brought about: read in the source. */
test('no error in the source begins small or ends with a stop', () => {
  const files = execFileSync('git', ['ls-files', 'lib'], { encoding: 'utf8' }).split('\n').filter(Boolean);
  const thrown =
    /new (UsageError|CommandError|StoreError|InvalidArgumentError)\(\s*(?:withConfig\(\s*config,\s*)?([`'])([^`'\n]*)\2/gu;
  const wrong = files.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(thrown)].flatMap(([, kind, , text = '']) => {
      const begins = kind === 'InvalidArgumentError' ? /^(?:[a-z]|\$)/u : /^(?:[A-Z"]|\$\{|--|events\.)/u;
      return begins.test(text) && !text.endsWith('.') ? [] : [`${file}: ${text}`];
    }),
  );
  expect(wrong).toEqual([]);
});
