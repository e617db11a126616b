import { expect, test } from 'vitest';
import { sha256 } from '../../lib/app.ts';
import { makeRunMetrics, standingOf } from '../../lib/cli/run/prometheus-metrics.ts';
import { destinationId } from '../../lib/decide/incidents/routing.ts';
import { deliveryPut, loadOutbox } from '../../lib/jobs/records/delivery-records.ts';
import { anAlertCli, listed } from '../cli/alert-cli.ts';
import {
  type AlertNight,
  anAlertNight,
  everyDestination,
  minuteMs,
  passing,
  smallFleet,
} from '../support/alert-night.ts';
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
  const own: { readonly [name: string]: unknown } = {
    pager: night.env.PAGER_KEY,
    hook: 'canary-authorization-5b4a3f2e1d0c',
  };
  for (const [name, { requests }] of Object.entries(night.receivers)) {
    expect([name, requests.length > 1]).toEqual([name, true]);
    const foreign = night.canaries.filter((canary) => canary !== own[name]);
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

/** An API that puts the token into every string of every answer; ids are left alone where asked, so that work goes on. */
function echoing(form: (token: string) => string, keeps: (key: string) => boolean) {
  return async (answer: Response, token: string): Promise<Response> => {
    const text = await answer.text();
    const json: unknown = text === '' ? null : JSON.parse(text);
    const said = JSON.stringify(json, (key, value: unknown) => {
      return typeof value === 'string' && !keeps(key) ? `${value}-${form(token)}`.slice(0, 250) : value;
    });
    return new Response(said, { status: answer.status, headers: answer.headers });
  };
}

const decides = new Set(['id', 'status', 'created_at', 'updated_at']);

const looks: readonly (readonly string[])[] = [
  ['plan'],
  ['status'],
  ['explain', 'dev-1/workers'],
  ['incidents', '--all'],
  ['doctor'],
];

test.each([
  ['plain, in every string', () => false, (token: string) => token],
  ['plain', (key: string) => decides.has(key), (token: string) => token],
  ['in base64', (key: string) => decides.has(key), (token: string) => Buffer.from(`Token ${token}`).toString('base64')],
  [
    'as a URL has it',
    (key: string) => decides.has(key),
    (token: string) => Array.from(token, (c) => `%${c.charCodeAt(0).toString(16)}`).join(''),
  ],
])('an API that echoes the token, %s, brings it nowhere', async (_, keeps, form) => {
  using cli = await anAlertCli(everyDestination, echoing(form, keeps));
  const { env, receivers } = cli.night;
  const printed: [place: string, text: string][] = [];
  cli.night.world.setClusterError('dev-1', 'no network');
  for (const { out, err } of await cli.rounds(3)) printed.push(['run --once', out + err]);
  for (const argv of looks.flatMap((look) => [look, [...look, '--json']])) {
    const { out, err } = await cli.run(...argv);
    printed.push([argv.join(' '), out + err]);
  }
  const messages = Object.entries(receivers).flatMap(([name, { requests }]) => {
    return requests.map(({ body }) => [`message to ${name}`, body] as [string, string]);
  });
  expect(messages.length).toBeGreaterThan(0);
  expectNone([...printed, ...messages, ...cli.storedFiles()], tracesOf(String(env.TOKEN), form));
  expect(printed.map(([, text]) => text).join('')).toContain('[redacted]');
});

function tracesOf(token: string, form: (token: string) => string): readonly string[] {
  const whole = form(token);
  return [token, whole].flatMap((text) => [8, 24, 40].map((at) => text.slice(at, at + 14)));
}

test('what an old store holds is cleaned before it is sent', async () => {
  const night = await anAlertNight(everyDestination, { fleet: smallFleet(1) });
  const secret = String(night.env.SIGNING);
  const slack = night.config.destinations.find(({ name }) => name === 'slack')!;
  night.world.setClusterError('dev-1', 'out of quota');
  for (let round = 0; round < 3; round += 1) {
    await passing(night.clock, night.app.watch(night.config));
    await night.clock.advance(5 * minuteMs);
  }
  const waiting = (await loadOutbox(night.store, destinationId(slack, sha256))).deliveries;
  expect(waiting.length).toBeGreaterThan(0);
  for (const { delivery, version } of waiting) {
    const facts = { ...delivery.facts, text: `the key is ${secret}` };
    await night.store.commit([deliveryPut({ ...delivery, facts }, version)]);
  }
  await night.delivers(3);
  const said = night.receivers.slack.requests.map(({ body }) => body);
  expect(said.join('')).toContain('the key is [redacted]');
  expect(said.join('')).not.toContain(secret.slice(8, 22));
});
