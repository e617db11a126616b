import { describe, expect, test } from 'vitest';
import { incidentKey } from '../../../lib/decide/incidents/incident.ts';
import { newSender } from '../../../lib/decide/outbox/sender.ts';
import { StoreError } from '../../../lib/errors.ts';
import { boundedStore } from '../../../lib/io/stores/bounded-store.ts';
import { deliverAlerts, listTargets } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { runFireDrill } from '../../../lib/jobs/deliver/fire-drill.ts';
import { sendHeartbeat } from '../../../lib/jobs/deliver/heartbeat.ts';
import { listSenders, senderWrite } from '../../../lib/jobs/records/destination-records.ts';
import { incidentWrite, listIncidents, silenceWrite } from '../../../lib/jobs/records/incident-records.ts';
import { seenKey } from '../../../lib/jobs/records/last-rounds.ts';
import { writeRoundFindings } from '../../../lib/jobs/records/round-findings.ts';
import type { CompiledConfig } from '../../../lib/model/config.ts';
import {
  aDelivery,
  aDestination,
  anIncident,
  makeOutboxWorld,
  type OutboxWorld,
  overFacts,
  sha256,
  start,
} from '../../support/receivers/outbox-world.ts';
import { makeReceiver } from '../../support/receivers/receiver.ts';
import { makeAlertmanager, makePagerduty, makeSlack } from '../../support/receivers/targets.ts';
import { aRule } from '../../support/scaling-world.ts';

const minute = 60_000;
const taking200 = { take: () => ({ status: 200 }), success: { status: 200 } };

async function ticks(world: OutboxWorld, count: number, each = 2 * minute): Promise<void> {
  for (let tick = 0; tick < count; tick += 1) {
    world.clock.moveTo(world.clock.now() + each);
    await deliverAlerts(world.parts);
  }
}

function twoDestinations() {
  const receivers = { ops: makeSlack(), pager: makePagerduty() };
  const destinations = [
    aDestination({ name: 'ops', kind: 'slack' }),
    aDestination({ name: 'pager', kind: 'pagerduty', fallback: 'ops' }),
  ];
  return { receivers, world: makeOutboxWorld(destinations, receivers) };
}

test('a broken destination is told elsewhere, and over when it works', async () => {
  const { receivers, world } = twoDestinations();
  receivers.pager.faults = () => ({ kind: 'answer', reply: { status: 404 } });
  await world.put(aDelivery(world.idOf('pager'), 1));
  await deliverAlerts(world.parts);
  await ticks(world, 10);
  expect(receivers.ops.posts).toHaveLength(0);
  await ticks(world, 15);
  expect(receivers.ops.posts).toHaveLength(1);
  expect(receivers.ops.posts[0]?.text).toContain(
    'CRITICAL: destination pager accepts no messages: it answered 404 Not Found',
  );
  receivers.pager.faults = undefined;
  await ticks(world, 15);
  expect(receivers.ops.posts).toHaveLength(2);
  expect(receivers.ops.posts[1]?.text).toContain('Resolved: destination pager');
  const aboutItself = incidentKey('destination.broken', { kind: 'destination', destination: 'pager' }, sha256);
  expect([...receivers.pager.alerts.keys()].some((key) => key.startsWith(aboutItself))).toBe(false);
  expect([...receivers.pager.alerts.values()]).toHaveLength(1);
});

test('a broken destination for which nothing waits says how to try it', async () => {
  const { receivers, world } = twoDestinations();
  receivers.pager.faults = () => ({ kind: 'answer', reply: { status: 404 } });
  await world.put(aDelivery(world.idOf('pager'), 1));
  await ticks(world, 25);
  const said = async () => (await listIncidents(world.store)).map(({ record }) => record.text);
  const problem = 'destination pager accepts no messages: it answered 404 Not Found';
  expect(await said()).toEqual([problem]);
  // It was over before the pager heard of it: both messages end.
  await world.put(aDelivery(world.idOf('pager'), 1, { sequence: 2, facts: overFacts() }));
  receivers.pager.faults = undefined;
  const tries = receivers.pager.requests.length;
  await ticks(world, 60, 60 * minute);
  expect(receivers.pager.requests).toHaveLength(tries);
  expect(await said()).toEqual([
    `${problem}; nothing waits for it now, so it is not tried again before its next message`,
  ]);
  expect(receivers.ops.posts.map(({ text }) => text).at(-1)).toContain('nothing waits for it now');
  const target = (await listTargets(world.parts)).find(({ name }) => name === 'pager')!;
  await runFireDrill(world.parts, target);
  await ticks(world, 2);
  expect(receivers.ops.posts.at(-1)?.text).toContain('Resolved: destination pager');
});

test('what a run reports is what the receivers got, also where it tells what it has just found', async () => {
  const { receivers, world } = twoDestinations();
  receivers.pager.faults = () => ({ kind: 'answer', reply: { status: 404 } });
  await world.put(aDelivery(world.idOf('pager'), 0));
  const sums = { confirmed: 0, failed: 0, most: 0 };
  for (let n = 1; n <= 25; n += 1) {
    await world.put(aDelivery(world.idOf('ops'), n));
    const before = receivers.ops.posts.length;
    const { destinations, problems } = await deliverAlerts(world.parts);
    expect([problems, destinations.map(({ name }) => name)]).toEqual([[], ['ops', 'pager']]);
    const [ops, pager] = destinations;
    expect(ops).toMatchObject({ confirmed: receivers.ops.posts.length - before, waiting: 0, failed: 0, accepted: 0 });
    sums.confirmed += ops!.confirmed;
    sums.failed += pager!.failed;
    sums.most = Math.max(sums.most, ops!.confirmed);
    world.clock.moveTo(world.clock.now() + 2 * minute);
  }
  // One of the 25 runs opened the incident of the broken destination, and told it beside what was waiting.
  expect([sums.confirmed, sums.most, receivers.ops.posts.length]).toEqual([26, 2, 26]);
  expect(sums.failed).toBe(receivers.pager.requests.length);
  expect(sums.failed).toBeGreaterThan(2);
});

test('a new secret ends the wait', async () => {
  const { receivers, world } = twoDestinations();
  world.secrets.set('OPS', 'https://ops.test/old');
  receivers.ops.faults = (_, { path }) => (path === '/old' ? { kind: 'answer', reply: { status: 404 } } : undefined);
  await world.put(aDelivery(world.idOf('ops'), 1));
  await deliverAlerts(world.parts);
  await ticks(world, 5);
  const tries = receivers.ops.requests.length;
  world.secrets.set('OPS', 'https://ops.test/new');
  await deliverAlerts(world.parts);
  expect(receivers.ops.requests.length).toBe(tries + 1);
  expect(receivers.ops.posts).toHaveLength(1);
});

test('a secret that cannot be had costs no attempt', async () => {
  const { receivers, world } = twoDestinations();
  world.secrets.set('OPS', 'not a url');
  await world.put(aDelivery(world.idOf('ops'), 1));
  await deliverAlerts(world.parts);
  expect(receivers.ops.requests).toHaveLength(0);
  expect((await listSenders(world.store))[0]?.sender.failing?.problem).toBe(
    'its address cannot be used: it is not a URL',
  );
});

test('no address stands in any record', async () => {
  const { receivers, world } = twoDestinations();
  world.secrets.set('OPS', 'https://ops.test/services/T0/B0/c0ffeec0ffee');
  world.secrets.set('PAGER', 'https://pager.test/hook');
  receivers.ops.faults = (ordinal) =>
    ordinal < 3 ? { kind: 'answer', reply: { status: 500, body: 'c0ffeec0ffee' } } : undefined;
  await world.put(aDelivery(world.idOf('ops'), 1), aDelivery(world.idOf('pager'), 1));
  await deliverAlerts(world.parts);
  await ticks(world, 10);
  const everything = JSON.stringify([...world.store.snapshot()].map(([name, rows]) => [name, [...rows]]));
  expect(everything).toContain('confirmed');
  expect(everything).not.toContain('c0ffee');
  expect(everything).not.toContain(receivers.pager.routingKey);
});

async function lookedAt(world: OutboxWorld, at: number): Promise<void> {
  const before = await world.store.read(seenKey);
  const value = { schema: 1, at, configHash: 'x', clusters: 1, answered: [] };
  const version = before?.version;
  await world.store.commit([
    version === undefined
      ? { kind: 'putIfAbsent', key: seenKey, value }
      : { kind: 'putIfVersion', key: seenKey, value, version },
  ]);
}

test('rounds that are missed are told, and over when they come back', async () => {
  const { receivers, world } = twoDestinations();
  await lookedAt(world, start);
  await ticks(world, 7);
  expect(receivers.ops.posts).toHaveLength(0);
  await ticks(world, 4);
  expect(receivers.ops.posts).toHaveLength(1);
  expect(receivers.ops.posts[0]?.text).toContain('no round of watching for');
  expect([...receivers.pager.alerts.values()]).toMatchObject([{ status: 'triggered' }]);
  for (let round = 0; round < 10; round += 1) {
    await lookedAt(world, world.clock.now());
    await ticks(world, 1);
  }
  expect([...receivers.pager.alerts.values()]).toMatchObject([{ status: 'resolved', opened: 1 }]);
  expect(receivers.ops.posts.map(({ text }) => text.includes('Resolved'))).toEqual([false, true]);
});

test('rounds that one of two regions misses are told', async () => {
  const receivers = { ops: makeSlack() };
  const regions = ['r1', 'r2'].map((name) => {
    const token = { kind: 'env', name: 'TOKEN' } as const;
    return { name, url: `https://${name}.test`, mksRegion: undefined, token };
  });
  const world = makeOutboxWorld([aDestination({ name: 'ops', kind: 'slack' })], receivers, {
    regions,
    rules: [aRule()],
  });
  const round = async (region: string) => {
    const about = { schema: 1, region, configHash: '', isAnswered: true, clusters: 0, pools: 0 } as const;
    const found = { checkedClusters: [], findings: [], shard: { index: 0, count: 1 } };
    await writeRoundFindings(world.store, { ...about, ...found, at: world.clock.now() });
  };
  await round('r2');
  for (let tick = 0; tick < 12; tick += 1) {
    await lookedAt(world, world.clock.now());
    await round('r1');
    await ticks(world, 1);
  }
  expect(receivers.ops.posts.map(({ text }) => text.includes('no round of scaling'))).toEqual([true]);
});

test('rounds that are missed again and again are over after a long calm', async () => {
  const { receivers, world } = twoDestinations();
  const told = () => receivers.ops.posts.filter(({ text }) => text.includes('Resolved')).length;
  for (let episode = 1; episode <= 4; episode += 1) {
    await lookedAt(world, world.clock.now());
    await ticks(world, 12);
    expect(told()).toBe(episode - 1);
    for (let round = 0; round < 45; round += 1) {
      await lookedAt(world, world.clock.now());
      await ticks(world, 1);
    }
    expect(told()).toBe(episode);
  }
});

test('Alertmanager has what is open while it lasts, then its end', async () => {
  const receivers = { am: makeAlertmanager() };
  const world = makeOutboxWorld([aDestination({ name: 'am', kind: 'alertmanager' })], receivers);
  await world.store.commit([incidentWrite(anIncident(1), undefined)]);
  for (let hour = 0; hour < 3; hour += 1) {
    await ticks(world, 5, 10 * minute);
    expect(receivers.am.activeAt(world.clock.now())).toMatchObject([
      { labels: { alertname: 'cluster.error', cluster: 'dev-1' } },
    ]);
  }
  const [stored] = await listIncidents(world.store);
  const over = anIncident(1, { phase: 'quiet', endedAt: world.clock.now(), cause: 'recovered' });
  await world.store.commit([incidentWrite(over, stored?.version)]);
  await ticks(world, 1);
  expect(receivers.am.activeAt(world.clock.now())).toEqual([]);
  const requests = receivers.am.requests.length;
  await ticks(world, 20);
  expect(receivers.am.requests.length).toBeLessThan(requests + 10);
});

test('Alertmanager is not told what is silenced or not wanted', async () => {
  const receivers = { am: makeAlertmanager() };
  const only = { severity: 'critical', kinds: undefined, clusters: undefined } as const;
  const world = makeOutboxWorld([aDestination({ name: 'am', kind: 'alertmanager', only })], receivers);
  const small = anIncident(1, { key: sha256('two'), severity: 'warning' });
  await world.store.commit([
    incidentWrite(anIncident(1, { silenced: 'silenced by me' }), undefined),
    incidentWrite(small, undefined),
  ]);
  await deliverAlerts(world.parts);
  expect(receivers.am.requests).toHaveLength(0);
});

test('an Alertmanager that is away is asked less often', async () => {
  const receivers = { am: makeAlertmanager() };
  const world = makeOutboxWorld([aDestination({ name: 'am', kind: 'alertmanager' })], receivers);
  await world.store.commit([incidentWrite(anIncident(1), undefined)]);
  receivers.am.faults = () => ({ kind: 'refuse' });
  let asked = 0;
  receivers.am.faults = () => {
    asked += 1;
    return { kind: 'refuse' };
  };
  await ticks(world, 60, minute);
  expect(asked).toBeLessThan(12);
  expect((await listSenders(world.store))[0]?.sender.broken).toBeDefined();
  receivers.am.faults = undefined;
  await ticks(world, 20, minute);
  expect(receivers.am.activeAt(world.clock.now())).toHaveLength(1);
  expect((await listSenders(world.store))[0]?.sender.broken).toBeUndefined();
});

test('an Alertmanager that was away is asked again where the clock was ahead and is right again', async () => {
  const receivers = { am: makeAlertmanager() };
  const world = makeOutboxWorld([aDestination({ name: 'am', kind: 'alertmanager' })], receivers);
  let aheadMs = 0;
  const clock = { ...world.clock, now: () => world.clock.now() + aheadMs };
  const own = { ...world, parts: { ...world.parts, clock, store: boundedStore(world.store, clock) } };
  await world.store.commit([incidentWrite(anIncident(1), undefined)]);
  receivers.am.faults = () => ({ kind: 'refuse' });
  await ticks(own, 3);
  aheadMs = 2 * 60 * minute;
  await ticks(own, 10);
  aheadMs = 0;
  receivers.am.faults = undefined;
  await ticks(own, 10);
  expect(receivers.am.activeAt(world.clock.now())).toHaveLength(1);
});

test.each([
  [false, 1],
  [true, 0],
])('an Alertmanager that was away, with nothing to tell, retired %s: asked %i times', async (retired, times) => {
  const receivers = { am: makeAlertmanager() };
  const world = makeOutboxWorld([aDestination({ name: 'am', kind: 'alertmanager' })], receivers);
  await world.store.commit([incidentWrite(anIncident(1), undefined)]);
  receivers.am.faults = () => ({ kind: 'refuse' });
  await ticks(world, 60, minute);
  const [stored] = await listIncidents(world.store);
  const over = anIncident(1, { phase: 'quiet', endedAt: world.clock.now(), cause: 'recovered' });
  await world.store.commit([incidentWrite(over, stored?.version)]);
  await ticks(world, 40, minute);
  receivers.am.faults = undefined;
  const destinations = world.parts.config.destinations.map((one) => ({ ...one, retired }));
  const parts = { ...world.parts, config: { ...world.parts.config, destinations } };
  for (let n = 0; n < 30; n += 1) {
    await deliverAlerts(parts);
    world.clock.moveTo(world.clock.now() + minute);
  }
  expect(receivers.am.requests.map(({ body }) => body)).toEqual(Array.from({ length: times }, () => '[]'));
  expect((await listSenders(world.store))[0]?.sender.broken === undefined).toBe(!retired);
});

test('the heartbeat pings, says when it is degraded, and is silent otherwise', async () => {
  const checks = makeReceiver(taking200);
  const heartbeat = { url: { kind: 'env', name: 'BEAT' }, insecure: false } as const;
  const world = makeOutboxWorld([], { checks }, { heartbeat });
  world.secrets.set('BEAT', 'https://checks.test/ping/uuid');
  expect(await sendHeartbeat(world.parts)).toMatchObject({ beat: { kind: 'fail' }, sent: 'yes' });
  await lookedAt(world, start);
  expect(await sendHeartbeat(world.parts)).toEqual({ beat: { kind: 'ping' }, sent: 'yes' });
  expect(checks.requests.map(({ path }) => path)).toEqual(['/ping/uuid/fail', '/ping/uuid']);
  world.secrets.set('BEAT', 'https://checks.test/other');
  world.clock.moveTo(start + 60 * minute);
  expect(await sendHeartbeat(world.parts)).toMatchObject({ sent: 'not-offered' });
  expect(checks.requests).toHaveLength(2);
});

/** `pager` has taken nothing for half an hour; nobody knows anything about `ops`. */
async function brokenPager(
  retired: { readonly ops: boolean; readonly pager: boolean },
  silences: CompiledConfig['silences'] = [],
) {
  const receivers = { ops: makeSlack(), pager: makePagerduty(), checks: makeReceiver(taking200) };
  const destinations = [
    aDestination({ name: 'ops', kind: 'slack', retired: retired.ops }),
    aDestination({ name: 'pager', kind: 'pagerduty', retired: retired.pager }),
  ];
  const heartbeat = { url: { kind: 'env', name: 'BEAT' }, insecure: false } as const;
  const world = makeOutboxWorld(destinations, receivers, { heartbeat, silences });
  world.secrets.set('BEAT', 'https://checks.test/ping/uuid');
  const failing = { since: start - 60 * minute, problem: 'it answered 404', attempts: 9, step: 3, address: 'x' };
  const pager = { ...newSender(world.idOf('pager'), start), broken: { since: start - 30 * minute }, failing };
  await world.store.commit([senderWrite(pager, undefined)]);
  await lookedAt(world, start);
  return { world, ops: receivers.ops, checks: receivers.checks };
}

test.each([
  ['in use', false, ['destination.broken']],
  ['retired', true, []],
])('a broken destination that is %s raises its alarm, or none', async (_, isRetired, kinds) => {
  const { world } = await brokenPager({ ops: false, pager: isRetired });
  await deliverAlerts(world.parts);
  expect((await listIncidents(world.store)).map(({ record }) => record.kind)).toEqual(kinds);
});

const everything = { text: '*', region: undefined, cluster: '.*', pool: undefined, exactPool: false } as const;

describe('what delivering finds is told', () => {
  const inUse = { ops: false, pager: false };

  test.each<[string, boolean, boolean, number]>([
    ['where nothing is silenced', false, false, 1],
    ['unless the config silences it', true, false, 0],
    ['unless a person silences it', false, true, 0],
  ])('%s', async (_, isConfigured, isAsked, posts) => {
    const position = { file: 'lamplighter.yml', line: 1 };
    const always = { zone: 'UTC', window: undefined, until: undefined, kinds: undefined, reason: undefined };
    const { world, ops } = await brokenPager(inUse, isConfigured ? [{ match: everything, position, ...always }] : []);
    const scope = { kind: 'match', match: everything } as const;
    const asked = { schema: 1, id: 's1', scope, until: start + 60 * minute, who: 'ada', reason: undefined } as const;
    if (isAsked) await world.store.commit([silenceWrite({ ...asked, askedAt: start })]);
    await deliverAlerts(world.parts);
    expect(ops.posts).toHaveLength(posts);
  });

  test('in the same run, whose report names what then could not be sent', async () => {
    const { world } = await brokenPager(inUse);
    let isJudged = false;
    const commit: typeof world.store.commit = (writes) => {
      isJudged ||= writes.some(({ key }) => key.partition === 'incidents');
      return world.store.commit(writes);
    };
    const list: typeof world.store.list = async (partition, options) => {
      if (isJudged && partition === `outbox/${world.idOf('ops')}`) throw new StoreError('the store is down');
      return world.store.list(partition, options);
    };
    const { problems } = await deliverAlerts({ ...world.parts, store: { ...world.store, commit, list } });
    expect(problems).toEqual(['delivering to ops failed: the store is down']);
  });

  test('to the fallback of a destination that is broken', async () => {
    const receivers = { ops: makeSlack(), pager: makePagerduty() };
    const only = { severity: undefined, kinds: ['api.refused'], clusters: undefined } as const;
    const world = makeOutboxWorld(
      [
        aDestination({ name: 'ops', kind: 'slack', only }),
        aDestination({ name: 'pager', kind: 'pagerduty', fallback: 'ops' }),
      ],
      receivers,
    );
    const pager = { ...newSender(world.idOf('pager'), start), broken: { since: start - 30 * minute } };
    await world.store.commit([senderWrite(pager, undefined)]);
    await lookedAt(world, start);
    await ticks(world, 12);
    expect(receivers.ops.posts.map(({ text }) => /no round of watching/u.exec(text)?.[0])).toEqual([
      'no round of watching',
    ]);
  });
});

test.each([
  ['one of two in use is broken', { ops: false, pager: false }, '/ping/uuid'],
  ['only a retired one is broken', { ops: false, pager: true }, '/ping/uuid'],
  ['all are retired', { ops: true, pager: true }, '/ping/uuid'],
  ['the only one in use is broken', { ops: true, pager: false }, '/ping/uuid/fail'],
])('the heartbeat where %s', async (_, retired, path) => {
  const { world, checks } = await brokenPager(retired);
  await sendHeartbeat(world.parts);
  expect(checks.requests.map((request) => request.path)).toEqual([path]);
});
