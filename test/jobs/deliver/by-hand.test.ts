import { describe, expect, test } from 'vitest';
import { newSender } from '../../../lib/decide/outbox/sender.ts';
import { deliverAlerts, listTargets } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import type { Target } from '../../../lib/jobs/deliver/deliver-round.ts';
import { runFireDrill } from '../../../lib/jobs/deliver/fire-drill.ts';
import { dropDelivery, retryDelivery } from '../../../lib/jobs/deliver/outbox-by-hand.ts';
import { listHistory, listParked, loadOutbox, outboxId } from '../../../lib/jobs/records/delivery-records.ts';
import { senderWrite } from '../../../lib/jobs/records/destination-records.ts';
import { incidentWrite } from '../../../lib/jobs/records/incident-records.ts';
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
import { makePagerduty, makeSlack, makeWebhook } from '../../support/receivers/targets.ts';

const minute = 60_000;

function makeWorld() {
  const receivers = { ops: makeSlack(), pager: makePagerduty(), hook: makeWebhook() };
  const destinations = [
    aDestination({ name: 'ops', kind: 'slack' }),
    aDestination({ name: 'pager', kind: 'pagerduty' }),
    aDestination({ name: 'hook', kind: 'webhook' }),
  ];
  return { receivers, world: makeOutboxWorld(destinations, receivers) };
}

async function targetOf(world: OutboxWorld, name: string): Promise<Target> {
  return (await listTargets(world.parts)).find((target) => target.name === name)!;
}

/** The incident of a waiting message is open still, and its destination was told. */
async function isOpenStill(world: OutboxWorld, name: string): Promise<void> {
  const { destination, episode } = aDelivery(world.idOf(name), 1);
  const told = { [destination]: { at: start, episode, severity: 'critical' as const } };
  await world.store.commit([incidentWrite(anIncident(1, { told }), undefined)]);
}

const refused = { kind: 'answer', reply: { status: 400, body: 'invalid_payload' } } as const;

test('a body that is refused goes out plain once, then is parked; the lane goes on', async () => {
  const { receivers, world } = makeWorld();
  receivers.hook.faults = (ordinal) => (ordinal < 2 ? refused : undefined);
  await world.put(aDelivery(world.idOf('hook'), 1));
  await deliverAlerts(world.parts);
  const [first, second] = receivers.hook.requests;
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id']);
  const parked = await listParked(world.store, world.idOf('hook'));
  expect(parked).toMatchObject([{ parked: { reason: 'it answered 400 Bad Request', delivery: { plain: true } } }]);
  await world.put(aDelivery(world.idOf('hook'), 1, { sequence: 2, facts: overFacts() }));
  world.clock.moveTo(start + minute);
  await deliverAlerts(world.parts);
  expect(receivers.hook.events).toMatchObject([{ body: { type: 'lamplighter.incident.resolved' } }]);
});

test('a plainer form that is taken is not parked', async () => {
  const { receivers, world } = makeWorld();
  receivers.ops.faults = (ordinal) => (ordinal === 0 ? refused : undefined);
  await world.put(aDelivery(world.idOf('ops'), 1));
  await deliverAlerts(world.parts);
  expect(receivers.ops.posts).toHaveLength(1);
  expect(receivers.ops.posts[0]?.text).not.toContain('blocks');
});

test('a refused batch is given back, and each message sent alone', async () => {
  const { receivers, world } = makeWorld();
  receivers.ops.faults = (_, { body }) => (body.includes('messages at once') ? refused : undefined);
  for (let n = 0; n < 130; n += 1) await world.put(aDelivery(world.idOf('ops'), n));
  for (let tick = 1; tick < 8; tick += 1) {
    await deliverAlerts(world.parts);
    // All of it in one run, though it takes two commits.
    expect((await loadOutbox(world.store, world.idOf('ops'))).batch).toBeUndefined();
    world.clock.moveTo(start + tick * minute);
  }
  expect(receivers.ops.posts).toHaveLength(130);
  expect(new Set(receivers.ops.posts.flatMap(({ ids }) => ids)).size).toBe(130);
  expect(await loadOutbox(world.store, world.idOf('ops'))).toEqual({ deliveries: [], batch: undefined });
});

test('what is parked can be sent again', async () => {
  const { receivers, world } = makeWorld();
  receivers.ops.faults = () => refused;
  await world.put(aDelivery(world.idOf('ops'), 1));
  await deliverAlerts(world.parts);
  receivers.ops.faults = undefined;
  await isOpenStill(world, 'ops');
  const target = await targetOf(world, 'ops');
  const id = outboxId(aDelivery(world.idOf('ops'), 1));
  expect(await retryDelivery(world.parts, target, id)).toEqual({
    kind: 'sent',
    sent: { state: 'confirmed', reason: undefined },
  });
  expect(await retryDelivery(world.parts, target, id)).toMatchObject({ kind: 'refused' });
  expect(receivers.ops.posts).toHaveLength(1);
  expect((await listHistory(world.store)).map(({ state }) => state)).toEqual(['parked', 'confirmed']);
});

describe.each([
  ['pager', 'its incident is over: sent now, it would stay open there; to remove it, drop it'],
  ['ops', 'its incident is over: sent now, it would read as news; to remove it, drop it'],
  ['hook', 'its incident is over: sent now, it would read as news; to remove it, drop it'],
] as const)('of an incident that is over, at %s', (name, reason) => {
  test.each(['open', 'update', 'reminder'] as const)('a parked %s is not sent', async (what) => {
    const { receivers, world } = makeWorld();
    receivers[name].faults = () => ({ kind: 'answer', reply: { status: 400 } });
    const one = aDelivery(world.idOf(name), 1, { facts: someFacts({ what }) });
    await world.put(one);
    await deliverAlerts(world.parts);
    receivers[name].faults = undefined;
    const { length } = receivers[name].requests;
    const outcome = await retryDelivery(world.parts, await targetOf(world, name), outboxId(one));
    expect(outcome).toEqual({ kind: 'refused', reason });
    expect(receivers[name].requests).toHaveLength(length);
    expect(await listParked(world.store, one.destination)).toHaveLength(1);
  });

  test.each([
    ['resolve', { what: 'resolve', until: start, cause: 'recovered' }],
    ['notice', { what: 'notice', kind: 'started' }],
  ] as const)('a parked %s is sent', async (_, facts) => {
    const { receivers, world } = makeWorld();
    receivers[name].faults = () => ({ kind: 'answer', reply: { status: 400 } });
    const one = aDelivery(world.idOf(name), 1, { facts: someFacts(facts) });
    await world.put(one);
    await deliverAlerts(world.parts);
    receivers[name].faults = undefined;
    const outcome = await retryDelivery(world.parts, await targetOf(world, name), outboxId(one));
    expect(outcome).toMatchObject({ kind: 'sent' });
  });
});

test('a person can drop what waits, and it is known who', async () => {
  const { receivers, world } = makeWorld();
  await world.put(aDelivery(world.idOf('ops'), 1));
  const id = outboxId(aDelivery(world.idOf('ops'), 1));
  expect(await dropDelivery(world.parts, await targetOf(world, 'ops'), id, 'ada@desk')).toEqual({ kind: 'done' });
  await deliverAlerts(world.parts);
  expect(receivers.ops.posts).toHaveLength(0);
  expect(await listHistory(world.store)).toMatchObject([{ state: 'dropped', reason: 'dropped by ada@desk' }]);
  expect(await dropDelivery(world.parts, await targetOf(world, 'ops'), id, 'ada@desk')).toMatchObject({
    kind: 'refused',
  });
});

test('nothing is dropped from under a sender', async () => {
  const { world } = makeWorld();
  await world.put(aDelivery(world.idOf('hook'), 1));
  const outcomes: unknown[] = [];
  const slow = world.processWith({
    fetch: async (input, init) => {
      const target = await targetOf(world, 'hook');
      outcomes.push(await dropDelivery(world.parts, target, outboxId(aDelivery(world.idOf('hook'), 1)), 'ada@desk'));
      return world.fetch(input, init);
    },
  });
  await deliverAlerts(slow);
  expect(outcomes).toMatchObject([{ kind: 'refused' }]);
});

test.each(['ops', 'pager', 'hook'])('a fire drill opens and resolves at %s', async (name) => {
  const { receivers, world } = makeWorld();
  const report = await runFireDrill(world.parts, await targetOf(world, name));
  const state = name === 'pager' ? 'accepted' : 'confirmed';
  expect(report).toMatchObject({ open: { state }, resolve: { state } });
  expect([...receivers.pager.alerts.values()].every((alert) => alert.status === 'resolved')).toBe(true);
  const requests = receivers[name as keyof typeof receivers].requests;
  expect(requests).toHaveLength(2);
  expect(requests[0]?.body).toContain('fire drill');
});

test('a fire drill that takes its time resolves what it opened', async () => {
  const { receivers, world } = makeWorld();
  const send: typeof world.parts.send = async (message) => {
    world.clock.moveTo(world.clock.now() + 1500);
    return world.parts.send(message);
  };
  await runFireDrill({ ...world.parts, send }, await targetOf(world, 'pager'));
  expect([...receivers.pager.alerts.values()]).toMatchObject([{ status: 'resolved', opened: 1 }]);
});

test('a message that another process sends meanwhile, by a clock that is behind, has been sent', async () => {
  const { receivers, world } = makeWorld();
  const one = aDelivery(world.idOf('ops'), 1);
  await world.put(one);
  const behind = { ...world.clock, now: () => world.clock.now() - minute / 2 };
  const lease = { owner: 'other', until: behind.now() + 90_000 };
  await world.store.commit([senderWrite({ ...newSender(one.destination, behind.now()), lease }, undefined)]);
  const other = { ...world.processWith({ newId: () => 'other' }), clock: behind };
  let runs = 0;
  const sleep: typeof world.clock.sleep = async (ms, signal) => {
    if (runs === 0) await deliverAlerts(other);
    runs += 1;
    return world.clock.sleep(ms, signal);
  };
  const parts = { ...world.parts, clock: { ...world.clock, now: world.clock.now, sleep } };
  const sent = await retryDelivery(parts, await targetOf(world, 'ops'), outboxId(one));
  expect(sent).toMatchObject({ sent: { state: 'confirmed' } });
  expect(receivers.ops.posts).toHaveLength(1);
});

describe('by hand, while the destination fails', () => {
  async function failingWorld(name: 'ops' | 'pager' | 'hook') {
    const { receivers, world } = makeWorld();
    receivers[name].faults = () => ({ kind: 'answer', reply: { status: 503 } });
    await world.put(aDelivery(world.idOf(name), 1));
    for (let tick = 0; tick < 40; tick += 1) {
      world.clock.moveTo(Math.max(world.clock.now(), start + tick * minute));
      await deliverAlerts(world.parts);
    }
    return { receiver: receivers[name], world, tried: receivers[name].requests.length };
  }

  test.each(['ops', 'pager', 'hook'] as const)('a drill goes to %s at once and shows this try', async (name) => {
    const { receiver, world, tried } = await failingWorld(name);
    receiver.faults = () => ({ kind: 'answer', reply: { status: 404 } });
    const failed = await runFireDrill(world.parts, await targetOf(world, name));
    expect(failed.open).toEqual({ state: 'waiting', reason: 'it answered 404 Not Found' });
    expect(receiver.requests.length).toBe(tried + 1);
    receiver.faults = undefined;
    const now = world.clock.now();
    const { open, resolve } = await runFireDrill(world.parts, await targetOf(world, name));
    const state = name === 'pager' ? 'accepted' : 'confirmed';
    expect([open.state, resolve?.state]).toEqual([state, state]);
    expect(world.clock.now() - now).toBeLessThan(10_000);
  });

  test('a 429 is this try’s answer too', async () => {
    const { receiver, world } = await failingWorld('ops');
    receiver.faults = () => ({ kind: 'answer', reply: { status: 429, headers: { 'retry-after': '900' } } });
    const { open } = await runFireDrill(world.parts, await targetOf(world, 'ops'));
    expect(open).toEqual({ state: 'waiting', reason: 'it answered 429 Too Many Requests' });
    receiver.faults = undefined;
    expect((await runFireDrill(world.parts, await targetOf(world, 'ops'))).open.state).toBe('confirmed');
  });

  test.each(['ops', 'pager', 'hook'] as const)('a message that waits for %s is retried at once', async (name) => {
    const { receiver, world, tried } = await failingWorld(name);
    const id = outboxId(aDelivery(world.idOf(name), 1));
    const waits = await retryDelivery(world.parts, await targetOf(world, name), id);
    expect(waits).toEqual({ kind: 'sent', sent: { state: 'waiting', reason: 'it answered 503 Service Unavailable' } });
    expect(receiver.requests.length).toBe(tried + 1);
    receiver.faults = undefined;
    const sent = await retryDelivery(world.parts, await targetOf(world, name), id);
    expect(sent).toMatchObject({ sent: { state: name === 'pager' ? 'accepted' : 'confirmed' } });
  });

  test('a parked message that is refused again says so', async () => {
    const { receivers, world } = makeWorld();
    receivers.ops.faults = () => refused;
    await world.put(aDelivery(world.idOf('ops'), 1));
    await deliverAlerts(world.parts);
    await isOpenStill(world, 'ops');
    const id = outboxId(aDelivery(world.idOf('ops'), 1));
    const again = await retryDelivery(world.parts, await targetOf(world, 'ops'), id);
    expect(again).toMatchObject({ sent: { state: 'parked', reason: 'it answered 400 Bad Request (invalid_payload)' } });
  });
});

test('a fire drill that fails says why', async () => {
  const { receivers, world } = makeWorld();
  receivers.ops.faults = () => ({ kind: 'answer', reply: { status: 403, body: 'action_prohibited' } });
  const report = await runFireDrill({ ...world.parts, timeLeftMs: () => 16_000 }, await targetOf(world, 'ops'));
  expect(report.open).toEqual({ state: 'waiting', reason: 'it answered 403 Forbidden (action_prohibited)' });
});

test('an old address is sent what it is owed and nothing new', async () => {
  const { receivers, world } = makeWorld();
  const [ops] = world.config.destinations;
  const id = world.idOf('ops');
  const known = { schema: 1, id, destination: JSON.parse(JSON.stringify(ops)) as never };
  await world.store.commit([{ kind: 'putIfAbsent', key: { partition: 'destinations', id }, value: known }]);
  const moved = { ...ops!, url: { kind: 'env', name: 'OPS_NEW' } } as const;
  const config = { ...world.config, destinations: [moved] };
  await world.put(
    aDelivery(id, 1, { sequence: 2, facts: overFacts() }),
    aDelivery(id, 2),
    aDelivery(id, 3),
    aDelivery(id, 3, { sequence: 2, facts: overFacts() }),
  );
  await deliverAlerts({ ...world.parts, config });
  expect(receivers.ops.posts).toHaveLength(1);
  expect(receivers.ops.posts[0]?.text).toContain('Resolved');
  expect((await loadOutbox(world.store, id)).deliveries.map(({ delivery }) => delivery.facts.what)).toEqual(['open']);
});
