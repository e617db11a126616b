import { describe, expect, test } from 'vitest';
import type { Fetch } from '../../lib/io/http/exchange.ts';
import { createWorld } from '../../lib/simulator/create-world.ts';
import { simulatorApp } from '../../lib/simulator/simulator-app.ts';
import { type AlertCli, anAlertCli } from './alert-cli.ts';
import { aCliWorld, usualConfig } from './cli-world.ts';

const night = '2026-11-23T20:00:00Z';
const twoRegions = usualConfig.replace(
  '\nschedules:',
  '\n  r2: { api: "http://127.0.0.1:8091", token: { env: MKS_TOKEN } }\nschedules:',
);

const times = (text: string, line: RegExp) => text.match(new RegExp(line.source, 'gm'))?.length ?? 0;

/** Both regions show the same fleet, so every name is there twice. */
describe('with two regions every line says which one', () => {
  test('plan, status, history, rehearse and explain', async () => {
    using world = aCliWorld(night, twoRegions);
    const { out } = await world.run('plan');
    for (const region of ['r1', 'r2']) expect(out).toContain(`would scale ${region}:dev-api/build 2 → 0`);
    await world.run('run', '--once');
    const status = await world.run('status');
    for (const region of ['r1', 'r2']) expect(status.out).toMatch(new RegExp(`^${region}:ml/gpu `, 'm'));
    const history = await world.run('history');
    for (const region of ['r1', 'r2']) expect(history.out).toContain(` ${region}:ml/gpu `);
    const rehearsal = await world.run('rehearse', '--changes', '--days', '1');
    for (const region of ['r1', 'r2']) expect(rehearsal.out).toMatch(new RegExp(`^${region}:ml/gpu .*\n`, 'm'));
    expect(rehearsal.out).toMatch(/ r2:dev-api\/workers +3 → 0/);
    expect((await world.run('explain', 'r2:ml/gpu')).out).toMatch(/^r2:ml\/gpu at /m);
  });

  test('what the brake holds, and clusters that no rule names', async () => {
    const braked = twoRegions
      .replace('safety: { brake: off }\n', '')
      .replace('  - { match: "mgmt/*", schedule: none }\n', '');
    using world = aCliWorld(night, braked);
    const { out, err } = await world.run('run', '--once');
    expect(err).toMatch(
      /no rule matches the clusters r1:mgmt, r1:prod-data, r1:prod-web, r2:mgmt, r2:prod-data, r2:prod-web/,
    );
    expect(out).toMatch(/the brake waits for your approval: .*: r[12]:dev-api\/build → 0, /);
    const { out: open } = await world.run('incidents');
    expect(open).not.toMatch(/[ ,]dev-api\/build → 0/);
  });

  test('approve names what is released in each', async () => {
    using world = aCliWorld(night, twoRegions.replace('safety: { brake: off }\n', ''));
    await world.run('run', '--once');
    const { held } = (await world.json('approve')) as { readonly held: readonly { readonly region: string }[] };
    expect(held.length).toBeGreaterThan(0);
    expect(held.filter(({ region }) => region === 'r1')).toHaveLength(held.length / 2);
  });

  test('history is in order of time over both, and not by region', async () => {
    using world = aCliWorld(night, twoRegions);
    for (let i = 0; i < 3; i += 1) {
      await world.run('run', '--once');
      await world.clock.advance(10 * 60_000);
    }
    const told = (await world.json('history')) as readonly { readonly at: string; readonly region: string }[];
    expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).toSorted());
    expect(told.findIndex(({ region }) => region === 'r2')).toBeLessThan(
      told.findLastIndex(({ region }) => region === 'r1'),
    );
  });

  test('base and scale, also where they say what to type', async () => {
    using world = aCliWorld(night, twoRegions);
    await world.run('run', '--once');
    const shown = await world.run('base', 'r2:ml/gpu', 'show');
    expect(shown.out).toMatch(/^r2:ml\/gpu {2}base /);
    expect((await world.run('base', 'r2:ml/gpu', 'set', '0')).err).toContain('of r2:ml/gpu');
    for (const asked of [
      ['--at-least', '2'],
      ['--exactly', '2'],
    ]) {
      const { out } = await world.run('scale', 'ml/gpu', ...asked, '--for', '1h');
      for (const region of ['r1', 'r2']) expect(out).toMatch(new RegExp(`^ *${region}:ml/gpu: `, 'm'));
    }
  });

  test('what a lease takes the place of, where it does not in each of them', async () => {
    using world = aCliWorld(night, twoRegions);
    const scale = async (size: string) => (await world.run('scale', 'ml/gpu', '--at-least', size, '--for', '1h')).out;
    await scale('5');
    expect((await scale('2')).match(/replaces your lease of at least 5 until /g)).toHaveLength(1);
    world.writeConfig(usualConfig);
    await scale('3');
    world.writeConfig(twoRegions);
    const out = await scale('4');
    expect(out).toContain('replaces your lease of at least 3 in r1 until ');
    expect(out).toContain('replaces your lease of at least 2 in r2 until ');
  });

  test('a problem as well', async () => {
    using world = aCliWorld(night, twoRegions);
    world.world.failNext({ kind: 'status', status: 403 }, { times: 9 });
    expect((await world.run('plan')).out).toMatch(/^problem in r[12]: /m);
  });
});

/** An ask is stored in each region that it reaches, and is one ask to the person who asked. */
describe('with two regions what was asked for is said once', () => {
  test('by status, resume and scale --release', async () => {
    using world = aCliWorld(night, twoRegions);
    await world.run('pause', '--for', '2h');
    await world.run('approve');
    await world.run('scale', 'ml/gpu', '--exactly', '1', '--for', '2h');
    await world.run('scale', 'r2:dev-api/*', '--at-least', '1', '--for', '2h');
    const { out } = await world.run('status');
    const lines = [
      /^pause     of the whole fleet until /,
      /^approval  of config \w+ from its first round on by /,
      /^override  exactly 1 for ml\/gpu until /,
      /^lease     at least 1 for r2:dev-api\/\* until /,
    ];
    expect(lines.map((line) => times(out, line))).toEqual([1, 1, 1, 1]);
    expect(times((await world.run('resume', 'ml/gpu')).out, /^still paused: the whole fleet by /)).toBe(1);
    expect((await world.run('resume')).out).toContain('ended the pause of the whole fleet by ada@lab\n');
    expect((await world.run('scale', 'ml/gpu', '--release')).out).toContain(
      'ended the override of exactly 1 for ml/gpu by ada@lab\n',
    );
  });

  test('with its region, where it is not in each that it reaches', async () => {
    using world = aCliWorld(night, twoRegions);
    await world.run('pause', 'ml', '--for', '2h');
    await world.run('scale', 'ml/gpu', '--exactly', '1', '--for', '2h');
    expect((await world.run('resume', 'r1:ml')).out).toContain('ended the pause of ml in r1 by ada@lab\n');
    const released = await world.run('scale', 'r1:ml/gpu', '--release');
    expect(released.out).toContain('ended the override of exactly 1 for ml/gpu in r1 by ada@lab\n');
    const { out } = await world.run('status');
    expect(out).toMatch(/^pause     of ml in r2 until /m);
    expect(out).toMatch(/^override  exactly 1 for ml\/gpu in r2 until /m);
  });
});

describe('with two regions what is told of names the region', () => {
  const second = '  r2: { api: "http://127.0.0.1:8091", token: { env: TOKEN } }\n';
  const slack = 'destinations:\n  slack: { kind: slack, url: { env: SLACK } }\n';

  async function twoErrors(regions: string): Promise<AlertCli> {
    const cli = await anAlertCli(`${regions}${slack}`);
    await cli.rounds(1);
    cli.night.receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 503 } });
    cli.night.world.setClusterError('dev-1', 'no quota');
    await cli.rounds(3);
    return cli;
  }

  test('incidents, silence, and the outbox with its history', async () => {
    using cli = await twoErrors(second);
    const incidents = (await cli.run('incidents')).out;
    const outbox = (await cli.run('outbox')).out;
    const silence = (await cli.run('silence', 'dev-1', '--for', '1h')).out;
    const [first] = (await cli.json('outbox')) as readonly { readonly waiting: readonly { readonly id: string }[] }[];
    for (const { id } of first?.waiting ?? []) await cli.run('outbox', 'drop', id);
    const history = (await cli.run('outbox', '--history')).out;
    for (const region of ['r1', 'r2']) {
      expect(times(incidents, new RegExp(`^critical cluster\\.error in ${region} `))).toBe(1);
      expect(times(outbox, new RegExp(`^  waits .* cluster\\.error in ${region}: `))).toBe(1);
      expect(times(silence, new RegExp(`^  no alerts about: cluster\\.error in ${region} `))).toBe(1);
      expect(times(history, new RegExp(` dropped .* cluster\\.error in ${region}: `))).toBe(1);
    }
  });

  test('and with one none', async () => {
    using cli = await twoErrors('');
    const ran = [await cli.run('incidents'), await cli.run('outbox'), await cli.run('silence', 'dev-1', '--for', '1h')];
    for (const { out } of ran) {
      expect(out).toContain('cluster.error');
      expect(out).not.toContain(' in r1');
    }
  });
});

describe('with two regions what only one has a rule for', () => {
  const lease = ['--at-least', '2', '--for', '1h'];

  test('can be asked for', async () => {
    using world = aCliWorld(night, twoRegions.replace('match: "ml/gpu"', 'match: "r2:ml/gpu"'));
    expect(await world.run('scale', 'ml/gpu', ...lease)).toMatchObject({ code: 0 });
  });

  test('cannot where that one leaves it alone, which is named', async () => {
    using world = aCliWorld(night, twoRegions.replace('match: "mgmt/*"', 'match: "r2:mgmt/*"'));
    const { code, err } = await world.run('scale', 'mgmt/tools', ...lease);
    expect([code, err]).toEqual([2, expect.stringContaining('No rule acts on mgmt/tools: rule "r2:mgmt/*"')]);
  });
});

test('uninstall tells each region’s changes as that region’s', async () => {
  using world = aCliWorld(night, twoRegions);
  const other = createWorld({ clock: world.clock });
  const [first, second] = [simulatorApp(world.world), simulatorApp(other)];
  const fetch: Fetch = (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    return (url.includes(':8091/') ? second : first).fetch(input, init);
  };
  const env = { MKS_TOKEN: world.world.token, OTHER_TOKEN: other.token };
  const run = (...argv: string[]) => world.runWith({ fetch, env }, ...argv, '--config', world.config);
  world.writeConfig(twoRegions.replace(':8091", token: { env: MKS_TOKEN }', ':8091", token: { env: OTHER_TOKEN }'));
  await run('run', '--once');
  await world.clock.advance(30 * 60_000);
  const begun = run('uninstall', '--yes', '--wait', '1h');
  const state = { isDone: false };
  void begun.finally(() => (state.isDone = true));
  while (!state.isDone) await world.clock.advance(10_000);
  const { out } = await begun;
  for (const region of ['r1', 'r2'])
    expect(out.split('\n').filter((line) => line === `${region}:dev-api/build  0 → 2`)).toHaveLength(1);
});

test('with one region none is said', async () => {
  using world = aCliWorld(night);
  const lines = [await world.run('plan'), await world.run('run', '--once'), await world.run('status')];
  for (const { out } of lines) expect(out).not.toContain('r1:');
});
