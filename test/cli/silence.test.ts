import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { minuteMs } from '../support/alert-night.ts';
import { type AlertCli, anAlertCli, listed } from './alert-cli.ts';

const one = `destinations:
  slack: { kind: slack, url: { env: SLACK } }
`;

function said({ night }: AlertCli): readonly string[] {
  const posts = night.receivers.slack.posts.filter(({ text }) => !text.includes('Notice'));
  return posts.map(({ text }) => `${/CRITICAL|Still|Resolved/.exec(text)?.[0]} ${/dev-\d/.exec(text)?.[0]}`);
}

function fail({ night }: AlertCli, ...names: readonly string[]): void {
  for (const name of names) night.world.setClusterError(name, 'no quota');
}

test('a silenced cluster fails and recovers without words', async () => {
  using cli = await anAlertCli(one);
  const { code, out } = await cli.run('silence', 'dev-1', '--for', '2h', '--reason', 'being rebuilt');
  expect(code).toBe(0);
  expect(out).toBe(
    'silenced dev-1 until Mon 2026-11-23 21:00 Europe/Berlin (20:00Z) by ada@lab (being rebuilt)\n' +
      '  matches nothing open; later incidents will be silenced\n' +
      `  it takes effect with the next round, but none has run for a while: is "lamplighter run --config ${cli.config}" running?\n`,
  );
  fail(cli, 'dev-1', 'dev-2');
  await cli.rounds(3);
  cli.night.world.clearClusterError('dev-1');
  await cli.rounds(4);
  expect(said(cli)).toEqual(['CRITICAL dev-2']);
});

test('what is still wrong when a silence ends is told then', async () => {
  using cli = await anAlertCli(one);
  await cli.run('silence', 'dev-*', '--until', '2026-11-23T18:20Z');
  fail(cli, 'dev-1');
  await cli.rounds(4);
  expect(said(cli)).toEqual([]);
  await cli.rounds(2);
  expect(said(cli)).toEqual(['CRITICAL dev-1']);
});

test('an acknowledged incident reminds nobody, and its end is told', async () => {
  using cli = await anAlertCli(one);
  fail(cli, 'dev-1');
  await cli.rounds(3);
  const [incident] = await listed(cli);
  const { out } = await cli.run('silence', incident?.id.slice(0, 8) ?? '', '--reason', 'ticket 4711');
  expect(out).toContain(`silenced incident ${incident?.id} until it is over by ada@lab (ticket 4711)`);
  expect(out).toContain('no alerts about: cluster.error');
  await cli.rounds(14);
  expect(said(cli)).toEqual(['CRITICAL dev-1']);
  cli.night.world.clearClusterError('dev-1');
  await cli.rounds(4);
  expect(said(cli)).toEqual(['CRITICAL dev-1', 'Resolved dev-1']);
  expect(await cli.json('silence', '--list')).toEqual({ asked: [], configured: [] });
});

test('the list names what people and the config silence, and --end ends it', async () => {
  using cli = await anAlertCli(`${one}silences: [{ match: "dev-2", days: sat-sun, kinds: [pool.late] }]\n`);
  await cli.run('silence', 'dev-1', '--for', '2h');
  await cli.run('silence', 'dev-1', '--for', '3h', '--reason', 'longer');
  expect(await cli.json('silence', '--list')).toMatchObject({
    asked: [{ match: 'dev-1', incident: null, until: '2026-11-23T21:00:00Z', who: 'ada@lab', reason: 'longer' }],
    configured: [{ match: 'dev-2', kinds: ['pool.late'], timezone: 'Europe/Berlin', inForce: false }],
  });
  expect((await cli.run('silence', '--list')).out.split('\n')).toEqual([
    'dev-1 until Mon 2026-11-23 22:00 Europe/Berlin (21:00Z) by ada@lab (longer)',
    expect.stringMatching(
      /^dev-2 \(pool\.late\) .* Europe\/Berlin by the config \(\S+lamplighter\.yml:\d+\), not now$/,
    ),
    '',
  ]);
  expect((await cli.run('silence', 'dev-1', '--end')).code).toBe(0);
  expect(await cli.json('silence', '--list')).toMatchObject({ asked: [] });
  fail(cli, 'dev-1');
  await cli.rounds(3);
  expect(said(cli)).toEqual(['CRITICAL dev-1']);
});

test('a silence of the config is ended in the config', async () => {
  using cli = await anAlertCli(`${one}silences: [{ match: "dev-2", days: mon-sun }]\n`);
  const { code, err } = await cli.run('silence', 'dev-2', '--end');
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(
      /^The silence of "dev-2" is in the config \(\S+lamplighter\.yml:\d+\): remove it there, or give it an until\n$/,
    ),
  ]);
  await cli.run('silence', 'dev-2', '--for', '1h');
  expect((await cli.run('silence', 'dev-2', '--end')).code).toBe(0);
});

test('planned maintenance keeps quiet from its beginning to its end', async () => {
  using cli = await anAlertCli(one);
  const { code, out } = await cli.run('silence', 'dev-*', '--from', '2026-11-23T18:20Z', '--for', '20m');
  expect(code).toBe(0);
  expect(out).toContain(
    'silenced dev-* from Mon 2026-11-23 19:20 Europe/Berlin (18:20Z) until Mon 2026-11-23 19:40 Europe/Berlin (18:40Z) by ada@lab',
  );
  expect(out).toContain('  alerts go on until then\n');
  expect(await cli.json('silence', '--list')).toMatchObject({
    asked: [{ from: '2026-11-23T18:20:00Z', until: '2026-11-23T18:40:00Z' }],
  });
  fail(cli, 'dev-1');
  await cli.rounds(3);
  expect(said(cli)).toEqual(['CRITICAL dev-1']);
  await cli.rounds(1);
  fail(cli, 'dev-2');
  await cli.rounds(4);
  expect(said(cli)).toEqual(['CRITICAL dev-1']);
  await cli.rounds(2);
  expect(said(cli)).toEqual(['CRITICAL dev-1', 'CRITICAL dev-2']);
});

test('the config silences from one date to another', async () => {
  using cli = await anAlertCli(
    `${one}silences: [{ match: "dev-*", from: 2026-11-23T18:10Z, to: 2026-11-23T19:35, reason: moving }]\n`,
  );
  expect((await cli.run('silence', '--list')).out).toMatch(
    /^dev-\* from Mon 2026-11-23 19:10 Europe\/Berlin \(18:10Z\) until Mon 2026-11-23 19:35 .* by the config \(.*\) \(moving\), not now\n$/,
  );
  await cli.rounds(2);
  fail(cli, 'dev-1');
  await cli.rounds(4);
  expect(said(cli)).toEqual([]);
  await cli.rounds(2);
  expect(said(cli)).toEqual(['CRITICAL dev-1']);
});

test('an incident is acknowledged by a word of its own, and told again when it opens anew', async () => {
  using cli = await anAlertCli(one);
  fail(cli, 'dev-1');
  await cli.rounds(3);
  const [incident] = await listed(cli);
  const id = incident?.id.slice(0, 8) ?? '';
  const { code, out } = await cli.run('incidents', 'ack', id, '--reason', 'ticket 4711');
  expect([code, out]).toEqual([
    0,
    expect.stringContaining(`silenced incident ${incident?.id} until it is over by ada@lab`),
  ]);
  expect(await cli.json('silence', '--list')).toMatchObject({ asked: [{ incident: incident?.id, until: null }] });
  await cli.rounds(1);
  cli.night.world.clearClusterError('dev-1');
  await cli.rounds(4);
  fail(cli, 'dev-1');
  await cli.rounds(4);
  expect(said(cli)).toEqual(['CRITICAL dev-1', 'Resolved dev-1', 'CRITICAL dev-1']);
  cli.night.world.clearClusterError('dev-1');
  await cli.rounds(5);
  const over = await cli.run('incidents', 'ack', id);
  expect([over.code, over.err]).toEqual([1, expect.stringContaining('is not open')]);
});

test('a cluster whose name might be an id is silenced, and no longer', async () => {
  using cli = await anAlertCli(one);
  cli.night.world.createCluster({ name: 'facade', pools: [] });
  await cli.rounds(1);
  expect((await cli.run('silence', 'facade', '--for', '2h')).out).toContain('silenced facade until');
  expect((await cli.run('silence', 'facade', '--end')).out).toContain('ended the silence of facade');
});

test('says for programs what it silences, what it replaces and what is quiet now', async () => {
  using cli = await anAlertCli(one);
  fail(cli, 'dev-1');
  await cli.rounds(3);
  const [incident] = await listed(cli);
  const soon = `it takes effect with the next round: no "lamplighter run --config ${cli.config}" is running`;
  const common = { match: 'dev-1', incident: null, who: 'ada@lab', reason: 'rebuilt', askedAt: '2026-11-23T18:15:00Z' };
  const first = { ...common, until: '2026-11-23T20:15:00Z' };
  const asked = ['silence', 'dev-1', '--reason', 'rebuilt', '--for'];
  expect(await cli.json(...asked, '2h')).toEqual({
    kind: 'silence',
    ...first,
    incidents: [incident?.id],
    notes: [soon],
  });
  const second = { ...common, until: '2026-11-23T19:15:00Z' };
  const replaced =
    'replaces the silence of dev-1 until Mon 2026-11-23 21:15 Europe/Berlin (20:15Z) by ada@lab (rebuilt)';
  expect(await cli.json(...asked, '1h')).toMatchObject({ ...second, notes: [replaced, soon] });
  expect(await cli.json('silence', 'dev-2', '--for', '1h')).toMatchObject({
    reason: null,
    incidents: [],
    notes: [soon],
  });
  expect(await cli.json('silence', '--list')).toMatchObject({ asked: [{ match: 'dev-1' }, { match: 'dev-2' }] });
  expect(await cli.json('silence', 'dev-1', '--end')).toEqual({ kind: 'silence-end', ...second, notes: [soon] });
  expect(await cli.json('silence', '--list')).toMatchObject({ asked: [{ match: 'dev-2' }] });
  const again = (await cli.run(...asked, '3h')).out;
  expect(again).not.toContain('replaces');
  expect(again).toContain(`\n  no alerts about: cluster.error `);
  await cli.night.clock.advance(60 * minuteMs);
  expect(await cli.json('silence', 'dev-2', '--for', '1h')).toMatchObject({ notes: [expect.stringMatching(/^it /)] });
});

test('an incident is silenced for a while where an end is given, and at once', async () => {
  using cli = await anAlertCli(one);
  fail(cli, 'dev-1');
  await cli.rounds(3);
  const id = (await listed(cli))[0]?.id ?? '';
  const later = await cli.run('silence', id, '--from', '2026-11-24T10:00Z', '--for', '1h');
  expect([later.code, later.err]).toEqual([2, '--from is for clusters and pools: an incident is silenced at once\n']);
  for (const [argv, until] of [
    [['--for', '1h'], '2026-11-23T19:15:00Z'],
    [['--until', '2026-11-23T20:00Z'], '2026-11-23T20:00:00Z'],
    [[], null],
  ] as const) {
    expect(await cli.json('silence', id, ...argv)).toMatchObject({ incident: id, match: null, until, incidents: [id] });
  }
  expect(await cli.json('silence', '--list')).toMatchObject({ asked: [{ incident: id, until: null }] });
  const told = JSON.parse((await cli.run('history', '--who', 'ada@lab', '--json')).out) as { what: string }[];
  expect(told.map(({ what }) => what)).toEqual(
    expect.arrayContaining([`incident ${id} until 2026-11-23T19:15:00Z`, `incident ${id} until it is over`]),
  );
});

test('what the config silenced once is over, and nothing ends it', async () => {
  using cli = await anAlertCli(
    `${one}silences: [{ match: "dev-2", from: 2026-11-23T10:10Z, to: 2026-11-23T18:00Z, reason: moving }]\n`,
  );
  expect(await cli.json('silence', '--list')).toEqual({ asked: [], configured: [] });
  expect((await cli.run('silence', '--list')).out).toBe('nothing is silenced\n');
  expect((await cli.run('silence', 'dev-2', '--end')).err).toContain('Nothing silences "dev-2"; see: ');
});

describe('is refused', () => {
  let fresh: AlertCli;
  beforeAll(async () => {
    fresh = await anAlertCli(one);
  });
  afterAll(() => fresh[Symbol.dispose]());

  test.each([
    ['a start that is now', ['silence', 'dev-1', '--from', '2026-11-23T18:00Z', '--for', '1h'], 2, 'has passed'],
    ['without a name', ['silence'], 2, 'Name what to silence'],
    ['the end of none', ['silence', '--end'], 2, 'Name which silence to end: an incident or a match; or give --list'],
    ['a match without an end', ['silence', 'dev-1'], 2, 'A silence needs an end'],
    ['a broken match', ['silence', 'dev-[', '--for', '1h'], 2, 'bracket'],
    ['an end together with its end', ['silence', 'dev-1', '--end', '--for', '1h'], 2, 'cannot be used with'],
    ['an acknowledgement of nothing', ['incidents', 'ack'], 2, 'Name what to acknowledge'],
    ['an acknowledgement of what is not there', ['incidents', 'ack', '3f9ac1d2'], 1, 'There is no incident "3f9ac1d2"'],
    ['an acknowledgement with --why', ['incidents', 'ack', '3f9a', '--why', '3f9a'], 2, '--why is not for ack'],
    ['a reason for a list', ['incidents', '--reason', 'x'], 2, '--reason is for: incidents ack'],
    ['two matches', ['incidents', 'dev-1', 'dev-2'], 2, 'Give one match'],
    [
      'a start that has passed, in the zone of the config',
      ['silence', 'dev-1', '--from', '2026-11-23T10:00Z', '--for', '1h'],
      2,
      'begin at Mon 2026-11-23 11:00 Europe/Berlin (10:00Z), which has passed',
    ],
    [
      'a start after its end',
      ['silence', 'dev-1', '--from', '2026-11-24T10:00Z', '--until', '2026-11-24T09:00Z'],
      2,
      'before it begins',
    ],
    ['the end of what is not silenced', ['silence', 'dev-1', '--end'], 1, 'Nothing silences "dev-1"'],
  ])('%s', async (_, argv, code, message) => {
    const ran = await fresh.run(...argv);
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(message);
  });

  test.each([[[]], [['--for', '2h']]])('an id that no incident has, with %j', async (end) => {
    using cli = await anAlertCli(one);
    await cli.rounds(1);
    expect(await cli.run('silence', '3f9ac1d2', ...end)).toEqual({
      code: 1,
      out: '',
      err: `No open incident has the id "3f9ac1d2", and no cluster of that name was seen; see: lamplighter incidents --config ${cli.config}\n`,
    });
    expect(await cli.json('silence', '--list')).toMatchObject({ asked: [] });
  });

  test.each([
    ['dev-11', 'No cluster "dev-11" was seen: did you mean "dev-1"?'],
    ['nosuch', 'No cluster "nosuch" was seen: use one of: '],
    ['dev-1/wokers', 'dev-1 has no pool "wokers": did you mean "workers"?'],
  ])('%s, which nothing is called', async (what, message) => {
    using cli = await anAlertCli(one);
    await cli.rounds(1);
    const { code, err } = await cli.run('silence', what, '--for', '2h');
    expect([code, err]).toEqual([2, expect.stringContaining(message)]);
    expect(await cli.json('silence', '--list')).toMatchObject({ asked: [] });
    expect((await cli.run('silence', 'nosuch-*', '--for', '2h')).code).toBe(0);
    expect((await cli.run('silence', what, '--end')).err).toContain('Nothing silences');
  });

  test('an incident that is over', async () => {
    using cli = await anAlertCli(one);
    fail(cli, 'dev-1');
    await cli.rounds(3);
    const [incident] = await listed(cli);
    cli.night.world.clearClusterError('dev-1');
    await cli.rounds(4);
    await cli.night.clock.advance(minuteMs);
    const { code, err } = await cli.run('silence', incident?.id ?? '');
    expect(code).toBe(1);
    expect(err).toContain('is not open');
  });
});

test('a silence that was ended is not ended again', async () => {
  using cli = await anAlertCli(one);
  await cli.rounds(1);
  await cli.run('silence', 'dev-*', '--for', '2h');
  expect((await cli.run('silence', 'dev-*', '--end')).code).toBe(0);
  const { code, err } = await cli.run('silence', 'dev-*', '--end');
  expect([code, err]).toEqual([1, expect.stringContaining('Nothing silences "dev-*"')]);
});
