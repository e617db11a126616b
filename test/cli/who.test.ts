import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { randomId } from '../../lib/io/ids.ts';
import { openSqliteStore } from '../../lib/io/stores/sqlite.ts';
import { listAsks } from '../../lib/jobs/records/ask-records.ts';
import { dayMs } from '../../lib/model/time.ts';
import { passing } from '../support/alert-night.ts';
import { aCliWorld, type CliWorld } from './cli-world.ts';

type Told = {
  readonly at: string;
  readonly who: string;
  readonly verb: string;
  readonly what: string;
  readonly reason: string | null;
};

const didBy = async (world: CliWorld, ...name: string[]) =>
  JSON.parse((await world.run('history', '--who', ...name, '--json')).out) as readonly Told[];

const verbs: readonly (readonly [verb: string, argv: readonly string[], what: string])[] = [
  ['pause', ['pause', 'ml', '--for', '1h'], 'ml until 2026-11-23T13:00:00Z'],
  ['base restore', ['base', 'ml/gpu', 'restore'], 'ml/gpu: the size 0..3, set by hand, was forgotten'],
  ['resume', ['resume', 'ml'], 'ml: 1 pause ended, 0 sizes forgotten'],
  ['scale', ['scale', 'ml/gpu', '--at-least', '2', '--for', '1h'], 'ml/gpu at least 2 until 2026-11-23T13:00:00Z'],
  [
    'scale',
    ['scale', 'dev-api/build', '--exactly', '3', '--for', '1h'],
    'dev-api/build exactly 3 until 2026-11-23T13:00:00Z',
  ],
  ['scale', ['scale', 'ml/gpu', '--release'], 'ml/gpu released'],
  ['base set', ['base', 'dev-api/workers', 'set', '4'], 'dev-api/workers: the base was set to 4'],
  ['approve', ['approve'], 'until 2026-11-24T12:00:00Z'],
  ['silence', ['silence', 'dev-*', '--for', '1h'], 'dev-* until 2026-11-23T13:00:00Z'],
  [
    'silence',
    ['silence', 'prod-*', '--from', '2026-12-05T20:00+01:00', '--for', '1h'],
    'prod-* from 2026-12-05T19:00:00Z until 2026-12-05T20:00:00Z',
  ],
  ['silence end', ['silence', 'dev-*', '--end'], 'dev-*'],
  ['uninstall', ['uninstall', '--yes', '--wait', '1s'], 'the whole fleet'],
  ['uninstall --undo', ['uninstall', '--undo'], 'the whole fleet'],
];

describe('who did what', () => {
  test('is kept with every command that changes something', async () => {
    using world = aCliWorld('2026-11-23T11:30:00Z');
    await world.run('run', '--once');
    await world.clock.advance(10 * 60_000);
    await world.run('run', '--once');
    world.world.personResizes('ml/gpu', { sizeMin: 0, sizeMax: 3 });
    await world.clock.advance(20 * 60_000);
    await world.run('run', '--once');
    for (const [verb, argv] of verbs) {
      const ran = await passing(
        world.clock,
        world.run(...argv, '--as', 'grace', ...(verb.startsWith('silence end') ? [] : ['--reason', 'a test'])),
      );
      expect(ran.err, argv.join(' ')).toBe('');
    }
    const told = await didBy(world, 'GRACE');
    for (const [verb, argv, what] of verbs) {
      const found = told.filter((one) => one.verb === verb && one.what.includes(what));
      expect(found, argv.join(' ')).toHaveLength(1);
      expect(found[0]?.reason).toBe(verb === 'silence end' ? null : 'a test');
    }
    expect(await didBy(world, 'nobody')).toEqual([]);
    const { out } = await world.run('history', '--who');
    expect(out).toMatch(/grace +pause +ml until 14:00 Europe\/Berlin \(a test\)/);
  });

  test('keeps its columns where a name is taken out, or a time comes twice', async () => {
    using world = aCliWorld('2026-10-25T00:30:00Z');
    await world.run('pause', 'dev-*', '--for', '5h', '--as', 'ab12'.repeat(16));
    await world.clock.advance(60 * 60_000);
    await world.run('pause', 'ml', '--for', '5h', '--as', 'ada');
    await world.clock.advance(2 * 60 * 60_000);
    await world.run('run', '--once');
    await world.run('resume', 'ml', '--as', 'grace');
    const { out } = await world.run('history', '--who');
    const lines = out.trimEnd().split('\n');
    expect(
      lines.map((line) =>
        /^(.{21})  (.{10})  (.{6})  \S/
          .exec(line)
          ?.slice(1)
          .map((cell) => cell.trim()),
      ),
    ).toEqual([
      ['Europe/Berlin', 'who', 'did'],
      ['2026-10-25 02:30 CEST', '[redacted]', 'pause'],
      ['2026-10-25 02:30 CET', 'ada', 'pause'],
      ['2026-10-25 04:30', 'grace', 'resume'],
    ]);
  });

  test('is user@host where nobody says it', async () => {
    using world = aCliWorld();
    await world.run('pause', '--for', '1h');
    expect((await didBy(world)).map(({ who }) => who)).toEqual(['ada@lab']);
  });

  test('shows what came of an ask', async () => {
    using world = aCliWorld();
    await world.run('run', '--once');
    await world.run('scale', 'ml/gpu', '--at-least', '2', '--for', '1h', '--as', 'grace');
    await world.run('run', '--once');
    const told = await didBy(world, 'grace');
    expect(told.map(({ verb }) => verb)).toEqual(['scale', 'scale']);
    expect(told[1]).toMatchObject({ what: '0..4 → 2..4', region: 'r1', cluster: 'ml', pool: 'gpu' });
  });

  const unseen = ['\u200b', '\u00ad', '\u3164', '\u2800', '\u0301', '\u{e0041}', '\ufffd\ufffd'];
  const obeyed = ['a\nb', '\u001b[31mred', '\u009b31mred', '\u202eevil', 'a\u2028b'];
  test.each(['', '   ', 'x'.repeat(101), ...obeyed, ...unseen])('%j is no name', async (name) => {
    using world = aCliWorld();
    const { code, err } = await world.run('pause', '--for', '1h', '--as', name);
    expect(code).toBe(2);
    expect(err).toMatch(/^[^\n]{1,400}one line\n$/);
  });

  test.each([['Ann 😀'], ['Zoë'], ['علی\u200cرضا'], ['1'], ['e\u0301']])('%j is a name', async (name) => {
    using world = aCliWorld();
    expect(await world.run('pause', '--for', '1h', '--as', name)).toMatchObject({ code: 0 });
    expect((await didBy(world)).map(({ who }) => who)).toEqual([name]);
  });

  test('a reason of blanks is none', async () => {
    using world = aCliWorld();
    for (const reason of ['', ' \n ']) await world.run('pause', '--for', '1h', '--reason', reason);
    expect((await didBy(world)).map(({ reason }) => reason)).toEqual([null, null]);
  });

  test('a reason without end is refused', async () => {
    using world = aCliWorld();
    const { code, err } = await world.run('pause', '--for', '1h', '--reason', 'z'.repeat(100_000));
    expect(code).toBe(2);
    expect(err).toMatch(/^[^\n]{1,400}up to 1000 characters\n$/);
  });

  test.each([
    [['approve', '--for', '48h']],
    [['pause', '--for', '2h']],
    [['scale', 'dev-api/build', '--exactly', '3', '--for', '1h']],
    [['silence', 'ml', '--for', '1h']],
  ])('%j repeats a reason of several lines in one', async (argv) => {
    using world = aCliWorld();
    await world.run('run', '--once');
    const reason = 'one\ntwo \u202e\u001b[31m';
    await world.run(...argv, '--reason', reason);
    const { code, out } = await world.run(...argv, '--reason', reason);
    expect({ code, ends: out.match(/^two.*/gmu) }).toEqual({ code: 0, ends: null });
  });
});

describe('two people at once', () => {
  test('pause: one is told of the other, and both are kept', async () => {
    using world = aCliWorld();
    const ran = await Promise.all(
      ['ada', 'grace'].map((who, at) =>
        world.run('pause', '--for', `${2 - at}h`, '--as', who, '--reason', `by ${who}`),
      ),
    );
    expect(ran.map(({ code }) => code)).toEqual([0, 0]);
    const told = ran.flatMap(({ out }) => /replaces the pause until .* by (\w+) \(by \1\)/.exec(out)?.[1] ?? []);
    expect(told).toHaveLength(1);
    expect((await didBy(world)).map(({ who }) => who).toSorted()).toEqual(['ada', 'grace']);
  });

  test('pause: a shorter one says what it cut short', async () => {
    using world = aCliWorld();
    await world.run('pause', '--for', '4h', '--as', 'ada');
    expect((await world.run('pause', '--for', '1h', '--as', 'grace')).out).toContain(
      'by ada, which would have lasted longer',
    );
    expect((await world.run('pause', '--for', '9h', '--as', 'ada')).out).toMatch(/by grace\n/);
  });

  test('approve: the second is told, and cuts nothing short', async () => {
    using world = aCliWorld();
    const ran = await Promise.all(
      ['ada', 'grace'].map((who) => world.run('approve', '--for', who === 'ada' ? '48h' : '1h', '--as', who)),
    );
    expect(ran.flatMap(({ out }) => /(ada|grace) had approved it until/.exec(out)?.[1] ?? [])).toHaveLength(1);
    const { out } = await world.run('approve', '--for', '1h');
    expect(out).toContain('until Wed 2026-11-25 13:00');
    expect((await didBy(world)).filter(({ verb }) => verb === 'approve')).toHaveLength(3);
  });

  test('an override and a silence say whose they replace', async () => {
    using world = aCliWorld();
    await world.run('run', '--once');
    const exactly = ['scale', 'dev-api/build', '--exactly', '3', '--for', '1h'];
    const ran = await Promise.all(['ada', 'grace'].map((who) => world.run(...exactly, '--as', who)));
    expect(ran.filter(({ out }) => /replaces exactly 3 until .* by (ada|grace)/.test(out))).toHaveLength(1);
    const quiet = await Promise.all(
      ['ada', 'grace'].map((who) => world.run('silence', 'ml', '--for', '1h', '--as', who)),
    );
    expect(quiet.filter(({ out }) => /replaces the silence of .*(ada|grace)/.test(out))).toHaveLength(1);
  });
});

test('the docs say where it stands', () => {
  expect(readFileSync('docs/operations.md', 'utf8')).toContain('lamplighter history --who');
});

test('what people did is kept as long as the history, however often the store is cleaned', async () => {
  using world = aCliWorld('2026-11-23T11:30:00Z');
  await world.run('run', '--once');
  await world.run('base', 'dev-api/workers', 'set', '4');
  await world.run('pause', 'ml', '--for', '1h');
  await world.run('resume', 'ml');
  const store = openSqliteStore({ path: join(world.folder, 'lamplighter.db'), newId: randomId });
  await store.collect(world.clock.now() + 20 * dayMs, 1000);
  expect((await listAsks(store, 'r1')).map(({ kind }) => kind)).toEqual(['pause']);
  await store.close();
  expect((await didBy(world)).map(({ verb }) => verb)).toEqual(['base set', 'pause', 'resume']);
  expect(await world.json('history', 'dev-api/workers')).toEqual(
    expect.arrayContaining([expect.objectContaining({ kind: 'base', code: 'base-set' })]),
  );
});
