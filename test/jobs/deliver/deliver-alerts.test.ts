import { expect, test } from 'vitest';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { listHistory, loadOutbox } from '../../../lib/jobs/records/delivery-records.ts';
import {
  aDelivery,
  aDestination,
  makeOutboxWorld,
  overFacts,
  someFacts,
  start,
} from '../../support/receivers/outbox-world.ts';
import {
  makeDiscord,
  makeMattermost,
  makePagerduty,
  makeSlack,
  makeTeams,
  makeWebhook,
} from '../../support/receivers/targets.ts';
import { isLong } from '../../support/runs.ts';

const minute = 60_000;

function everyKind() {
  const receivers = {
    slack: makeSlack(),
    teams: makeTeams(),
    discord: makeDiscord(),
    mattermost: makeMattermost(),
    pager: makePagerduty(),
    hook: makeWebhook(),
    cloud: makeWebhook(),
    am4: makeWebhook(),
  };
  const destinations = [
    aDestination({ name: 'slack', kind: 'slack' }),
    aDestination({ name: 'teams', kind: 'teams' }),
    aDestination({ name: 'discord', kind: 'discord' }),
    aDestination({ name: 'mattermost', kind: 'mattermost' }),
    aDestination({ name: 'pager', kind: 'pagerduty' }),
    aDestination({ name: 'hook', kind: 'webhook' }),
    aDestination({ name: 'cloud', kind: 'webhook', format: 'cloudevents' }),
    aDestination({ name: 'am4', kind: 'webhook', format: 'alertmanager-v4' }),
  ];
  return { receivers, world: makeOutboxWorld(destinations, receivers), destinations };
}

test('every kind gets one open and one resolve', async () => {
  const { receivers, world, destinations } = everyKind();
  for (const { name } of destinations) await world.put(aDelivery(world.idOf(name), 1));
  await deliverAlerts(world.parts);
  const [alert] = receivers.pager.alerts.values();
  expect(alert).toMatchObject({ status: 'triggered', summary: 'cluster dev-1 is in status Error' });
  for (const { name } of destinations) {
    await world.put(aDelivery(world.idOf(name), 1, { sequence: 2, facts: overFacts() }));
  }
  const report = await deliverAlerts(world.parts);
  expect(report.problems).toEqual([]);
  for (const name of ['slack', 'teams', 'discord', 'mattermost'] as const) {
    expect(receivers[name].posts.map(({ ids }) => ids)).toEqual([
      [aDelivery(world.idOf(name), 1).id],
      [aDelivery(world.idOf(name), 1, { sequence: 2 }).id],
    ]);
  }
  expect([...receivers.pager.alerts.values()]).toMatchObject([{ status: 'resolved', opened: 1 }]);
  expect(receivers.hook.events.map(({ body }) => body.type)).toEqual([
    'lamplighter.incident.opened',
    'lamplighter.incident.resolved',
  ]);
  expect(receivers.cloud.events.map(({ id, body }) => body.id === id)).toEqual([true, true]);
  expect(receivers.am4.events.map(({ body }) => body.status)).toEqual(['firing', 'resolved']);
});

test('history says accepted or confirmed as the target did', async () => {
  const { world, destinations } = everyKind();
  for (const { name } of destinations) await world.put(aDelivery(world.idOf(name), 1));
  await deliverAlerts(world.parts);
  const states = Object.fromEntries(
    (await listHistory(world.store)).map((one) => [one.destination.split('~')[0], one.state]),
  );
  expect(states).toEqual({
    slack: 'confirmed',
    teams: 'accepted',
    discord: 'confirmed',
    mattermost: 'confirmed',
    pager: 'accepted',
    hook: 'confirmed',
    cloud: 'confirmed',
    am4: 'confirmed',
  });
});

const many = isLong ? 500 : 200;

test('hundreds at once are three messages at most in a chat', async () => {
  const receivers = { slack: makeSlack(), teams: makeTeams(), discord: makeDiscord(), mattermost: makeMattermost() };
  const destinations = (['slack', 'teams', 'discord', 'mattermost'] as const).map((kind) =>
    aDestination({ name: kind, kind }),
  );
  const world = makeOutboxWorld(destinations, receivers);
  for (const { name } of destinations) {
    for (let n = 0; n < many; n += 1) await world.put(aDelivery(world.idOf(name), n));
  }
  for (let tick = 0; tick < 15; tick += 1) {
    await deliverAlerts(world.parts);
    world.clock.moveTo(start + (tick + 1) * minute);
  }
  for (const { name } of destinations) {
    const { posts } = receivers[name as keyof typeof receivers];
    expect(posts.length).toBeLessThanOrEqual(3);
    const said = posts.reduce((sum, { text }) => sum + Number(/(\d+) messages at once/.exec(text)?.[1] ?? 1), 0);
    expect(said).toBe(many);
    for (const { text } of posts) expect(isWhole(text)).toBe(true);
    expect((await loadOutbox(world.store, world.idOf(name))).deliveries).toEqual([]);
  }
});

/** A batch lists all of its messages, or says how many more there are. */
function isWhole(text: string): boolean {
  const count = Number(/(\d+) messages at once/.exec(text)?.[1]);
  const listed = [...text.matchAll(/is in status Error/g)].length;
  const more = Number(/and (\d+) more/.exec(text)?.[1] ?? 0);
  return listed > 0 && listed + more === count;
}

test('three hundred alerts reach PagerDuty within its rate', async () => {
  const receivers = { pager: makePagerduty() };
  const world = makeOutboxWorld([aDestination({ name: 'pager', kind: 'pagerduty' })], receivers);
  for (let n = 0; n < 300; n += 1) await world.put(aDelivery(world.idOf('pager'), n));
  for (let tick = 0; tick < 10 && receivers.pager.alerts.size < 300; tick += 1) {
    await deliverAlerts(world.parts);
    world.clock.moveTo(start + (tick + 1) * minute);
  }
  expect(receivers.pager.alerts.size).toBe(300);
  expect(receivers.pager.requests.length).toBe(300);
  expect(world.clock.now()).toBeLessThanOrEqual(start + 5 * minute);
});

test('one run sends for most of a minute and no longer, and says when the rest goes', async () => {
  const receivers = { pager: makePagerduty() };
  const world = makeOutboxWorld([aDestination({ name: 'pager', kind: 'pagerduty' })], receivers);
  for (let n = 0; n < 150; n += 1) await world.put(aDelivery(world.idOf('pager'), n));
  const { destinations } = await deliverAlerts(world.parts);
  const sent = receivers.pager.requests.length;
  const tookMs = world.clock.now() - start;
  expect(tookMs).toBeGreaterThanOrEqual(40_000);
  expect(tookMs).toBeLessThan(60_000);
  expect(destinations).toMatchObject([{ accepted: sent, waiting: 150 - sent, failed: 0, problem: undefined }]);
  expect(destinations[0]?.nextAt).toBeGreaterThanOrEqual(world.clock.now());
  expect(destinations[0]?.nextAt).toBeLessThan(world.clock.now() + minute);
});

test('an incident over before its open got through is one story', async () => {
  const receivers = { slack: makeSlack(), pager: makePagerduty() };
  const destinations = [
    aDestination({ name: 'slack', kind: 'slack' }),
    aDestination({ name: 'pager', kind: 'pagerduty' }),
  ];
  const world = makeOutboxWorld(destinations, receivers);
  for (const { name } of destinations) {
    await world.put(
      aDelivery(world.idOf(name), 1),
      aDelivery(world.idOf(name), 1, { sequence: 2, facts: overFacts() }),
    );
  }
  await deliverAlerts(world.parts);
  expect(receivers.slack.posts).toHaveLength(1);
  expect(receivers.slack.posts[0]?.text).toContain('Resolved: cluster dev-1');
  expect(receivers.pager.requests).toHaveLength(0);
  const states = (await listHistory(world.store)).map(({ state, said }) => `${said[0]?.what} ${state}`);
  expect(states.sort()).toEqual(['open dropped', 'open dropped', 'resolve confirmed', 'resolve dropped']);
});

test('an idle run neither writes nor sends', async () => {
  const { world } = everyKind();
  const before = world.store.snapshot();
  await deliverAlerts(world.parts);
  expect(world.store.snapshot()).toEqual(before);
});

test('a removed destination is owed nothing', async () => {
  const receivers = { slack: makeSlack() };
  const world = makeOutboxWorld([aDestination({ name: 'slack', kind: 'slack' })], receivers);
  const id = world.idOf('slack');
  receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 404 } });
  await world.put(aDelivery(id, 1));
  await deliverAlerts(world.parts);
  const without = { ...world.parts, config: { ...world.config, destinations: [] } };
  world.clock.moveTo(start + 5 * minute);
  await deliverAlerts(without);
  expect((await loadOutbox(world.store, id)).deliveries).toEqual([]);
  expect(await listHistory(world.store)).toMatchObject([
    { state: 'dropped', reason: 'the destination was removed from the config' },
  ]);
});

test('what does not fit the remaining time is not begun', async () => {
  const receivers = { slack: makeSlack() };
  const world = makeOutboxWorld([aDestination({ name: 'slack', kind: 'slack' })], receivers);
  await world.put(aDelivery(world.idOf('slack'), 1));
  await deliverAlerts({ ...world.parts, timeLeftMs: () => 9_000 });
  expect(receivers.slack.requests).toHaveLength(0);
  await deliverAlerts({ ...world.parts, timeLeftMs: () => 30_000 });
  expect(receivers.slack.requests).toHaveLength(1);
});

test('a notice is said to a chat once', async () => {
  const receivers = { slack: makeSlack() };
  const world = makeOutboxWorld([aDestination({ name: 'slack', kind: 'slack' })], receivers);
  const facts = someFacts({ what: 'notice', kind: 'started', severity: 'info', text: '12 clusters, 31 pools matched' });
  await world.put(aDelivery(world.idOf('slack'), 1, { facts }));
  await deliverAlerts(world.parts);
  await deliverAlerts(world.parts);
  expect(receivers.slack.posts).toHaveLength(1);
  expect(receivers.slack.posts[0]?.text).toContain('Notice: 12 clusters');
});

test('a storm that begins while one is sent is still a batch', async () => {
  const receivers = { slack: makeSlack() };
  const world = makeOutboxWorld([aDestination({ name: 'slack', kind: 'slack' })], receivers);
  const id = world.idOf('slack');
  let isFirst = true;
  const parts = world.processWith({
    fetch: async (input, init) => {
      if (isFirst) for (let n = 10; n < 60; n += 1) await world.put(aDelivery(id, n));
      isFirst = false;
      return world.fetch(input, init);
    },
  });
  await world.put(aDelivery(id, 1), aDelivery(id, 2), aDelivery(id, 3));
  await deliverAlerts(parts);
  expect(receivers.slack.posts).toHaveLength(2);
  expect(receivers.slack.posts[1]?.text).toContain('52 messages at once');
});

test('only what nobody is owed ends by age', async () => {
  const receivers = { slack: makeSlack() };
  const world = makeOutboxWorld([aDestination({ name: 'slack', kind: 'slack' })], receivers);
  const id = world.idOf('slack');
  receivers.slack.faults = () => ({ kind: 'answer', reply: { status: 404 } });
  await world.put(
    aDelivery(id, 1),
    aDelivery(id, 1, { sequence: 2, facts: overFacts() }),
    aDelivery(id, 2),
    aDelivery(id, 3, { facts: someFacts({ what: 'notice', kind: 'started' }) }),
  );
  const left = async () => {
    const { deliveries } = await loadOutbox(world.store, id);
    return deliveries.map(({ delivery }) => delivery.facts.what).sort();
  };
  const daysOfTrying = async (days: number) => {
    for (let hour = 0; hour < days * 24; hour += 1) {
      world.clock.moveTo(world.clock.now() + 60 * minute);
      await deliverAlerts(world.parts);
    }
  };
  await daysOfTrying(2);
  expect(await left()).toEqual(['notice', 'open', 'resolve']);
  await daysOfTrying(3);
  expect(await left()).toEqual(['open', 'resolve']);
  await daysOfTrying(10);
  expect(await left()).toEqual(['open']);
});
