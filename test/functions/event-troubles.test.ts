import { describe, expect, test } from 'vitest';
import { unsignedMark, writeKeepLink } from '../../lib/decide/announcing/keep-link.ts';
import { SecretError, StoreError } from '../../lib/errors.ts';
import { embeddedLine } from '../../lib/io/metric-names.ts';
import { makeSecret } from '../../lib/io/secrets/secret.ts';
import { withSignedLinks } from '../../lib/io/signing.ts';
import { now } from '../decide/intake/fixtures.ts';
import { anAcceptFunction, event, posted, queued, strong } from './accept-function.ts';

const asked = (path: string) => ({
  ...posted(path),
  requestContext: { http: { method: 'GET', path }, domainName: 'x.example', stage: '$default' },
  body: '',
});
const unsigned = writeKeepLink({
  boundary: now + 60_000,
  sequence: 1,
  until: now + 3_600_000,
  digest: '0'.repeat(16),
  destination: 'chat',
});
const aLink = withSignedLinks(`/keep/${unsigned}.${unsignedMark}`, makeSecret(strong));

test.each(['lamplighter_events_refused', 'lamplighter_events_not_stored', 'lamplighter_events_unauthorized'] as const)(
  '%s is a metric that an alarm can read',
  (name) => {
    const line = embeddedLine({ installation: 'lamplighter', job: 'accept-events', at: now, values: { [name]: 2 } });
    const { _aws, ...fields } = JSON.parse(line) as {
      readonly _aws: { readonly CloudWatchMetrics: readonly { readonly Metrics: readonly object[] }[] };
    };
    expect(_aws.CloudWatchMetrics[0]?.Metrics).toEqual([{ Name: name, Unit: 'Count' }]);
    expect(fields).toMatchObject({ [name]: 2 });
  },
);

describe('on AWS what came to nothing', () => {
  test('from a queue is a line each, and a metric', async () => {
    const { lines, metrics, run } = await anAcceptFunction();
    const answer = await run(queued('q', event('e1', { atLeast: 0 }), event('e2'), 'broken'));
    expect(answer).toEqual({ batchItemFailures: [] });
    expect(lines).toEqual([
      'event refused | r1 | batch | e1 | atLeast is 0: it must be a whole number from 1',
      'event refused | r1 | batch |  | the event is not JSON',
    ]);
    expect(metrics).toEqual([{ lamplighter_events_refused: 2 }]);
  });

  test('from a queue that no source has, too', async () => {
    const { lines, metrics, run } = await anAcceptFunction();
    expect(await run(queued('other', event('e1'), event('e2')))).toMatchObject({
      batchItemFailures: [{ itemIdentifier: 'm0' }, { itemIdentifier: 'm1' }],
    });
    expect(lines).toEqual(
      ['m0', 'm1'].map((id) => `event not stored | r1 |  | ${id} | no source of the config has the queue "other"`),
    );
    expect(metrics).toEqual([{ lamplighter_events_not_stored: 2 }]);
  });

  test('because the store failed, although the run fails', async () => {
    const { lines, metrics, run } = await anAcceptFunction({
      patch: (store) => ({ ...store, commit: () => Promise.reject(new StoreError('down')) }),
    });
    const bus = { id: 'e9', 'detail-type': 'X', source: 'x', time: new Date(now).toISOString(), detail: {} };
    await expect(run(bus)).rejects.toThrow('not stored');
    expect(lines).toEqual(['event not stored | r1 | pipeline | e9 | the store could not be reached: send it again']);
    expect(metrics).toEqual([{ lamplighter_events_not_stored: 1 }]);
  });

  test('over HTTP says nothing to the caller', async () => {
    const { lines, metrics, run } = await anAcceptFunction();
    const answers = [await run(posted('/events/ci')), await run(posted('/events/nobody'))];
    expect(answers).toMatchObject([
      { statusCode: 401, body: '{"error":"unauthorized"}' },
      { statusCode: 401, body: '{"error":"unauthorized"}' },
    ]);
    expect(lines).toEqual([
      'event not authorized | r1 | ci |  | it has no header webhook-id',
      'event not authorized | r1 |  |  | no source of the config is called "nobody" (POST /events/…)',
    ]);
    expect(metrics).toEqual([{ lamplighter_events_unauthorized: 1 }, { lamplighter_events_unauthorized: 1 }]);
  });

  test('of a link that nobody signed is told like that of an event', async () => {
    const { lines, metrics, run } = await anAcceptFunction();
    expect(await run(asked(`${aLink}x`))).toMatchObject({ statusCode: 404 });
    expect(lines).toEqual(['link not valid | r1 |  |  | none of the secrets of links signed it']);
    expect(metrics).toEqual([{ lamplighter_events_unauthorized: 1 }]);
  });

  test.each([
    [
      'missing',
      () => {
        throw new SecretError('L is not set', 'links');
      },
      'L is not set',
    ],
    ['weak', () => makeSecret('whsec_c2hvcnQ='), 'The secret of links was refused'],
  ])('of links, because their secret is %s', async (_, secret, reason) => {
    const { lines, metrics, run } = await anAcceptFunction({ secret });
    expect(await run(asked(aLink))).toMatchObject({ statusCode: 503 });
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^link not answered \\| r1 \\|  \\|  \\| ${reason}`, 'u')),
    ]);
    expect(lines.join()).not.toContain('c2hvcnQ');
    expect(metrics).toEqual([{ lamplighter_events_not_stored: 1 }]);
  });

  test('of links, because the store failed', async () => {
    const { lines, metrics, run } = await anAcceptFunction({
      patch: (store) => ({ ...store, list: () => Promise.reject(new StoreError('the table cannot be reached')) }),
    });
    expect(await run(asked(aLink))).toMatchObject({ statusCode: 503 });
    expect(lines).toEqual(['link not answered | r1 | chat |  | the table cannot be reached']);
    expect(metrics).toEqual([{ lamplighter_events_not_stored: 1 }]);
  });

  test('is a metric that CloudWatch reads', () => {
    const values = { lamplighter_events_refused: 2 };
    const line = embeddedLine({ installation: 'i', job: 'accept-events', at: 1, values });
    expect(JSON.parse(line)).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Metrics: [{ Name: 'lamplighter_events_refused', Unit: 'Count' }] }] },
    });
  });

  test('and nothing where all is well', async () => {
    const { lines, metrics, run } = await anAcceptFunction();
    await run(queued('q', event('e1')));
    expect([lines, metrics]).toEqual([[], []]);
  });
});
