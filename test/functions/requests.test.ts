import { describe, expect, test } from 'vitest';
import { unsignedMark, writeKeepLink } from '../../lib/decide/announcing/keep-link.ts';
import { SecretError, StoreError } from '../../lib/errors.ts';
import { makeSecret } from '../../lib/io/secrets/secret.ts';
import { signatureOf, withSignedLinks } from '../../lib/io/signing.ts';
import { listAsks } from '../../lib/jobs/records/ask-records.ts';
import { now } from '../decide/intake/fixtures.ts';
import { anAcceptFunction, event, posted, queued, strong } from './accept-function.ts';

function signed(path: string, { id = 'msg_1', secret = strong, body = event('e1') } = {}) {
  const timestamp = String(now / 1000);
  const signature = signatureOf(makeSecret(secret), id, timestamp, Buffer.from(body)) ?? '';
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  return { ...posted(path, { 'content-type': 'application/json', ...headers }), body };
}

function got(path: string) {
  const request = posted(path);
  const requestContext = { ...request.requestContext, http: { method: 'GET', path } };
  return { ...request, requestContext, body: '' };
}

const answerOf = (answer: unknown) => {
  const { statusCode, body } = answer as { readonly statusCode: number; readonly body: string };
  return [statusCode, body];
};

describe('over HTTP', () => {
  test('a signed event is stored once, and wakes its cluster once', async () => {
    const { run, invoked, store, lines } = await anAcceptFunction();
    const [status, body] = answerOf(await run(signed('/events/ci')));
    expect([status, JSON.parse(String(body))]).toMatchObject([200, { outcome: 'stored' }]);
    expect(answerOf(await run(signed('/events/ci')))).toEqual([200, '{"replayed":true}']);
    expect(await listAsks(store, 'r1')).toMatchObject([{ kind: 'lease', atLeast: 2, who: 'event:ci' }]);
    expect(invoked).toEqual([{ job: 'scale-pools', only: { region: 'r1', cluster: 'ml' } }]);
    expect(lines).toEqual([]);
  });

  test('what is wrong with an event is told with its request', async () => {
    const { run, lines, metrics } = await anAcceptFunction();
    const answer = await run(signed('/events/ci', { body: event('e1', { atLeast: 0 }) }));
    expect(answer).toMatchObject({ statusCode: 422 });
    expect(lines).toEqual(['event refused | r1 | ci | e1 | atLeast is 0: it must be a whole number from 1']);
    expect(metrics).toEqual([{ lamplighter_events_refused: 1 }]);
  });

  test('what is not signed is not taken, wherever it seems to come from', async () => {
    const { run, store } = await anAcceptFunction({
      altered: (config) => ({ ...config, events: config.events.map((source) => ({ ...source, secrets: [] })) }),
    });
    const headers = { host: '127.0.0.1', 'content-type': 'application/json' };
    expect(await run(posted('/events/ci', headers))).toMatchObject({ statusCode: 401 });
    expect(await listAsks(store, 'r1')).toEqual([]);
  });

  test.each([
    ['too weak to sign', 'whsec_c2hvcnQ=', /^The secret of events\.ci was refused: it must be/u],
    ['missing', undefined, /^K is not set$/u],
  ])('a secret that is %s lets nobody in', async (_, secret, reason) => {
    const { run, lines, store } = await anAcceptFunction({
      secret: (name) => {
        if (name !== 'K') return makeSecret(strong);
        if (secret === undefined) throw new SecretError('K is not set', 'K');
        return makeSecret(secret);
      },
    });
    expect(await run(signed('/events/ci'))).toMatchObject({ statusCode: 503 });
    expect(lines).toHaveLength(1);
    expect(lines[0]!.split(' | ').slice(0, 4)).toEqual(['event not stored', 'r1', 'ci', '']);
    expect(lines[0]!.split(' | ')[4]).toMatch(reason);
    expect(await listAsks(store, 'r1')).toEqual([]);
  });

  test('a container counts what a link may ask', async () => {
    const { run } = await anAcceptFunction();
    const until = now + 3_600_000;
    const link = { boundary: now, sequence: 1, until, digest: '0'.repeat(16), destination: 'chat' };
    const path = withSignedLinks(`/keep/${writeKeepLink(link)}.${unsignedMark}`, makeSecret(strong));
    for (let taken = 0; taken < 600; taken += 1) await run(got(path));
    expect(await run(got(path))).toMatchObject({ statusCode: 429 });
  });

  test.each([
    ['/healthz', [200, 'ok\n']],
    ['/readyz', [200, 'ready\n']],
    ['/metrics', [404, '{"error":"not found"}']],
  ])('%s is answered', async (path, expected) => {
    const { run } = await anAcceptFunction();
    expect(answerOf(await run(got(path)))).toEqual(expected);
  });

  test('without links in the config there is no page for them', async () => {
    const { run, lines } = await anAcceptFunction({ links: '' });
    expect(answerOf(await run(got('/keep/x')))).toEqual([404, '{"error":"not found"}']);
    expect(lines).toEqual([]);
  });
});

describe('from the bus', () => {
  const body = { id: 'e9', 'detail-type': 'X', source: 'x', time: new Date(now).toISOString(), detail: {} };
  const second = `  second: { kind: eventbridge, when: { source: [x] }, pool: ml/gpu, atLeast: 3, for: 1h, may: ["ml/gpu"] }\n`;

  test('each source says what it made of an event', async () => {
    const { run } = await anAcceptFunction({ events: second });
    expect(await run(body)).toEqual({ pipeline: 'stored', second: 'stored' });
    expect(await run({ ...body, id: 'e10', source: 'y' })).toEqual({ pipeline: 'ignored', second: 'ignored' });
  });

  test.each(['pipeline', 'second'])('an event that is not stored for %s alone comes again', async (name) => {
    const { run } = await anAcceptFunction({
      events: second,
      patch: (store) => ({
        ...store,
        commit: async (writes) => {
          if (JSON.stringify(writes).includes(`event:${name}`)) throw new StoreError('down');
          return store.commit(writes);
        },
      }),
    });
    await expect(run(body)).rejects.toThrow('accept-events failed: an event of the bus was not stored');
  });

  test.each([
    ['an event that has a field of requests', { ...body, requestContext: { stage: 'x' } }],
    ['one where it is empty', { ...body, requestContext: null }],
    ['one where it is a text', { ...body, requestContext: 'http' }],
  ])('%s is none', async (_, event) => {
    const { run } = await anAcceptFunction();
    expect(await run(event)).toEqual({ pipeline: 'stored' });
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'tick'],
  ])('%s changes nothing', async (_, event) => {
    const { run, store } = await anAcceptFunction();
    expect(await run(event)).toEqual({ pipeline: 'refused' });
    expect(await listAsks(store, 'r1')).toEqual([]);
  });
});

test('a message of a queue wakes its cluster', async () => {
  const { run, invoked } = await anAcceptFunction();
  await run(queued('q', event('e1'), event('e2')));
  expect(invoked).toEqual([{ job: 'scale-pools', only: { region: 'r1', cluster: 'ml' } }]);
});
