import { expect, test } from 'vitest';
import {
  anAlertNight,
  dayMs,
  everyDestination,
  minuteMs,
  nightStart,
  type Receivers,
  smallFleet,
} from '../support/alert-night.ts';

const chats = ['slack', 'teams', 'discord', 'mattermost'] as const;
const hooks = ['hook', 'cloud', 'am4'] as const;

/** What a chat shows of one kind of incident: the first word of each message, in order. */
function postsOf(receivers: Receivers, name: (typeof chats)[number], kind: string): readonly string[] {
  const about = receivers[name].posts.filter(({ text }) => text.includes(kind));
  return about.map(({ text }) => /CRITICAL|WARNING|INFO|Still|Resolved|Notice/.exec(text)?.[0] ?? text);
}

test('an error and its end reach every kind of destination once', async () => {
  const night = await anAlertNight();
  const { receivers, world, clock } = night;
  await night.ticks(2);
  world.setClusterError('dev-1', 'the control plane does not answer');
  await night.ticks(3);
  for (const name of chats) expect([name, postsOf(receivers, name, 'cluster.error')]).toEqual([name, ['CRITICAL']]);
  expect(receivers.am.activeAt(clock.now())).toMatchObject([
    { labels: { alertname: 'cluster.error', cluster: 'dev-1', severity: 'critical' } },
  ]);
  await night.ticks(4);
  expect(receivers.am.activeAt(clock.now())).toHaveLength(1);
  world.clearClusterError('dev-1');
  await night.ticks(5);
  for (const name of chats) {
    expect([name, postsOf(receivers, name, 'cluster.error')]).toEqual([name, ['CRITICAL', 'Resolved']]);
  }
  expect([...receivers.pager.alerts.values()]).toMatchObject([{ status: 'resolved', opened: 1 }]);
  expect(receivers.pager.requests).toHaveLength(2);
  expect(receivers.am.activeAt(clock.now())).toEqual([]);
  const typeOf = (body: { readonly [key: string]: unknown }) => String(body.type ?? body.status);
  const said = (name: (typeof hooks)[number]) =>
    receivers[name].events.filter(({ body }) => JSON.stringify(body).includes('cluster.error'));
  expect(said('hook').map(({ body }) => typeOf(body))).toEqual([
    'lamplighter.incident.opened',
    'lamplighter.incident.resolved',
  ]);
  expect(said('cloud').map(({ body }) => typeOf(body))).toEqual([
    'lamplighter.incident.opened',
    'lamplighter.incident.resolved',
  ]);
  expect(said('am4').map(({ body }) => typeOf(body))).toEqual(['firing', 'resolved']);
  for (const name of hooks) expect(receivers[name].requests).toHaveLength(receivers[name].events.length);
});

test('with every destination down meanwhile, each hears of it once they are back', async () => {
  const night = await anAlertNight();
  const { receivers, world } = night;
  await night.ticks(2);
  for (const receiver of Object.values(receivers)) receiver.faults = () => ({ kind: 'refuse' });
  world.setClusterError('dev-1', 'the control plane does not answer');
  await night.ticks(12);
  world.clearClusterError('dev-1');
  await night.ticks(12);
  for (const receiver of Object.values(receivers)) receiver.faults = undefined;
  await night.ticks(6);
  for (const name of chats) {
    const about = receivers[name].posts.map(({ text }) => text).filter((text) => text.includes('Cluster dev-1'));
    expect([name, about.length]).toEqual([name, 1]);
    // Alone, or as a line of the batch of what waited.
    expect(about[0]).toMatch(/Resolved\W+Cluster dev-1 is in Error/);
    expect(about[0]).not.toMatch(/CRITICAL\W+Cluster dev-1/);
  }
  expect([...receivers.pager.alerts.values()].filter(({ status }) => status === 'triggered')).toEqual([]);
});

test('a planned night is silent', async () => {
  const rules = `schedules:
  office: { windows: [{ days: mon-fri, from: "07:00", to: "19:00" }], otherwise: idle }
safety: { brake: off }
pools:
  - { match: "dev-1/workers", schedule: office, base: 3, idle: 0, limits: { min: 0 } }
`;
  const night = await anAlertNight(`${rules}${everyDestination}`);
  await night.ticks(12 * 14);
  expect(night.world.pool('dev-1/workers').size).toBe(3);
  expect(night.world.requests.filter(({ method }) => method === 'PUT')).toHaveLength(2);
  for (const name of chats) {
    expect(night.receivers[name].posts.filter(({ text }) => !text.includes('Notice'))).toEqual([]);
  }
  expect(night.receivers.pager.requests).toEqual([]);
  expect(night.receivers.am.requests).toEqual([]);
});

test('after 19 days of downtime one message per destination tells the step that is due', async () => {
  const night = await anAlertNight();
  const { receivers, world, clock } = night;
  world.setEol('1.35.0', nightStart + 31 * dayMs);
  await night.ticks(3);
  const counts = () => [
    ...chats.map((name) => postsOf(receivers, name, 'version.eol').length),
    ...hooks.map((name) => receivers[name].events.filter(({ body }) => namesEol(body)).length),
    receivers.pager.requests.length,
  ];
  expect(counts()).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  await clock.advance(19 * dayMs);
  await night.ticks(6);
  expect(counts()).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
  expect(receivers.slack.posts.at(-1)?.text).toContain('in 12 days');
  expect([...receivers.pager.alerts.values()]).toMatchObject([{ status: 'triggered', opened: 1 }]);
  expect(receivers.am.activeAt(clock.now())).toMatchObject([{ labels: { alertname: 'version.eol' } }]);
});

function namesEol(body: unknown): boolean {
  return JSON.stringify(body).includes('version.eol');
}

test('150 clusters that fail at once are three messages in a chat, and 150 keys at their rate', async () => {
  const withoutHooks = everyDestination.replaceAll(/^.*kind: webhook.*\n/gm, '');
  const night = await anAlertNight(withoutHooks, { fleet: smallFleet(150), keepRequests: 100 });
  const { receivers, world } = night;
  await night.ticks(1);
  for (let n = 1; n <= 150; n += 1) world.setClusterError(`dev-${n}`, 'the region burns');
  await night.ticks(3);
  await night.delivers(5);
  for (const name of chats) {
    const storm = receivers[name].posts.filter(({ text }) => !text.includes('Notice'));
    expect(storm.length).toBeLessThanOrEqual(3);
    const listed = new Set(storm.flatMap(({ text }) => text.match(/dev-\d+/g) ?? []));
    const more = storm.reduce((sum, { text }) => sum + Number(/and (\d+) more/.exec(text)?.[1] ?? 0), 0);
    expect([name, listed.size + more]).toEqual([name, 150]);
  }
  expect(receivers.pager.alerts.size).toBe(150);
  expect(receivers.pager.requests).toHaveLength(150);
  expect(receivers.am.activeAt(night.clock.now())).toHaveLength(150);
  const times = receivers.pager.requests.map(({ at }) => at);
  const busiest = Math.max(...times.map((at) => times.filter((other) => other >= at && other < at + minuteMs).length));
  expect(busiest).toBeLessThanOrEqual(120);
});
