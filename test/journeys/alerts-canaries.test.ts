import { expect, test } from 'vitest';
import { makeRunMetrics } from '../../lib/cli/run/run-metrics.ts';
import { standingOf } from '../../lib/cli/run/standing.ts';
import { anAlertCli, listed } from '../cli/alert-cli.ts';
import { type AlertNight, anAlertNight, everyDestination, smallFleet } from '../support/alert-night.ts';
import type { ReceiverFault } from '../support/receivers/receiver.ts';

/** Each destination answers with all the secrets there are, in every way; the API with the one that it is sent. */
function echoEverything({ receivers, world, canaries, env }: AlertNight): void {
  const body = [...Object.values(env), ...canaries].join(' ');
  const answers: readonly ReceiverFault[] = [
    { kind: 'answer', reply: { status: 500, body } },
    { kind: 'answer', reply: { status: 400, body } },
    { kind: 'answer', reply: { status: 400, body: JSON.stringify({ errors: [body] }) } },
    { kind: 'answer', reply: { status: 302, headers: { location: String(env.SLACK) }, body } },
    { kind: 'lie', reply: { status: 200, body } },
    { kind: 'answer', reply: { status: 404, body } },
    { kind: 'answer', reply: { status: 429, headers: { 'retry-after': body.slice(0, 40) }, body } },
  ];
  for (const receiver of Object.values(receivers)) {
    receiver.faults = (ordinal) => answers[ordinal % (answers.length + 1)];
  }
  world.setFault(({ number }) => {
    return number % 5 === 0 ? { kind: 'status', status: 500, body: 'grpc', message: `for ${env.TOKEN}` } : undefined;
  });
}

/** What a night with errors says and keeps; `tick` is one round of everything. */
async function troubles(night: AlertNight, tick: () => Promise<void>): Promise<void> {
  const { world, env } = night;
  const ticks = async (count: number) => {
    for (let i = 0; i < count; i += 1) await tick();
  };
  await ticks(1);
  echoEverything(night);
  world.setClusterError('dev-1', `the token ${env.TOKEN} was refused`);
  world.setClusterError('dev-2', 'out of quota');
  await ticks(8);
  world.clearClusterError('dev-1');
  await ticks(8);
}

function expectNone(places: readonly (readonly [place: string, text: string])[], canaries: readonly string[]): void {
  for (const [place, text] of places) {
    for (const canary of canaries) {
      const at = text.indexOf(canary);
      expect([place, at === -1 ? 'none' : text.slice(Math.max(0, at - 300), at + 100)]).toEqual([place, 'none']);
    }
  }
}

test('no secret is in a log, a message, a record or a metric', async () => {
  const night = await anAlertNight(everyDestination, { fleet: smallFleet(2) });
  await troubles(night, () => night.ticks(1));
  expect(night.logged.length).toBeGreaterThan(20);
  const state = [...night.store.snapshot().values()].flatMap((rows) => [...rows.values()].map(({ record }) => record));
  expect(state.length).toBeGreaterThan(20);
  const metrics = makeRunMetrics();
  metrics.showStanding(await standingOf({ app: night.app, store: night.store }, night.config));
  expectNone(
    [
      ['log', night.logged.join('\n')],
      ['state', JSON.stringify(state)],
      ['metrics', (await metrics.render()).text],
    ],
    night.canaries,
  );
  const key = String(night.env.PAGER_KEY);
  for (const [name, { requests }] of Object.entries(night.receivers)) {
    expect([name, requests.length > 1]).toEqual([name, true]);
    const foreign = night.canaries.filter((canary) => name !== 'pager' || canary !== key);
    expectNone([[`message to ${name}`, JSON.stringify(requests.map(({ body, headers }) => [body, headers]))]], foreign);
  }
});

const commands: readonly (readonly string[])[] = [
  ['incidents', '--all'],
  ['outbox'],
  ['outbox', '--history', '7d'],
  ['outbox', 'test', 'slack'],
  ['outbox', 'test', 'pager'],
  ['outbox', 'test', 'am'],
  ['silence', '--list'],
  ['silence', '*', '--for', '1h'],
  ['status'],
  ['history'],
  ['plan'],
];

test('no secret is in what a command prints, nor in the file of the store', async () => {
  using cli = await anAlertCli();
  const printed: [place: string, text: string][] = [];
  await troubles(cli.night, async () => {
    for (const { out, err } of await cli.rounds(1)) printed.push(['run --once', out + err]);
  });
  const open = await listed(cli);
  expect(open.length).toBeGreaterThan(0);
  for (const argv of [...commands, ...open.map(({ id }) => ['incidents', '--why', id])]) {
    for (const form of [argv, [...argv, '--json']]) {
      const { out, err } = await cli.run(...form);
      printed.push([form.join(' '), out + err]);
    }
  }
  expect(printed.filter(([, text]) => text === '')).toEqual([]);
  expectNone([...printed, ...cli.storedFiles()], cli.night.canaries);
});
