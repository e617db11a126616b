import { describe, expect, test } from 'vitest';
import { readAskedMatch } from '../../lib/cli/asks/asked-match.ts';
import type { ClusterRecord, PoolMemory } from '../../lib/decide/scaling/memory.ts';
import { openStore } from '../../lib/io/stores/open-store.ts';
import type { Store } from '../../lib/io/stores/store.ts';
import { listAsks, personLeaseId, putLease } from '../../lib/jobs/records/ask-records.ts';
import { clusterWrite, readClusterRecord } from '../../lib/jobs/records/cluster-records.ts';
import { listDeeds } from '../../lib/jobs/records/deed-records.ts';
import { aCliWorld, type CliWorld, usualConfig } from './cli-world.ts';

const since = Date.parse('2026-11-23T11:00:00Z');
const names = ['build', 'proxy', 'workers'] as const;

/** Each pool has a size that a person set, and a base of its own. */
function memoryOf(name: string, at: number): PoolMemory {
  const kept = { size: 7 + at, since, until: since + 86_400_000 };
  return { name, autoscale: false, base: 3 + at, seen: { size: 7 + at, at: since }, kept, foreign: [since] };
}

const record = (cluster: string): ClusterRecord => ({
  schema: 1,
  cluster,
  pools: Object.fromEntries(names.map((name, at) => [`p-${name}`, memoryOf(name, at)])),
});

/** Two regions with the same two clusters, each with three pools. */
async function aFleet(): Promise<CliWorld & { readonly places: readonly Place[] }> {
  const r1 = '  r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } }';
  const text = usualConfig.replace(r1, `${r1}\n${r1.replace('r1:', 'r2:').replace('8090', '8091')}`);
  const world = aCliWorld(undefined, text);
  const places = ['r1', 'r2'].flatMap((region) => ['dev-api', 'dev-web'].map((cluster) => ({ region, cluster })));
  await inStore(world, async (store) => {
    for (const { region, cluster } of places) {
      await store.commit([clusterWrite(region, `c-${cluster}`, record(cluster), undefined)]);
    }
  });
  return { ...world, places, [Symbol.dispose]: () => world[Symbol.dispose]() };
}

type Place = { readonly region: string; readonly cluster: string };

async function inStore<T>({ folder, clock }: CliWorld, work: (store: Store) => Promise<T>): Promise<T> {
  const path = `${folder}/lamplighter.db`;
  const store = await openStore({ kind: 'sqlite', path }, { clock, newId: () => `own-${(ids += 1)}` });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

let ids = 0;

/** The pools whose memory is not what it was, by their full names. */
async function changed(world: CliWorld, places: readonly Place[]): Promise<Map<string, PoolMemory>> {
  const found = new Map<string, PoolMemory>();
  const stores = await inStore(world, (store) =>
    Promise.all(places.map(({ region, cluster }) => readClusterRecord(store, region, `c-${cluster}`))),
  );
  for (const [index, { region, cluster }] of places.entries()) {
    const stored = stores[index];
    names.forEach((name, at) => {
      const memory = stored?.record.pools[`p-${name}`] as PoolMemory;
      const isSame = JSON.stringify(memory) === JSON.stringify(memoryOf(name, at));
      if (!isSame) found.set(`${region}:${cluster}/${name}`, memory);
    });
  }
  return found;
}

describe('of several pools of one record, in several regions, only the one that is named', () => {
  test.each(names)('gets its base: %s', async (name) => {
    using world = await aFleet();
    expect(await world.run('base', `r2:dev-api/${name}`, 'set', '5')).toMatchObject({ code: 0 });
    const after = await changed(world, world.places);
    expect([...after.keys()]).toEqual([`r2:dev-api/${name}`]);
    expect([...after.values()]).toMatchObject([{ base: 5, away: { base: 5, from: 'person' } }]);
  });

  test.each(names)('goes back to what the schedule says: %s', async (name) => {
    using world = await aFleet();
    const { out } = await world.run('base', `r1:dev-web/${name}`, 'restore');
    expect(out).toContain(`the size ${7 + names.indexOf(name)}, set by hand, was forgotten`);
    const after = await changed(world, world.places);
    expect([...after.keys()]).toEqual([`r1:dev-web/${name}`]);
    expect([...after.values()][0]).not.toHaveProperty('kept');
    expect([...after.values()]).toMatchObject([{ base: 3 + names.indexOf(name) }]);
  });

  test.each(names)('is freed by resume: %s', async (name) => {
    using world = await aFleet();
    const { out } = await world.run('resume', `r2:dev-web/${name}`);
    expect(out).toContain(`forgot ${7 + names.indexOf(name)}, set by hand, on r2:dev-web/${name}\n`);
    const after = await changed(world, world.places);
    expect([...after.keys()]).toEqual([`r2:dev-web/${name}`]);
    expect([...after.values()][0]).not.toHaveProperty('kept');
  });
});

test('resume of a cluster lets go of all its pools, in each region, and of no other', async () => {
  using world = await aFleet();
  await world.run('resume', 'dev-api');
  const all = ['r1', 'r2'].flatMap((region) => names.map((name) => `${region}:dev-api/${name}`));
  expect([...(await changed(world, world.places)).keys()]).toEqual(all);
});

test('resume frees a pool beside one with nothing to let go', async () => {
  using world = await aFleet();
  await world.run('resume', 'r1:dev-api/build');
  expect((await world.run('resume', 'r1:dev-api/*')).out.match(/^forgot /gm)).toHaveLength(2);
});

const noon = Date.parse('2026-11-23T12:00:00Z');
const hour = 3_600_000;

/** What is asked for now, in both regions, without how it is kept. */
const asksOf = (world: CliWorld) =>
  inStore(world, async (store) => {
    const all = await Promise.all(['r1', 'r2'].map((region) => listAsks(store, region)));
    return all.flat().map((ask) => {
      const match = 'match' in ask ? ask.match?.text : undefined;
      return [ask.region, ask.kind, match, ask.who, ask.until];
    });
  });
const deedsOf = (world: CliWorld) => inStore(world, (store) => listDeeds(store, 0));

/** One of each kind of ask, and what its JSON says beside the match, the regions, the end, who and why. */
const kinds = [
  ['lease', ['scale', '--at-least', '5'], { atLeast: 5 }],
  ['override', ['scale', '--exactly', '5'], { exactly: 5 }],
  ['pause', ['pause'], { pools: 1 }],
] as const;

describe('what is asked for is stored where it was named', () => {
  test.each(kinds)('by %s: in both regions, or in one', async (kind, [verb, ...size], own) => {
    using world = await aFleet();
    const said = async (match: string, hours: number) =>
      world.json(verb, match, ...size, '--for', `${hours}h`, '--reason', 'load');
    const common = { kind, who: 'ada@lab', reason: 'load' };
    expect(await said('dev-api/workers', 1)).toEqual({
      ...common,
      ...(kind === 'pause' ? { pools: 2 } : own),
      match: 'dev-api/workers',
      regions: ['r1', 'r2'],
      until: '2026-11-23T13:00:00Z',
      notes: expect.any(Array),
    });
    expect(await said('r2:dev-web/build', 2)).toEqual({
      ...common,
      ...own,
      match: 'r2:dev-web/build',
      regions: ['r2'],
      until: '2026-11-23T14:00:00Z',
      notes: expect.any(Array),
    });
    expect(await asksOf(world)).toEqual([
      ['r1', kind, 'dev-api/workers', 'ada@lab', noon + hour],
      ['r2', kind, 'dev-api/workers', 'ada@lab', noon + hour],
      ['r2', kind, 'r2:dev-web/build', 'ada@lab', noon + 2 * hour],
    ]);
    expect((await deedsOf(world)).map((deed) => [deed.verb, deed.reason])).toEqual([
      [verb, 'load'],
      [verb, 'load'],
    ]);
  });

  test.each(kinds)('by %s: gives way to the next one, which says so', async (kind, argv) => {
    using world = await aFleet();
    const [verb, ...size] = argv;
    await world.run(verb, 'dev-api/workers', ...size, '--for', '3h');
    await world.clock.advance(hour);
    const { notes } = (await world.json(verb, 'dev-api/workers', ...size, '--for', '1h')) as { notes: string[] };
    const replaced = {
      lease: 'replaces your lease of at least 5 until Mon 2026-11-23 16:00 Europe/Berlin (15:00Z)',
      override: 'replaces exactly 5 until Mon 2026-11-23 16:00 Europe/Berlin (15:00Z) by ada@lab',
      pause:
        'replaces the pause until Mon 2026-11-23 16:00 Europe/Berlin (15:00Z) by ada@lab, which would have lasted longer',
    };
    expect(notes[0]).toBe(replaced[kind]);
    expect((await asksOf(world)).map(([region, , , , until]) => [region, until])).toEqual([
      ['r1', noon + 2 * hour],
      ['r2', noon + 2 * hour],
    ]);
    await world.clock.advance(2 * hour);
    const after = (await world.json(verb, 'dev-api/workers', ...size, '--for', '1h')) as { notes: string[] };
    expect(after.notes.filter((note) => note.startsWith('replaces'))).toEqual([]);
  });

  test('by lease: a later clock in one region does not keep the smaller one out of it', async () => {
    using fleet = await aFleet();
    const id = personLeaseId('ada@lab', 'dev-api/build');
    const match = readAskedMatch('dev-api/build', { regions: [] });
    const [now, time] = [fleet.clock.now(), fleet.clock.now() + 60_000];
    const lease = { schema: 1, kind: 'lease', id, who: 'ada@lab', reason: undefined, askedAt: now, match } as const;
    await inStore(fleet, (store) =>
      putLease(store, { ...lease, region: 'r2', time, atLeast: 9, until: time + 3_600_000 }, now),
    );
    expect((await fleet.run('scale', 'dev-api/build', '--at-least', '1', '--for', '2h')).code).toBe(0);
    await inStore(fleet, async (store) => {
      for (const region of ['r1', 'r2']) expect(await listAsks(store, region)).toMatchObject([{ atLeast: 1 }]);
    });
  });

  test.each(kinds)('by %s: is ended where it is named, once', async (kind, [verb, ...size], own) => {
    using world = await aFleet();
    const match = 'dev-api/workers';
    const end = (where: string): readonly [string, ...string[]] =>
      kind === 'pause' ? ['resume', where] : ['scale', where, '--release'];
    await world.run(verb, match, ...size, '--for', '4h');
    await world.clock.advance(hour);
    const one = (region: string) => {
      const { pools: _, ...sized } = { pools: 0, ...own };
      const until = '2026-11-23T16:00:00Z';
      return kind === 'pause'
        ? { region, match, until, who: 'ada@lab' }
        : { kind, region, match, ...sized, who: 'ada@lab', until };
    };
    const freed = kind === 'pause' ? { freed: [expect.objectContaining({ region: 'r2', size: 9 })] } : {};
    expect(await world.json(...end(`r2:${match}`))).toMatchObject({ ended: [one('r2')], ...freed });
    const live = async () =>
      (await asksOf(world)).filter(([, asked, , , until]) => asked !== 'release' && Number(until) > noon + hour);
    expect((await live()).map(([region]) => region)).toEqual(['r1']);
    expect(await world.json(...end(match))).toMatchObject({ ended: [one('r1')] });
    expect(await live()).toEqual([]);
    const before = await deedsOf(world);
    expect(await world.json(...end(match))).toMatchObject({ ended: [], notes: [] });
    expect(await deedsOf(world)).toEqual(before);
    expect(before).toHaveLength(3);
  });
});

describe('resume names the pauses that go on', () => {
  test.each<[string, string | undefined, readonly string[], readonly string[]]>([
    ['of more than was named', 'r1:dev-api/workers', ['dev-*', 'dev-api'], ['r1 dev-*', 'r1 dev-api']],
    ['in both regions', 'dev-api/workers', ['dev-*'], ['r1 dev-*', 'r2 dev-*']],
    ['and not of its neighbours', 'dev-api/workers', ['dev-api/build', 'dev-web'], []],
    ['nor of another region', 'r1:dev-api/workers', ['r2:dev-api'], []],
    ['nor of what is within it', 'dev-api', ['dev-api/build'], []],
    ['of the whole fleet', 'dev-api', [], ['r1 null', 'r2 null']],
  ])('%s', async (_, match, pauses, still) => {
    using world = await aFleet();
    for (const pause of pauses) await world.run('pause', pause, '--for', '2h');
    if (pauses.length === 0) await world.run('pause', '--for', '2h');
    const { stillPaused } = (await world.json('resume', ...(match === undefined ? [] : [match]))) as {
      stillPaused: readonly { region: string; match: string | null; until: string; who: string }[];
    };
    expect(stillPaused.map((one) => `${one.region} ${one.match}`)).toEqual(still);
    expect(stillPaused.every(({ until, who }) => until === '2026-11-23T14:00:00Z' && who === 'ada@lab')).toBe(true);
  });
});

describe('resume', () => {
  test('says for programs all that it let go, and keeps who did it', async () => {
    using world = await aFleet();
    const resumed = await world.json('resume', 'r1:dev-api', '--reason', 'done');
    const freed = names.map((pool, at) => ({ region: 'r1', cluster: 'dev-api', pool, size: 7 + at }));
    expect(resumed).toEqual({ kind: 'resume', ended: [], freed, stillPaused: [], notes: expect.any(Array) });
    expect(await deedsOf(world)).toEqual([
      {
        schema: 1,
        at: noon,
        who: 'ada@lab',
        verb: 'resume',
        what: 'r1:dev-api: 0 pauses ended, 3 sizes forgotten',
        reason: 'done',
      },
    ]);
    const after = await changed(world, world.places);
    expect([...after.values()].map(({ resetAt }) => resetAt)).toEqual([noon, noon, noon]);
  });

  test('of nothing keeps nothing', async () => {
    using world = await aFleet();
    await world.run('resume');
    const before = await deedsOf(world);
    expect(await world.json('resume')).toEqual({ kind: 'resume', ended: [], freed: [], stillPaused: [], notes: [] });
    expect(await deedsOf(world)).toEqual(before);
  });
});

describe('base', () => {
  test('of a name that several regions have asks which', async () => {
    using world = await aFleet();
    expect(await world.run('base', 'dev-api/workers', 'set', '4')).toEqual({
      code: 2,
      out: '',
      err: '"dev-api/workers" exists in several regions: write r1:dev-api/workers or r2:dev-api/workers\n',
    });
    expect(await changed(world, world.places)).toEqual(new Map());
  });

  test('of a name that two clusters of one region have is left alone', async () => {
    using world = await aFleet();
    await inStore(world, (store) => store.commit([clusterWrite('r1', 'c-twin', record('dev-api'), undefined)]));
    expect(await world.run('base', 'r1:dev-api/workers', 'set', '4')).toMatchObject({
      code: 1,
      err: '"r1:dev-api/workers" is the name of several pools, which are left alone: rename one\n',
    });
  });

  test('restore lets go of somebody else’s changes too, and of them alone', async () => {
    using world = await aFleet();
    await world.run('resume', 'r1:dev-api/build');
    await world.clock.advance(60_000);
    const kept = await world.run('base', 'r1:dev-api/build', 'restore', '--reason', 'enough');
    expect(kept.out).toContain('\n  the changes by somebody else are no longer counted\n');
    const memory = (await changed(world, world.places)).get('r1:dev-api/build');
    expect(memory).toMatchObject({ base: 3, resetAt: noon + 60_000 });
    expect(memory).not.toHaveProperty('foreign');
    expect((await deedsOf(world)).map(({ verb, what, reason }) => [verb, what, reason]).at(-1)).toEqual([
      'base restore',
      'r1:dev-api/build: the changes by somebody else are no longer counted',
      'enough',
    ]);
    const before = await deedsOf(world);
    expect((await world.run('base', 'r1:dev-api/build', 'restore')).out).toContain('nothing was changed');
    expect(await deedsOf(world)).toEqual(before);
  });

  test('set keeps since when the pool is below it', async () => {
    using world = await aFleet();
    await world.run('base', 'r1:dev-api/build', 'set', '4');
    await world.clock.advance(hour);
    const shown = await world.json('base', 'r1:dev-api/build', 'set', '5', '--reason', 'more');
    expect(shown).toEqual({
      region: 'r1',
      cluster: 'dev-api',
      pool: 'build',
      base: 5,
      from: 'person',
      away: { base: 5, from: 'person', since: '2026-11-23T12:00:00Z' },
      seen: 7,
      kept: { size: 7, until: '2026-11-24T11:00:00Z' },
      notes: expect.arrayContaining(['the base was set to 5']),
    });
    const memory = (await changed(world, world.places)).get('r1:dev-api/build');
    expect(memory).toMatchObject({ base: 5, resetAt: noon + hour });
    const { notes: _, ...same } = shown as { notes: unknown };
    expect(await world.json('base', 'r1:dev-api/build', 'show')).toEqual({ ...same, notes: [] });
    expect(await deedsOf(world)).toHaveLength(2);
  });
});

test('approve says whose approval stood, in which regions, and which lasts longer', async () => {
  using world = await aFleet();
  const bob = (...argv: string[]) => world.runWith({ who: 'bob@lab' }, 'approve', ...argv, '--config', world.config);
  await bob('--for', '48h', '--reason', 'nights');
  await world.clock.advance(hour);
  const approved = (await world.json('approve', '--reason', 'agreed')) as { readonly [name: string]: unknown };
  expect(approved).toEqual({
    kind: 'approval',
    configHash: expect.stringMatching(/^[\da-f]+$/u),
    until: '2026-11-25T12:00:00Z',
    who: 'ada@lab',
    reason: 'agreed',
    held: [],
    notes: [
      'bob@lab had approved it until Wed 2026-11-25 13:00 Europe/Berlin (12:00Z) (nights), which lasts longer and stays in force',
      expect.stringContaining('no round has begun with this config yet: the approval waits for the first one'),
      expect.stringContaining('it takes effect'),
    ],
  });
  const { out } = await world.run('approve', '--for', '72h');
  expect(out).toContain(' until Thu 2026-11-26 14:00 Europe/Berlin (13:00Z)');
  expect(out).not.toContain('lasts longer');
  expect(out).toContain('\n  the brake held nothing in the last round\n');
});
