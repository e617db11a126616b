import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { init } from '../../lib/cli/commands/init.ts';
import { apiProblem, gatherAnswers, type InitOptions } from '../../lib/cli/init/answers.ts';
import { sparedFor } from '../../lib/cli/init/spared-pools.ts';
import type { CliParts } from '../../lib/cli/parts.ts';
import { loadConfig } from '../../lib/config/read-config.ts';
import { UsageError } from '../../lib/errors.ts';
import { isLinux, unlessLinux } from '../support/platform.ts';
import { aCliWorld, type CliWorld } from './cli-world.ts';

const flags = ['--api', 'http://127.0.0.1:8090', '--token-env', 'MKS_TOKEN', '--timezone', 'Europe/Berlin'];

describe('init', () => {
  test('writes every pool with today’s size, observing, and the file passes check', async () => {
    using world = aCliWorld();
    const file = join(world.folder, 'first.yml');
    const { code, out, err } = await world.runWith({}, 'init', ...flags, '--output', file);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toContain('6 clusters, 12 pools, office hours in Europe/Berlin');
    const loaded = await loadConfig(file, { now: world.clock.now() });
    expect(loaded.problems).toEqual([]);
    if (!loaded.ok) return expect.unreachable();
    expect(loaded.config.rules).toHaveLength(12);
    expect(loaded.config.rules.every(({ mode }) => mode === 'observe')).toBe(true);
    const base = Object.fromEntries(loaded.config.rules.map((rule) => [rule.match.text, rule.base]));
    expect(base).toMatchObject({ 'dev-api/workers': 3, 'ml/gpu': { min: 0, max: 4 } });
    expect(new Set(world.world.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(readFileSync(file, 'utf8')).not.toContain(world.world.token);
  });

  test('takes the token from where people have it, and leaves out clusters that are being deleted', async () => {
    using world = aCliWorld();
    world.world.deleteCluster('dev-batch');
    const file = join(world.folder, 'first.yml');
    const argv = ['init', '--api', 'http://127.0.0.1:8090', '--output', file];
    const { code, err } = await world.runWith({}, ...argv);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('token: { env: "MKS_TOKEN" }');
    expect(text).toContain('dev-api/workers');
    expect(text).not.toContain('dev-batch');
  });

  test.skipIf(!isLinux)(`a full disk is said to be full${unlessLinux}`, async () => {
    using world = aCliWorld();
    const ran = await world.runWith({}, 'init', ...flags, '--force', '--output', '/dev/full');
    expect(ran).toEqual({
      code: 1,
      out: '',
      err: 'The disk is full (ENOSPC): free some space, then run the command again\n',
    });
  });

  test('the first day: nothing is lowered before approve', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    const file = join(world.folder, 'first.yml');
    const command = (...argv: string[]) => world.runWith({}, ...argv, '--config', file);
    const { out: said } = await world.runWith({}, 'init', ...flags, '--yes', '--output', file);
    expect(said).toContain(`lamplighter approve --config ${file}`);
    expect((await command('plan')).out).toContain('observe: dev-api/workers would go 3 → 1');
    await command('run', '--once');
    writeFileSync(file, readFileSync(file, 'utf8').replace('mode: observe', 'mode: act'));
    const typed = `f you want this, run: lamplighter approve --config ${file}\n`;
    for (const argv of [['plan'], ['run', '--once'], ['run', '--once'], ['status']]) {
      expect((await command(...argv)).out).toContain(typed);
      await world.clock.advance(20 * 60_000);
    }
    expect(world.world.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
    const approved = await command('approve');
    expect(approved.out).toContain('released: dev-api/workers\n');
    for (let i = 0; i < 3; i += 1) {
      await command('run', '--once');
      await world.clock.advance(20 * 60_000);
    }
    expect(world.world.pool('dev-api/workers').size).toBe(1);
    // Weeks later nobody has to approve anything again.
    await world.clock.advance(20 * 24 * 3_600_000);
    for (const hours of [12, 12]) {
      for (let i = 0; i < 3; i += 1) {
        expect((await command('run', '--once')).out).not.toContain('brake');
        await world.clock.advance(20 * 60_000);
      }
      await world.clock.advance((hours - 1) * 3_600_000);
    }
  });

  test('leaves alone what its name says must not sleep', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    const file = join(world.folder, 'first.yml');
    const { out } = await world.runWith({}, 'init', ...flags, '--output', file);
    const text = readFileSync(file, 'utf8');
    expect(text.split('\n')[0]).toBe('# yaml-language-server: $schema=./lamplighter.schema.json');
    expect(text).toContain(
      '- { match: "mgmt/system", schedule: none }   # left alone, because of "mgmt" in its name; to scale it: schedule: office-hours, base: ',
    );
    const loaded = await loadConfig(file, { now: world.clock.now() });
    if (!loaded.ok) return expect.unreachable();
    const awake = loaded.config.rules.filter(({ schedule }) => schedule === undefined).map(({ match }) => match.text);
    expect(awake).toContain('prod-web/workers');
    expect(awake.every((name) => /^(?:prod-|mgmt\/)|system/u.test(name))).toBe(true);
    expect(out).toContain(`${awake.length} pools are left alone (schedule: none)`);
    expect(out).toContain('mgmt/system');
  });

  describe('where editors find the schema', () => {
    const schema = readFileSync('lamplighter.schema.json', 'utf8');
    const first = async (world: CliWorld, file: string) => {
      const ran = await world.runWith({}, 'init', ...flags, '--output', file);
      const text = ran.code === 0 ? readFileSync(file, 'utf8') : '';
      return { ...ran, named: /^# yaml-language-server: \$schema=(.*)$/mu.exec(text)?.[1] };
    };

    test('is beside the config, of this version', async () => {
      using world = aCliWorld();
      mkdirSync(join(world.folder, 'conf'));
      const { named = '' } = await first(world, join(world.folder, 'conf/first.yml'));
      expect(readFileSync(join(world.folder, 'conf', named), 'utf8')).toBe(schema);
    });

    test('is that of the package installed beside it', async () => {
      using world = aCliWorld();
      const installed = join(world.folder, 'node_modules/lamplighter');
      mkdirSync(installed, { recursive: true });
      writeFileSync(join(installed, 'lamplighter.schema.json'), '{}');
      const { named } = await first(world, join(world.folder, 'first.yml'));
      expect(named).toBe('./node_modules/lamplighter/lamplighter.schema.json');
      expect(existsSync(join(world.folder, 'lamplighter.schema.json'))).toBe(false);
    });

    test('is a file that was there, as it is', async () => {
      using world = aCliWorld();
      writeFileSync(join(world.folder, 'lamplighter.schema.json'), '{"mine":1}');
      expect((await first(world, join(world.folder, 'first.yml'))).named).toBe('./lamplighter.schema.json');
      expect(readFileSync(join(world.folder, 'lamplighter.schema.json'), 'utf8')).toBe('{"mine":1}');
    });

    test('is not named where none can be written', async () => {
      using world = aCliWorld();
      const file = join(world.folder, 'first.yml');
      symlinkSync('/none/at/all', join(world.folder, 'lamplighter.schema.json'));
      expect(await first(world, file)).toMatchObject({ code: 0, err: '', named: undefined });
    });

    test.each([
      [[], 'lamplighter.schema.json'],
      [['--included'], 'lamplighter.included.schema.json'],
    ])('schema %j prints %s', async (argv, file) => {
      using world = aCliWorld();
      const printed = { code: 0, out: readFileSync(file, 'utf8'), err: '' };
      expect(await world.runWith({}, 'schema', ...argv, '--quiet')).toEqual(printed);
    });
  });

  test.each([
    ['prod-web', 'workers', 'prod'],
    ['ProdWeb', 'x', 'prod'],
    ['waw_production2', 'x', 'production'],
    ['dev', 'stateful', 'stateful'],
    ['team-a', 'kube-system', 'kube'],
    ['dev', 'ingress1', 'ingress'],
    ['dev', 'infra-core', 'infra'],
    ['prodeu', 'x', 'prodeu'],
    ['dev-api', 'workers', undefined],
    ['product-tests', 'builders', undefined],
    ['databricks', 'reproducer', undefined],
  ])('of %s/%s the word is %s', (cluster, pool, word) => {
    expect(sparedFor({ cluster, pool })).toBe(word);
  });

  test('overwrites nothing without --force', async () => {
    using world = aCliWorld();
    const before = readFileSync(world.config, 'utf8');
    const { code, err } = await world.runWith({}, 'init', ...flags, '--output', world.config);
    expect(code).toBe(1);
    expect(err).toContain('exists already');
    expect(readFileSync(world.config, 'utf8')).toBe(before);
    expect(world.world.requests).toEqual([]);
    await world.runWith({}, 'init', ...flags, '--output', world.config, '--force');
    expect(readFileSync(world.config, 'utf8')).not.toBe(before);
  });

  test.each([
    ['what is missing, where nobody can be asked', [], 'give --api <name or URL>'],
    ['two places for one token', [...flags, '--token-file', 'x'], 'only one of the --token options'],
    ['a zone that is none', [...flags.slice(0, 4), '--timezone', 'Europe/Berln'], 'did you mean "Europe/Berlin"?'],
    ['an API that is none', ['--api', 'eumetsat-r9', '--token-env', 'MKS_TOKEN'], 'did you mean "eumetsat-r1"?'],
    ['a host that nobody vouched for', ['--api', 'https://example.org', '--token-env', 'MKS_TOKEN'], '--allow-host'],
    [
      'an address that is none',
      ['--api', 'ftp://x', '--token-env', 'MKS_TOKEN'],
      '--api: not the URL of an API; write',
    ],
    [
      'a region that is no name',
      [...flags, '--region', 'my region'],
      '--region: "my region" is not a usable name; use',
    ],
    ['a variable that is none', [...flags.slice(0, 2), '--token-env', 'my token'], '--token-env: not the name of'],
  ])('refuses %s', async (_, argv, message) => {
    using world = aCliWorld();
    const { code, err } = await world.runWith({}, 'init', ...argv, '--output', join(world.folder, 'x.yml'));
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(world.world.requests).toEqual([]);
  });

  test.each(['--token-env', '--token-file', '--token-command', '--token-aws'])(
    'a token given as %s is told so, and not shown',
    async (flag) => {
      using world = aCliWorld();
      const token = world.world.token;
      const argv = [...flags.slice(0, 2), flag, token, '--output', join(world.folder, 'x.yml')];
      const { code, out, err } = await world.runWith(
        { redactor: { know: () => {}, clean: (text) => text } },
        'init',
        ...argv,
      );
      expect(code).toBe(2);
      expect(err).toContain(`${flag}: this looks like a token`);
      expect(out + err).not.toContain(token.slice(0, 8));
    },
  );

  test.each([
    ['no token', { env: {} }, 'env MKS_TOKEN is not set'],
    ['a refused one', { env: { MKS_TOKEN: 'another-token-of-mine' } }, 'the token was refused (401)'],
  ])('says what is wrong: %s', async (_, patch: Partial<CliParts>, message) => {
    using world = aCliWorld();
    const { code, err } = await world.runWith(patch, 'init', ...flags, '--output', join(world.folder, 'x.yml'));
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err).not.toContain('another-token');
  });

  test('names that mean more in a match, twice the same name, and pools at 0', async () => {
    using world = aCliWorld();
    world.world.createCluster({
      name: 'odd: one',
      pools: [
        { name: 'a pool', size: 2 },
        { name: 'x*y', size: 1 },
      ],
    });
    world.world.createCluster({ name: 'colons', pools: [{ name: 'my:pool', size: 3 }] });
    world.world.createCluster({
      name: 'zero',
      pools: [
        { name: 'off', size: 0 },
        { name: 'same', size: 1 },
        { name: 'same', size: 1 },
      ],
    });
    const file = join(world.folder, 'first.yml');
    expect((await world.runWith({}, 'init', ...flags, '--output', file)).code).toBe(0);
    const text = readFileSync(file, 'utf8');
    expect(text).toContain('{ match: "r1:odd: one/a pool", schedule: office-hours, base: 2, idle: 1 }');
    expect(text).toContain('{ match: "r1:colons/my:pool", schedule: office-hours, base: 3, idle: 1 }');
    expect(text).toContain('# x*y: a name with special characters');
    expect(text).toContain('schedule: none }   # it is at 0 today');
    expect(text.match(/# same: several pools have this name/g)).toHaveLength(2);
  });

  test('a person is asked for what the flags leave out', async () => {
    const asked: string[] = [];
    const questions = {
      api: async () => (asked.push('api'), 'http://127.0.0.1:8090'),
      token: async () => (asked.push('token'), { env: 'MKS_TOKEN' }),
      zone: async (usual: string) => (asked.push('zone'), usual),
    };
    const options: InitOptions = { output: 'x.yml' };
    const answers = await gatherAnswers(options, 'Europe/Warsaw', questions);
    expect(asked).toEqual(['api', 'token', 'zone']);
    expect(answers).toMatchObject({ api: 'http://127.0.0.1:8090', token: { env: 'MKS_TOKEN' }, zone: 'Europe/Warsaw' });
    expect(init).toBeTypeOf('function');
  });

  test.each([
    [{ MKS_TOKEN: 'x', CLOUDFERRO_TOKEN: 'y' }, 'MKS_TOKEN'],
    [{ MKS_TOKEN: '', CLOUDFERRO_TOKEN: 'y' }, 'CLOUDFERRO_TOKEN'],
    [{ MK8S_API_KEY: 'z' }, 'MK8S_API_KEY'],
  ])('with --yes the token is found where people have it: %j', async (env, name) => {
    const options: InitOptions = { output: 'x.yml', api: 'http://127.0.0.1:8090', yes: true };
    expect(await gatherAnswers(options, 'UTC', undefined, env)).toMatchObject({ token: { env: name } });
    const told: InitOptions = { ...options, tokenFile: 'mks.token' };
    expect(await gatherAnswers(told, 'UTC', undefined, env)).not.toMatchObject({ token: { env: name } });
  });

  test('a mistake in the flags is told before anything is asked', async () => {
    const never = async () => expect.unreachable();
    const questions = { api: never, token: never, zone: never };
    for (const wrong of [{ api: 'ftp://x' }, { region: 'my region' }, { timezone: 'Europe/Berln' }])
      await expect(gatherAnswers({ output: 'x.yml', ...wrong }, 'UTC', questions)).rejects.toBeInstanceOf(UsageError);
  });

  test('an address is judged at its question, by the config’s own rules', () => {
    expect(apiProblem('ftp://x', false)).toContain('not the URL of an API');
    expect(apiProblem('https://example.org', false)).toContain('add --allow-host');
    expect(apiProblem('https://example.org', true)).toBeUndefined();
    expect(apiProblem('http://127.0.0.1:8090', false)).toBeUndefined();
  });

  test('a token in a file is found from the config’s folder', async () => {
    using world = aCliWorld();
    const token = join(world.folder, 'mks.token');
    writeFileSync(token, world.world.token);
    chmodSync(token, 0o600);
    const file = join(world.folder, 'first.yml');
    const argv = ['--api', 'http://127.0.0.1:8090', '--token-file', token, '--yes', '--output', file];
    expect((await world.runWith({ env: {} }, 'init', ...argv)).code).toBe(0);
    expect((await world.runWith({ env: {} }, 'plan', '--config', file)).code).toBe(0);
  });
});
