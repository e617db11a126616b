import { expect, test } from 'vitest';
import type { Store } from '../../../lib/io/stores/store.ts';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { loadOutbox } from '../../../lib/jobs/records/delivery-records.ts';
import { listSenders } from '../../../lib/jobs/records/destination-records.ts';
import {
  aDelivery,
  aDestination,
  makeOutboxWorld,
  type OutboxWorld,
  overFacts,
  someFacts,
  start,
} from '../../support/receivers/outbox-world.ts';
import type { Receiver } from '../../support/receivers/receiver.ts';
import { makeDiscord, makeMattermost, makeSlack, makeTeams } from '../../support/receivers/targets.ts';

const minute = 60_000;
const makers = { slack: makeSlack, teams: makeTeams, discord: makeDiscord, mattermost: makeMattermost } as const;
const unavailable = { kind: 'answer', reply: { status: 503 } } as const;

function chatWorld(kind: keyof typeof makers = 'slack') {
  const receiver = makers[kind]();
  const world = makeOutboxWorld([aDestination({ name: 'ops', kind })], { ops: receiver });
  return { receiver, world };
}

async function run(world: OutboxWorld, from: number, to: number): Promise<void> {
  for (let at = from; at <= to; at += 1) {
    world.clock.moveTo(Math.max(world.clock.now(), start + at * minute));
    await deliverAlerts(world.parts);
  }
}

const triesOf = (receiver: Receiver, word: string): readonly number[] =>
  receiver.requests.filter(({ body }) => body.includes(word)).map(({ at }) => Math.round((at - start) / minute));

test.each(Object.keys(makers) as (keyof typeof makers)[])(
  'after half an hour of 503 %s hears what is new within a quarter of an hour',
  async (kind) => {
    const { receiver, world } = chatWorld(kind);
    receiver.faults = () => unavailable;
    await world.put(aDelivery(world.idOf('ops'), 1));
    await run(world, 0, 30);
    expect(triesOf(receiver, 'dev-1 is').length).toBe(6);
    await world.put(aDelivery(world.idOf('ops'), 2, { queuedAt: world.clock.now() }));
    receiver.faults = undefined;
    await run(world, 31, 46);
    expect(triesOf(receiver, 'dev-2 is')).toHaveLength(1);
    expect(triesOf(receiver, 'dev-1 is').length).toBe(6);
    await run(world, 47, 200);
    const [again, before] = triesOf(receiver, 'dev-1 is').toReversed();
    expect(again! - before!).toBeGreaterThanOrEqual(120);
    expect((await loadOutbox(world.store, world.idOf('ops'))).deliveries).toEqual([]);
  },
);

test('what was never tried probes, again and again, until the chat works', async () => {
  const { receiver, world } = chatWorld();
  receiver.faults = () => unavailable;
  await world.put(aDelivery(world.idOf('ops'), 1));
  await run(world, 0, 40);
  await world.put(aDelivery(world.idOf('ops'), 2), aDelivery(world.idOf('ops'), 3));
  await run(world, 41, 90);
  expect(receiver.requests.filter(({ at }) => at > start + 41 * minute).length).toBeGreaterThanOrEqual(3);
  receiver.faults = undefined;
  await run(world, 91, 106);
  expect(triesOf(receiver, 'dev-2 is').length + triesOf(receiver, 'dev-3 is').length).toBeGreaterThanOrEqual(2);
  expect(receiver.posts.map(({ text }) => /dev-\d/.exec(text)?.[0])).toEqual(
    expect.arrayContaining(['dev-2', 'dev-3']) as string[],
  );
});

test('a chat that takes a message and hangs shows few copies of it', async () => {
  const { receiver, world } = chatWorld();
  receiver.faults = () => ({ kind: 'hang-after' });
  await world.put(aDelivery(world.idOf('ops'), 1));
  await run(world, 0, 600);
  expect(receiver.posts.length).toBeLessThanOrEqual(11);
});

test('a newer word on the same incident does not wait for the doubtful one', async () => {
  const { receiver, world } = chatWorld();
  receiver.faults = () => unavailable;
  const warning = { severity: 'warning', worst: 'warning', text: 'cluster dev-1 is slow' } as const;
  await world.put(aDelivery(world.idOf('ops'), 1, { facts: someFacts(warning) }));
  await run(world, 0, 30);
  const update = someFacts({ what: 'update', text: 'cluster dev-1 is dead' });
  await world.put(aDelivery(world.idOf('ops'), 1, { sequence: 2, facts: update, queuedAt: world.clock.now() }));
  receiver.faults = undefined;
  await run(world, 31, 46);
  expect(receiver.posts.at(-1)?.text).toContain('dead');
  await world.put(aDelivery(world.idOf('ops'), 1, { sequence: 3, facts: overFacts(), queuedAt: world.clock.now() }));
  await run(world, 47, 200);
  expect(receiver.posts.at(-1)?.text).toContain('Resolved');
  expect(receiver.posts).toHaveLength(2);
});

test('an incident that opens again does not wait for its doubtful end', async () => {
  const { receiver, world } = chatWorld();
  receiver.faults = () => unavailable;
  await world.put(aDelivery(world.idOf('ops'), 1, { sequence: 2, facts: overFacts() }));
  await run(world, 0, 30);
  const episode = world.clock.now();
  await world.put(aDelivery(world.idOf('ops'), 1, { sequence: 3, episode, queuedAt: episode }));
  receiver.faults = undefined;
  await run(world, 31, 46);
  expect(receiver.posts.at(-1)?.text).toContain('CRITICAL');
  await run(world, 47, 200);
  expect(receiver.posts.at(-1)?.text).toContain('CRITICAL');
});

test('a doubtful batch holds nothing up', async () => {
  const { receiver, world } = chatWorld();
  receiver.faults = () => unavailable;
  const many = (from: number) =>
    Array.from({ length: 20 }, (_, n) => aDelivery(world.idOf('ops'), from + n, { queuedAt: world.clock.now() }));
  await world.put(...many(100));
  await run(world, 0, 60);
  await world.put(...many(200));
  receiver.faults = undefined;
  await run(world, 61, 76);
  const said = receiver.posts.map(({ text }) => text).join('\n');
  for (let n = 200; n < 220; n += 1) expect(said).toContain(`dev-${n}`);
  // Those that may have been accepted wait as long as their batch would have.
  for (let n = 100; n < 120; n += 1) expect(said).not.toContain(`dev-${n}`);
  expect(receiver.posts.length).toBeLessThanOrEqual(4);
  await run(world, 77, 260);
  for (let n = 100; n < 120; n += 1) {
    expect(receiver.posts.some(({ text }) => text.includes(`dev-${n}`))).toBe(true);
  }
  expect(await loadOutbox(world.store, world.idOf('ops'))).toEqual({ deliveries: [], batch: undefined });
});

test('a storm that is taken without an answer is shown few times, however it is split and joined', async () => {
  const { receiver, world } = chatWorld();
  receiver.faults = (_, { body }) => (body.includes('dev-10') ? { kind: 'hang-after' } : undefined);
  for (let n = 100; n < 108; n += 1) await world.put(aDelivery(world.idOf('ops'), n));
  await run(world, 0, 40);
  await world.put(aDelivery(world.idOf('ops'), 300, { queuedAt: world.clock.now() }));
  await run(world, 41, 400);
  expect(triesOf(receiver, 'dev-300').length).toBe(1);
  expect(receiver.posts.filter(({ text }) => text.includes('dev-100')).length).toBeLessThanOrEqual(9);
});

test('a chat that refuses every body is asked ever more slowly, and all of it is not parked at once', async () => {
  const { receiver, world } = chatWorld();
  receiver.faults = () => ({ kind: 'answer', reply: { status: 400, body: 'invalid_payload' } });
  for (let n = 1; n <= 5; n += 1) await world.put(aDelivery(world.idOf('ops'), n));
  await deliverAlerts(world.parts);
  const [first] = await listSenders(world.store);
  expect(first?.sender.failing?.attempts).toBeGreaterThan(0);
  // Each of them is tried twice, rich and plain, and one after the other: 5 s, 30 s, 2 min, 10 min after the one before.
  await run(world, 1, 4);
  expect((await loadOutbox(world.store, world.idOf('ops'))).deliveries).toHaveLength(1);
  await run(world, 5, 60);
  expect((await loadOutbox(world.store, world.idOf('ops'))).deliveries).toEqual([]);
  expect(receiver.requests).toHaveLength(10);
});

test('a storm that is refused is given back, and its messages come one by one', async () => {
  const { receiver, world } = chatWorld();
  const isBatch = (body: string) => /dev-1 .*dev-2 /su.test(body);
  const refused = { kind: 'answer', reply: { status: 400, body: 'invalid_payload' } } as const;
  receiver.faults = (_, { body }) => (isBatch(body) ? refused : undefined);
  for (let n = 1; n <= 8; n += 1) await world.put(aDelivery(world.idOf('ops'), n));
  await run(world, 0, 3);
  expect(receiver.requests.filter(({ body }) => isBatch(body))).toHaveLength(2);
  expect((await loadOutbox(world.store, world.idOf('ops'))).deliveries).toEqual([]);
  // That the batch was refused says nothing of the chat: nothing waits for its back-off.
  const [, second, third] = receiver.requests.map(({ at }) => at);
  expect(third! - second!).toBeLessThan(4_000);
  expect(receiver.posts).toHaveLength(8);
});

test.each([
  [54_000, 1],
  [56_000, 0],
])('a sender that slept %s ms since it took its lease begins %s requests', async (slept, requests) => {
  const { receiver, world } = chatWorld();
  await world.put(aDelivery(world.idOf('ops'), 1));
  let isAsleep = true;
  const commit: Store['commit'] = async (writes) => {
    const outcome = await world.store.commit(writes);
    const isMarked = writes.some((write) => 'value' in write && JSON.stringify(write.value).includes('"attempts":1'));
    if (isMarked && isAsleep) {
      isAsleep = false;
      world.clock.moveTo(world.clock.now() + slept);
    }
    return outcome;
  };
  const timeLeftMs = () => (isAsleep ? 60_000 : 0);
  await deliverAlerts({ ...world.parts, store: { ...world.store, commit }, timeLeftMs });
  expect(receiver.requests).toHaveLength(requests);
  const { deliveries } = await loadOutbox(world.store, world.idOf('ops'));
  expect(deliveries.map(({ delivery }) => delivery.attempts)).toEqual(requests === 0 ? [0] : []);
});
