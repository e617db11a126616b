import { describe, expect, test } from 'vitest';
import { anAlertCli, type IncidentForm, listed } from './alert-cli.ts';
import { aCliWorld } from './cli-world.ts';

const two = `destinations:
  slack: { kind: slack, url: { env: SLACK } }
  hook: { kind: webhook, url: { env: HOOK }, secret: { env: SIGNING }, only: { kinds: [pool.late] } }
silences: [{ match: "dev-2", reason: "being rebuilt" }]
`;

describe('incidents', () => {
  test('before the first round there are none, and no store is made', async () => {
    using world = aCliWorld();
    expect(await world.run('incidents')).toEqual({ code: 0, out: 'nothing is open\n', err: '' });
    expect(await world.json('incidents', '--all')).toEqual([]);
  });

  test('an error is shown from its first sight to its end', async () => {
    using cli = await anAlertCli(two);
    await cli.rounds(1);
    cli.night.world.setClusterError('dev-1', 'the control plane does not answer');
    await cli.rounds(1);
    expect(await listed(cli)).toEqual([]);
    expect(await listed(cli, '--all')).toMatchObject([{ kind: 'cluster.error', phase: 'pending', told: [] }]);
    await cli.rounds(2);
    expect(await listed(cli)).toMatchObject([
      { phase: 'open', severity: 'critical', cluster: 'dev-1', told: [{ destination: 'slack' }] },
    ]);
    const { out } = await cli.run('incidents');
    expect(out).toMatch(/^critical cluster\.error [0-9a-f]{16}, since Mon 2026-11-23 19:05 Europe\/Berlin \(18:05Z\)/);
    expect(out).toContain('  told: slack\n');
    cli.night.world.clearClusterError('dev-1');
    await cli.rounds(4);
    expect((await cli.run('incidents')).out).toBe('nothing is open\n');
    expect(await listed(cli, '--all')).toMatchObject([{ phase: 'over', told: [] }]);
  });
});

test('of a large fleet those of one rule are one entry, and a match lists them', async () => {
  using cli = await anAlertCli(`${two}pools: [{ match: "dev-*/*", schedule: none }]\n`, undefined, 40);
  for (let i = 1; i <= 35; i += 1) cli.night.world.setClusterError(`dev-${i}`, 'no quota');
  await cli.rounds(3);
  expect((await listed(cli)).length).toBeGreaterThanOrEqual(35);
  const { out } = await cli.run('incidents');
  expect(out).toMatch(
    /^critical cluster\.error, 35 times, of rule "dev-\*\/\*", the longest since Mon 2026-11-23 19:00 /,
  );
  expect(out).toMatch(/^ {2}dev-1, dev-10, dev-11 and 32 more$/m);
  expect(out).toMatch(/^ {2}such as: .*no quota/m);
  expect(out).toMatch(/; one entry for each: lamplighter incidents "<match>" --config /);
  expect(out.split('\n').length).toBeLessThan(15);
  const part = (await cli.run('incidents', 'dev-3*')).out;
  expect(part.match(/^critical cluster\.error [0-9a-f]{16}/gm)).toHaveLength(7);
});

test('who is not yet told is not said to be', async () => {
  using cli = await anAlertCli(two);
  await cli.rounds(1);
  cli.night.receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 503 } });
  cli.night.world.setClusterError('dev-1', 'no quota');
  await cli.rounds(2);
  expect(await listed(cli)).toMatchObject([{ told: [{ destination: 'slack', state: 'waiting' }] }]);
  expect((await cli.run('incidents')).out).toContain('  told: slack (waits in the outbox)\n');
  cli.night.receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 400 } });
  await cli.rounds(4);
  expect((await cli.run('incidents')).out).toContain('  told: slack (refused, parked)\n');
});

describe('incidents --why', () => {
  async function twoErrors() {
    const cli = await anAlertCli(two);
    for (const name of ['dev-1', 'dev-2']) cli.night.world.setClusterError(name, 'no quota');
    await cli.rounds(3);
    return cli;
  }

  test('names every message and every reason for none', async () => {
    using cli = await twoErrors();
    const open = await listed(cli);
    const idOf = (cluster: string) => open.find((one) => one.cluster === cluster)?.id ?? '';
    expect(await cli.json('incidents', '--why', idOf('dev-1'))).toMatchObject({
      kind: 'cluster.error',
      messages: [{ what: 'open', destination: 'slack', state: 'confirmed', reason: null }],
      notTold: [
        { what: 'open', destination: null, reason: 'not bad for 5 min yet' },
        { what: 'open', destination: 'hook', reason: 'only other kinds' },
      ],
    });
    expect(await cli.json('incidents', '--why', idOf('dev-2').slice(0, 8))).toMatchObject({
      silenced: 'silenced by the config for dev-2 (being rebuilt)',
      messages: [],
      notTold: [
        { destination: null, reason: 'not bad for 5 min yet' },
        { destination: 'slack', reason: 'silenced by the config for dev-2 (being rebuilt)' },
        { destination: 'hook', reason: 'only other kinds' },
      ],
    });
    const { out } = await cli.run('incidents', '--why', idOf('dev-2'));
    expect(out).toContain('open not sent to slack: silenced by the config for dev-2 (being rebuilt)');
  });

  test('knows an incident by the id of a message, as the chat shows it', async () => {
    using cli = await twoErrors();
    const id = cli.night.receivers.slack.posts.findLast(({ text }) => text.includes('CRITICAL'))?.ids[0] ?? '';
    expect(id).toHaveLength(64);
    expect((await cli.json('incidents', '--why', id)) as IncidentForm).toMatchObject({ cluster: 'dev-1' });
  });

  test.each(['0123456789', 'not an id', 'abc'])('finds nothing for %s', async (id) => {
    using cli = await twoErrors();
    const { code, out, err } = await cli.run('incidents', '--why', id);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`There is no incident "${id}"`);
  });
});

test('the gravest stands first, however late it came', async () => {
  using world = aCliWorld('2026-11-24T19:16:00Z');
  const rounds = async () => {
    for (let i = 0; i < 3; i += 1) {
      await world.run('run', '--once');
      await world.clock.advance(5 * 60_000);
    }
  };
  await rounds();
  world.world.setClusterError('prod-web', 'etcd leader lost');
  await rounds();
  const all = (await world.json('incidents')) as readonly { readonly severity: string }[];
  const order = ['critical', 'warning', 'info'];
  const ranks = all.map(({ severity }) => order.indexOf(severity));
  expect(ranks[0]).toBe(0);
  expect(new Set(ranks).size).toBeGreaterThan(1);
  expect(ranks).toEqual(ranks.toSorted((a, b) => a - b));
});
