import { afterEach, expect, test } from 'vitest';
import { transmit } from '../../../lib/io/destinations/transmit.ts';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import type { DestinationConfig } from '../../../lib/model/config.ts';
import { aDelivery, aDestination, makeOutboxWorld } from '../../support/receivers/outbox-world.ts';
import { serve } from '../../support/receivers/reach.ts';
import { makeReceiver } from '../../support/receivers/receiver.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

const hook = aDestination({
  name: 'hook',
  kind: 'webhook',
  format: 'text',
  secrets: [],
  insecure: true,
  headers: [
    { name: 'Authorization', value: { kind: 'env', name: 'AUTH' } },
    { name: 'X-Team', value: { kind: 'text', text: 'platform' } },
  ],
});

async function aServedHook(destination: DestinationConfig = hook) {
  const receiver = makeReceiver({
    take: ({ headers }) => ({ status: headers.authorization === 'Bearer right' ? 200 : 401 }),
    success: { status: 200 },
  });
  const world = makeOutboxWorld([destination], { hook: receiver });
  const { url, close } = await serve(receiver, world.clock);
  open.push(close);
  world.secrets.set('HOOK', url).set('AUTH', 'Bearer wrong');
  const parts = world.processWith({ send: (message) => transmit({ fetch, clock: world.clock }, message) });
  return { world, parts, receiver };
}

test('its own headers and a plain text go over the wire', async () => {
  const { world, parts, receiver } = await aServedHook();
  world.secrets.set('AUTH', 'Bearer right');
  await world.put(aDelivery(world.idOf('hook'), 1));
  expect((await deliverAlerts(parts)).destinations).toMatchObject([{ name: 'hook', confirmed: 1 }]);
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.requests;
  expect(headers).toMatchObject({
    authorization: 'Bearer right',
    'x-team': 'platform',
    'content-type': 'text/plain; charset=utf-8',
  });
  expect(body).toMatch(/^CRITICAL: cluster dev-1 is in status Error\nWhere: /);
});

test('a name of its own stands in place of ours', async () => {
  const { world, parts, receiver } = await aServedHook({
    ...hook,
    headers: [...(hook.headers ?? []), { name: 'User-Agent', value: { kind: 'text', text: 'platform/1' } }],
  });
  world.secrets.set('AUTH', 'Bearer right');
  await world.put(aDelivery(world.idOf('hook'), 1));
  await deliverAlerts(parts);
  expect(receiver.requests[0]?.headers).toMatchObject({ 'user-agent': 'platform/1' });
});

test('a changed Authorization is tried at once', async () => {
  const { world, parts, receiver } = await aServedHook();
  await world.put(aDelivery(world.idOf('hook'), 1));
  for (let n = 0; n < 3; n += 1) await deliverAlerts(parts);
  const refused = receiver.requests.length;
  world.secrets.set('AUTH', 'Bearer right');
  expect((await deliverAlerts(parts)).destinations).toMatchObject([{ confirmed: 1 }]);
  expect(receiver.requests.length).toBe(refused + 1);
});
