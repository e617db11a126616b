import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Hono } from 'hono';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { readDelivered } from '../../functions/aws-events.ts';
import { compileConfig } from '../../lib/config/compile-config.ts';
import { systemClock } from '../../lib/io/clock.ts';
import { makeListenApp } from '../../lib/io/listen/routes.ts';
import { serveListen } from '../../lib/io/listen/serve.ts';
import { makeQuota } from '../../lib/io/quota.ts';
import { unwrap } from '../../lib/io/secrets/secret.ts';
import { acceptBusEvent, acceptMessages } from '../../lib/jobs/accept/accept-messages.ts';
import { makeReplays } from '../../lib/jobs/accept/replays.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { readSample } from '../decide/intake/samples.ts';
import { secrets, signedHeaders } from '../io/listen/listen-world.ts';
import { aNight, type Night } from '../support/night-app.ts';
import { aConfig, at, hour, minute } from '../support/scaling-world.ts';

const page = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8');

function blocks(info: string): readonly string[] {
  const found = [...page.matchAll(/^```(.+)\n([^]*?)^```$/gmu)].filter((block) => block[1] === info);
  return found.map((block) => block[2] ?? '');
}

/** The page's own config on the simulated fleet. */
async function compilePage(now: number): Promise<CompiledConfig> {
  const events = blocks('yaml recipe').map((text) => text.replace(/^events:\n/u, ''));
  const text = `${blocks('yaml common').join('')}events:\n${events.join('')}`;
  const readFile = () => Promise.reject(new Error('no other file'));
  const outcome = await compileConfig(text, { file: 'events.md', now, readFile });
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
  return { ...outcome.config, regions: aConfig().regions };
}

const fleet = {
  clusters: [
    { name: 'ml', pools: [{ name: 'gpu', min: 0, max: 4 }] },
    { name: 'prod-a', pools: [{ name: 'workers', min: 3, max: 9 }] },
  ],
};

type EventsWorld = {
  readonly night: Night;
  readonly listen: Hono;
  /** Rounds that events started. */
  readonly woken: Promise<unknown>[];
  readonly acceptParts: ReturnType<Night['app']['acceptParts']>;
  readonly minOf: (pool: string) => number | undefined;
};

/** The production parts: the listener, the accept job, and the round that it starts at once for one cluster. */
async function anEventsWorld(start: number): Promise<EventsWorld> {
  const config = await compilePage(start);
  const night = aNight(start - hour, config, { fleet });
  const woken: Promise<unknown>[] = [];
  const wake = (region: string, cluster: string) => {
    const only = (one: { region: string; name: string }) => one.region === region && one.name === cluster;
    woken.push(night.app.scale(config, { only }));
  };
  const secretsOf = { 'queue-depth': secrets.bearer, ci: secrets.ci };
  const listen = makeListenApp({
    clock: night.clock,
    sources: () => config.events,
    secretsOf: async ({ name }) => [secretsOf[name as keyof typeof secretsOf]],
    accept: (source, events) => night.app.accept(config, source, events, wake),
    replays: makeReplays({ store: night.store, clock: night.clock }),
    quota: makeQuota(night.clock),
    takesUnsigned: false,
    isHealthy: () => true,
    readiness: async () => ({ isReady: true, text: 'ready' }),
  });
  await roundsUntil(night, start);
  night.world.forgetRequests();
  const acceptParts = night.app.acceptParts(config, wake);
  return { night, listen, woken, acceptParts, minOf: (pool) => night.world.pool(pool).sizeMin };
}

async function roundsUntil(night: Night, end: number): Promise<void> {
  while (night.clock.now() < end) {
    await night.app.scale(night.config);
    await night.clock.advance(Math.min(5 * minute, end - night.clock.now()));
  }
}

function puts({ night }: EventsWorld): readonly { size_min: number }[] {
  return night.world.requests.flatMap(({ method, body }) =>
    method === 'PUT' ? [JSON.parse(body ?? '') as { size_min: number }] : [],
  );
}

/** From the answer to the sample on: a PUT without waiting for a tick, the nodes, and back when the lease is over. */
async function followLease(world: EventsWorld, pool: string, atLeast: number, until: number): Promise<void> {
  const { night, woken, minOf } = world;
  const before = minOf(pool);
  await Promise.all(woken);
  expect(puts(world)).toMatchObject([{ size_min: atLeast }]);
  await roundsUntil(night, until - minute);
  expect(minOf(pool)).toBe(atLeast);
  await roundsUntil(night, until + 40 * minute);
  expect(minOf(pool)).toBe(before);
  expect(puts(world)).toHaveLength(2);
}

/** A Monday, half past nine in Berlin: the samples' own time. */
const now = at('2026-11-23T08:30:20Z');

type SendSample = (world: EventsWorld) => Promise<unknown>;

const overHttp =
  (path: string, sample: string, headers: (body: string) => Record<string, string>): SendSample =>
  async ({ listen }) => {
    const body = readSample(sample);
    const answer = await listen.request(path, { method: 'POST', headers: headers(body), body });
    expect(answer.status).toBe(200);
  };
const signed = (body: string) => signedHeaders(body, { at: now });
const bearer = () => ({ authorization: `Bearer ${unwrap(secrets.bearer)}`, 'content-type': 'application/json' });

const overQueue =
  (queue: string, sample: string): SendSample =>
  async ({ night, acceptParts }) => {
    const event = JSON.parse(readSample(sample)) as object;
    const delivered = readDelivered(event);
    const messages =
      delivered.kind === 'messages' ? delivered.messages : [{ id: '1', queue, body: readSample(sample) }];
    expect((await acceptMessages(acceptParts, night.config.events, messages)).failed).toEqual([]);
  };

const overBus =
  (sample: string): SendSample =>
  ({ night, acceptParts }) =>
    acceptBusEvent(acceptParts, night.config.events, readSample(sample));

const execute = promisify(execFile);
const hasTools = await Promise.all([execute('curl', ['--version']), execute('openssl', ['version'])]).then(
  () => true,
  () => false,
);

describe('a recipe of docs/events.md, from its sample to a PUT and back', () => {
  test.each<readonly [string, SendSample, string, number, string]>([
    [
      'Alertmanager',
      overHttp('/alertmanager/queue-depth', 'alertmanager.json', bearer),
      'prod-a/workers',
      6,
      '10:30:20',
    ],
    ['SQS', overQueue('lamplighter-ci', 'sqs.json'), 'ml/gpu', 6, '10:30:00'],
    ['S3 over EventBridge', overQueue('lamplighter-scenes', 'eventbridge-s3.json'), 'ml/gpu', 4, '09:29:58'],
    ['CodePipeline', overBus('eventbridge-codepipeline.json'), 'ml/gpu', 2, '11:30:00'],
    ['a CI job', overHttp('/events/ci', 'http-native.json', signed), 'ml/gpu', 6, '10:30:00'],
  ])('%s', async (_, send, pool, atLeast, until) => {
    const world = await anEventsWorld(now);
    await send(world);
    await followLease(world, pool, atLeast, at(`2026-11-23T${until}Z`));
  });

  test.each([
    [
      'Alertmanager',
      '/alertmanager/queue-depth',
      'alertmanager.json',
      'alertmanager-resolved.json',
      'prod-a/workers',
      3,
    ],
    ['a CI job', '/events/ci', 'http-native.json', 'http-release.json', 'ml/gpu', 0],
  ])('%s lets go before its time', async (_, path, sample, end, pool, least) => {
    const world = await anEventsWorld(now);
    const headers = (id: string) => (body: string) =>
      path.includes('events') ? signedHeaders(body, { at: world.night.clock.now(), id }) : bearer();
    await overHttp(path, sample, headers('msg_1'))(world);
    await Promise.all(world.woken);
    await roundsUntil(world.night, now + 45 * minute);
    await overHttp(path, end, headers('msg_2'))(world);
    await Promise.all(world.woken);
    expect(puts(world).at(-1)).toMatchObject({ size_min: least });
    await roundsUntil(world.night, now + 70 * minute);
    expect(world.minOf(pool)).toBe(least);
  });

  const scripts = [
    ['a CI job with curl', blocks('sh ci').join(''), 6, 2],
    ['a Kubernetes CronJob', scriptOfCronJob(), 3, 1],
  ] as const;
  const unless = hasTools ? '' : ' (skipped: needs curl and openssl)';
  test.skipIf(!hasTools).each(scripts)(`%s, as its script stands${unless}`, async (_, script, atLeast, hours) => {
    const start = Math.floor(systemClock.now() / 1000) * 1000;
    const world = await anEventsWorld(start);
    const listening = await serveListen(world.listen, { host: '127.0.0.1', port: 0 }, systemClock);
    try {
      const env = {
        PATH: process.env.PATH,
        JOB: '4711',
        HOSTNAME: 'nodes-for-the-report-1',
        LAMPLIGHTER_KEY: unwrap(secrets.ci),
        LAMPLIGHTER_URL: `http://127.0.0.1:${listening.port}`,
      };
      await execute('sh', ['-euc', script.replace(/^apk .*$/mu, '')], { env });
    } finally {
      await listening.close();
    }
    await Promise.all(world.woken);
    expect(puts(world)).toMatchObject([{ size_min: atLeast }]);
    await roundsUntil(world.night, start + hours * hour + 40 * minute);
    expect(world.minOf('ml/gpu')).toBe(0);
  });
});

function scriptOfCronJob(): string {
  const job = parse(blocks('yaml cronjob').join('')) as {
    spec: { jobTemplate: { spec: { template: { spec: { containers: { args: string[] }[] } } } } };
  };
  return job.spec.jobTemplate.spec.template.spec.containers[0]?.args[0] ?? '';
}
