import { createHash } from 'node:crypto';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digestOf, unsignedMark, writeKeepLink } from '../../lib/decide/announcing/keep-link.ts';
import { type Delivery, type DeliveryFacts, unsent } from '../../lib/decide/incidents/delivery.ts';
import { destinationId } from '../../lib/decide/incidents/routing.ts';
import { announcementWrites } from '../../lib/jobs/records/announcement-records.ts';
import { askWrite, listAsks } from '../../lib/jobs/records/ask-records.ts';
import { deliveryWrite } from '../../lib/jobs/records/incident-records.ts';
import { writeRoundFindings } from '../../lib/jobs/records/round-findings.ts';
import { whole } from '../../lib/model/part.ts';
import { allowedBy } from '../support/aws/allowed-by.ts';
import { type FunctionName, type LambdaWorld, startLambdaWorld } from '../support/aws/lambda-world.ts';
import { statementsOf } from '../support/aws/template.ts';
import { dynoxideMissing } from '../support/dynoxide.ts';

const missing = dynoxideMissing();
const minuteMs = 60_000;
const roles: readonly (readonly [FunctionName, string])[] = [
  ['scale-pools', 'ScalePoolsRole'],
  ['watch-clusters', 'WatchClustersRole'],
  ['deliver-alerts', 'DeliverAlertsRole'],
  ['accept-events', 'AcceptEventsRole'],
  ['receive-events', 'ReceiveEventsRole'],
];
const signingSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

function leadingKeys(condition: unknown): readonly string[] {
  const { 'ForAllValues:StringLike': like } = condition as {
    readonly [name: string]: { readonly [key: string]: unknown };
  };
  return like?.['dynamodb:LeadingKeys'] as readonly string[];
}

/** A fleet whose one pool sleeps in the months of these tests, and tells a webhook. */
function sleepingFleet(api: string): string {
  return `
timezone: UTC
regions:
  r1: { api: "${api}", token: { awsSecret: lamplighter/r1 } }
schedules:
  nights: { windows: [{ months: [jul], from: "07:00", to: "19:00" }], otherwise: idle }
pools:
  - { match: "dev/workers", schedule: nights, base: 3, idle: 1, leases: { max: 6 }, announce: { before: 30m, to: [hook] } }
destinations:
  hook: { kind: webhook, url: { awsSecret: lamplighter/hook }, insecure: true }
  topic: { kind: sns, topic: "arn:aws:sns:eu-central-1:111122223333:lamplighter-told" }
events:
  jobs: { kind: json, queue: lamplighter-jobs, may: ["dev/*"], most: 5, longest: 8h }
  ci: { kind: json, secret: { awsSecret: lamplighter/ci }, may: ["dev/*"], most: 5, longest: 8h }
links: { url: "https://abc.lambda-url.eu-central-1.on.aws", secret: { awsSecret: lamplighter/links } }
digest: { to: hook, every: mon 08:00 }
store: { kind: dynamodb, table: lamplighter }
`;
}

/** Of the next hour, with the message that tells it and its unsigned link. */
function anAnnouncement({ mks, now }: LambdaWorld) {
  const [cluster, pool] = [mks.cluster('dev'), mks.pool('dev/workers')];
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const boundary = now() + 20 * minuteMs;
  const names = { region: 'r1', clusterId: cluster.id, cluster: 'dev', poolId: pool.id, pool: 'workers' };
  const told = { ...names, from: 3, to: 1, nodes: 3, by: -2, said: 1, saidAt: now() };
  const announcement = { schema: 1, boundary, destination: 'hook', sequence: 1, saidAt: now(), pools: [told] } as const;
  const until = boundary + 120 * minuteMs;
  const link = { boundary, sequence: 1, until, digest: digestOf([told], hash), destination: 'hook' };
  const url = `https://abc.lambda-url.eu-central-1.on.aws/keep/${writeKeepLink(link)}.${unsignedMark}`;
  const destination = destinationId(
    { name: 'hook', url: { kind: 'awsSecret', name: 'lamplighter/hook' }, key: undefined },
    hash,
  );
  const facts: DeliveryFacts = {
    what: 'notice',
    kind: 'announcement',
    subject: { kind: 'fleet' },
    severity: 'info',
    worst: 'info',
    text: 'soon',
    fix: undefined,
    did: undefined,
    since: boundary,
    until: undefined,
    cause: undefined,
    facts: {},
    at: now(),
    links: [{ label: '2 hours more', url }],
  };
  const lane = { id: hash(url), destination, key: hash('key'), episode: boundary, sequence: 1 };
  const delivery: Delivery = { schema: 1, ...lane, facts, queuedAt: now(), ...unsent };
  return { announcement, delivery };
}

/** To the next Monday at 08:10 UTC. */
function untilMonday(now: number): number {
  const weekMs = 7 * 24 * 60 * minuteMs;
  const first = Date.UTC(2026, 0, 5, 8, 10);
  return weekMs - ((now - first) % weekMs);
}

function pageRequest(method: string, path: string) {
  const http = { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.7', userAgent: 'test' };
  return {
    version: '2.0',
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    requestContext: { domainName: 'abc.lambda-url.eu-central-1.on.aws', http },
    // A function URL hands forms over like this.
    body: method === 'POST' ? Buffer.from('keep=yes').toString('base64') : '',
    isBase64Encoded: method === 'POST',
  };
}

async function linkLeases({ store }: LambdaWorld): Promise<readonly string[]> {
  return (await listAsks(store, 'r1')).map(({ who }) => who).filter((who) => who.startsWith('a link'));
}

describe.skipIf(missing !== undefined)(
  `the packaged functions${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let world: LambdaWorld;
    let linkPath = '';

    beforeAll(async () => {
      world = await startLambdaWorld(sleepingFleet);
      world.aws.secrets['lamplighter/ci'] = { AWSCURRENT: signingSecret };
      world.aws.secrets['lamplighter/links'] = { AWSCURRENT: `whsec_${Buffer.alloc(32, 9).toString('base64')}` };
    }, 120_000);

    afterAll(async () => {
      await world?.close();
    });

    const puts = () => world.mks.requests.filter(({ method }) => method === 'PUT').length;

    test('the first scale-down of a rule waits for a person', async () => {
      const ended = await world.run('scale-pools');
      expect(ended).toMatchObject({ kind: 'answered', answer: { changes: 0, holds: 1, problems: 0 } });
      expect(await world.command('status')).toMatch(/dev\/workers.*approve/su);
      expect(puts()).toBe(0);
    });

    test('what is approved at a desk, the functions know', async () => {
      const said = await world.command('approve', '--reason', 'agreed');
      const rounds = await world.store.list('findings');
      const [hash] = rounds.map(({ value }) => (value as { configHash: string }).configHash);
      expect(said).toContain(`approved config ${hash} `);
      expect(said).toContain('lamplighter-prod-scale-pools was started');
      expect(world.aws.invocations.at(-1)).toEqual({ name: 'lamplighter-prod-scale-pools', payload: {} });
    });

    test('a tick observes, claims and sends one PUT', async () => {
      const ended = await world.run('scale-pools');
      expect(ended).toMatchObject({ kind: 'answered', answer: { clusters: 1, pools: 1, changes: 1, problems: 0 } });
      expect(puts()).toBe(1);
      expect(world.mks.pool('dev/workers').status).toBe('Scaling');
    });

    test('while the change is under way the next tick waits', async () => {
      world.pass(minuteMs);
      const ended = await world.run('scale-pools');
      expect(ended).toMatchObject({ kind: 'answered', answer: { changes: 0 } });
      expect(puts()).toBe(1);
    });

    test('then it is done, and stays so', async () => {
      world.pass(20 * minuteMs);
      const ended = await world.run('scale-pools');
      expect(ended).toMatchObject({ kind: 'answered', answer: { changes: 0, problems: 0 } });
      expect(world.mks.pool('dev/workers')).toMatchObject({ status: 'Running', size: 1 });
      expect(puts()).toBe(1);
    });

    test('a cluster in error becomes a message at the receiver', async () => {
      world.mks.setClusterError('dev', 'the control plane is gone');
      await ticks(4);
      expect(world.aws.invocations.at(-1)).toEqual({ name: 'lamplighter-prod-deliver-alerts', payload: {} });
      expect(await world.run('deliver-alerts')).toMatchObject({ kind: 'answered', answer: { waiting: 0 } });
      expect(kindsTold()).toEqual(['lamplighter.notice started', 'lamplighter.incident.opened cluster.error']);
    });

    test('and its recovery another', async () => {
      world.mks.clearClusterError('dev');
      await ticks(4);
      await world.run('deliver-alerts');
      expect(kindsTold().at(-1)).toBe('lamplighter.incident.resolved cluster.error');
    });

    test('a message of a queue becomes a lease, and wakes one cluster', async () => {
      const good = leaseEvent('job-1', 4);
      const ended = await world.run('accept-events', queueMessages([good, 'no json']));
      expect(ended).toEqual({ kind: 'answered', answer: { batchItemFailures: [] } });
      const payload = { only: { region: 'r1', cluster: 'dev' } };
      expect(world.aws.invocations.at(-1)).toEqual({ name: 'lamplighter-prod-scale-pools', payload });
    });

    test('killed before its PUT was done, the next ticks finish it', async () => {
      await killDuringPut(false);
      expect(world.mks.pool('dev/workers').size).toBe(1);
      world.pass(5 * minuteMs);
      await world.run('scale-pools');
      world.pass(20 * minuteMs);
      await world.run('scale-pools');
      expect(world.mks.pool('dev/workers')).toMatchObject({ status: 'Running', size: 4 });
    });

    test('killed after its PUT was done, nothing is sent twice', async () => {
      await world.run('accept-events', queueMessages([leaseEvent('job-2', 5)]));
      const before = puts();
      await killDuringPut(true);
      for (let i = 0; i < 5; i += 1) {
        world.pass(5 * minuteMs);
        await world.run('scale-pools');
      }
      expect(puts()).toBe(before + 1);
      expect(world.mks.pool('dev/workers')).toMatchObject({ status: 'Running', size: 5 });
    });

    test('a signed request over HTTP is taken once, an unsigned one is told nothing', async () => {
      const signed = signedRequest(leaseEvent('http-1', 3));
      expect(await world.run('receive-events', signed)).toMatchObject({
        answer: { statusCode: 200, body: expect.stringContaining('stored') },
      });
      expect(await world.run('receive-events', signed)).toMatchObject({
        answer: { statusCode: 200, body: '{"replayed":true}' },
      });
      const unsigned = { ...signed, headers: { 'content-type': 'application/json' } };
      expect(await world.run('receive-events', unsigned)).toMatchObject({
        answer: { statusCode: 401, body: '{"error":"unauthorized"}' },
      });
    });

    test('a link in an announcement keeps a pool up, and only by its button', async () => {
      const { announcement, delivery } = anAnnouncement(world);
      await world.store.commit([...announcementWrites(announcement, undefined), deliveryWrite(delivery)]);
      await world.run('deliver-alerts');
      const told = JSON.stringify(world.told.map(({ body }) => body));
      const path = /\/keep\/[\w.-]+/u.exec(told)?.[0] ?? 'no link';
      linkPath = path;
      expect(await world.run('receive-events', pageRequest('GET', path))).toMatchObject({
        answer: { statusCode: 200, body: expect.stringContaining('Keep these pools up?') },
      });
      expect(await linkLeases(world)).toEqual([]);
      expect(await world.run('receive-events', pageRequest('POST', path))).toMatchObject({
        answer: { statusCode: 200, body: expect.stringContaining('1 pool kept up') },
      });
      expect(await linkLeases(world)).toEqual(['a link in hook']);
      expect(await world.run('receive-events', pageRequest('POST', `${path}x`))).toMatchObject({
        answer: { statusCode: 404 },
      });
      expect(world.container('receive-events').output()).not.toContain(path.slice(-43));
    });

    test.each(['//events/ci', '/events/ci/'])('%s is /events/ci', async (path) => {
      const signed = signedRequest(leaseEvent(`http${path}`, 3), path);
      expect(await world.run('receive-events', signed)).toMatchObject({ answer: { statusCode: 200 } });
    });

    test('what came to nothing is told in the log, and counted', async () => {
      const secrets = world.aws.secrets;
      const good = signedRequest(leaseEvent('http-2', 3));
      const unsigned = { ...good, headers: { 'content-type': 'application/json' } };
      expect(await world.run('receive-events', unsigned)).toMatchObject({ answer: { statusCode: 401 } });
      const wrong = signedRequest(JSON.stringify({ id: 'http-3' }));
      expect(await world.run('receive-events', wrong)).toMatchObject({ answer: { statusCode: 422 } });
      await world.container('receive-events').stop();
      secrets['lamplighter/ci'] = { AWSCURRENT: 'whsec_c2hvcnQ=' };
      expect(await world.run('receive-events', good)).toMatchObject({ answer: { statusCode: 503 } });
      await world.container('receive-events').stop();
      delete secrets['lamplighter/ci'];
      expect(await world.run('receive-events', good)).toMatchObject({ answer: { statusCode: 503 } });
      secrets['lamplighter/ci'] = { AWSCURRENT: signingSecret };
      await world.container('receive-events').stop();
      const output = world.container('receive-events').output();
      for (const line of [
        'no header webhook-id',
        'event refused',
        'event not stored',
        'lamplighter_events_unauthorized',
      ])
        expect(output).toContain(line);
      expect(output.match(/"lamplighter_events_not_stored":1/gu)).toHaveLength(2);
      expect(output).not.toContain('c2hvcnQ');
    });

    test('a flood at the address keeps no queue waiting', async () => {
      const unsigned = { ...signedRequest(leaseEvent('flood', 3)), headers: {} };
      const taken = world.run('accept-events', queueMessages([leaseEvent('job-3', 4)]));
      const queue = { isTaken: false };
      void taken.then(() => {
        queue.isTaken = true;
      });
      const flood: unknown[] = [];
      while (!queue.isTaken) flood.push(await world.run('receive-events', unsigned));
      expect(await taken).toEqual({ kind: 'answered', answer: { batchItemFailures: [] } });
      expect(flood).toContainEqual(
        expect.objectContaining({ answer: expect.objectContaining({ statusCode: 401 }) as unknown }),
      );
      const setAside = (id: string) => world.template.Resources[id]?.Properties?.['ReservedConcurrentExecutions'];
      expect([setAside('AcceptEventsLambdaFunction'), setAside('ReceiveEventsLambdaFunction')]).toEqual([5, 5]);
    });

    test('a token that was rotated is found in the same tick', async () => {
      const rotated = 'c0ffee'.repeat(10).padEnd(64, '0');
      world.mks.rotateToken(world.mks.token, rotated);
      world.aws.secrets['lamplighter/r1'] = { AWSCURRENT: rotated };
      const ended = await world.run('scale-pools');
      expect(ended).toMatchObject({ kind: 'answered', answer: { problems: 0 } });
      expect(world.container('scale-pools').output()).not.toContain('c0ffee');
    });

    test('half-way through a rotation the token before is used', async () => {
      const current = world.aws.secrets['lamplighter/r1']?.AWSCURRENT ?? '';
      world.aws.secrets['lamplighter/r1'] = { AWSCURRENT: 'd'.repeat(64), AWSPREVIOUS: current };
      world.pass(10 * minuteMs);
      expect(await world.run('scale-pools')).toMatchObject({ kind: 'answered', answer: { problems: 0 } });
    });

    test('while Secrets Manager is down the last good token does', async () => {
      delete world.aws.secrets['lamplighter/r1'];
      world.pass(10 * minuteMs);
      expect(await world.run('scale-pools')).toMatchObject({ kind: 'answered', answer: { problems: 0 } });
    });

    test('an event of the bus that no source waits for changes nothing', async () => {
      const event = { version: '0', id: '1', 'detail-type': 'Object Created', source: 'aws.s3', detail: {} };
      expect(await world.run('accept-events', event)).toEqual({ kind: 'answered', answer: {} });
    });

    test('a container whose start failed starts with its next invocation', async () => {
      await world.container('watch-clusters').stop();
      const file = join(world.folderOf('watch-clusters'), 'config.json');
      renameSync(file, `${file}.away`);
      expect(await world.run('watch-clusters')).toMatchObject({ kind: 'failed' });
      renameSync(`${file}.away`, file);
      expect(await world.run('watch-clusters')).toMatchObject({ kind: 'answered' });
    });

    test('each function calls what its role allows, and its role allows nothing more', async () => {
      await driveRareWrites();
      const made = (name: FunctionName) =>
        new Set(
          world.aws.calls.filter(({ who }) => who === name).map(({ action, resource }) => `${action} ${resource}`),
        );
      for (const [name, role] of roles) {
        expect([...made(name)].sort(), name).toEqual([...allowedBy(world.template, role)].sort());
      }
    });

    test.each(['accept-events', 'receive-events'] as const)('%s touches its own keys, and may no others', (name) => {
      const role = roles.find(([one]) => one === name)![1];
      for (const { Action, Condition } of statementsOf(world.template, role)) {
        if (Action[0]?.startsWith('dynamodb:') !== true) continue;
        const touched = world.aws.calls
          .filter(({ who, action }) => who === name && Action.includes(action))
          .map(({ partition = '' }) => partition.replace(/\/.*$/u, '/*'));
        expect([...new Set(touched)].sort()).toEqual([...leadingKeys(Condition)].sort());
      }
    });

    test('an operator calls what the policy for operators allows, and no more', async () => {
      await world.command('outbox', 'test', 'hook');
      await world.command('outbox', 'test', 'topic');
      await world.command('pause', 'dev/workers', '--for', '1h', '--reason', 'a test');
      await world.command('resume', 'dev/workers');
      await world.command('store', 'verify');
      const stdout = await world.command('history', '--who', 'arn:', '--json');
      const people = (JSON.parse(stdout) as readonly { readonly who: string }[]).map(({ who }) => who);
      expect(new Set(people)).toEqual(new Set(['arn:aws:iam::111122223333:user/operator']));
      const made = world.aws.calls.filter(({ who }) => who === 'operator').map(({ action }) => action);
      const policy = JSON.parse(readFileSync('deploy/aws/operator-policy.json', 'utf8')) as {
        Statement: readonly { readonly Sid: string; readonly Action: string | readonly string[] }[];
      };
      // Nothing lies under a key of its own here.
      const allowed = policy.Statement.filter(({ Sid }) => Sid !== 'ItsKey').flatMap(({ Action }) => Action);
      expect([...new Set(made)].sort()).toEqual(allowed.sort());
    });

    test('the end of a lease is announced, with a link that opens, and the week is told', async () => {
      world.pass(12 * 60 * minuteMs);
      await ticks(2);
      await world.run('accept-events', queueMessages([leaseEvent('night', 4, '2h')]));
      // The end is looked ahead to from half an hour before.
      world.pass(80 * minuteMs);
      await ticks(4);
      await world.run('deliver-alerts');
      const announced = world.told.findLast(({ body }) => (body['data'] as { kind: string }).kind === 'announcement');
      const text = JSON.stringify(announced?.body);
      expect(text).toContain('1 pool goes down by 3 nodes');
      const path = /\/keep\/[\w.-]+/u.exec(text)?.[0] ?? 'no link';
      expect(await world.run('receive-events', pageRequest('GET', path))).toMatchObject({
        answer: { body: expect.stringContaining('dev/workers') },
      });
      const digests = () => kindsTold().filter((kind) => kind.endsWith(' digest')).length;
      const before = digests();
      world.pass(untilMonday(world.now()));
      await ticks(2);
      await world.run('deliver-alerts');
      expect(digests()).toBe(before + 1);
    });

    /** What only happens once something is left over: a longer list of findings, and hundreds of leases that are over. */
    async function driveRareWrites(): Promise<void> {
      await seedLargeRound();
      expect(await world.run('receive-events', pageRequest('GET', linkPath))).toMatchObject({
        answer: { statusCode: 200 },
      });
      const key = { partition: 'findings', id: 'r1/0000-0007' };
      const at = world.now() - 60 * minuteMs;
      const round = { schema: 1, at, region: 'r1', shard: { index: 0, count: 1 }, checkedClusters: [], findings: [] };
      await world.store.commit([{ kind: 'putIfAbsent', key, value: round }]);
      await world.run('scale-pools', { shard: { index: 0, count: 1 } });
      await sendShortLeases('few');
      world.pass(5 * minuteMs);
      await seedFinishedLeases();
      await sendShortLeases('more');
      await seedOtherShards();
      await world.run('watch-clusters');
      await world.run('scale-pools');
    }

    async function sendShortLeases(name: string): Promise<void> {
      const time = new Date(world.now()).toISOString();
      const events = [1, 2].map((i) => {
        return { id: `${name}-${i}`, lease: `${name}-${i}`, time, pool: 'dev/workers', atLeast: 2, for: '2m' };
      });
      await world.run('accept-events', queueMessages([JSON.stringify(events)]));
      await world.run('receive-events', signedRequest(JSON.stringify(events)));
    }

    /** Of each source so many leases that are over, that the next ones push some out. */
    async function seedFinishedLeases(): Promise<void> {
      const finished = (await listAsks(world.store, 'r1')).filter(({ id }) => id.includes('few-1'));
      expect(finished).toHaveLength(2);
      const copies = finished.flatMap((ask) =>
        Array.from({ length: 350 }, (_, i) => ({ ...ask, id: `${ask.id}-${i}` })),
      );
      for (let from = 0; from < copies.length; from += 100) {
        const writes = copies.slice(from, from + 100).map((ask) => askWrite(ask, undefined));
        expect(await world.store.commit(writes)).toMatchObject({ kind: 'committed' });
      }
    }

    /** The last round saw so many clusters that its lists lie apart. */
    async function seedLargeRound(): Promise<void> {
      const checkedClusters = Array.from({ length: 500 }, (_, i) => `cluster-number-${String(i).padStart(4, '0')}`);
      const about = { schema: 1, at: world.now(), region: 'r1', shard: whole, configHash: 'x' } as const;
      const round = { ...about, isAnswered: true, clusters: 500, pools: 500, checkedClusters, findings: [], nodes: [] };
      expect(await writeRoundFindings(world.store, round)).toBe(true);
    }

    /** The last round saw so many clusters that the next one is cut into parts. */
    async function seedOtherShards(): Promise<void> {
      const [first] = await world.store.list('findings');
      const value = { ...(first?.value as object), clusters: 1500 };
      await world.store.commit([{ kind: 'putIfVersion', key: first!.key, value, version: first!.version }]);
    }

    /** What EventBridge Scheduler does in 5 minutes each. */
    async function ticks(count: number): Promise<void> {
      for (let i = 0; i < count; i += 1) {
        await world.run('scale-pools');
        await world.run('watch-clusters');
        world.pass(5 * minuteMs);
      }
    }

    const kindsTold = () =>
      world.told.map(({ body }) => `${String(body['type'])} ${(body['data'] as { kind: string }).kind}`);

    const leaseEvent = (lease: string, atLeast: number, length = '6h') =>
      JSON.stringify({
        id: `${lease}-start`,
        lease,
        time: new Date(world.now()).toISOString(),
        pool: 'dev/workers',
        atLeast,
        for: length,
      });

    function queueMessages(bodies: readonly string[]): unknown {
      const eventSourceARN = 'arn:aws:sqs:eu-central-1:111122223333:lamplighter-jobs';
      return {
        Records: bodies.map((body, at) => ({
          messageId: `m${at}`,
          receiptHandle: `h${at}`,
          body,
          eventSource: 'aws:sqs',
          eventSourceARN,
        })),
      };
    }

    function signedRequest(body: string, path = '/events/ci') {
      const at = new Date(world.now());
      const id = `msg_${createHash('sha256').update(body).digest('hex').slice(0, 8)}`;
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(signingSecret).sign(id, at, body),
      };
      const http = {
        method: 'POST',
        path,
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.7',
        userAgent: 'test',
      };
      return {
        version: '2.0',
        rawPath: path,
        rawQueryString: '',
        headers,
        requestContext: { domainName: 'abc.lambda-url.eu-central-1.on.aws', http },
        body,
        isBase64Encoded: false,
      };
    }

    /** The process ends while its PUT is on the wire, having been applied there or not. */
    async function killDuringPut(applied: boolean): Promise<void> {
      const scaling = world.container('scale-pools');
      world.fault = ({ method }) => {
        if (method !== 'PUT') return undefined;
        scaling.kill();
        return { kind: 'hang', applied };
      };
      const ended = await world.run('scale-pools', { only: { region: 'r1', cluster: 'dev' } });
      world.fault = undefined;
      expect(ended).toEqual({ kind: 'killed' });
    }
  },
);
