import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { aCliWorld, usualConfig } from './cli-world.ts';

type Round = {
  readonly actions: readonly {
    readonly cluster: string;
    readonly pool: string;
    readonly from: unknown;
    readonly to: unknown;
  }[];
  readonly holds: readonly unknown[];
  readonly problems: readonly { readonly reason: string }[];
};

describe('check', () => {
  test('a good config', async () => {
    using world = aCliWorld();
    expect(await world.json('check')).toEqual({ ok: true, problems: [] });
    expect((await world.run('check')).code).toBe(0);
  });

  test('every mistake at once, and exit code 2', async () => {
    using world = aCliWorld();
    world.writeConfig(`timezone: EST
regions: { r1: { api: "http://127.0.0.1:1", token: { env: A }, tokn: 1 } }
pools: [{ match: "a/b", schedule: gone, idle: 1 }]
`);
    const { code, out } = await world.run('check', '--json');
    const { ok, problems } = JSON.parse(out) as { ok: boolean; problems: Record<string, unknown>[] };
    expect({ code, ok }).toEqual({ code: 2, ok: false });
    expect(problems.map(({ line }) => line)).toEqual([1, 2, 3]);
    for (const problem of problems)
      expect(Object.keys(problem)).toEqual(['severity', 'file', 'line', 'column', 'path', 'message', 'fix']);
    const text = await world.run('check');
    expect(text.code).toBe(2);
    expect(text.out.split('\n').filter((line) => line.includes(' error '))).toHaveLength(3);
  });

  test('warnings are said, and fail nothing', async () => {
    using world = aCliWorld();
    world.writeConfig(`timezone: UTC
regions: { r1: { api: "http://127.0.0.1:1", token: { env: A } } }
schedules: { s: { windows: [{ from: "07:00", to: "07:05" }], otherwise: idle } }
pools: [{ match: "a/b", schedule: s, idle: 1 }]
`);
    const { code, out } = await world.run('check');
    expect(code).toBe(0);
    expect(out).toContain(' warning ');
    expect(out).toContain('(1 warning)');
  });
});

describe('plan and run', () => {
  test('a plan sends GETs only and leaves nothing behind', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    const { actions } = (await world.json('plan')) as Round;
    expect(actions.map(({ cluster }) => cluster)).toEqual(['dev-api', 'dev-batch', 'ml']);
    expect(new Set(world.world.requests.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(readdirSync(world.folder)).toEqual(['lamplighter.yml']);
  });

  test('--detailed-exitcode: 3 with changes, 0 without', async () => {
    using night = aCliWorld('2026-11-23T20:00:00Z');
    expect((await night.run('plan', '--detailed-exitcode')).code).toBe(3);
    expect((await night.run('plan')).code).toBe(0);
    using day = aCliWorld();
    expect((await day.run('plan', '--detailed-exitcode')).code).toBe(0);
  });

  test('what cannot be read is a problem, and exit code 1', async () => {
    using world = aCliWorld();
    world.world.failNext({ kind: 'status', status: 403 }, { times: 9 });
    const { code, out } = await world.run('plan', '--json');
    expect(code).toBe(1);
    expect((JSON.parse(out) as Round).problems[0]?.reason).toContain('the clusters of region r1 could not be listed');
  });

  test('run --once acts; with --dry-run it only says so', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    const dry = await world.run('run', '--once', '--dry-run');
    expect(dry.out).toContain('would scale dev-api/build 2 → 0');
    expect(world.world.pool('dev-api/build').size).toBe(2);
    const wet = await world.run('run', '--once');
    expect(wet.out).toContain('scaled dev-api/build 2 → 0');
    expect(world.world.pool('dev-api/build').size).toBe(0);
  });

  test('the first round under a config says what is to come, before it acts, and no other does', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    const first = await world.run('run', '--once');
    expect(first.err).toMatch(/^first round under this config: .* now Lamplighter will lower \d+ pools/m);
    expect((await world.run('run', '--once')).err).not.toContain('first round');
    using other = aCliWorld('2026-11-23T20:00:00Z');
    const { started } = JSON.parse((await other.run('run', '--once', '--json')).out) as { started?: string };
    expect(started).toContain('now Lamplighter will lower');
  });

  test.each([
    [['run', '--json'], '--json is for one round: add --once'],
    [['run', '--dry-run'], '--dry-run is for one round: add --once'],
    [['run', '--once', '--listen', '127.0.0.1:9090'], '--listen serves while the process runs: leave out --once'],
  ])('%j is refused', async (words, reason) => {
    using world = aCliWorld();
    const { code, err } = await world.run(...words);
    expect(code).toBe(2);
    expect(err).toContain(reason);
    expect(world.world.requests).toEqual([]);
  });

  test('run ends cleanly when it is asked to', async () => {
    using world = aCliWorld();
    const stop = new AbortController();
    const running = world.runWith({ signal: stop.signal }, 'run', '--config', world.config);
    for (let i = 0; i < 100 && world.world.requests.length < 4; i += 1) await world.clock.advance(0);
    stop.abort();
    const { code, err } = await running;
    expect(code).toBe(0);
    expect(err).toContain('lamplighter stopped');
    expect(
      err
        .split('\n')
        .filter(Boolean)
        .every((line) => line.startsWith('{')),
    ).toBe(true);
  });
});

describe('status', () => {
  test('before the first round: says so, and fails where asked', async () => {
    using world = aCliWorld();
    const { code, out } = await world.run('status', '--fail-on', 'critical');
    expect(code).toBe(1);
    expect(out).toContain('no round has read region r1 yet');
    expect(readdirSync(world.folder)).toEqual(['lamplighter.yml']);
  });

  test('after rounds: sizes, holds, what was asked', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await world.run('run', '--once');
    await world.run('pause', 'ml', '--for', '2h');
    const { code, out } = await world.run('status', '--fail-on', 'critical');
    expect(code).toBe(0);
    expect(out).toMatch(/dev-api\/build +2 +2 +0 +2 +changing to 0/);
    expect(out).toMatch(
      /dev-api\/workers +3 +3 +0 +3 +waits until build has settled \(one change per cluster at a time\)\n/,
    );
    expect(out).toMatch(/pause +of ml until/);
    expect(out).toContain('last round 0s ago');
  });

  test('how long it changes and is away, in words that read', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await world.run('run', '--once');
    await world.clock.advance(28_000);
    expect((await world.run('status')).out).toContain('changing to 0, begun 28s ago, below base for 28s\n');
  });

  test('observe is said once', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z', `${usualConfig}defaults: { mode: observe }\n`);
    await world.run('run', '--once');
    const { out } = await world.run('status');
    expect(out).toMatch(/dev-api\/build +2 +2 +0 +2 +observe: would go 2 → 0\n/);
    await world.clock.advance(12 * 60 * 60_000);
    await world.run('run', '--once');
    expect((await world.run('status')).out).toMatch(/dev-api\/build +2 +2 +2 +2 +observe\n/);
  });

  test('one of a kind is no plural', async () => {
    const one = usualConfig.replace(/.*dev-.*\n/u, '');
    using world = aCliWorld('2026-11-23T20:00:00Z', one);
    await world.run('run', '--once');
    expect((await world.run('status')).out).toContain('; 1 pool remembered, ');
    expect((await world.run('pause', 'ml/gpu', '--for', '1h')).out).toContain('  1 pool seen so far\n');
    expect((await world.run('scale', 'ml/gpu', '--at-least', '1', '--for', '1h')).out).toMatch(/^at least 1 node for/);
  });

  test('a region that could not be read is named, and what stands there is old', async () => {
    using world = aCliWorld();
    await world.run('run', '--once');
    expect((await world.run('status')).out).not.toContain('could not be read');
    await world.runWith({ env: {} }, 'run', '--once', '--config', world.config);
    expect((await world.run('status')).out).toContain('region r1 could not be read in the last round');
  });

  test('old rounds are critical', async () => {
    using world = aCliWorld();
    await world.run('run', '--once');
    await world.clock.advance(60 * 60_000);
    const { code, out } = await world.run('status', '--fail-on', 'critical');
    expect(code).toBe(1);
    expect(out).toContain('the last round over region r1 was 1h ago');
  });
});

describe('history', () => {
  test('what was decided, in order, by match and time', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await world.run('run', '--once');
    await world.clock.advance(2 * 60 * 60_000);
    await world.run('run', '--once');
    const all = (await world.json('history')) as { at: string; cluster: string; kind: string }[];
    expect(all.map(({ at }) => at)).toEqual(all.map(({ at }) => at).toSorted());
    expect(new Set(all.map(({ cluster }) => cluster))).toEqual(new Set(['dev-api', 'dev-batch', 'ml']));
    const recent = (await world.json('history', 'dev-api/*', '--since', '1h')) as typeof all;
    expect(recent.length).toBeGreaterThan(0);
    expect(recent.every(({ at, cluster }) => at >= '2026-11-23T21:00:00Z' && cluster === 'dev-api')).toBe(true);
    expect((await world.run('history', 'dev-api/build')).out).toMatch(/2026-11-23 21:00 +dev-api\/build +scale +2 → 0/);
  });

  test('none is said', async () => {
    using world = aCliWorld();
    expect((await world.run('history')).out).toBe('no decisions since Mon 2026-11-16 13:00 Europe/Berlin (12:00Z)\n');
  });
});
