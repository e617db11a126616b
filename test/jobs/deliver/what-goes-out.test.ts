import { describe, expect, test } from 'vitest';
import { unsignedMark, writeKeepLink } from '../../../lib/decide/announcing/keep-link.ts';
import { openBatch, toMember } from '../../../lib/decide/outbox/batch.ts';
import { newSender } from '../../../lib/decide/outbox/sender.ts';
import { makeRedactor } from '../../../lib/io/redact.ts';
import { makeSecret } from '../../../lib/io/secrets/secret.ts';
import { isLinkSigned } from '../../../lib/io/signing.ts';
import { deliverAlerts, listTargets } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { sendHeartbeat } from '../../../lib/jobs/deliver/heartbeat.ts';
import { retryDelivery } from '../../../lib/jobs/deliver/outbox-by-hand.ts';
import { batchPut, listHistory, loadOutbox, outboxId, parkedPut } from '../../../lib/jobs/records/delivery-records.ts';
import { senderWrite } from '../../../lib/jobs/records/destination-records.ts';
import { incidentWrite } from '../../../lib/jobs/records/incident-records.ts';
import {
  aDelivery,
  aDestination,
  anIncident,
  makeOutboxWorld,
  sha256,
  someFacts,
  start,
} from '../../support/receivers/outbox-world.ts';
import { makeReceiver } from '../../support/receivers/receiver.ts';
import { makeAlertmanager, makeSlack, makeWebhook } from '../../support/receivers/targets.ts';

const minute = 60_000;
const dayMs = 24 * 60 * minute;
const secretText = 'hunter2-hunter2-hunter2-c0ffee';

function aRedactor(): (text: string) => string {
  const redactor = makeRedactor();
  redactor.know(makeSecret(secretText));
  return redactor.clean;
}

/** A chat, and a receiver of signed events. */
function aWorld(patch: Parameters<typeof makeOutboxWorld>[2] = {}, insecure = false) {
  const receivers = { ops: makeSlack(), hook: makeWebhook() };
  const destinations = [
    aDestination({ name: 'ops', kind: 'slack', insecure }),
    aDestination({ name: 'hook', kind: 'webhook', insecure }),
  ];
  return { receivers, world: makeOutboxWorld(destinations, receivers, patch) };
}

test.each([
  ['one message', 1],
  ['a storm', 12],
])('%s holds no secret that a text quotes', async (_, count) => {
  const { receivers, world } = aWorld();
  const facts = someFacts({ text: `cluster dev-1 says ${secretText}`, facts: { error: secretText } });
  for (let n = 0; n < count; n += 1) await world.put(aDelivery(world.idOf('ops'), n, { facts }));
  await deliverAlerts({ ...world.parts, clean: aRedactor() });
  expect(receivers.ops.requests).toHaveLength(1);
  expect(receivers.ops.requests[0]?.body).toContain('cluster dev-1 says [redacted]');
  expect(receivers.ops.requests[0]?.body).not.toContain('hunter2');
});

test('links are signed with the newest of several secrets', async () => {
  const secrets = ['NEW_LINKS', 'OLD_LINKS'].map((name) => ({ kind: 'env', name }) as const);
  const links = { url: 'https://l.test', secrets, mostMs: 14 * 60 * minute, choices: [] };
  const { receivers, world } = aWorld({ links });
  const keys = ['A', 'B'].map((letter) => `whsec_${Buffer.alloc(32, letter).toString('base64')}`);
  secrets.forEach(({ name }, at) => world.secrets.set(name, keys[at]!));
  const unsigned = writeKeepLink({
    boundary: start + 30 * minute,
    sequence: 1,
    until: start + 150 * minute,
    digest: '0'.repeat(16),
    destination: 'ops',
  });
  const url = `https://l.test/keep/${unsigned}.${unsignedMark}`;
  const facts = someFacts({ what: 'notice', kind: 'announcement', severity: 'info', links: [{ label: 'Keep', url }] });
  await world.put(aDelivery(world.idOf('ops'), 1, { facts }));
  await deliverAlerts(world.parts);
  const [, text = '', signature = ''] =
    /\/keep\/([\w.-]+)\.([\w-]{43})/u.exec(receivers.ops.requests[0]?.body ?? '') ?? [];
  expect(text).toBe(unsigned);
  expect(keys.map((key) => isLinkSigned(text, signature, [makeSecret(key)]))).toEqual([true, false]);
});

describe('an address over http:', () => {
  test.each([
    [false, 0],
    [true, 1],
  ])('of a destination, where insecure is %s, gets %i requests', async (insecure, requests) => {
    const { receivers, world } = aWorld({}, insecure);
    world.secrets.set('HOOK', 'http://hook.test/hook');
    await world.put(aDelivery(world.idOf('hook'), 1));
    await deliverAlerts(world.parts);
    expect(receivers.hook.requests).toHaveLength(requests);
  });

  test.each([
    [false, 'failed', 0],
    [true, 'yes', 1],
  ])('of a heartbeat, where insecure is %s, is sent: %s', async (insecure, sent, requests) => {
    const checks = makeReceiver({ take: () => ({ status: 200 }), success: { status: 200 } });
    const heartbeat = { url: { kind: 'env', name: 'BEAT' }, insecure } as const;
    const world = makeOutboxWorld([], { checks }, { heartbeat });
    world.secrets.set('BEAT', 'http://checks.test/ping/uuid');
    expect((await sendHeartbeat(world.parts)).sent).toBe(sent);
    expect(checks.requests).toHaveLength(requests);
  });
});

test('an Alertmanager is told instants in the zone of its readers', async () => {
  const am = makeAlertmanager();
  const world = makeOutboxWorld([aDestination({ name: 'am', kind: 'alertmanager', zone: 'Asia/Tokyo' })], { am });
  const text = 'cluster dev-1 is in Error since 2026-11-23T06:00:00Z';
  await world.store.commit([incidentWrite(anIncident(1, { text }), undefined)]);
  await deliverAlerts(world.parts);
  expect(am.requests[0]?.body).toContain('15:00 GMT+9 (Asia/Tokyo)');
});

test('a parked message that is sent again by hand has waited for nothing yet', async () => {
  const { receivers, world } = aWorld();
  const facts = someFacts({ what: 'notice', kind: 'started', severity: 'info', subject: { kind: 'fleet' } });
  const before = { attempts: 2, waitedMs: 3 * dayMs, lastAttemptAt: start - minute };
  const delivery = { ...aDelivery(world.idOf('ops'), 1, { facts }), ...before };
  const parked = { schema: 1, delivery, reason: 'it answered 400', at: start } as const;
  await world.store.commit([parkedPut(parked, start + dayMs)]);
  const [ops] = await listTargets(world.parts);
  receivers.ops.faults = () => ({ kind: 'answer', reply: { status: 503 } });
  expect(await retryDelivery(world.parts, ops!, outboxId(delivery))).toMatchObject({ sent: { state: 'waiting' } });
  expect((await loadOutbox(world.store, ops!.id)).deliveries).toHaveLength(1);
});

test('a storm that is dropped was heard, if one of its messages may have been', async () => {
  for (const maybeAccepted of [false, true]) {
    const { world } = aWorld();
    const id = world.idOf('ops');
    const [first, second] = [aDelivery(id, 1), aDelivery(id, 2, { maybeAccepted })];
    const batch = { ...openBatch(id, first, start, sha256), members: [first, second].map(toMember) };
    await world.store.commit([batchPut(batch, undefined), senderWrite(newSender(id, start), undefined)]);
    await deliverAlerts({ ...world.parts, config: { ...world.config, destinations: [] } });
    expect((await listHistory(world.store)).map(({ state, unheard }) => [state, unheard])).toEqual([
      ['dropped', maybeAccepted ? undefined : true],
    ]);
  }
});

test('a message that is parked is kept as long as the config says, from then on', async () => {
  const { receivers, world } = aWorld({ keepMs: 2 * dayMs });
  receivers.hook.faults = () => ({ kind: 'answer', reply: { status: 400 } });
  await world.put(aDelivery(world.idOf('hook'), 1, { queuedAt: start - 5 * dayMs }));
  const ends: (number | undefined)[] = [];
  const commit: typeof world.store.commit = async (writes) => {
    for (const write of writes)
      if (write.key.partition.startsWith('parked/') && 'expiresAt' in write) ends.push(write.expiresAt);
    return world.store.commit(writes);
  };
  await deliverAlerts({ ...world.parts, store: { ...world.store, commit } });
  expect(ends).toEqual([start + 2 * dayMs]);
});
