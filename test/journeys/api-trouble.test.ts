import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Fault, RequestInfo } from '../../lib/simulator/faults.ts';
import { aCliWorld, type CliWorld, type Ran } from '../cli/cli-world.ts';

/** A fixed rule on every kind of pool, at a time at which all of them are to sleep. */
const text = `timezone: UTC
regions:
  r1: { api: "http://127.0.0.1:8090", token: { env: MKS_TOKEN } }
schedules:
  office-hours: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle }
safety: { brake: off }
pools:
  - { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 1 }
`;
const night = '2026-11-23T22:00:00Z';

type Round = { actions: { result: string }[]; problems: { region: string; cluster: string | null; reason: string }[] };

/** Time passes a second at a time while the round waits. */
async function runOnce(cli: CliWorld): Promise<{ ran: Ran; round: Round; tookMs: number }> {
  const began = cli.clock.now();
  const state = { isDone: false };
  const work = cli.run('run', '--once', '--json').finally(() => {
    state.isDone = true;
  });
  while (!state.isDone) {
    if (cli.clock.sleepers() > 0) await cli.clock.advance(1000);
    else await setImmediate();
  }
  const ran = await work;
  return { ran, round: JSON.parse(ran.out) as Round, tookMs: cli.clock.now() - began };
}

const asleep = ['dev-api/build', 'dev-api/workers', 'dev-batch/workers'];

function sizesOf({ world }: CliWorld): string {
  return world
    .clusters()
    .flatMap(({ pools }) => pools.map(({ name, size, sizeMin, sizeMax }) => `${name} ${size} ${sizeMin} ${sizeMax}`))
    .join();
}

const troubles: readonly (readonly [string, Fault, RegExp])[] = [
  ['is down', { kind: 'no-connection' }, /could not be listed: .*(connect|refused)/i],
  ['hangs', { kind: 'hang' }, /could not be listed: .*time/],
  ['answers HTML with 200', { kind: 'block-page', status: 200 }, /web page instead of data/],
  ['answers 401', { kind: 'status', status: 401, body: 'grpc', code: 16 }, /401/],
  ['answers 403', { kind: 'status', status: 403, body: 'grpc', code: 7 }, /403/],
  ['answers 429 for a day', { kind: 'rate-limited', retryAfter: '86400' }, /429/],
  ['answers 1 GB', { kind: 'huge', bytes: 2 ** 30 }, /more than the limit for this kind of answer/],
  ['answers half of its JSON', { kind: 'cut-off', end: 'clean' }, /incomplete or invalid JSON/],
  ['breaks off', { kind: 'cut-off', end: 'reset' }, /ended in the middle|connection broke/],
];

test.each(troubles)(
  'an API that %s: said for its region, in time, and nothing is changed',
  async (_, fault, reason) => {
    using cli = aCliWorld(night, text);
    cli.world.state.fault = () => fault;
    const before = sizesOf(cli);
    const { ran, round, tookMs } = await runOnce(cli);
    expect(ran.code).toBe(1);
    expect(round).toMatchObject({ actions: [], problems: [{ region: 'r1', cluster: null }] });
    expect(round.problems[0]?.reason).toMatch(reason);
    expect(tookMs).toBeLessThan(90_000);
    expect(cli.world.requests.every(({ method }) => method === 'GET')).toBe(true);
    expect(sizesOf(cli)).toBe(before);
    expect(ran.out + ran.err).not.toContain(cli.world.token.slice(0, 12));
  },
);

test.each(troubles)('an API that %s, for one cluster only: said for it, and the others sleep', async (_, fault) => {
  using cli = aCliWorld(night, text);
  const sick = cli.world.cluster('dev-api').id;
  cli.world.state.fault = ({ clusterId, path }: RequestInfo) =>
    clusterId === sick && path.endsWith('/node-pool') ? fault : undefined;
  const { ran, round, tookMs } = await runOnce(cli);
  expect(ran.code).toBe(1);
  expect(round.problems).toMatchObject([{ region: 'r1', cluster: 'dev-api' }]);
  expect(round.actions).toMatchObject([{ cluster: 'dev-batch', result: 'sent' }]);
  expect(tookMs).toBeLessThan(90_000);
  expect(cli.world.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
});

test.each(troubles)('an API that %s, for PUTs only: said, and the night comes when it is over', async (_, fault) => {
  using cli = aCliWorld(night, text);
  cli.world.state.fault = ({ method }: RequestInfo) => (method === 'PUT' ? fault : undefined);
  const { ran, round } = await runOnce(cli);
  expect(ran.code).toBe(1);
  expect(new Set(round.problems.map(({ cluster }) => cluster))).toEqual(new Set(['dev-api', 'dev-batch']));
  cli.world.state.fault = undefined;
  const isAsleep = () => asleep.every((pool) => cli.world.pool(pool).size === 1);
  for (let n = 0; n < 30 && !isAsleep(); n += 1) {
    await cli.clock.advance(5 * 60_000);
    await runOnce(cli);
  }
  expect(asleep.map((pool) => cli.world.pool(pool).size)).toEqual([1, 1, 1]);
});
