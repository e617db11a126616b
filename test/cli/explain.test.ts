import { describe, expect, test } from 'vitest';
import { aCliWorld, usualConfig } from './cli-world.ts';

type Explained = {
  readonly at: string;
  readonly desired: unknown;
  readonly openWindows: readonly string[];
  readonly because: readonly string[];
  readonly nextChange: { readonly at: string; readonly desired: unknown } | null;
  readonly rule: { readonly file: string; readonly line: number } | null;
};

async function explained(pool: string, at: string, text = usualConfig): Promise<Explained> {
  using world = aCliWorld(undefined, text);
  const fetch = () => Promise.reject(new Error('explain --at asks nobody'));
  const { code, out, err } = await world.runWith(
    { fetch, env: {} },
    'explain',
    pool,
    '--at',
    at,
    '--json',
    '--config',
    world.config,
  );
  expect({ code, err }).toEqual({ code: 0, err: '' });
  return (JSON.parse(out) as Explained[])[0]!;
}

const fixed = (patch: string) => `timezone: Europe/Berlin
regions: { r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } } }
schedules:
  office-hours:
    windows: [{ days: mon-fri, from: "07:00", to: "19:00" }, { days: sat, from: "10:00", to: "14:00", size: 2 }]
    otherwise: idle
${patch}
`;

const threeAndOne = fixed('pools: [{ match: "dev/workers", schedule: office-hours, base: 3, idle: 1 }]');

describe('explain --at --json', () => {
  test('the documented form, whole', async () => {
    expect(await explained('dev/workers', '2026-11-23T12:00:00Z', threeAndOne)).toEqual({
      at: '2026-11-23T12:00:00Z',
      cluster: 'dev',
      pool: 'workers',
      desired: { size: 3 },
      openWindows: ['mon-fri 07:00-19:00'],
      because: [expect.stringContaining('rule "dev/workers"'), 'the window "mon-fri 07:00-19:00" is open: base (3)'],
      nextChange: { at: '2026-11-23T18:00:00Z', desired: { size: 1 } },
      rule: { file: expect.stringMatching(/lamplighter\.yml$/), line: 7 },
    });
  });

  test.each([
    ['the last instant of a window', '2026-11-23T17:59:59Z', { size: 3 }],
    ['its end is not in it', '2026-11-23T18:00:00Z', { size: 1 }],
    ['a window with a size of its own', '2026-11-28T10:00:00Z', { size: 2 }],
    ['an offset that is not UTC', '2026-11-23T19:00:00+01:00', { size: 1 }],
  ])('%s', async (_, at, desired) => {
    expect((await explained('dev/workers', at, threeAndOne)).desired).toEqual(desired);
  });

  test('several instants in one call, in their order', async () => {
    using world = aCliWorld(undefined, threeAndOne);
    const instants = ['2027-06-01T12:00:00Z', '2026-11-23T23:00:00Z', '2030-01-01T00:00:00Z'];
    const out = await world.json('explain', 'dev/workers', ...instants.flatMap((at) => ['--at', at]));
    expect((out as Explained[]).map(({ at }) => at)).toEqual(instants);
  });

  test('a remembered base is "observed base", whatever stands beside it', async () => {
    const { desired, nextChange } = await explained('dev-api/x', '2026-11-23T12:00:00Z');
    expect(desired).toBe('observed base');
    expect(nextChange).toEqual({ at: '2026-11-23T18:00:00Z', desired: { size: 0 } });
  });

  test('bounds of an autoscaled pool', async () => {
    expect((await explained('ml/gpu', '2026-11-23T12:00:00Z')).desired).toEqual({ min: 0, max: 4 });
    expect((await explained('ml/gpu', '2026-11-23T20:00:00Z')).desired).toEqual({ size: 0 });
  });

  test('no rule: untouched', async () => {
    const { desired, rule, nextChange, openWindows } = await explained('prod/workers', '2026-11-23T12:00:00Z');
    expect({ desired, rule, nextChange, openWindows }).toEqual({
      desired: 'untouched',
      rule: null,
      nextChange: null,
      openWindows: [],
    });
  });

  test('schedule none: untouched, and the rule is named', async () => {
    const { desired, rule, because } = await explained('mgmt/system', '2026-11-23T12:00:00Z');
    expect(desired).toBe('untouched');
    expect(rule?.line).toBe(9);
    expect(because.join()).toContain('schedule: none');
  });

  test('an edge that comes to the same size is no change', async () => {
    const text = fixed('pools: [{ match: "dev/workers", schedule: office-hours, base: 1, idle: 1 }]');
    expect((await explained('dev/workers', '2026-11-23T12:00:00Z', text)).nextChange).toEqual({
      at: '2026-11-28T09:00:00Z',
      desired: { size: 2 },
    });
  });

  test('a size that never changes has no next change', async () => {
    const text = fixed('pools: [{ match: "dev/workers", schedule: office-hours, base: 2, idle: 2 }]');
    expect((await explained('dev/workers', '2026-11-23T12:00:00Z', text)).nextChange).toBeNull();
  });

  test('limits are said', async () => {
    const text = fixed(
      'pools: [{ match: "dev/workers", schedule: office-hours, base: 5, idle: 4, limits: { min: 3, max: 6 } }]',
    );
    const { desired, because } = await explained('dev/workers', '2026-11-28T10:00:00Z', text);
    expect(desired).toEqual({ size: 3 });
    expect(because).toContain('limits { min: 3, max: 6 } make 3 of 2');
  });

  test('Lamplighter’s own pool stays at one', async () => {
    const text = fixed(`safety: { runsOn: dev/workers }
pools: [{ match: "dev/workers", schedule: office-hours, base: 3, idle: 0, limits: { min: 0 } }]`);
    const { desired, because } = await explained('dev/workers', '2026-11-23T22:00:00Z', text);
    expect(desired).toEqual({ size: 1 });
    expect(because.join()).toContain('Lamplighter runs on this pool');
  });

  test('an exception stands above, with its reason', async () => {
    const text = fixed(`pools: [{ match: "dev/workers", schedule: office-hours, base: 3, idle: 1 }]
exceptions: [{ match: "dev/*", start: 2026-11-23T10:00, end: 2026-11-24T10:00, size: idle, reason: moving house }]`);
    const { desired, because, openWindows, nextChange } = await explained('dev/workers', '2026-11-23T12:00:00Z', text);
    expect(desired).toEqual({ size: 1 });
    expect(openWindows).toEqual(['mon-fri 07:00-19:00']);
    expect(because.join()).toContain('moving house');
    expect(nextChange).toEqual({ at: '2026-11-24T09:00:00Z', desired: { size: 3 } });
  });

  test.each([
    ['actLike: sunday', 'it counts as a sunday'],
    ['size: idle', 'idle (1) for the whole local day'],
  ])('a calendar day: %s', async (says, sentence) => {
    const text = threeAndOne
      .replace('schedules:', `calendars: { off: { dates: [2026-11-23], ${says} } }\nschedules:`)
      .replace('office-hours:\n', 'office-hours:\n    calendar: off\n');
    const { desired, because } = await explained('dev/workers', '2026-11-23T12:00:00Z', text);
    expect(desired).toEqual({ size: 1 });
    expect(because.join()).toContain(sentence);
  });
});

describe('regions', () => {
  const two = (rules: string) =>
    threeAndOne
      .replace('} }\nschedules', '}, r2: { api: "http://127.0.0.1:8091", token: { env: X } } }\nschedules')
      .replace(/pools:.*/u, `pools:\n${rules}`);

  test('one that matters must be written', async () => {
    const text = two(
      '  - { match: "r1:dev/workers", schedule: office-hours, base: 3, idle: 1 }\n  - { match: "r2:dev/workers", schedule: office-hours, base: 4, idle: 1 }',
    );
    using world = aCliWorld(undefined, text);
    const { code, err } = await world.run('explain', 'dev/workers', '--at', '2026-11-23T12:00:00Z');
    expect(code).toBe(2);
    expect(err).toContain('write r1:dev/workers or r2:dev/workers');
    expect((await explained('r2:dev/workers', '2026-11-23T12:00:00Z', text)).desired).toEqual({ size: 4 });
  });

  test('one that makes no difference need not', async () => {
    const text = two('  - { match: "dev/workers", schedule: office-hours, base: 3, idle: 1 }');
    expect((await explained('dev/workers', '2026-11-23T12:00:00Z', text)).desired).toEqual({ size: 3 });
  });
});

describe('explain without --at', () => {
  test('now; and what people asked for, where there is a store', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await world.run('run', '--once');
    await world.run('scale', 'ml/gpu', '--at-least', '20', '--for', '4h', '--reason', 'reprocessing');
    await world.run('pause', '--for', '2h', '--reason', 'terraform');
    const because = ((await world.json('explain', 'ml/gpu')) as Explained[])[0]?.because.join('\n');
    expect(because).toContain('a lease by ada@lab asks for at least 20 until 2026-11-24T00:00:00Z (reprocessing)');
    expect(because).toContain('leases may ask for 8 at most here');
    expect(because).toContain('paused by ada@lab until 2026-11-23T22:00:00Z (terraform)');
  });

  test('for people: what is wanted now, and what the rule alone says', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await world.run('run', '--once');
    await world.run('scale', 'dev-api/workers', '--exactly', '2', '--for', '4h');
    const { out } = await world.run('explain', 'dev-api/workers');
    expect(out).toMatch(/^ {2}wanted {4}2\n {2}nodes {5}\d\n {2}schedule {2}0$/m);
  });

  test('a pool that waits for its turn says so, and one that changes does not', async () => {
    using world = aCliWorld('2026-11-23T20:00:00Z');
    await world.run('run', '--once');
    const becauseOf = async (pool: string) => ((await world.json('explain', pool)) as Explained[])[0]?.because.join();
    expect(await becauseOf('dev-api/workers')).toContain(
      'nothing is done now: waits until build has settled (one change per cluster at a time)',
    );
    const moving = await becauseOf('dev-api/build');
    expect(moving).toContain('a change from 2 to 0 is under way');
    expect(moving).not.toContain('nothing is done');
  });

  test('a pool that is up ahead of its window says for what', async () => {
    const text = usualConfig.replace('otherwise: idle', 'lead: 30m\n    otherwise: idle');
    using world = aCliWorld('2026-11-23T20:00:00Z', text);
    for (const minutes of [20, 20, 535, 1]) {
      await world.run('run', '--once');
      await world.clock.advance(minutes * 60_000);
    }
    expect((await world.run('explain', 'ml/gpu')).out).toContain(
      'it was raised ahead of time, to be ready at 07:00 Europe/Berlin, and is not lowered before that',
    );
  });

  test('bounds refused for the size are tried with one within', async () => {
    const strict = fixed(
      'pools: [{ match: "dev-batch/burst", schedule: office-hours, base: { min: 3, max: 8 }, idle: { min: 0, max: 1 }, limits: { min: 0 } }]\nsafety: { brake: off }',
    );
    using world = aCliWorld('2026-11-23T20:00:00Z', strict);
    Object.assign(world.world.behaviour, { sizeOutsideBounds: 'refuse', autoscalerMoves: false });
    world.world.personResizes('dev-batch/burst', { size: 3, sizeMin: 3, sizeMax: 8 });
    await world.clock.advance(30 * 60_000);
    await world.run('run', '--once');
    expect(world.world.pool('dev-batch/burst')).toMatchObject({ sizeMin: 3, sizeMax: 8 });
    await world.clock.advance(6 * 60_000);
    const why = "0..1 was refused, and the pool's size, 3, is outside: size 1 is sent too";
    const flat = (text: string) => text.replaceAll(/\s+/g, ' ');
    expect(flat((await world.run('plan')).out)).toContain(why);
    await world.run('run', '--once');
    await world.clock.advance(10 * 60_000);
    expect(world.world.pool('dev-batch/burst')).toMatchObject({ sizeMin: 0, sizeMax: 1 });
    expect(flat((await world.run('history', 'dev-batch/burst')).out)).toContain(why);
  });

  test('a size that the API refused says so, why, and when it is asked for again', async () => {
    const night = fixed(
      'pools: [{ match: "dev-api/workers", schedule: office-hours, base: 3, idle: 1 }]\nsafety: { brake: off }',
    );
    using world = aCliWorld('2026-11-23T20:00:00Z', night);
    const refuse = () =>
      world.world.failNext({ kind: 'status', status: 400, message: 'quota of the flavor' }, { method: 'PUT' });
    const because = async () =>
      ((await world.json('explain', 'dev-api/workers')) as Explained[])[0]?.because.join('\n');
    const said = 'answered 400, code 3: quota of the flavor';
    const again = `nothing is done now: 1 was refused (${said}): tried again at 2026-11-23T20:05:00Z`;
    refuse();
    await world.run('run', '--once');
    expect(await because()).toContain(again);
    await world.run('run', '--once');
    expect(await because()).toContain(again);
    await world.clock.advance(6 * 60_000);
    expect(await because()).toContain(`1 was refused by the API (${said}): the next round tries it again`);
    for (let i = 0; i < 2; i += 1) {
      refuse();
      await world.run('run', '--once');
      await world.clock.advance(21 * 60_000);
    }
    await world.run('run', '--once');
    expect(await because()).toContain(
      'not tried again until the schedule asks for another size, or the rule or the pool changes; it is next tried at 2026-11-24T06:00:00Z',
    );
  });

  test('what the brake holds says so, and how to let it go', async () => {
    const config = (to: string) =>
      fixed(`pools: [{ match: "dev-*/*", schedule: office-hours, idle: 1 }]
safety: { brake: { pools: 1, percent: 5 } }`).replace('"19:00"', `"${to}"`);
    using world = aCliWorld('2026-11-23T05:00:00Z', config('19:00'));
    for (let i = 0; i < 4; i += 1) {
      await world.run('run', '--once');
      await world.clock.advance(90 * 60_000);
    }
    world.writeConfig(config('08:00'));
    await world.run('run', '--once');
    const { out } = await world.run('explain', 'dev-api/workers');
    expect(out).toContain('nothing is done now: the brake holds 3 → 1; to release it, run: lamplighter approve');
    expect(out).toContain(`: lamplighter approve --config ${world.config}\n`);
    const holds = `the brake holds 3 → 1; to release it, run: lamplighter approve --config ${world.config}\n`;
    expect((await world.run('plan')).out).toContain(holds);
    expect((await world.run('status')).out).toContain(`run: lamplighter approve --config ${world.config}\n`);
    const at = await world.run('explain', 'dev-api/workers', '--at', '2026-11-23T12:00:00Z');
    expect(at.out).not.toContain('nothing is done');
  });

  test('makes no store where there is none', async () => {
    using world = aCliWorld();
    const [first] = (await world.json('explain', 'ml/gpu')) as Explained[];
    expect(first?.at).toBe('2026-11-23T12:00:00Z');
    const { readdirSync } = await import('node:fs');
    expect(readdirSync(world.folder)).toEqual(['lamplighter.yml']);
  });

  test('for people: local time, the reasons, what comes next', async () => {
    using world = aCliWorld();
    const { out } = await world.run('explain', 'ml/gpu');
    expect(out).toContain('ml/gpu at Mon 2026-11-23 13:00 Europe/Berlin (12:00Z)');
    expect(out).toContain('next      0 from Mon 2026-11-23 19:00 Europe/Berlin (18:00Z)');
  });
});
