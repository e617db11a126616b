import { describe, expect, test } from 'vitest';
import { newSender } from '../../../lib/decide/outbox/sender.ts';
import { SecretError, StoreError } from '../../../lib/errors.ts';
import { type LogFields, silentLog } from '../../../lib/io/log.ts';
import { deliverAlerts, listTargets } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import type { DeliverParts } from '../../../lib/jobs/deliver/deliver-round.ts';
import { runFireDrill } from '../../../lib/jobs/deliver/fire-drill.ts';
import { sendHeartbeat } from '../../../lib/jobs/deliver/heartbeat.ts';
import { dropDelivery, retryDelivery } from '../../../lib/jobs/deliver/outbox-by-hand.ts';
import { listParked, outboxId } from '../../../lib/jobs/records/delivery-records.ts';
import { listSenders, senderWrite } from '../../../lib/jobs/records/destination-records.ts';
import { incidentWrite } from '../../../lib/jobs/records/incident-records.ts';
import type { CompiledConfig, DestinationConfig } from '../../../lib/model/config.ts';
import {
  aDelivery,
  aDestination,
  anIncident,
  makeOutboxWorld,
  type OutboxWorld,
  overFacts,
  someFacts,
  start,
} from '../../support/receivers/outbox-world.ts';
import { makeReceiver, type Receiver, type ReceiverFault } from '../../support/receivers/receiver.ts';
import { makeAlertmanager, makeSlack, makeWebhook } from '../../support/receivers/targets.ts';

const minute = 60_000;
const answers = (status: number) => (): ReceiverFault => ({ kind: 'answer', reply: { status } });
const refuses: () => ReceiverFault = () => ({ kind: 'refuse' });

type Line = readonly [level: 'info' | 'warn', message: string, fields: LogFields | undefined];

/** The same parts, and what they log. */
function listening(parts: DeliverParts, patch: Partial<DeliverParts> = {}) {
  const lines: Line[] = [];
  const log = {
    ...silentLog,
    info: (message: string, fields?: LogFields) => void lines.push(['info', message, fields]),
    warn: (message: string, fields?: LogFields) => void lines.push(['warn', message, fields]),
  };
  return { lines, parts: { ...parts, log, ...patch } };
}

function aWorld(patch: Partial<CompiledConfig> = {}) {
  const receivers = { ops: makeSlack(), hook: makeWebhook() };
  const destinations = [aDestination({ name: 'ops', kind: 'slack' }), aDestination({ name: 'hook', kind: 'webhook' })];
  return { receivers, world: makeOutboxWorld(destinations, receivers, patch) };
}

describe('the log tells of a message', () => {
  test('that was delivered, that was not, and again', async () => {
    const { receivers, world } = aWorld();
    const { lines, parts } = listening(world.parts);
    receivers.ops.faults = (ordinal) => (ordinal === 0 ? { kind: 'answer', reply: { status: 503 } } : undefined);
    const one = aDelivery(world.idOf('ops'), 1);
    await world.put(one);
    const about = { destination: 'ops', region: 'r1', delivery: one.id.slice(0, 12) };
    const { destinations } = await deliverAlerts(parts);
    expect(destinations[0]).toMatchObject({ confirmed: 1, failed: 1, waiting: 0, problem: undefined });
    expect(lines).toEqual([
      [
        'warn',
        'message not delivered',
        { ...about, outcome: 'unknown', attempts: 1, reason: 'it answered 503 Service Unavailable' },
      ],
      ['info', 'message delivered', { ...about, outcome: 'confirmed', attempts: 2 }],
    ]);
  });

  test('with all regions of a batch, and none where it is about none', async () => {
    const { world } = aWorld();
    const { lines, parts } = listening(world.parts);
    const inRegion = (region: string, n: number) =>
      aDelivery(world.idOf('ops'), n, {
        facts: someFacts({ subject: { kind: 'cluster', region, clusterId: `c${n}`, cluster: `dev-${n}` } }),
      });
    await world.put(...[1, 2, 3, 4, 5, 6].map((n) => inRegion(n % 2 ? 'r2' : 'r1', n)));
    await deliverAlerts(parts);
    expect(lines.map(([, , fields]) => fields?.['region'])).toEqual(['r1, r2']);
    lines.length = 0;
    await world.put(aDelivery(world.idOf('hook'), 9, { facts: someFacts({ subject: { kind: 'fleet' } }) }));
    await deliverAlerts(parts);
    expect(lines.map(([, , fields]) => Object.keys(fields ?? {}))).toEqual([
      ['destination', 'delivery', 'outcome', 'attempts'],
    ]);
  });

  test.each<[string, (world: OutboxWorld) => Partial<DeliverParts>, string, string]>([
    [
      'whose secret cannot be read',
      () => ({ secret: () => Promise.reject(new SecretError('env OPS has no value', 'env OPS')) }),
      'destination cannot be used',
      'env OPS has no value',
    ],
    [
      'whose outbox cannot be read',
      ({ store }) => ({ store: { ...store, list: failing(store, 'outbox/', new StoreError('the store is down')) } }),
      'delivering failed',
      'the store is down',
    ],
    [
      'where something else breaks',
      ({ store }) => ({ store: { ...store, list: failing(store, 'outbox/', new Error('c0ffee')) } }),
      'delivering failed',
      'an unexpected error',
    ],
  ])('%s', async (_, patch, message, reason) => {
    const { receivers, world } = aWorld();
    const { lines, parts } = listening(world.parts, patch(world));
    await world.put(aDelivery(world.idOf('ops'), 1));
    const { destinations, problems } = await deliverAlerts(parts);
    const told = lines.filter(([, , fields]) => fields?.['destination'] === 'ops');
    expect(told[0]).toEqual(['warn', message, { destination: 'ops', reason }]);
    expect(new Set(told.map((line) => JSON.stringify(line))).size).toBe(1);
    expect(receivers.ops.requests).toEqual([]);
    if (message === 'delivering failed') expect(problems[0]).toBe(`delivering to ops failed: ${reason}`);
    else expect(destinations[0]).toMatchObject({ failed: told.length, waiting: 1, problem: reason });
  });
});

test('an unreadable secret is tried once in a run', async () => {
  const { world } = aWorld();
  const asked: unknown[] = [];
  const secret = (ref: unknown) => {
    asked.push(ref);
    return Promise.reject(new SecretError('env OPS has no value', 'env OPS'));
  };
  const { lines, parts } = listening(world.parts, { secret });
  await world.put(aDelivery(world.idOf('ops'), 1));
  const { destinations } = await deliverAlerts(parts);
  expect(lines.filter(([, text]) => text === 'destination cannot be used')).toHaveLength(1);
  expect(asked).toHaveLength(1);
  expect(destinations[0]).toMatchObject({ failed: 1, waiting: 1, nextAt: expect.any(Number) });
});

function failing({ list }: OutboxWorld['store'], partition: string, error: Error): OutboxWorld['store']['list'] {
  return async (asked, options) => {
    if (asked.startsWith(partition)) throw error;
    return list(asked, options);
  };
}

describe('an Alertmanager', () => {
  async function withIncidents(count: number, patch: Partial<DestinationConfig> = {}) {
    const am = makeAlertmanager();
    const world = makeOutboxWorld([aDestination({ name: 'am', kind: 'alertmanager', ...patch })], { am });
    for (let n = 0; n < count; n += 1) await world.store.commit([incidentWrite(anIncident(n), undefined)]);
    return { am, world };
  }
  const sizesOf = ({ requests }: Receiver) => requests.map(({ body }) => (JSON.parse(body) as unknown[]).length);

  test.each([
    [200, [200]],
    [201, [200, 1]],
  ])('gets %i alerts in requests of %j', async (count, sizes) => {
    const { am, world } = await withIncidents(count);
    expect((await deliverAlerts(world.parts)).destinations).toMatchObject([
      { name: 'am', confirmed: count, failed: 0, waiting: 0, problem: undefined },
    ]);
    expect(sizesOf(am)).toEqual(sizes);
    expect(am.activeAt(start + 15 * minute - 1)).toHaveLength(count);
    expect(am.activeAt(start + 15 * minute)).toEqual([]);
    expect(await listSenders(world.store)).toEqual([]);
  });

  test('that refuses is not asked for the rest, and tried again later', async () => {
    const { am, world } = await withIncidents(201);
    am.faults = answers(503);
    const problem = 'it answered 503 Service Unavailable';
    expect((await deliverAlerts(world.parts)).destinations).toMatchObject([{ confirmed: 0, failed: 201, problem }]);
    expect(sizesOf(am)).toEqual([200]);
    const nextAt = (await listSenders(world.store))[0]?.sender.nextAt ?? 0;
    expect(nextAt).toBeGreaterThan(start);
    expect((await deliverAlerts(world.parts)).destinations).toMatchObject([
      { confirmed: 0, failed: 0, nextAt, problem },
    ]);
    am.faults = undefined;
    world.clock.moveTo(nextAt);
    expect((await deliverAlerts(world.parts)).destinations).toMatchObject([{ confirmed: 201, problem: undefined }]);
  });

  test.each([
    [14_999, 0],
    [15_000, 1],
  ])('with %i ms left is sent %i requests', async (left, requests) => {
    const { am, world } = await withIncidents(1);
    await deliverAlerts({ ...world.parts, timeLeftMs: () => left });
    expect(am.requests).toHaveLength(requests);
  });

  test.each<[string, Partial<DestinationConfig>, boolean, boolean]>([
    ['by default', {}, false, false],
    ['with runbooks', { runbooks: 'https://wiki.test/lamplighter' }, true, false],
    ['of several regions', { severalRegions: true }, false, true],
  ])('is told its texts %s', async (_, patch, hasRunbook, namesRegion) => {
    const { am, world } = await withIncidents(1, patch);
    await deliverAlerts(world.parts);
    const body = am.requests[0]?.body ?? '';
    expect(body.includes('https://wiki.test/lamplighter#cluster.error')).toBe(hasRunbook);
    expect(body.includes('r1: cluster dev-0 is in status Error')).toBe(namesRegion);
  });

  test('hears since when it has been wrong, though that was seen late', async () => {
    const { am, world } = await withIncidents(0);
    await world.store.commit([incidentWrite(anIncident(1, { since: start - 60 * minute }), undefined)]);
    await deliverAlerts(world.parts);
    const [alert] = JSON.parse(am.requests[0]?.body ?? '[]') as { startsAt: string }[];
    expect(Date.parse(alert?.startsAt ?? '')).toBe(start - 60 * minute);
  });

  test('whose secret cannot be read is a failing destination', async () => {
    const { am, world } = await withIncidents(1);
    const secret = () => Promise.reject(new SecretError('env AM has no value', 'env AM'));
    expect((await deliverAlerts({ ...world.parts, secret })).destinations).toMatchObject([
      { failed: 1, problem: 'env AM has no value' },
    ]);
    expect(am.requests).toEqual([]);
    expect((await listSenders(world.store))[0]?.sender.failing?.problem).toBe('env AM has no value');
  });

  test('takes part in a fire drill, once with an end', async () => {
    const { am, world } = await withIncidents(0);
    const [target] = await listTargets(world.parts);
    const taken = { state: 'confirmed', reason: undefined };
    expect(await runFireDrill(world.parts, target!)).toEqual({ open: taken, resolve: taken });
    expect(am.requests).toHaveLength(2);
    expect(am.requests[0]?.body).toContain('fire drill');
    const ends = am.requests.map(({ body }) => Date.parse((JSON.parse(body) as { endsAt: string }[])[0]?.endsAt ?? ''));
    expect(ends).toEqual([start + 15 * minute, start]);
    am.faults = answers(403);
    expect(await runFireDrill(world.parts, target!)).toEqual({
      open: { state: 'dropped', reason: 'it answered 403 Forbidden' },
      resolve: undefined,
    });
    expect(am.requests).toHaveLength(3);
  });
});

describe('the heartbeat', () => {
  const heartbeat = { url: { kind: 'env', name: 'BEAT' }, insecure: false } as const;
  const taking = { take: () => ({ status: 204 }), success: { status: 204 } };

  function aBeat(faults?: Receiver['faults'], patch: Partial<DeliverParts> = {}) {
    const checks = makeReceiver(taking);
    checks.faults = faults;
    const world = makeOutboxWorld([], { checks }, { heartbeat });
    world.secrets.set('BEAT', 'https://checks.test/ping/uuid');
    return { checks, ...listening(world.parts, patch) };
  }

  test.each<[string, Receiver['faults'], Partial<DeliverParts>, string, number, readonly (readonly unknown[])[]]>([
    ['is taken', undefined, {}, 'yes', 1, []],
    ['is taken with 299', answers(299), {}, 'yes', 1, []],
    ['is moved', answers(300), {}, 'failed', 1, [['heartbeat not accepted', { outcome: 'answered', at: start }]]],
    ['is refused', answers(404), {}, 'failed', 1, [['heartbeat not accepted', { outcome: 'answered', at: start }]]],
    ['finds nobody', refuses, {}, 'failed', 0, [['heartbeat not accepted', { outcome: 'no-connection', at: start }]]],
    ['has 12 s left', undefined, { timeLeftMs: () => 12_000 }, 'yes', 1, []],
    ['has less than 12 s left', undefined, { timeLeftMs: () => 11_999 }, 'no', 0, []],
    [
      'has no address',
      undefined,
      { secret: () => Promise.reject(new SecretError('env BEAT has no value', 'env BEAT')) },
      'failed',
      0,
      [['heartbeat cannot be sent', { reason: 'env BEAT has no value' }]],
    ],
  ])('that %s', async (_, faults, patch, sent, requests, told) => {
    const { checks, parts, lines } = aBeat(faults, patch);
    expect(await sendHeartbeat(parts)).toMatchObject({ beat: { kind: 'fail' }, sent });
    expect(checks.requests).toHaveLength(requests);
    expect(lines.map(([, message, fields]) => [message, fields])).toEqual(told);
  });

  test('that cannot be an address has failed, and throws nothing', async () => {
    const { world } = aWorld({ heartbeat });
    world.secrets.set('BEAT', 'no address');
    expect(await sendHeartbeat(world.parts)).toMatchObject({ beat: { kind: 'fail' }, sent: 'failed' });
  });

  test('that the config lacks is sent nowhere', async () => {
    const { world } = aWorld();
    expect(await sendHeartbeat(world.parts)).toEqual({ beat: undefined, sent: 'no' });
  });
});

test('a message that is refused as it is goes out by hand in its plainest form, at once', async () => {
  const { receivers, world } = aWorld();
  receivers.ops.faults = (ordinal) => (ordinal === 0 ? answers(400)() : undefined);
  const one = aDelivery(world.idOf('ops'), 1);
  await world.put(one);
  const [ops] = await listTargets(world.parts);
  expect(await retryDelivery(world.parts, ops!, outboxId(one))).toMatchObject({ sent: { state: 'confirmed' } });
  expect(receivers.ops.requests).toHaveLength(2);
});

test('what is over before it was told goes, and the storm beside it is one message', async () => {
  const { receivers, world } = aWorld();
  const id = world.idOf('ops');
  await world.put(aDelivery(id, 1), aDelivery(id, 1, { sequence: 2, facts: overFacts() }));
  for (let n = 2; n < 12; n += 1) await world.put(aDelivery(id, n));
  const { destinations } = await deliverAlerts(world.parts);
  expect(destinations[0]).toMatchObject({ dropped: 1, confirmed: 11, waiting: 0, problem: undefined });
  expect(receivers.ops.posts).toHaveLength(1);
});

test('a destination of which only its record is left is told by its name', async () => {
  const { world } = aWorld();
  await world.store.commit([senderWrite(newSender('old~0123', start), undefined)]);
  const { destinations } = await deliverAlerts(world.parts);
  expect(destinations.map(({ name }) => name)).toEqual(['ops', 'hook', 'old']);
});

describe('by hand is refused, and says why', () => {
  const unknown = { kind: 'refused', reason: 'no message with this id waits or is parked' };

  test('what nobody knows, and what is for a destination that is gone', async () => {
    const { receivers, world } = aWorld();
    const one = aDelivery(world.idOf('ops'), 1);
    await world.put(one);
    const [ops] = await listTargets(world.parts);
    expect(await retryDelivery(world.parts, ops!, 'nope')).toEqual(unknown);
    expect(await dropDelivery(world.parts, ops!, 'nope', 'ada')).toEqual(unknown);
    expect(await retryDelivery(world.parts, { ...ops!, standing: 'removed' }, outboxId(one))).toEqual({
      kind: 'refused',
      reason: 'the destination was removed from the config',
    });
    expect(receivers.ops.requests).toEqual([]);
  });

  test('what somebody else changed meanwhile', async () => {
    const { world } = aWorld();
    const one = aDelivery(world.idOf('ops'), 1);
    await world.put(one);
    const [ops] = await listTargets(world.parts);
    const commit = async () => ({ kind: 'conflict', failed: [0] }) as const;
    const store = { ...world.store, commit };
    expect(await dropDelivery({ ...world.parts, store }, ops!, outboxId(one), 'ada')).toEqual({
      kind: 'refused',
      reason: 'it was changed meanwhile; try again',
    });
  });

  test('not the drop of a parked message', async () => {
    const { receivers, world } = aWorld();
    receivers.ops.faults = answers(400);
    const one = aDelivery(world.idOf('ops'), 1);
    await world.put(one);
    await deliverAlerts(world.parts);
    const [ops] = await listTargets(world.parts);
    expect(await listParked(world.store, ops!.id)).toHaveLength(1);
    expect(await dropDelivery(world.parts, ops!, outboxId(one), 'ada')).toEqual({ kind: 'done' });
    expect(await listParked(world.store, ops!.id)).toEqual([]);
  });
});

describe('an attempt', () => {
  test.each<[number | undefined, number]>([
    [undefined, 20_000],
    [25_000, 20_000],
    [24_999, 19_999],
    [15_000, 10_000],
  ])('with %s ms left waits %i ms for its answer', async (left, timeoutMs) => {
    const { world } = aWorld();
    await world.put(aDelivery(world.idOf('ops'), 1));
    const waited: number[] = [];
    const send: DeliverParts['send'] = async (message) => {
      waited.push(message.timeoutMs);
      return world.parts.send(message);
    };
    await deliverAlerts({ ...world.parts, send, ...(left !== undefined && { timeLeftMs: () => left }) });
    expect(waited).toEqual([timeoutMs]);
  });

  test('is left to the sender that was faster', async () => {
    const { receivers, world } = aWorld();
    await world.put(aDelivery(world.idOf('ops'), 1));
    const commit: OutboxWorld['store']['commit'] = async (writes) =>
      writes.some(({ key }) => key.partition === 'dest')
        ? { kind: 'conflict', failed: [0] }
        : world.store.commit(writes);
    const { destinations, problems } = await deliverAlerts({ ...world.parts, store: { ...world.store, commit } });
    expect(problems).toEqual([]);
    expect(destinations[0]).toMatchObject({ waiting: 1, problem: 'another sender is working on it' });
    expect(receivers.ops.requests).toEqual([]);
  });

  test('by hand waits for another sender, and not for ever', async () => {
    const { receivers, world } = aWorld();
    const one = aDelivery(world.idOf('ops'), 1);
    await world.put(one);
    const lease = { owner: 'other', until: start + 60 * minute };
    await world.store.commit([senderWrite({ ...newSender(one.destination, start), lease }, undefined)]);
    const [ops] = await listTargets(world.parts);
    const sent = { state: 'waiting', reason: 'another sender is working on it' };
    expect(await retryDelivery(world.parts, ops!, outboxId(one))).toEqual({ kind: 'sent', sent });
    expect(world.clock.now() - start).toBe(100_000);
    expect(receivers.ops.requests).toEqual([]);
  });

  test('of a batch is remembered, so that the next storm waits its turn', async () => {
    const { receivers, world } = aWorld();
    for (let n = 0; n < 9; n += 1) await world.put(aDelivery(world.idOf('ops'), n));
    await deliverAlerts(world.parts);
    const posts = receivers.ops.posts.length;
    const at = (await listSenders(world.store))[0]?.sender.lastBatchAt;
    expect(at).toBeGreaterThanOrEqual(start);
    for (let n = 20; n < 29; n += 1) await world.put(aDelivery(world.idOf('ops'), n, { queuedAt: world.clock.now() }));
    const { destinations } = await deliverAlerts(world.parts);
    expect(receivers.ops.posts).toHaveLength(posts);
    expect(destinations[0]).toMatchObject({ waiting: 9, nextAt: expect.any(Number) });
    world.clock.moveTo(destinations[0]!.nextAt!);
    await deliverAlerts(world.parts);
    expect(receivers.ops.posts).toHaveLength(posts + 1);
  });
});
