import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changeMemories } from '../../lib/cli/asks/change-memory.ts';
import { listKnownPools } from '../../lib/cli/pools.ts';
import { openStore } from '../../lib/io/stores/open-store.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { listAsks } from '../../lib/jobs/records/ask-records.ts';
import { aCliWorld, type CliWorld, usualConfig } from './cli-world.ts';

const minute = 60_000;

async function inStore<T>({ folder, clock }: CliWorld, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(
    { kind: 'sqlite', path: `${folder}/lamplighter.db` },
    { clock, newId: () => `other-${Math.floor(clock.now())}` },
  );
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

const asksOf = (world: CliWorld) => inStore(world, (store) => listAsks(store, 'r1'));

async function rounds(world: CliWorld, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const { code, err } = await world.run('run', '--once', '--json');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    await world.clock.advance(10 * minute);
  }
}

/** A size set by hand that is kept: the pool is at its size, then a person changes it. */
async function withKeptSize(): Promise<CliWorld> {
  const world = aCliWorld('2026-11-23T20:00:00Z');
  await rounds(world, 3);
  world.world.personResizes('dev-api/workers', { size: 2 });
  await world.clock.advance(20 * minute);
  await rounds(world, 1);
  return world;
}

const memoryOf = (world: CliWorld, pool: string) =>
  inStore(
    world,
    async (store) => (await listKnownPools(store, ['r1'])).find((one) => `${one.cluster}/${one.pool}` === pool)?.memory,
  );

describe('scale', () => {
  test('a lease: who, why, until when, and what caps it', async () => {
    using world = aCliWorld();
    await rounds(world, 1);
    const { out } = await world.run('scale', 'ml/gpu', '--at-least', '20', '--for', '4h', '--reason', 'reprocessing');
    expect(out).toContain('at least 20 nodes for ml/gpu until Mon 2026-11-23 17:10 Europe/Berlin (16:10Z)');
    expect(out).toContain('; the rule allows 8 (leases.max)');
    expect(await asksOf(world)).toMatchObject([
      { kind: 'lease', who: 'ada@lab', reason: 'reprocessing', atLeast: 20, match: { text: 'ml/gpu' } },
    ]);
  });

  test('a lease longer than its rule allows is cut, and says so', async () => {
    using world = aCliWorld();
    const { out } = await world.run('scale', 'ml/gpu', '--at-least', '2', '--for', '20h');
    expect(out).toContain('shortened to 8h, the longest lease that rule "ml/gpu" allows');
    expect((await asksOf(world))[0]?.until).toBe(Date.parse('2026-11-23T20:00:00Z'));
  });

  test('of a person’s asks the last one stands, the smaller one too, and says what it takes the place of', async () => {
    using world = aCliWorld();
    const first = await world.run('scale', 'ml/gpu', '--at-least', '5', '--for', '4h');
    expect(first.out).not.toContain('in place of');
    const { out } = await world.run('scale', 'ml/gpu', '--at-least', '2', '--for', '1h');
    expect(await asksOf(world)).toMatchObject([{ atLeast: 2, until: Date.parse('2026-11-23T13:00:00Z') }]);
    expect(out).toContain('\n  replaces your lease of at least 5 until Mon 2026-11-23 17:00 Europe/Berlin (16:00Z)\n');
    const { notes } = (await world.json('scale', 'ml/gpu', '--at-least', '3', '--for', '1h')) as { notes: string[] };
    expect(notes[0]).toMatch(/^replaces your lease of at least 2 until /);
  });

  test.each([
    ['another person’s lease', { who: 'bob@lab' }, 0],
    ['a lease that is over', {}, 2 * 60],
  ])('%s is not replaced', async (_, who, minutes) => {
    using world = aCliWorld();
    const lease = ['scale', 'ml/gpu', '--at-least', '5', '--for', '1h'];
    await world.runWith(who, ...lease, '--config', world.config);
    await world.clock.advance(minutes * minute);
    expect((await world.run(...lease)).out).not.toContain('in place of');
  });

  test('an override takes the place of anybody’s for the same match, and says whose', async () => {
    using world = aCliWorld();
    await world.runWith(
      { who: 'bob@lab' },
      'scale',
      'ml/gpu',
      '--exactly',
      '4',
      '--for',
      '2h',
      '--config',
      world.config,
    );
    const note = 'replaces exactly 4 until Mon 2026-11-23 15:00 Europe/Berlin (14:00Z) by bob@lab';
    expect((await world.run('scale', 'ml/gpu', '--exactly', '1', '--for', '1h')).out).toContain(`\n  ${note}\n`);
  });

  test('an override, acted on in the next round', async () => {
    using world = aCliWorld();
    await rounds(world, 1);
    const { out } = await world.run('scale', 'dev-api/*', '--exactly', '1', '--for', '2h');
    expect(out).toContain('dev-api/workers: exactly 1');
    const { actions } = (await world.json('plan')) as { actions: { cluster: string; to: number; who: string }[] };
    expect(actions).toMatchObject([{ cluster: 'dev-api', to: 1, who: 'ada@lab' }]);
  });

  test('bounds that no named pool can take are refused, and what stood before stands', async () => {
    using world = aCliWorld();
    await rounds(world, 1);
    await world.run('scale', 'dev-api/workers', '--exactly', '2', '--for', '2h');
    expect(await world.run('scale', 'dev-api/workers', '--exactly', '1..3', '--for', '2h')).toEqual({
      code: 2,
      out: '',
      err: 'dev-api/workers: not autoscaled, so bounds cannot be set; give a number\n',
    });
    expect(await asksOf(world)).toMatchObject([{ kind: 'override', exactly: 2 }]);
  });

  test('bounds that some named pool can take are stored, and said for each', async () => {
    using world = aCliWorld();
    await rounds(world, 1);
    const { code, out } = await world.run('scale', 'dev-batch/*', '--exactly', '1..3', '--for', '2h');
    expect(code).toBe(0);
    expect(out).toContain('dev-batch/workers: not autoscaled, so bounds cannot be set; give a number');
    expect(out).toContain('dev-batch/burst: exactly 1..3');
    expect(await asksOf(world)).toMatchObject([{ kind: 'override', exactly: { min: 1, max: 3 } }]);
  });

  test('limits and missing rules are said before anybody wonders', async () => {
    using world = aCliWorld();
    world.writeConfig(
      `timezone: UTC\nregions: { r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } } }\nschedules: { s: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle } }\npools: [{ match: "dev-api/*", schedule: s, idle: 1, limits: { min: 1, max: 3 } }]\n`,
    );
    await rounds(world, 1);
    expect((await world.run('scale', 'dev-api/build', '--exactly', '0', '--for', '2h')).out).toContain(
      'dev-api/build: asked for 0; the rule allows 1 (limits of rule "dev-api/*")',
    );
    expect((await world.run('scale', 'dev-api/new-*', '--at-least', '2', '--for', '2h')).out).toContain(
      'no known pool matches "dev-api/new-*"; it will apply to pools that do',
    );
    expect((await world.run('scale', 'prod-web/*', '--at-least', '2', '--for', '2h')).out).toContain(
      `no rule in ${world.config} acts on pools that "prod-web/*" matches, so nothing happens`,
    );
  });

  test('of the pool that safety.runsOn names, says what will be done', async () => {
    using world = aCliWorld();
    world.writeConfig(usualConfig.replace('brake: off', 'brake: off, runsOn: dev-api/workers'));
    await rounds(world, 1);
    const { out } = await world.run('scale', 'dev-api/*', '--exactly', '0', '--for', '2h');
    expect(out).toContain(
      'dev-api/workers: asked for 0; the rule allows 1 (Lamplighter runs on this pool: safety.runsOn)',
    );
    expect(out).toContain('dev-api/build: exactly 0\n');
  });

  test('release ends leases and overrides, of whoever; what is wider stays', async () => {
    using world = aCliWorld();
    await world.run('scale', 'dev-*/*', '--exactly', '1', '--for', '2h');
    await world.run('scale', 'dev-api/workers', '--at-least', '2', '--for', '2h');
    const { out } = await world.run('scale', 'dev-api/*', '--release');
    expect(out).toContain('ended the lease of at least 2 nodes for dev-api/workers by ada@lab');
    expect(out).not.toContain('exactly 1');
    const all = (await world.json('scale', 'dev-*', '--release')) as { ended: unknown[] };
    expect(all.ended).toMatchObject([{ kind: 'override', match: 'dev-*/*', exactly: 1 }]);
    expect((await world.run('scale', '*', '--release')).out).toBe('nothing to release for *\n');
  });

  test('release names what is wider and still in force', async () => {
    using world = aCliWorld();
    await rounds(world, 1);
    await world.run('scale', 'dev-*/*', '--exactly', '1', '--for', '2h');
    await world.run('scale', 'dev-api/workers', '--at-least', '2', '--for', '2h');
    const still =
      /\n {2}still in force: the override of exactly 1 for dev-\*\/\* by ada@lab until .*; to end it: lamplighter scale "dev-\*\/\*" --release/;
    expect((await world.run('scale', 'dev-api/workers', '--release')).out).toMatch(still);
    expect((await world.run('scale', 'dev-api/workers', '--release')).out).toMatch(still);
    expect((await world.run('scale', 'ml/gpu', '--release')).out).not.toContain('still in force');
  });

  test('asks again after a release, at the same instant', async () => {
    using world = aCliWorld();
    await world.run('scale', 'ml/gpu', '--at-least', '5', '--for', '4h');
    await world.run('scale', 'ml/gpu', '--release');
    await world.run('scale', 'ml/gpu', '--at-least', '3', '--for', '4h');
    expect(await asksOf(world)).toMatchObject([{ kind: 'lease', atLeast: 3 }]);
  });
});

describe('pause and resume', () => {
  test('a pause holds, and resume ends it', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    const { out } = await world.run('pause', '--for', '2h', '--reason', 'terraform');
    expect(out).toContain('paused the whole fleet until Mon 2026-11-23 23:00 Europe/Berlin (22:00Z)');
    const paused = (await world.json('plan')) as { actions: unknown[]; holds: { code: string }[] };
    expect(paused.actions).toEqual([]);
    expect(new Set(paused.holds.map(({ code }) => code))).toEqual(new Set(['paused']));
    expect((await world.run('resume')).out).toContain('ended the pause of the whole fleet by ada@lab\n');
    expect(((await world.json('plan')) as { actions: unknown[] }).actions).not.toEqual([]);
  });

  test('a wider pause goes on, and is named with its end', async () => {
    using world = aCliWorld();
    await world.run('pause', '--for', '2h');
    await world.run('pause', 'ml', '--for', '2h');
    const { out } = await world.run('resume', 'ml');
    expect(out).toContain('ended the pause of ml by ada@lab');
    expect(out).toContain('still paused: the whole fleet by ada@lab');
  });

  test('the last pause of the same match stands', async () => {
    using world = aCliWorld();
    await world.run('pause', 'ml', '--for', '8h');
    await world.run('pause', 'ml', '--for', '1h');
    expect(await asksOf(world)).toMatchObject([{ kind: 'pause', until: Date.parse('2026-11-23T13:00:00Z') }]);
  });

  test('resume lets go of sizes set by hand, and the schedule acts again', async () => {
    using world = await withKeptSize();
    expect((await memoryOf(world, 'dev-api/workers'))?.kept?.size).toBe(2);
    const { out } = await world.run('resume', 'dev-api', '--reason', 'going home');
    expect(out).toBe(
      `forgot 2, set by hand, on dev-api/workers\n  dev-api/workers: goes from 2 to 0 (schedule office-hours: 0)\n  it takes effect with the next round: no "lamplighter run --config ${world.config}" is running\n`,
    );
    expect((await memoryOf(world, 'dev-api/workers'))?.kept).toBeUndefined();
    await rounds(world, 3);
    expect(world.world.pool('dev-api/workers').size).toBe(0);
    expect((await world.run('history', 'dev-api/workers')).out).toContain('(going home)');
  });

  test('nothing to resume is said', async () => {
    using world = aCliWorld();
    expect(await world.run('resume', 'ml/gpu')).toEqual({
      code: 0,
      out: 'nothing was paused or set by hand in ml/gpu\n',
      err: '',
    });
  });
});

describe('a whole name that nothing has', () => {
  const pool = 'dev-api has no pool "wokers": did you mean "workers"?';
  const cluster = 'No cluster "dev-ap" was seen: did you mean "dev-api"?';
  const until = ['--for', '1h'];

  test('is refused where a glob of a rule would take it', async () => {
    using world = aCliWorld();
    await rounds(world, 1);
    for (const [message, exitCode, ...argv] of [
      [pool, 2, 'pause', 'dev-api/wokers', ...until],
      [cluster, 2, 'pause', 'dev-ap/workers', ...until],
      [pool, 2, 'scale', 'dev-api/wokers', '--at-least', '3', ...until],
      [cluster, 2, 'scale', 'dev-ap', '--at-least', '3', ...until],
      [pool, 2, 'scale', 'r1:dev-api/wokers', '--exactly', '0', ...until],
      [pool, 1, 'resume', 'dev-api/wokers'],
      [pool, 1, 'plan', 'dev-api/wokers'],
      [cluster, 1, 'plan', 'dev-ap', '--json'],
      [pool, 1, 'status', 'dev-api/wokers'],
      [cluster, 1, 'incidents', 'dev-ap'],
      [pool, 1, 'history', 'dev-api/wokers'],
    ] as const) {
      const { code, out, err } = await world.run(...argv);
      expect({ argv, code, out, err }).toEqual({
        argv,
        code: exitCode,
        out: '',
        err: expect.stringContaining(message),
      });
    }
    expect(await asksOf(world)).toEqual([]);
  });

  test('may come, before anything was seen', async () => {
    using world = aCliWorld();
    expect(await world.run('pause', 'dev-api/wokers', ...until)).toMatchObject({ code: 0 });
  });
});

describe('what cannot be a name is refused', () => {
  test.each([
    ['a region that the config lacks', 'r9:ml/gpu', 'There is no region "r9" in the config: did you mean "r1"?'],
    ['a bracket without its end', 'dev-[', 'bracket'],
    ['more than 200 characters', `${'x'.repeat(197)}*/ab`, 'The match is too long: 201 characters'],
  ])('%s', async (_, match, message) => {
    using world = aCliWorld();
    for (const argv of [
      ['scale', match, '--at-least', '3'],
      ['pause', match],
    ]) {
      const ran = await world.run(...argv, '--for', '1h');
      expect(ran).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) });
    }
    expect(await asksOf(world)).toEqual([]);
  });

  test('up to 200 characters are one', async () => {
    using world = aCliWorld();
    expect(await world.run('pause', `${'x'.repeat(197)}*/a`, '--for', '1h')).toMatchObject({ code: 0 });
  });
});

describe('what no rule ever acts on', () => {
  const lease = ['--at-least', '3', '--for', '1h'];
  const none = 'No rule acts on mgmt/tools: rule "mgmt/*"';
  let seen: CliWorld;
  beforeAll(async () => {
    seen = aCliWorld();
    await rounds(seen, 1);
  });
  afterAll(() => seen[Symbol.dispose]());

  test.each([
    ['a lease', ['scale', 'mgmt/tools', ...lease], none],
    ['an override', ['scale', 'mgmt/tools', '--exactly', '3', '--for', '1h'], none],
    ['a pause', ['pause', 'mgmt/tools', '--for', '1h'], none],
    ['a pause of a cluster that nobody has seen', ['pause', 'nope', '--for', '1h'], 'No rule acts on nope: none in '],
    ['a base', ['base', 'mgmt/tools', 'set', '3'], none],
    ['a lease in one region', ['scale', 'r1:mgmt/tools', ...lease], 'No rule acts on r1:mgmt/tools: rule "mgmt/*"'],
    ['a slip', ['scale', 'DEF-api/workers', ...lease], 'matches it; did you mean "dev-api/workers"?'],
    ['a slip with a region', ['scale', 'r1:def-api/workers', ...lease], 'did you mean "r1:dev-api/workers"?'],
    ['a slip in a cluster', ['pause', 'def-api', '--for', '1h'], 'matches it; did you mean "dev-api"?'],
    ['a slip in a base', ['base', 'def-api/workers', 'set', '3'], 'matches it; did you mean "dev-api/workers"?'],
    ['what was seen is no slip', ['scale', 'prod-web/edge', ...lease], 'write one under pools first'],
    ['a name without any rule', ['scale', 'prod-web/edge', ...lease], 'No rule acts on prod-web/edge: none in '],
  ])('%s is refused, and nothing is stored', async (_, argv, message) => {
    const { code, err } = await seen.run(...argv);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(message) });
    expect(await asksOf(seen)).toEqual([]);
  });

  test.each([
    ['scale', 'mgmt/*', ...lease],
    ['scale', 'mgmt', ...lease],
    ['pause', 'mgmt', '--for', '1h'],
    ['pause', 'prod-*', '--for', '1h'],
  ])('more than one name is told: %s %s', async (...argv) => {
    expect(await seen.run(...argv)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/no rule in .* acts on pools/),
    });
  });

  test('beside what one acts on is told of each pool', async () => {
    using world = aCliWorld();
    await rounds(world, 1);
    world.writeConfig(usualConfig.replace('pools:\n', 'pools:\n  - { match: "dev-api/*", schedule: none }\n'));
    const { code, out } = await world.run('scale', 'dev-*/*', '--exactly', '1', '--for', '1h');
    expect(code).toBe(0);
    expect(out).toContain('dev-api/workers: no rule acts on it, so nothing happens\n');
    expect(out).toContain('dev-batch/workers: exactly 1\n');
  });

  test('what was asked for before the rule went can still be released', async () => {
    using world = aCliWorld();
    await world.run('scale', 'ml/gpu', ...lease);
    world.writeConfig(usualConfig.replace(/.*ml\/gpu.*\n/u, ''));
    expect((await world.run('scale', 'ml/gpu', '--release')).out).toContain(
      'ended the lease of at least 3 nodes for ml/gpu',
    );
  });
});

describe('base', () => {
  test('set: the pool gets it at base time', async () => {
    using world = aCliWorld();
    await rounds(world, 2);
    const { out } = await world.run('base', 'dev-api/workers', 'set', '5', '--reason', 'grown');
    expect(out).toContain('the schedule says base: the next round sets it');
    await rounds(world, 3);
    expect(world.world.pool('dev-api/workers').size).toBe(5);
    expect(await memoryOf(world, 'dev-api/workers')).toMatchObject({ base: 5 });
    expect((await memoryOf(world, 'dev-api/workers'))?.away).toBeUndefined();
  });

  test('set at night: kept for the morning', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await rounds(world, 3);
    const { out } = await world.run('base', 'dev-api/workers', 'set', '5');
    expect(out).toContain('the schedule says otherwise until Tue 2026-11-24 07:00 Europe/Berlin (06:00Z)');
    await world.clock.advance(10 * 60 * minute);
    await rounds(world, 3);
    expect(world.world.pool('dev-api/workers').size).toBe(5);
  });

  test('set to the idle size, which only a person can mean', async () => {
    using world = aCliWorld(undefined, usualConfig.replace('base: remembered, idle: 0', 'base: remembered, idle: 2'));
    await rounds(world, 1);
    expect(await world.run('base', 'dev-api/workers', 'set', '2')).toMatchObject({ code: 0 });
    expect(await memoryOf(world, 'dev-api/workers')).toMatchObject({ base: 2 });
  });

  test('set for a pool that became autoscaled at night, in its new form', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await rounds(world, 3);
    world.world.toggleAutoscale('dev-api/workers', { min: 0, max: 0 });
    await world.clock.advance(20 * minute);
    await rounds(world, 1);
    const { code } = await world.run('base', 'dev-api/workers', 'set', '2..6');
    expect(code).toBe(0);
    await world.clock.advance(10 * 60 * minute);
    await rounds(world, 3);
    expect(world.world.pool('dev-api/workers')).toMatchObject({ sizeMin: 2, sizeMax: 6 });
  });

  describe('of a fleet that was seen', () => {
    let world: CliWorld;
    beforeAll(async () => {
      world = aCliWorld();
      await rounds(world, 1);
    });
    afterAll(() => world[Symbol.dispose]());

    test.each([
      ['zero', ['dev-api/workers', 'set', '0'], 2, 'cannot be 0'],
      ['bounds on a fixed pool', ['dev-api/workers', 'set', '1..4'], 2, 'not autoscaled'],
      ['a base that the config gives', ['ml/gpu', 'set', '1..4'], 1, 'is given by its rule'],
      ['a pool that nobody has seen', ['dev-api/none', 'show'], 1, 'a pool "dev-api/none": see: lamplighter status'],
      ['a slip in a name', ['dev-api/wrokers', 'set', '3'], 1, 'did you mean "dev-api/workers"?'],
      ['a slip in a name with its region', ['r1:dev-api/wrokers', 'show'], 1, 'did you mean "r1:dev-api/workers"?'],
      ['a pattern', ['dev-api/*', 'set', '2'], 2, '"dev-api/*" is a pattern: write the name of one pool'],
      ['set without a size', ['dev-api/workers', 'set'], 2, 'Give set a size'],
      ['show with one', ['dev-api/workers', 'show', '3'], 2, 'A size is only for set, not for show'],
      ['a name without a slash', ['dev-api', 'show'], 2, 'does not name one pool'],
    ])('refuses %s', async (_, argv, exitCode, message) => {
      const { code, err } = await world.run('base', ...argv);
      expect({ code, err }).toEqual({ code: exitCode, err: expect.stringContaining(message) });
    });
  });

  test('before any round, says to run one', async () => {
    using world = aCliWorld();
    expect((await world.run('base', 'dev-api/workers', 'show')).err).toContain(
      'No round has seen pool "dev-api/workers" yet; run one first: lamplighter run --once',
    );
  });

  test('restore forgets a size set by hand', async () => {
    using world = await withKeptSize();
    const { out } = await world.run('base', 'dev-api/workers', 'restore');
    expect(out).toContain('the size 2, set by hand, was forgotten');
    await rounds(world, 3);
    expect(world.world.pool('dev-api/workers').size).toBe(0);
  });

  test('restore with nothing to let go changes nothing, and says so', async () => {
    using world = aCliWorld();
    await rounds(world, 2);
    const [before, history] = [await memoryOf(world, 'dev-api/workers'), (await world.run('history')).out];
    const { code, out } = await world.run('base', 'dev-api/workers', 'restore');
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/\n {2}nothing was changed: no size was set by hand\n$/),
    });
    expect(await memoryOf(world, 'dev-api/workers')).toEqual(before);
    expect((await world.run('history')).out).toBe(history);
  });

  test('set to where the pool is: it has not been away', async () => {
    using world = aCliWorld();
    await rounds(world, 1);
    const { out } = await world.run('base', 'dev-api/workers', 'set', '3');
    expect(out).toMatch(/, not below base\n {2}the base was set to 3\n {2}dev-api\/workers: stays at 3 \(/);
    expect(await world.json('base', 'dev-api/workers', 'show')).toMatchObject({ base: 3, from: 'person', away: null });
    expect((await world.run('status')).out).not.toContain('below base');
    expect((await world.run('explain', 'dev-api/workers')).out).not.toContain('below base');
    expect((await world.run('base', 'dev-api/workers', 'set', '4')).out).toContain(', below base since');
  });

  test.each([
    ['dev-api/workers', 'dev-api/workers  base 3 (remembered), last seen at 3, not below base'],
    ['ml/gpu', 'ml/gpu  base 0..4 (config), last seen at 0..4, not below base'],
  ])('show, for people: %s', async (pool, line) => {
    using world = aCliWorld();
    await rounds(world, 2);
    expect((await world.run('base', pool, 'show')).out).toBe(`${line}\n`);
  });

  test('show of one that nobody knows says so, and where it is from of none', async () => {
    using world = aCliWorld(
      '2026-11-23T20:00:00Z',
      usualConfig.replace('base: remembered, idle: 0', 'base: remembered, idle: 3'),
    );
    await rounds(world, 1);
    expect((await world.run('base', 'dev-api/workers', 'show')).out).toBe(
      'dev-api/workers  base unknown, last seen at 3, below base since Mon 2026-11-23 21:00 Europe/Berlin (20:00Z)\n',
    );
  });

  test('show, for programs', async () => {
    using world = await withKeptSize();
    expect(await world.json('base', 'dev-api/workers', 'show')).toMatchObject({
      cluster: 'dev-api',
      pool: 'workers',
      base: 3,
      away: { base: 3 },
      kept: { size: 2 },
    });
  });

  test('a round that is faster costs a second try, and loses nothing', async () => {
    using world = await withKeptSize();
    await inStore(world, async (store) => {
      const [pool] = await listKnownPools(store, ['r1']);
      let tries = 0;
      const inner = () => changeMemories(store, 'r1', pool!.clusterId, (memory) => ({ ...memory, resetAt: 1 }));
      const racing: Store = {
        ...store,
        commit: async (writes) => {
          tries += 1;
          if (tries === 1) await inner();
          return store.commit(writes);
        },
      };
      const record = await changeMemories(racing, 'r1', pool!.clusterId, (memory) => ({ ...memory, base: 9 }));
      expect(tries).toBe(2);
      expect(Object.values(record!.pools).every(({ base, resetAt }) => base === 9 && resetAt === 1)).toBe(true);
    });
  });
});

describe('approve', () => {
  test('lets the brake go, for this config only, and says what was held', async () => {
    using world = aCliWorld();
    const rule = (idle: string) => `timezone: UTC
regions: { r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } } }
schedules: { s: { windows: [{ days: mon-fri, from: "07:00", to: "${idle}" }], otherwise: idle } }
pools: [{ match: "dev-*/*", schedule: s, idle: 1 }, { match: "prod-*/workers", schedule: s, base: { min: 3, max: 9 }, everyPool: true, idle: { min: 1, max: 2 } }]
`;
    world.writeConfig(rule('19:00'));
    await world.clock.advance(8 * 60 * minute);
    await rounds(world, 5);
    await world.clock.advance(12 * 60 * minute);
    await rounds(world, 6);
    world.writeConfig(rule('08:00'));
    const held = (await world.json('run', '--once')) as { holds: { code: string; pool: string }[] };
    expect(held.holds.filter(({ code }) => code === 'brake').length).toBeGreaterThan(3);
    const approved = (await world.json('approve', '--reason', 'agreed')) as { held: unknown[]; until: string };
    expect(approved.held.length).toBeGreaterThan(3);
    const after = (await world.json('plan')) as { actions: unknown[]; holds: { code: string }[] };
    expect(after.actions.length).toBeGreaterThan(0);
    expect(after.holds.some(({ code }) => code === 'brake')).toBe(false);
    world.writeConfig(rule('08:01'));
    const changed = (await world.json('plan')) as { holds: { code: string }[] };
    expect(changed.holds.some(({ code }) => code === 'brake')).toBe(true);
  });
  test('waits for the first round of its config, and is shown until then', async () => {
    using world = aCliWorld();
    const waits = 'no round has begun with this config yet: the approval waits for the first one';
    expect((await world.run('approve')).out).toContain(waits);
    await world.clock.advance(3 * 24 * 60 * minute);
    expect((await world.run('status')).out).toMatch(
      /^ *approval {2}of config \w+.* from its first round on by ada@lab$/mu,
    );
    await rounds(world, 1);
    expect((await world.run('status')).out).toMatch(
      /^ *approval {2}of config \w+.* until .*2026-11-27 .* by ada@lab$/mu,
    );
    expect((await world.run('approve')).out).not.toContain(waits);
  });
});
