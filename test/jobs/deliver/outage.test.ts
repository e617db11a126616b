import { afterEach, expect, test } from 'vitest';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { listHistory } from '../../../lib/jobs/records/delivery-records.ts';
import { makeMortal } from '../../support/receivers/mortal.ts';
import {
  aDelivery,
  aDestination,
  makeOutboxWorld,
  overFacts,
  sha256,
  start,
} from '../../support/receivers/outbox-world.ts';
import { serve } from '../../support/receivers/reach.ts';
import { makeDiscord, makePagerduty, makeSlack, makeTeams, makeWebhook } from '../../support/receivers/targets.ts';

const minute = 60_000;

test('six hours without receivers, killed again and again, and all of it arrives', async () => {
  const receivers = { slack: makeSlack(), pager: makePagerduty(), hook: makeWebhook() };
  const names = ['slack', 'pager', 'hook'] as const;
  const world = makeOutboxWorld(
    [
      aDestination({ name: 'slack', kind: 'slack' }),
      aDestination({ name: 'pager', kind: 'pagerduty' }),
      aDestination({ name: 'hook', kind: 'webhook' }),
    ],
    receivers,
  );
  for (const name of names) receivers[name].faults = () => ({ kind: 'answer', reply: { status: 503 } });
  const over = { sequence: 2, facts: overFacts() };
  for (let tick = 0; tick < 360; tick += 1) {
    for (const name of names) {
      // One stays open, one is over within the outage.
      if (tick === 10) await world.put(aDelivery(world.idOf(name), 1), aDelivery(world.idOf(name), 2));
      if (tick === 200) await world.put(aDelivery(world.idOf(name), 2, over));
    }
    const dies = { at: Number.parseInt(sha256(`${tick}`).slice(0, 2), 16) % 30, when: 'after' } as const;
    const mortal = makeMortal(world.store, world.fetch, dies);
    const run = deliverAlerts(world.processWith({ store: mortal.store, fetch: mortal.fetch }));
    await Promise.race([run, mortal.died]);
    world.clock.moveTo(start + (tick + 1) * minute);
  }
  for (const name of names) receivers[name].faults = undefined;
  for (let tick = 360; tick < 760; tick += 1) {
    await deliverAlerts(world.parts);
    world.clock.moveTo(start + (tick + 1) * minute);
  }
  // The others were broken as well: whatever the pager learns of it is over.
  const alerts = [...receivers.pager.alerts.values()].map(
    ({ status, summary }) => `${summary.split(' ')[0]} ${status}`,
  );
  expect(alerts.filter((alert) => alert !== 'destination resolved')).toEqual(['cluster triggered']);
  const said = receivers.hook.events.filter(({ body }) => JSON.stringify(body).includes('cluster.error'));
  expect(new Set(said.map(({ id }) => id))).toEqual(
    new Set([aDelivery(world.idOf('hook'), 1).id, aDelivery(world.idOf('hook'), 2, over).id]),
  );
  expect(receivers.slack.posts.filter(({ text }) => text.includes('dev-1')).length).toBeGreaterThanOrEqual(2);
  expect((await listHistory(world.store)).every(({ state }) => state !== 'parked')).toBe(true);
});

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

test('over real HTTP, each target takes what it is sent', async () => {
  const receivers = {
    slack: makeSlack(),
    teams: makeTeams(),
    discord: makeDiscord(),
    pager: makePagerduty(),
    hook: makeWebhook(),
  };
  const names = ['slack', 'teams', 'discord', 'pager', 'hook'] as const;
  const kinds = { slack: 'slack', teams: 'teams', discord: 'discord', pager: 'pagerduty', hook: 'webhook' } as const;
  const destinations = names.map((name) => aDestination({ name, kind: kinds[name], insecure: true }));
  const world = makeOutboxWorld(destinations, receivers);
  for (const name of names) {
    const { url, close } = await serve(receivers[name], world.clock);
    closers.push(close);
    world.secrets.set(name.toUpperCase(), `${url}/hook`);
    await world.put(aDelivery(world.idOf(name), 1));
  }
  // Real requests take real turns of the event loop: this clock stands still meanwhile.
  const clock = { now: world.clock.now, sleep: (_: number, signal?: AbortSignal) => untilAborted(signal) };
  const parts = world.processWith({ fetch });
  const report = await deliverAlerts({ ...parts, clock, send: world.sendWith(fetch, clock) });
  expect(report.destinations.map(({ name, accepted, confirmed }) => [name, accepted + confirmed])).toEqual(
    names.map((name) => [name, 1]),
  );
  expect(receivers.hook.events).toHaveLength(1);
  expect(receivers.discord.posts).toHaveLength(1);
});

test('a connection that breaks after the message was taken leaves it maybe accepted', async () => {
  const receivers = { hook: makeWebhook() };
  const world = makeOutboxWorld([aDestination({ name: 'hook', kind: 'webhook', insecure: true })], receivers);
  receivers.hook.faults = (ordinal) => (ordinal === 0 ? { kind: 'drop' } : undefined);
  const { url, close } = await serve(receivers.hook, world.clock);
  closers.push(close);
  world.secrets.set('HOOK', `${url}/hook`);
  await world.put(aDelivery(world.idOf('hook'), 1));
  const clock = { now: world.clock.now, sleep: (_: number, signal?: AbortSignal) => untilAborted(signal) };
  const parts = { ...world.parts, clock, send: world.sendWith(fetch, clock), timeLeftMs: () => 18_000 };
  await deliverAlerts(parts);
  expect(receivers.hook.events).toHaveLength(1);
  world.clock.moveTo(start + minute);
  await deliverAlerts(parts);
  expect(receivers.hook.events.map(({ id }) => id)).toEqual([
    aDelivery(world.idOf('hook'), 1).id,
    aDelivery(world.idOf('hook'), 1).id,
  ]);
  expect(receivers.hook.requests[0]?.body).toBe(receivers.hook.requests[1]?.body);
});

function untilAborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}

test('a secret in an error of the receiver stays out of the log', async () => {
  const canary = 'c0ffeec0ffee';
  const receivers = { slack: makeSlack() };
  const world = makeOutboxWorld([aDestination({ name: 'slack', kind: 'slack' })], receivers);
  world.secrets.set('SLACK', `https://slack.test/services/${canary}`);
  receivers.slack.faults = (_, { path }) => ({ kind: 'answer', reply: { status: 404, body: `no such ${path}` } });
  const lines: string[] = [];
  const write = (message: string, fields: unknown) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  const log = { debug: write, info: write, warn: write, error: write, with: () => log };
  await world.put(aDelivery(world.idOf('slack'), 1));
  await deliverAlerts({ ...world.parts, log, secret: async () => makeSecret(`https://slack.test/services/${canary}`) });
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.join('\n')).not.toContain(canary);
});
