import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../lib/io/clock.ts';
import { transmit } from '../../../lib/io/destinations/transmit.ts';
import { deliverAlerts } from '../../../lib/jobs/deliver/deliver-alerts.ts';
import { aDelivery, aDestination, makeOutboxWorld, someFacts } from '../../support/receivers/outbox-world.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  vi.unstubAllEnvs();
  for (const close of closers.splice(0)) close();
});

const published =
  '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>';

function refusal(code: string): string {
  return `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>canary-answer</Message></Error></ErrorResponse>`;
}

/** SNS as its API reference has it: a form in, XML out. */
async function aTopic(
  topic: string,
  answer: { status: number; body: string } | 'hang-up' = { status: 200, body: published },
) {
  const forms: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      forms.push(new URLSearchParams(Buffer.concat(chunks).toString()));
      if (answer === 'hang-up') return void request.socket.destroy();
      response.writeHead(answer.status, { 'content-type': 'text/xml' }).end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(
    () => server.closeAllConnections(),
    () => void server.close(),
  );
  vi.stubEnv('AWS_ENDPOINT_URL_SNS', `http://127.0.0.1:${(server.address() as { port: number }).port}`);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDCANARY');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'canary-secret');
  const world = makeOutboxWorld([aDestination({ name: 'topic', kind: 'sns', url: undefined, topic })], {});
  const parts = world.processWith({ send: (message) => transmit({ fetch, clock: systemClock }, message) });
  const connections = () => new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
  return {
    world,
    id: world.idOf('topic'),
    forms,
    connections,
    deliver: async () => (await deliverAlerts(parts)).destinations[0],
  };
}

const standard = 'arn:aws:sns:eu-central-1:111122223333:alerts';

test('a topic gets subject, message and attributes', async () => {
  const { world, id, forms, deliver } = await aTopic(standard);
  const delivery = aDelivery(id, 1, { facts: someFacts({ text: `größer\u2028${'x'.repeat(300)}` }) });
  await world.put(delivery);
  expect(await deliver()).toMatchObject({ accepted: 1 });
  const form = forms[0] ?? new URLSearchParams();
  expect([form.get('Action'), form.get('TopicArn')]).toEqual(['Publish', standard]);
  expect(form.get('Subject')).toMatch(/^CRITICAL: gr\?\?er x+\.\.\.$/);
  expect(form.get('Subject')?.length).toBeLessThan(100);
  expect(JSON.parse(form.get('Message') ?? '')).toMatchObject({ data: { id: delivery.id, severity: 'critical' } });
  expect(form.toString()).toContain('cluster.error');
  expect(form.get('MessageGroupId')).toBeNull();
});

test('a FIFO topic gets order and id', async () => {
  const { world, id, forms, deliver } = await aTopic(`${standard}.fifo`);
  const delivery = aDelivery(id, 1);
  await world.put(delivery);
  expect(await deliver()).toMatchObject({ accepted: 1 });
  expect(forms[0]?.get('MessageGroupId')).toBe(`${delivery.key}.${delivery.episode}`);
  expect(forms[0]?.get('MessageDeduplicationId')).toBe(delivery.id);
});

test.each([
  [404, 'NotFound', 'address-failed'],
  [403, 'AuthorizationError', 'address-failed'],
  [400, 'KMSAccessDenied', 'address-failed'],
  [400, 'KMSThrottling', 'wait'],
  [429, 'Throttled', 'wait'],
  [400, 'InvalidParameter', 'body-refused'],
  [500, 'InternalError', 'unknown'],
])('%i %s means %s', async (status, code, outcome) => {
  const { world, id, forms, deliver } = await aTopic(standard, { status, body: refusal(code) });
  await world.put(aDelivery(id, 1));
  const report = await deliver();
  expect(forms).toHaveLength(report?.failed ?? 0);
  expect(report?.answer?.kind).toBe(outcome);
  expect(JSON.stringify(report)).not.toContain('canary');
});

test.each([200, 500])('after a %i no connection is left open', async (status) => {
  const body = status === 200 ? published : refusal('InternalError');
  const { world, id, connections, deliver } = await aTopic(standard, { status, body });
  await world.put(aDelivery(id, 1));
  await deliver();
  await expect.poll(connections).toBe(0);
});

test('a connection that breaks may have published', async () => {
  const { world, id, deliver } = await aTopic(standard, 'hang-up');
  await world.put(aDelivery(id, 1));
  expect((await deliver())?.answer?.kind).toBe('unknown');
});
