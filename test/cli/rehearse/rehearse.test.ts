import { rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { aCliNight, type CliNight } from '../../support/cli-night.ts';
import { at } from '../../support/scaling-world.ts';
import { aCliWorld } from '../cli-world.ts';

const head = `
timezone: Europe/Berlin
regions: { r1: { api: http://127.0.0.1:9/api/v1, token: { env: TOKEN } } }`;
const config = (until = '19:00') => `${head}
schedules:
  office: { windows: [{ days: mon-fri, from: "07:00", to: "${until}" }], otherwise: idle }
defaults: { limits: { min: 0 } }
pools:
  - { match: "dev-*/*", schedule: office, base: remembered, idle: 0 }
  - { match: "ml/gpu", schedule: office, base: { min: 0, max: 4 }, idle: 0, mode: observe }`;

const announced = (before: string) =>
  config()
    .replace('idle: 0 }', `idle: 0, announce: { before: ${before}, to: [chat] } }`)
    .replace('schedules:', 'destinations: { chat: { kind: slack, url: { env: CHAT } } }\nschedules:');

const monday = at('2026-03-02T12:00:00+01:00');

function aFleet(patch: Partial<Parameters<typeof aCliNight>[0]> = {}): Promise<CliNight> {
  return aCliNight({ start: monday, config: config(), ...patch });
}

type Told = {
  readonly sources: unknown;
  readonly notes: readonly string[];
  readonly total: { readonly puts: number; readonly savedPercent: number; readonly nodeHours: number };
  readonly pools: readonly { readonly cluster: string; readonly pool: string; readonly observed: boolean }[];
  readonly changes: readonly { readonly at: string; readonly pool: string }[];
  readonly findings: readonly { readonly at: string; readonly kind: string }[];
};

async function told(night: CliNight, ...more: string[]): Promise<Told> {
  const { code, stdout, stderr } = await night.run('rehearse', '--json', ...more);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout) as Told;
}

describe('rehearse', () => {
  test('tells the two 02:30 of an autumn night apart, in columns', async () => {
    const twice = config()
      .replace('from: "07:00", to: "19:00"', 'from: "02:30", to: "02:45"')
      .replace('mon-fri', 'mon-sun');
    using night = await aFleet({ start: at('2026-10-24T22:00:00Z'), config: twice });
    const { stdout } = await night.run('rehearse', '--changes', '--days', '2');
    const times = [...stdout.matchAll(/^(?:Sat|Sun|Mon) 2026-10-2\d .*?(?= dev-)/gm)].map(([time]) => time);
    expect(new Set(times.map((time) => time.length)).size).toBe(1);
    const told = new Set(times.map((time) => time.trim()).filter((time) => time.includes('10-25 02:')));
    expect([...told].every((time) => time.endsWith(' CEST'))).toBe(true);
    expect(told.size).toBeGreaterThan(0);
  });

  test('starts from the fleet as the API shows it, with GETs only, and stores nothing', async () => {
    using night = await aFleet();
    const { sources, pools, total } = await told(night);
    expect(sources).toEqual([{ region: 'r1', source: 'api' }]);
    expect(pools.map(({ cluster, pool, observed }) => [`${cluster}/${pool}`, observed])).toEqual([
      ['dev-api/build', false],
      ['dev-api/workers', false],
      ['dev-batch/burst', false],
      ['dev-batch/workers', false],
      ['ml/gpu', true],
    ]);
    expect(total.puts).toBe(5 * 10);
    expect(total.savedPercent).toBeGreaterThan(50);
    expect(new Set(night.world.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(await told(night)).toEqual(await told(night));
  });

  test('for people: every change in local time, readiness, node-hours, a picture as wide as the terminal, no colours', async () => {
    using night = await aFleet();
    const summary = (await night.run('rehearse', '--days', '2')).stdout;
    expect(summary).toContain('20 changes (one API write each); to list them: lamplighter rehearse --changes');
    expect(summary).not.toMatch(/2 → 0/);
    const { stdout } = await night.run('rehearse', '--days', '2', '--changes');
    expect(stdout).toMatch(/^Mon 2026-03-02 19:00 {2}dev-api\/build +2 → 0/m);
    expect(stdout).toContain('Ready on time: 0 of 10 scale-ups');
    expect(stdout).toContain('dev-api/build  Tue 2026-03-03 07:00  2: 15m late');
    expect(stdout).toMatch(/Node-hours [\d.]+ of [\d.]+ if all pools were always at their base: \d+ % saved/);
    expect(stdout).toContain('1 pool only observed');
    const [row = ''] = /^dev-api\/workers .*$/m.exec(stdout) ?? [];
    expect(row).toMatch(/^dev-api\/workers +█+[▓▒░]?·+ ·+[▓▒░]?█+[▓▒░]?·+ /);
    expect(
      Math.max(
        ...stdout
          .split('\n')
          .slice(0, 9)
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(80);
    expect(stdout).not.toContain('\u001b');
  });

  test('goes on where the store says a pool is away', async () => {
    using night = await aFleet({ start: at('2026-03-02T19:30:00+01:00') });
    await night.run('run', '--once');
    const { changes } = await told(night, '--days', '1');
    expect(changes.filter(({ pool }) => pool === 'burst').map(({ at: when }) => when.slice(0, 13))).toEqual([
      '2026-03-03T06',
      '2026-03-03T18',
    ]);
  });

  test('begun on a later day, nothing of today makes a pool late at the first instant', async () => {
    using night = await aFleet({ start: at('2026-03-02T19:30:00+01:00') });
    await night.run('run', '--once');
    const start = '2026-03-16T20:00:00+01:00';
    for (const more of [[], ['--offline']]) {
      const { findings } = await told(night, '--days', '1', '--from', start, ...more);
      expect(findings.filter((one) => Date.parse(one.at) === at(start))).toEqual([]);
    }
  });

  test('offline: as the store last saw it, and says so', async () => {
    using night = await aFleet();
    await night.run('run', '--once');
    night.world.forgetRequests();
    const { sources, notes, pools } = await told(night, '--offline');
    expect(sources).toEqual([{ region: 'r1', source: 'store' }]);
    expect(notes).toEqual(['r1: pools as last seen, from the store']);
    expect(pools).toHaveLength(5);
    expect(night.world.requests).toEqual([]);
  });

  test('with neither token nor store: the pools that rules name, and those given; what is assumed is said', async () => {
    using night = await aFleet({ env: { TOKEN: '' } });
    const { sources, notes, pools } = await told(night, '--pool', 'dev-x/workers');
    expect(sources).toEqual([{ region: 'r1', source: 'config' }]);
    expect(pools.map(({ cluster, pool }) => `${cluster}/${pool}`)).toEqual(['dev-x/workers', 'ml/gpu']);
    expect(notes.join('\n')).toContain('env TOKEN is empty');
    expect(notes.join('\n')).toContain('an unknown remembered base is assumed to be one node more than idle');
    expect(notes.join('\n')).toContain('dev-*/*');
  });

  test('offline no pool is said not to exist: nobody has looked', async () => {
    using night = await aFleet({ config: `${config()}\nsafety: { runsOn: ml/sytem }` });
    const kinds = (of: Told) => of.findings.map(({ kind }) => kind);
    expect(kinds(await told(night))).toContain('config.mismatch');
    expect(kinds(await told(night, '--offline'))).not.toContain('config.mismatch');
  });

  test('a pool named by hand is rehearsed beside those that the API or the store knows', async () => {
    using night = await aFleet();
    await night.run('run', '--once');
    for (const more of [[], ['--offline']]) {
      const { pools, notes } = await told(night, '--pool', 'dev-x/new', 'dev-api/new', 'dev-api/build', ...more);
      const names = pools.map(({ cluster, pool }) => `${cluster}/${pool}`);
      expect(names.toSorted()).toEqual(
        ['build', 'new', 'workers']
          .map((pool) => `dev-api/${pool}`)
          .concat('dev-batch/burst', 'dev-batch/workers', 'dev-x/new', 'ml/gpu'),
      );
      expect(notes).toContain('r1:dev-x/new: no round has seen this pool; it is assumed to be at its base');
      expect(notes.join('\n')).not.toContain('dev-api/build');
    }
  });

  test('a pool named by hand that no rule gives a schedule is said', async () => {
    using night = await aFleet();
    const { notes } = await told(night, '--pool', 'mgmt/tools');
    expect(notes).toEqual([
      'r1:mgmt/tools: no rule gives this pool a schedule, so it is not rehearsed',
      expect.stringMatching(/^there is no store at .*lamplighter\.db yet: /),
    ]);
  });

  test('--against tells only what differs', async () => {
    using night = await aFleet();
    const old = join(night.folder, 'old.yml');
    await writeFile(old, `${config('18:00')}\nstore: { kind: sqlite, path: ./lamplighter.db }\n`);
    const short = (await night.run('rehearse', '--days', '1', '--against', old)).stdout;
    expect(short).toContain(`0 removed (-); to list them: lamplighter rehearse --against ${old} --changes`);
    expect(short).not.toContain('2 → 0');
    expect(short).toMatch(
      /^With [^\n]*:\n +Mon 02[^\n]*\ndev-api\/build +(█+)[^]*^With [^\n]*old\.yml:\n[^]*^dev-api\/build +(?!\1)█/m,
    );
    const { stdout } = await night.run('rehearse', '--days', '1', '--against', old, '--changes');
    expect(stdout).toContain('5 moved (~), 0 added (+), 0 removed (-)\n');
    expect(stdout).toMatch(/^~ {2}Mon 2026-03-02 19:00 {2}dev-api\/build +2 → 0 +was Mon 2026-03-02 18:00$/m);
    expect(stdout).not.toContain('Tue 2026-03-03 07:00');
    const same = await night.run('rehearse', '--days', '1', '--against', night.configFile);
    expect(same.stdout).toMatch(/^Nothing changes against /);
  });

  test.each([
    ['that is not there', '/none/old.yml', undefined, 'there is no such file; give --against the path of a config'],
    ['that is none', 'old.yml', 'services:\n  web: {}\n'.repeat(6), 'give --against the path of a config'],
    ['with mistakes', 'old.yml', 'regoins: {}\n', '--against takes a config without mistakes'],
  ])('--against a file %s says so of --against', async (_, name, text, said) => {
    using world = aCliWorld();
    const old = resolve(world.folder, name);
    if (text !== undefined) await writeFile(old, text);
    const { code, err } = await world.run('rehearse', '--against', old);
    expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining(said) });
    expect(err).toContain(old);
    expect(err).not.toContain('--config');
  });

  test('what would be announced, when and to whom', async () => {
    using night = await aFleet({ config: announced('30m') });
    const summary = await night.run('rehearse', '--days', '2');
    expect(summary.stdout).toContain(
      '2 announcements to chat, the first Mon 2026-03-02 18:25; to list them: lamplighter rehearse --changes',
    );
    const { stdout } = await night.run('rehearse', '--days', '2', '--changes');
    expect(stdout).toMatch(
      /^2 announcements\nMon 2026-03-02 18:25 {2}chat {2}At 19:00, in 35 minutes: 4 pools go down by \d+ nodes \(/m,
    );
    const json = JSON.parse((await night.run('rehearse', '--days', '1', '--json')).stdout) as { announced: unknown };
    expect(json.announced).toMatchObject([
      {
        at: '2026-03-02T18:00:00Z',
        to: 'chat',
        saidAt: '2026-03-02T17:25:00Z',
        pools: expect.arrayContaining([
          { region: 'r1', cluster: 'dev-api', pool: 'build', from: 2, to: 0, nodes: 2, by: -2 },
        ]),
      },
    ]);
    const none = await night.run('rehearse', '--days', '1', '--from', '2026-03-07T00:00:00+01:00');
    expect(none.stdout).toContain('Nothing is announced\n');
  });

  test('--against tells which announcements come and go', async () => {
    using night = await aFleet({ config: announced('1h') });
    const old = join(night.folder, 'old.yml');
    await writeFile(old, `${announced('30m')}\nstore: { kind: sqlite, path: ./lamplighter.db }\n`);
    const run = async (...more: string[]) =>
      (await night.run('rehearse', '--days', '1', '--against', old, ...more)).stdout;
    expect(await run()).toContain(
      'Announcements: 1 more (+), 1 less (-); to list them: lamplighter rehearse --against',
    );
    expect(await run('--changes')).toMatch(
      /1 less \(-\)\n\+ {2}Mon 2026-03-02 17:55 {2}chat {2}At 19:00[^\n]*\n- {2}Mon 2026-03-02 18:25 {2}chat {2}At 19:00/,
    );
    const { announced: more, unannounced } = JSON.parse(await run('--json')) as { announced: []; unannounced: [] };
    expect([more.length, unannounced.length]).toEqual([1, 1]);
    expect(await run('--format', 'markdown')).toMatch(
      /2 announcements one by one[^]*\| added \| Mon 2026-03-02 17:55 \| `chat` \|[^]*\| removed \| Mon 2026-03-02 18:25/,
    );
  });

  test('--against itself differs in nothing, though time goes on meanwhile', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    let ticks = 0;
    const clock = { ...world.clock, now: () => Date.parse('2026-11-23T20:00:00Z') + (ticks += 7) };
    const files = ['--config', world.config, '--against', world.config];
    const { out } = await world.runWith({ clock }, 'rehearse', '--days', '2', ...files);
    expect(out).toContain('Nothing changes against');
  });

  test('nothing to rehearse is a failure that says why', async () => {
    using night = await aCliNight({ start: monday, config: `${head}\npools: [{ match: "*/*", schedule: none }]` });
    const { code, stderr } = await night.run('rehearse');
    expect([code, stderr]).toEqual([1, expect.stringContaining('no known pool has a rule with a schedule')]);
  });

  test.each([['0'], ['367'], ['a week']])('--days %s is refused', async (days) => {
    using night = await aFleet();
    expect((await night.run('rehearse', '--days', days)).code).toBe(2);
  });

  test('the token is never printed', async () => {
    using night = await aFleet({ fault: () => ({ kind: 'block-page', status: 200 }) });
    await night.run('rehearse', '--pool', 'dev-x/workers');
    await night.run('rehearse', '--json', '--pool', 'dev-x/workers');
    expect(night.printed()).toContain('r1: its pools are taken from the names in the config');
    expect(night.printed()).not.toContain(night.world.token);
  });
});

describe('rehearse says what its figures cannot know', () => {
  const night = at('2026-03-02T20:00:00+01:00');
  const given = config().replace(
    '"dev-*/*", schedule: office, base: remembered',
    '"dev-api/workers", schedule: office, base: 3',
  );

  test('an unknown base: its own mark, no readiness, no saving, and what to do about it', async () => {
    using fleet = await aFleet({ start: night });
    for (const pool of ['dev-api/workers', 'dev-batch/workers']) fleet.world.personResizes(pool, { size: 0 });
    fleet.clock.moveTo(night + 60 * 60_000);
    const { stdout } = await fleet.run('rehearse', '--days', '2');
    expect(stdout).toContain('; not known for 2 pools without a known base');
    expect(stdout).toContain('(a pool without a known base counts as it is now, and saves nothing)');
    expect(stdout).toMatch(/^critical .*base is not known.*; .*lamplighter base "dev-api\/workers" set <size>/m);
    expect(stdout).toContain('? size or base not known');
    expect(stdout).toMatch(/^dev-api\/workers +[· ]+$/m);
  });

  test('an autoscaled pool', async () => {
    using fleet = await aFleet();
    expect((await fleet.run('rehearse', '--days', '1')).stdout).toContain(
      '(an autoscaled pool counts the nodes it has now, within its bounds; below its base, the most they allow)',
    );
  });

  test('a store that is not there, a cluster that could not be read', async () => {
    using fleet = await aFleet();
    expect((await told(fleet)).notes).toEqual([expect.stringMatching(/^there is no store at .*lamplighter\.db yet: /)]);
    await fleet.run('run', '--once');
    const { id } = fleet.world.cluster('dev-api');
    fleet.world.failNext({ kind: 'status', status: 500 }, { path: `/api/v1/cluster/${id}/node-pool`, times: 9 });
    const { notes, pools: rehearsed } = await told(fleet);
    expect(notes).toContain('dev-api: pools as last seen, from the store');
    expect(rehearsed).toHaveLength(5);
  });

  test('a calendar that runs out', async () => {
    const text = `${config()}\ncalendars: { DE: { holidays: DE, actLike: sunday } }`.replace(
      'otherwise: idle }',
      'otherwise: idle, calendar: DE }',
    );
    using fleet = await aFleet({ config: text });
    const { notes } = await told(fleet, '--from', '2028-12-28T00:00:00+01:00');
    expect(notes).toContain('calendar DE: nothing is known after 2028-12-31; later holidays count as ordinary days');
  });

  test('the zone of a pool whose schedule has another one', async () => {
    const text = config()
      .replace(
        '\ndefaults:',
        '\n  far: { timezone: America/New_York, windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle }\ndefaults:',
      )
      .replace('"ml/gpu", schedule: office', '"ml/gpu", schedule: far');
    using fleet = await aFleet({ config: text });
    const { stdout } = await fleet.run('rehearse', '--days', '2');
    expect(stdout).toMatch(/^ {2}ml\/gpu {2}Tue 2026-03-03 07:00 America\/New_York {2}0\.\.4: /m);
  });

  test('a day that is past', async () => {
    using fleet = await aFleet();
    const { code, stderr } = await fleet.run('rehearse', '--from', '2026-03-02T11:59:00+01:00');
    expect([code, stderr]).toEqual([2, expect.stringContaining('is past: a rehearsal begins now or later')]);
  });

  test('pools whose rule has left while they were away: they are given back, and that is rehearsed', async () => {
    using fleet = await aFleet({ start: night, config: given });
    for (let i = 0; i < 4; i += 1) {
      await fleet.run('run', '--once');
      fleet.clock.moveTo(fleet.clock.now() + 20 * 60_000);
    }
    const [old, store] = [join(fleet.folder, 'old.yml'), 'store: { kind: sqlite, path: ./lamplighter.db }'];
    await rename(fleet.configFile, old);
    await writeFile(fleet.configFile, `${head}\npools: [{ match: "*/*", schedule: none }]\n${store}\n`);
    const { stdout } = await fleet.run('rehearse', '--days', '1', '--changes');
    expect(stdout).toMatch(/dev-api\/workers +0 → 3 +its rule was removed/);
    const against = await fleet.run('rehearse', '--days', '1', '--against', old);
    expect(against.stdout).toMatch(/^Node-hours .* \(\+/m);
  });
});

describe('--against tells also', () => {
  async function against(fleet: CliNight, text: string, ...more: string[]): Promise<string> {
    const old = join(fleet.folder, 'old.yml');
    await writeFile(old, `${text}\nstore: { kind: sqlite, path: ./lamplighter.db }\n`);
    return (await fleet.run('rehearse', '--days', '2', '--against', old, ...more)).stdout;
  }

  test('what is only observed with one of them', async () => {
    using fleet = await aFleet({ config: config().replace(', mode: observe', '') });
    const out = await against(fleet, config());
    expect(out).toContain('the same changes at the same times');
    expect(out).toMatch(/^Now changed, and with .*old\.yml only observed: ml\/gpu$/m);
    expect(out).not.toContain('Nothing changes');
  });

  test('a region that only one of them has', async () => {
    using fleet = await aFleet();
    const second = 'r2: { api: http://127.0.0.1:10/api/v1, token: { env: TOKEN } } }';
    const old = join(fleet.folder, 'old.yml');
    await writeFile(old, config().replace(' } }\nschedules', ` }, ${second}\nschedules`));
    const { stdout, stderr } = await fleet.run('rehearse', '--days', '2', '--against', old, '--changes');
    expect(stderr).toContain('r2: ');
    expect(stderr).toContain('has no such region (any more); its pools stay as they are');
    expect(stdout).toMatch(/^- .* r2:dev-api\/workers /m);
  });

  test('readiness that is lost, and what would be told to people', async () => {
    const ahead = config().replace('otherwise: idle', 'lead: auto, otherwise: idle');
    using fleet = await aFleet();
    const out = await against(fleet, ahead);
    expect(out).toMatch(/^Ready on time: 0 of 10 scale-ups, instead of \d+ of 10$/m);
    expect(out).toMatch(/^ {2}dev-api\/build {2}Tue 2026-03-03 07:00 {2}2: 15m late$/m);
    const json = JSON.parse(await against(fleet, ahead, '--json')) as { readiness: unknown; late: unknown[] };
    expect(json.readiness).toEqual({ boundaries: 10, readyInTime: 0 });
    expect(json.late).toHaveLength(10);
  });
});
