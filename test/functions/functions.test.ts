import { readFileSync } from 'node:fs';
import type { Context } from 'aws-lambda';
import { describe, expect, test } from 'vitest';
import { readDelivered } from '../../functions/aws-events.ts';
import { type Container, makeRequestLog } from '../../functions/container.ts';
import { jobHandler } from '../../functions/job-handler.ts';
import { reserveMs } from '../../functions/middleware.ts';
import { makeHandler } from '../../functions/scale-pools.ts';
import { makeHandler as makeWatchHandler } from '../../functions/watch-clusters.ts';
import { StoreError } from '../../lib/errors.ts';
import { randomId } from '../../lib/io/ids.ts';
import { type Request, readScaleRequest } from '../../lib/io/lambda-invoke.ts';
import { type LogFields, silentLog } from '../../lib/io/log.ts';
import { embeddedLine, type MetricValues } from '../../lib/io/metric-names.ts';
import { makeMemoryStore } from '../../lib/io/stores/memory-store.ts';
import { countParts } from '../../lib/jobs/records/count-parts.ts';
import { writeRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import type { ScaleOptions } from '../../lib/jobs/scale/scale-round.ts';

const context = { awsRequestId: 'r1', getRemainingTimeInMillis: () => 60_000 } as Context;
const config = { hash: 'abc', regions: [{ name: 'r1' }], rules: [] } as unknown as Container['config'];

/** A container whose job only notes how it was asked. */
function noting(clusters: number) {
  const [asked, invoked, lines]: [ScaleOptions[], Request[], object[]] = [[], [], []];
  const metrics: MetricValues[] = [];
  const store = makeMemoryStore({ newId: randomId });
  const listed: ScaleOptions['rounds'][] = [];
  const scale = async (_: unknown, { rounds, ...options }: ScaleOptions) => {
    asked.push(options);
    listed.push(rounds);
    return { plan: { holds: [] }, problems: [], results: [], clusters, pools: 0 };
  };
  const note = (message: string, fields?: LogFields) => void lines.push({ message, ...fields });
  const log = makeRequestLog({ ...silentLog, info: note, warn: note, error: note });
  const container = {
    config,
    app: { scale, parts: { store, clock: { now: () => 1000 } } },
    log,
    invoke: async (request: Request) => invoked.push(request) > 0,
    report: (_: string, values: MetricValues) => void metrics.push(values),
  } as unknown as Container;
  const round = {
    schema: 1,
    at: 1,
    region: 'r1',
    configHash: '',
    isAnswered: true,
    pools: 0,
    checkedClusters: [],
    findings: [],
  } as const;
  const saw = (count: number, shard = { index: 0, count: 1 }, at = 1) =>
    writeRoundFindings(store, { ...round, at, shard, clusters: count });
  return { open: async () => container, asked, listed, invoked, lines, metrics, store, saw };
}

describe('scale-pools', () => {
  test('a fleet that nobody has counted is one part', async () => {
    const { open, asked, invoked } = noting(10);
    await makeHandler(open)({}, context);
    expect(asked).toEqual([{ isDryRun: false }]);
    expect(invoked).toEqual([]);
  });

  test.each([
    [1001, 2],
    [2500, 3],
  ])('%i clusters are %i parts, one of them its own', async (clusters, count) => {
    const { open, asked, invoked, saw } = noting(clusters);
    await saw(clusters);
    await makeHandler(open)({}, context);
    expect(asked).toEqual([{ shard: { index: 0, count }, isDryRun: false }]);
    const others = [1, 2].slice(0, count - 1);
    expect(invoked).toEqual(others.map((index) => ({ job: 'scale-pools', shard: { index, count } })));
  });

  test('a look that changes nothing changes nothing in any part', async () => {
    const { open, asked, invoked, saw } = noting(2500);
    await saw(2500);
    await makeHandler(open)({ dryRun: true }, context);
    expect(asked).toEqual([{ shard: { index: 0, count: 3 }, isDryRun: true }]);
    expect(invoked.map((request) => readScaleRequest(request))).toEqual(
      [1, 2].map((index) => ({ shard: { index, count: 3 }, isDryRun: true })),
    );
  });

  test('a look at one cluster changes nothing in it', async () => {
    const { open, asked } = noting(1);
    await makeHandler(open)({ only: { region: 'r1', cluster: 'dev' }, dryRun: true }, context);
    expect(asked).toEqual([{ only: expect.any(Function) as unknown, isDryRun: true }]);
  });

  test('hands on the rounds that it counted parts by', async () => {
    const { open, listed, saw } = noting(5);
    await saw(5);
    await makeHandler(open)({}, context);
    expect(listed[0]?.get('r1')?.rounds.map(({ clusters }) => clusters)).toEqual([5]);
  });

  test('a part starts no further parts', async () => {
    const { open, asked, listed, invoked, saw } = noting(2500);
    await saw(2500);
    await makeHandler(open)({ shard: { index: 2, count: 3 } }, context);
    expect(listed).toEqual([undefined]);
    expect([asked, invoked]).toEqual([[{ shard: { index: 2, count: 3 }, isDryRun: false }], []]);
  });

  test.each([
    [{}, false],
    [{ dryRun: true }, true],
  ])('an event looks at its cluster alone: %j', async (how, isDryRun) => {
    const { open, asked } = noting(1);
    await makeHandler(open)({ only: { region: 'r1', cluster: 'dev' }, ...how }, context);
    expect(asked[0]?.isDryRun).toBe(isDryRun);
    const seen = [
      ['r1', 'dev'],
      ['r1', 'prod'],
      ['r2', 'dev'],
    ].map(([region, name]) => asked[0]?.only?.({ region, name } as never));
    expect(seen).toEqual([true, false, false]);
  });

  test.each([
    ['a whole round', {}, true],
    ['a part of one', { shard: { index: 1, count: 2 } }, true],
    ['a round that an event woke', { only: { region: 'r1', cluster: 'dev' } }, false],
    ['a look that changes nothing', { dryRun: true }, false],
  ])('%s says that a round ended, or not', async (_, event, isRound) => {
    const { open, metrics } = noting(1);
    await makeHandler(open)(event, context);
    expect(metrics).toEqual([
      {
        lamplighter_round_problems: 0,
        lamplighter_changes_total: 0,
        lamplighter_clusters: 1,
        ...(isRound ? { lamplighter_last_round_timestamp_seconds: 1 } : {}),
      },
    ]);
  });

  test('parts of an older cut are not counted twice', async () => {
    const { store, saw } = noting(0);
    await saw(900, { index: 0, count: 2 }, 1);
    await saw(900, { index: 1, count: 2 }, 1);
    expect((await countParts(store, config)).count).toBe(2);
    await saw(950, { index: 0, count: 1 }, 2);
    expect((await countParts(store, config)).count).toBe(1);
  });

  test('what was sent and what was not is counted, and each problem is a line', async () => {
    const { open, metrics, lines } = noting(1);
    const container = await open();
    const results = ['sent', 'dropped', 'sent', 'failed', 'busy'].map((result) => ({ result }));
    const problems = [
      { region: 'r1', reason: 'no answer' },
      { region: 'r2', reason: 'refused' },
    ];
    const scale = async () => ({ plan: { holds: [{}] }, problems, results, clusters: 4, pools: 9 });
    const app = { ...container.app, scale };
    const answer = await makeHandler(async () => ({ ...container, app }) as unknown as Container)({}, context);
    expect(answer).toEqual({ clusters: 4, pools: 9, changes: 2, holds: 1, problems: 2 });
    expect(metrics).toMatchObject([
      { lamplighter_changes_total: 2, lamplighter_round_problems: 2, lamplighter_clusters: 4 },
    ]);
    expect(lines).toMatchObject([
      { message: 'no answer', region: 'r1' },
      { message: 'refused', region: 'r2' },
      { message: 'round done', changes: 2 },
    ]);
  });

  test('every line names the request, the job and the config', async () => {
    const { open, lines } = noting(1);
    await makeHandler(open)({}, context);
    expect(lines).toEqual([
      expect.objectContaining({ message: 'round done', requestId: 'r1', job: 'scale-pools', config: 'abc' }),
    ]);
  });
});

describe('watch-clusters', () => {
  const watching = (isKept: boolean, told = {}, noted = noting(0)) => {
    const nothing = { opened: 0, resolved: 0, deliveries: 0, notices: 0 };
    const report = { at: 5000, clusters: 6, ...nothing, isKept, problems: ['x'], ...told };
    return makeWatchHandler(async () => {
      const container = await noted.open();
      return { ...container, app: { ...container.app, watch: async () => report } } as unknown as Container;
    });
  };

  test.each([
    ['messages', { deliveries: 2 }, true],
    ['notices', { notices: 1 }, true],
    ['as many of both', { deliveries: 1, notices: 1 }, true],
    ['nothing', {}, false],
  ])('with %s to tell starts the delivery, or not', async (_, told, isStarted) => {
    const noted = noting(0);
    await watching(true, told, noted)({}, context);
    expect(noted.invoked).toEqual(isStarted ? [{ job: 'deliver-alerts' }] : []);
  });

  test('says when its round was, and what it saw', async () => {
    const noted = noting(0);
    await watching(true, {}, noted)({}, context);
    expect(noted.metrics).toEqual([
      { lamplighter_last_round_timestamp_seconds: 5, lamplighter_round_problems: 1, lamplighter_clusters: 6 },
    ]);
  });

  test('answers with its figures', async () => {
    expect(await watching(true)({}, context)).toEqual({ clusters: 6, problems: 1, opened: 0, resolved: 0 });
  });

  test('starts the other parts of a large fleet, and looks at its own', async () => {
    const { open, saw } = noting(0);
    await saw(2500, { index: 0, count: 1 }, 1);
    const container = await open();
    const [invoked, looked]: [unknown[], unknown[]] = [[], []];
    const watch = async (_config: unknown, _problem: unknown, _left: unknown, options: unknown) => {
      looked.push(options);
      return { at: 1, clusters: 6, opened: 0, resolved: 0, deliveries: 0, notices: 0, isKept: true, problems: [] };
    };
    const app = { ...container.app, watch };
    const invoke = async (request: unknown) => invoked.push(request) > 0;
    const handler = makeWatchHandler(async () => ({ ...container, app, invoke }) as unknown as Container);
    await handler({}, context);
    expect(invoked).toEqual([1, 2].map((index) => ({ job: 'watch-clusters', shard: { index, count: 3 } })));
    await handler({ shard: { index: 2, count: 3 } }, context);
    expect(looked).toEqual([0, 2].map((index) => ({ shard: { index, count: 3 } })));
    expect(invoked).toHaveLength(2);
    await expect(handler({ shard: { index: 3, count: 3 } }, context)).rejects.toThrow('the payload was refused');
  });

  test('that could not store even its own mark has failed', async () => {
    await expect(watching(false)({}, context)).rejects.toThrow('watch-clusters failed: the round was not stored: x');
  });
});

describe('a failed run', () => {
  const failing = (error: Error) => jobHandler('scale-pools', noting(0).open, () => Promise.reject(error))({}, context);

  test('ends as a failure with our own words', async () => {
    await expect(failing(new StoreError('the table is away'))).rejects.toThrow('scale-pools failed: the table is away');
  });

  test('is a line with its reason', async () => {
    const { open, lines } = noting(0);
    const failure = new StoreError('the table is away');
    await jobHandler('x', open, () => Promise.reject(failure))({}, context).catch(() => undefined);
    expect(lines).toMatchObject([{ message: 'the run failed', reason: 'the table is away', requestId: 'r1' }]);
  });

  test.each([
    ['a payload that was refused', new TypeError('the payload was refused: c'), 'the payload was refused: c'],
    ['a mistake of ours', new TypeError('x of c0ffee is undefined'), 'an unexpected TypeError'],
    ['an error that sounds like ours', new RangeError('the payload was refused: c0ffee'), 'an unexpected RangeError'],
    ['what is no error', 'c0ffee' as unknown as Error, 'an unexpected error'],
  ])('by %s says what may be said', async (_, error, reason) => {
    await expect(failing(error)).rejects.toThrow(new RegExp(`^scale-pools failed: ${reason}$`, 'u'));
  });

  test('says nothing of what an error from elsewhere holds', async () => {
    const foreign = Object.assign(new Error('Authorization: Token c0ffee'), { headers: { token: 'c0ffee' } });
    const failure = await failing(foreign).catch((error: Error) => error);
    expect(JSON.stringify([String(failure), failure, failure.stack ?? '', failure.cause ?? ''])).not.toContain(
      'c0ffee',
    );
    expect(String(failure)).toBe('RunError: scale-pools failed: an unexpected Error');
  });

  test('a container that cannot be opened is one too', async () => {
    const broken = jobHandler(
      'scale-pools',
      () => Promise.reject(new Error('secret')),
      async () => 1,
    );
    await expect(broken({}, context)).rejects.toThrow('scale-pools failed: an unexpected Error');
  });
});

test('a job gets the time that is left, less what it needs to end', async () => {
  const left = await jobHandler('x', noting(0).open, async (_, __, timeLeftMs) => timeLeftMs())({}, context);
  expect(left).toBe(60_000 - reserveMs);
});

describe('payloads', () => {
  test.each([
    [{}, { isDryRun: false }],
    [null, { isDryRun: false }],
    ['tick', { isDryRun: false }],
    [{ dryRun: true }, { isDryRun: true }],
    [{ shard: { index: 1, count: 2 } }, { shard: { index: 1, count: 2 }, isDryRun: false }],
  ])('%j', (payload, expected) => {
    expect(readScaleRequest(payload)).toEqual(expected);
  });

  test.each([
    [{ only: 'dev' }],
    [{ shard: { index: 2, count: 2 } }],
    [{ shard: { index: -1, count: 2 } }],
    [{ shard: {} }],
  ])('%j is refused', (payload) => {
    expect(() => readScaleRequest(payload)).toThrow('the payload was refused');
  });

  test.each([
    ['sqs-batch.json', 'messages'],
    ['function-url.json', 'request'],
    ['eventbridge-s3.json', 'bus'],
  ])('%s comes in as %s', (file, kind) => {
    expect(readDelivered(JSON.parse(readFileSync(`events/${file}`, 'utf8'))).kind).toBe(kind);
  });

  test('a message knows its queue', () => {
    const delivered = readDelivered(JSON.parse(readFileSync('events/sqs-batch.json', 'utf8')));
    expect(delivered.kind === 'messages' && new Set(delivered.messages.map(({ queue }) => queue))).toEqual(
      new Set(['lamplighter-ci', 'lamplighter-scenes']),
    );
  });
});

test('a line of metrics is what CloudWatch reads', () => {
  const values = { lamplighter_last_round_timestamp_seconds: 5, lamplighter_clusters: 3 };
  expect(JSON.parse(embeddedLine({ installation: 'lamplighter-prod', job: 'scale-pools', at: 7, values }))).toEqual({
    _aws: {
      Timestamp: 7,
      CloudWatchMetrics: [
        {
          Namespace: 'Lamplighter',
          Dimensions: [['installation', 'job']],
          Metrics: [{ Name: 'lamplighter_last_round_timestamp_seconds', Unit: 'Seconds' }],
        },
      ],
    },
    message: 'metrics',
    installation: 'lamplighter-prod',
    job: 'scale-pools',
    ...values,
  });
});
