import { expect, test } from 'vitest';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { loadOutbox } from '../../../lib/jobs/records/delivery-records.ts';
import { makeMortal } from '../../support/receivers/mortal.ts';
import {
  aDelivery,
  aDestination,
  makeOutboxWorld,
  type OutboxWorld,
  overFacts,
} from '../../support/receivers/outbox-world.ts';
import { makePagerduty, makeSlack, makeWebhook, type WebhookReceiver } from '../../support/receivers/targets.ts';

const minute = 60_000;
const names = ['slack', 'pager', 'hook'] as const;
/** Of the chat more than five, so that it gets a batch. */
const incidents = { slack: [1, 2, 3, 4, 5, 6], pager: [1, 2], hook: [1, 2] };

function makeWorld() {
  const receivers = { slack: makeSlack(), pager: makePagerduty(), hook: makeWebhook() };
  const destinations = [
    aDestination({ name: 'slack', kind: 'slack' }),
    aDestination({ name: 'pager', kind: 'pagerduty' }),
    aDestination({ name: 'hook', kind: 'webhook' }),
  ];
  return { receivers, world: makeOutboxWorld(destinations, receivers) };
}

async function tell(world: OutboxWorld, what: 'open' | 'resolve'): Promise<void> {
  for (const name of names) {
    for (const n of incidents[name]) {
      const over = { sequence: 2, facts: overFacts({ text: `cluster dev-${n} is in status Error` }) };
      await world.put(aDelivery(world.idOf(name), n, what === 'resolve' ? over : {}));
    }
  }
}

/** One run that dies at its n-th call; resolves to whether it got there. */
async function runUntilDeath(world: OutboxWorld, at: number, when: 'before' | 'after'): Promise<boolean> {
  const mortal = makeMortal(world.store, world.fetch, { at, when });
  const run = deliverAlerts(world.processWith({ store: mortal.store, fetch: mortal.fetch }));
  return Promise.race([run.then(() => false), mortal.died.then(() => true)]);
}

async function runUntilQuiet(world: OutboxWorld): Promise<void> {
  let wasQuiet = false;
  for (let tick = 0; tick < 15; tick += 1) {
    world.clock.moveTo(world.clock.now() + 2 * minute);
    await deliverAlerts(world.parts);
    // Once more than it takes: what is sent twice is seen.
    if (tick > 1 && wasQuiet) return;
    wasQuiet = (await whatWaits(world)) === 0;
  }
}

async function whatWaits(world: OutboxWorld): Promise<number> {
  const outboxes = await Promise.all(names.map((name) => loadOutbox(world.store, world.idOf(name))));
  return outboxes.reduce((sum, { deliveries, batch }) => sum + deliveries.length + (batch ? 1 : 0), 0);
}

function checkHook(hook: WebhookReceiver): void {
  const bodies = new Map<string, string>();
  for (const { id, body } of hook.events) {
    const text = JSON.stringify(body);
    expect(bodies.get(id) ?? text).toBe(text);
    bodies.set(id, text);
  }
}

for (const when of ['before', 'after'] as const) {
  test(`receivers agree after a death ${when} any call`, async () => {
    let deaths = 0;
    for (let at = 0; ; at += 1) {
      const { receivers, world } = makeWorld();
      await tell(world, 'open');
      const died = await runUntilDeath(world, at, when);
      await tell(world, 'resolve');
      await runUntilQuiet(world);
      expect(await whatWaits(world)).toBe(0);
      const alerts = [...receivers.pager.alerts.values()];
      expect(alerts.every(({ status, opened }) => status === 'resolved' && opened === 1)).toBe(true);
      for (const n of incidents.hook) {
        const resolve = aDelivery(world.idOf('hook'), n, { sequence: 2 }).id;
        expect(receivers.hook.events.findLast(({ body }) => isAbout(body, n))?.id).toBe(resolve);
      }
      for (const n of incidents.slack)
        expect(receivers.slack.posts.some(({ text }) => text.includes(`dev-${n} `))).toBe(true);
      checkHook(receivers.hook);
      if (!died) break;
      deaths += 1;
    }
    expect(deaths).toBeGreaterThan(30);
  });
}

function isAbout(body: { readonly [key: string]: unknown }, n: number): boolean {
  return JSON.stringify(body).includes(`cluster dev-${n} is`);
}

test('two deliverers at once send each message once', async () => {
  const { receivers, world } = makeWorld();
  await tell(world, 'open');
  const others = [1, 2, 3].map(() => deliverAlerts(world.processWith({})));
  await Promise.all([deliverAlerts(world.parts), ...others]);
  expect(receivers.hook.requests).toHaveLength(incidents.hook.length);
  expect(receivers.pager.requests).toHaveLength(incidents.pager.length);
  expect(receivers.slack.posts).toHaveLength(1);
});

test('a sender that slept past its lease changes nothing', async () => {
  const { receivers, world } = makeWorld();
  await world.put(aDelivery(world.idOf('pager'), 1));
  let isAsleep = true;
  const sleepy = world.processWith({
    store: {
      ...world.store,
      commit: async (writes) => {
        const outcome = await world.store.commit(writes);
        const isMark = writes.some(
          (write) => write.kind === 'putIfVersion' && write.key.partition.startsWith('outbox/'),
        );
        if (isMark && isAsleep) {
          isAsleep = false;
          // While it sleeps, its incident ends, and another sender says so.
          world.clock.moveTo(world.clock.now() + 40 * minute);
          await world.put(aDelivery(world.idOf('pager'), 1, { sequence: 2, facts: overFacts() }));
          await deliverAlerts(world.parts);
        }
        return outcome;
      },
    },
  });
  await deliverAlerts(sleepy);
  expect(receivers.pager.requests.map(({ body }) => JSON.parse(body).event_action)).toEqual(['resolve']);
  expect(await whatWaits(world)).toBe(0);
});

test('a sender that slept before its mark sends nothing', async () => {
  const { receivers, world } = makeWorld();
  await world.put(aDelivery(world.idOf('pager'), 1));
  let isAsleep = true;
  const sleepy = world.processWith({
    store: {
      ...world.store,
      commit: async (writes) => {
        const isMark = writes.some((write) => write.key.partition.startsWith('outbox/'));
        if (isMark && isAsleep) {
          isAsleep = false;
          world.clock.moveTo(world.clock.now() + 40 * minute);
          await deliverAlerts(world.parts);
          await world.put(aDelivery(world.idOf('pager'), 1, { sequence: 2, facts: overFacts() }));
          await deliverAlerts(world.parts);
        }
        return world.store.commit(writes);
      },
    },
  });
  await deliverAlerts(sleepy);
  expect(receivers.pager.requests.map(({ body }) => JSON.parse(body).event_action)).toEqual(['trigger', 'resolve']);
});

test('while one sender waits for an answer another sends nothing', async () => {
  const { receivers, world } = makeWorld();
  await world.put(aDelivery(world.idOf('hook'), 1));
  const slow = world.processWith({
    fetch: async (input, init) => {
      await deliverAlerts(world.parts);
      return world.fetch(input, init);
    },
  });
  await deliverAlerts(slow);
  expect(receivers.hook.requests).toHaveLength(1);
});

test.each(['hang-after', 'drop'] as const)('an open that was taken unseen (%s) is resolved', async (kind) => {
  const { receivers, world } = makeWorld();
  receivers.pager.faults = (ordinal) => (ordinal === 0 ? { kind } : undefined);
  await world.put(aDelivery(world.idOf('pager'), 1));
  await deliverAlerts({ ...world.parts, timeLeftMs: () => 20_000 });
  await world.put(aDelivery(world.idOf('pager'), 1, { sequence: 2, facts: overFacts() }));
  await runUntilQuiet(world);
  expect([...receivers.pager.alerts.values()]).toMatchObject([{ status: 'resolved', opened: 1 }]);
});

test('an open that was refused for certain needs no resolve', async () => {
  const { receivers, world } = makeWorld();
  receivers.pager.faults = (ordinal) => (ordinal === 0 ? { kind: 'answer', reply: { status: 403 } } : undefined);
  await world.put(aDelivery(world.idOf('pager'), 1));
  await deliverAlerts({ ...world.parts, timeLeftMs: () => 16_000 });
  await world.put(aDelivery(world.idOf('pager'), 1, { sequence: 2, facts: overFacts() }));
  await runUntilQuiet(world);
  expect(receivers.pager.requests).toHaveLength(1);
  expect(await whatWaits(world)).toBe(0);
});
