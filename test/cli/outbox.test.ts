import { describe, expect, test } from 'vitest';
import { everyReceiver } from '../support/alert-night.ts';
import { type AlertCli, anAlertCli } from './alert-cli.ts';
import { aCliWorld } from './cli-world.ts';

const one = `destinations:
  slack: { kind: slack, url: { env: SLACK } }
`;

type Message = { readonly id: string; readonly what: string; readonly inBatch: boolean; readonly reason?: string };
type DestinationForm = {
  readonly destination: string;
  readonly state: string;
  readonly waiting: readonly Message[];
  readonly parked: readonly Message[];
};

async function shown(cli: AlertCli): Promise<DestinationForm> {
  const [first] = (await cli.json('outbox')) as readonly DestinationForm[];
  return first as DestinationForm;
}

/** Slack is down, then refuses what it is sent, and one message waits or is parked. */
async function oneMessage(state: 'waiting' | 'parked') {
  const cli = await anAlertCli(one);
  await cli.rounds(1);
  const reply = state === 'parked' ? { status: 400, body: 'invalid_payload' } : { status: 503 };
  cli.night.receivers.slack.faults = () => ({ kind: 'answer', reply });
  cli.night.world.setClusterError('dev-1', 'no quota');
  await cli.rounds(2);
  return cli;
}

describe('outbox', () => {
  test('says when there is nothing to tell to, or nothing was told yet', async () => {
    using world = aCliWorld();
    expect((await world.run('outbox')).out).toBe(
      'the config has no destinations, so nobody is told of problems; add them under destinations:\n',
    );
    using cli = await anAlertCli(one);
    expect((await cli.run('outbox')).out).toBe('no message was sent yet\n');
    await cli.rounds(1);
    expect((await cli.run('outbox')).out).toMatch(/^slack \(slack\): works, last message \w+ ago, nothing waits\n$/);
  });

  test('shows what waits, what is wrong and when it is tried again', async () => {
    using cli = await oneMessage('waiting');
    const { state, waiting, parked } = await shown(cli);
    expect([state, waiting.length, parked]).toEqual(['failing', 1, []]);
    expect(waiting[0]).toMatchObject({ what: 'open', kind: 'cluster.error', maybeAccepted: true, inBatch: false });
    const { out } = await cli.run('outbox');
    expect(out).toMatch(/^slack \(slack\): failing, since .* \(.*503.*\), 1 waits/);
    expect(out).toMatch(/\n {2}waits {3}[0-9a-f]{16} {2}open critical cluster\.error: .*, may have arrived\n/);
  });

  test('a parked message is sent once more when a person says so', async () => {
    using cli = await oneMessage('parked');
    const { parked } = await shown(cli);
    expect(parked).toHaveLength(1);
    expect(parked[0]?.reason).toContain('400');
    cli.night.receivers.slack.faults = undefined;
    const { code, out } = await cli.run('outbox', 'retry', parked[0]?.id ?? '');
    expect([code, out]).toEqual([0, expect.stringContaining('for slack: confirmed')]);
    expect(cli.night.receivers.slack.posts.at(-1)?.text).toContain('CRITICAL');
    expect(await shown(cli)).toMatchObject({ state: 'working', waiting: [], parked: [] });
  });

  test('a parked alert that is over is not sent as news', async () => {
    using cli = await oneMessage('parked');
    const [parked] = (await shown(cli)).parked;
    const { slack } = cli.night.receivers;
    slack.faults = undefined;
    cli.night.world.clearClusterError('dev-1');
    await cli.rounds(4);
    expect(slack.posts.at(-1)?.text).toContain('Resolved');
    const told = slack.posts.length;
    const { code, out, err } = await cli.run('outbox', 'retry', parked?.id ?? '');
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('for slack: its incident is over: sent now, it would read as news; to remove it, drop it');
    await cli.rounds(1);
    expect(slack.posts).toHaveLength(told);
    expect((await shown(cli)).parked).toHaveLength(1);
  });

  describe('a parked announcement', () => {
    const evening = `${one}schedules:
  day: { windows: [{ days: mon-fri, from: "07:00", to: "20:00" }], otherwise: idle }
pools:
  - { match: "dev-*/*", schedule: day, idle: 0, limits: { min: 0 }, announce: { before: 30m, to: [slack] } }
`;

    /** Slack refuses what is announced for 20:00 in Berlin. */
    async function anAnnouncement() {
      const cli = await anAlertCli(evening);
      const { slack } = cli.night.receivers;
      slack.faults = (_, { body }) =>
        body.includes('At 20:00, in') ? { kind: 'answer', reply: { status: 400, body: 'no' } } : undefined;
      await cli.rounds(1);
      await cli.run('approve');
      await cli.rounds(7);
      const [parked] = (await shown(cli)).parked;
      expect(parked).toMatchObject({ kind: 'announcement' });
      slack.faults = undefined;
      const retry = () => cli.run('outbox', 'retry', parked?.id ?? '');
      const told = () => slack.posts.flatMap(({ text }) => /(?:At|Changed, for) 20:00(?=[,:] )/.exec(text)?.[0] ?? []);
      return { cli, slack, retry, told };
    }

    test('that still holds is sent', async () => {
      const { cli, retry, told } = await anAnnouncement();
      using _ = cli;
      expect(await retry()).toMatchObject({ code: 0, out: expect.stringContaining('for slack: confirmed') });
      expect(told()).toEqual(['At 20:00']);
    });

    test('that still holds is sent, and its later correction too', async () => {
      const { cli, retry, told } = await anAnnouncement();
      using _ = cli;
      await retry();
      expect((await cli.run('pause', 'dev-*/*', '--until', '2026-11-23T22:00Z')).code).toBe(0);
      await cli.rounds(1);
      expect(told()).toEqual(['At 20:00', 'Changed, for 20:00']);
    });

    test.each([
      ['all of it', ['pause', 'dev-*/*', '--until', '2026-11-23T22:00Z'], []],
      ['a part of it', ['pause', 'dev-1/*', '--until', '2026-11-23T22:00Z'], ['Changed, for 20:00']],
    ])('that was corrected since is not, where %s is off', async (_, ask, sent) => {
      const { cli, retry, told } = await anAnnouncement();
      using __ = cli;
      expect((await cli.run(...ask)).code).toBe(0);
      await cli.rounds(1);
      expect(told()).toEqual(sent);
      const { code, out, err } = await retry();
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain(
        'for slack: it was corrected since: sent now, it would read as news; to remove it, drop it',
      );
      await cli.rounds(1);
      expect(told()).toEqual(sent);
      expect((await shown(cli)).parked).toHaveLength(1);
    });

    test('whose time is past is not, and says so', async () => {
      const { cli, retry, told } = await anAnnouncement();
      using _ = cli;
      await cli.rounds(6);
      const { code, out } = await retry();
      expect([code, out]).toEqual([1, expect.stringContaining('its time has passed')]);
      expect(told()).toEqual([]);
    });
  });

  test('a message that is refused once more has failed', async () => {
    using cli = await oneMessage('parked');
    const [message] = (await shown(cli)).parked;
    const { code, out } = await cli.run('outbox', 'retry', message?.id ?? '');
    expect([code, out]).toEqual([1, expect.stringContaining('for slack: refused')]);
  });

  test('the history is that of the last day, if nobody says how long', async () => {
    using cli = await oneMessage('parked');
    const [message] = (await shown(cli)).parked;
    await cli.run('outbox', 'drop', message?.id ?? '');
    expect(await cli.json('outbox', '--history')).not.toEqual([]);
    await cli.night.clock.advance(25 * 3_600_000);
    expect(await cli.json('outbox', '--history')).toEqual([]);
    expect(await cli.json('outbox', '--history', '2d')).not.toEqual([]);
  });

  test.each(['waiting', 'parked'] as const)('a %s message is dropped, and history knows by whom', async (state) => {
    using cli = await oneMessage(state);
    const [message] = (await shown(cli))[state];
    const ran = await cli.run('outbox', 'drop', message?.id.slice(0, 9) ?? '', '--reason', 'told by phone');
    expect([ran.code, ran.out]).toEqual([0, expect.stringContaining('for slack is dropped')]);
    expect(await shown(cli)).toMatchObject({ waiting: [], parked: [] });
    expect((await cli.run('outbox')).out).toContain(
      'nothing waits: it is not tried again before its next message, or outbox test\n',
    );
    const history = (await cli.json('outbox', '--history')) as readonly { readonly reason: string | null }[];
    expect(history.at(-1)).toMatchObject({
      destination: 'slack',
      state: 'dropped',
      reason: 'dropped by ada@lab: told by phone',
      said: [{ what: 'open', kind: 'cluster.error' }],
    });
    expect((await cli.run('outbox', '--history', '2h')).out).toContain('dropped (dropped by ada@lab: told by phone)');
  });

  test('shows the lines of a batch, which cannot be dropped one by one', async () => {
    using cli = await anAlertCli(one);
    for (let n = 1; n <= 8; n += 1) {
      cli.night.world.createCluster({ name: `new-${n}`, version: '1.35.0', pools: [{ name: 'workers', size: 1 }] });
    }
    await cli.rounds(8);
    cli.night.receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 503 } });
    for (let n = 1; n <= 8; n += 1) cli.night.world.setClusterError(`new-${n}`, 'no quota');
    await cli.rounds(2);
    const { waiting } = (await shown(cli)) as {
      readonly waiting: readonly (Message & { readonly inBatch: boolean })[];
    };
    expect(waiting.map(({ inBatch }) => inBatch)).toEqual(Array.from({ length: 8 }, () => true));
    const { code, err } = await cli.run('outbox', 'drop', waiting[0]?.id ?? '');
    expect([code, err]).toEqual([1, expect.stringContaining('waits on its own')]);
  });
});

describe('outbox test', () => {
  test.each(Object.keys(everyReceiver()))('%s answers to an alert and to its end', async (name) => {
    using cli = await anAlertCli();
    const { code, out } = await cli.run('outbox', 'test', name);
    expect(code).toBe(0);
    const state = ['teams', 'pager'].includes(name) ? 'accepted' : 'confirmed';
    expect(out.split('\n')).toEqual([
      `fire drill for ${name}`,
      expect.stringMatching(new RegExp(`^  open     ${state}: `)),
      expect.stringMatching(new RegExp(`^  resolve  ${state}: `)),
      '',
    ]);
    const { receivers, clock } = cli.night;
    for (const [other, { requests }] of Object.entries(receivers)) {
      expect([other, requests.length]).toEqual([other, other === name ? 2 : 0]);
    }
    expect([...receivers.pager.alerts.values()].filter(({ status }) => status === 'triggered')).toEqual([]);
    expect(receivers.am.activeAt(clock.now())).toEqual([]);
  });

  test('says what a destination that refuses answered, and leaves nothing behind', async () => {
    using cli = await anAlertCli(one);
    cli.night.receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 404, body: 'no_service' } });
    const { code, out } = await cli.run('outbox', 'test', 'slack');
    expect(code).toBe(1);
    expect(out).toMatch(/ {2}open {5}waits, and will be sent again \(.*404.*\)/);
    cli.night.receivers.slack.faults = undefined;
    await cli.night.clock.advance(20 * 60_000);
    await cli.rounds(1);
    expect(await shown(cli)).toMatchObject({ state: 'working', waiting: [], parked: [] });
    expect(cli.night.receivers.slack.posts.filter(({ text }) => text.includes('fire drill'))).toHaveLength(1);
  });

  test('whose end is refused has failed', async () => {
    using cli = await anAlertCli(one);
    let posts = 0;
    cli.night.receivers.slack.faults = () => {
      posts += 1;
      return posts === 1 ? undefined : { kind: 'answer', reply: { status: 400, body: 'invalid_payload' } };
    };
    const { code, out } = await cli.run('outbox', 'test', 'slack');
    expect([code, out]).toEqual([1, expect.stringMatching(/open {5}confirmed: .*\n {2}resolve {2}refused \(/u)]);
  });

  test('and retry are kept with who did it', async () => {
    using cli = await anAlertCli(one);
    await cli.run('outbox', 'test', 'slack', '--as', 'grace');
    expect(await cli.json('history', '--who', 'grace')).toMatchObject([{ verb: 'outbox test', what: 'slack' }]);
  });

  test('a refused body is said to be refused', async () => {
    using cli = await anAlertCli(one);
    cli.night.receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 400, body: 'invalid_payload' } });
    expect(await cli.json('outbox', 'test', 'slack')).toEqual({
      kind: 'test',
      destination: 'slack',
      open: { state: 'parked', reason: expect.stringContaining('400') as string },
      resolve: null,
    });
  });

  test('an Alertmanager that refuses is said to', async () => {
    using cli = await anAlertCli();
    cli.night.receivers.am.faults = () => ({ kind: 'refuse' });
    const { code, out } = await cli.run('outbox', 'test', 'am');
    expect([code, out]).toEqual([1, expect.stringContaining('open     not sent (')]);
  });
});

describe('is refused', () => {
  test.each([
    ['an unknown verb', ['outbox', 'retyr', 'x'], 2, 'Unknown verb "retyr": did you mean "retry"?'],
    ['a verb without what', ['outbox', 'retry'], 2, 'a message’s id'],
    ['a test of nothing', ['outbox', 'test'], 2, 'a destination'],
    ['an unknown destination', ['outbox', 'test', 'slakc'], 2, 'did you mean "slack"?'],
    ['an unknown message', ['outbox', 'drop', '0123456789'], 1, 'No message with the id "0123456789"'],
    ['a reason for what keeps none', ['outbox', 'retry', '0123456789', '--reason', 'x'], 2, '--reason is for'],
    ['a history of a verb', ['outbox', 'drop', '0123456789', '--history'], 2, '--history is not for drop'],
  ])('%s', async (_, argv, code, message) => {
    using cli = await anAlertCli(one);
    const ran = await cli.run(...argv);
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(message);
  });
});
