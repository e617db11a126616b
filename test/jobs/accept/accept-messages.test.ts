import { describe, expect, test } from 'vitest';
import { acceptBusEvent, acceptMessages, type QueueMessage } from '../../../lib/jobs/accept/accept-messages.ts';
import { makeAcceptWorld } from '../../decide/intake/accept-world.ts';
import { makeSource, sources } from '../../decide/intake/fixtures.ts';
import { readSample } from '../../decide/intake/samples.ts';

const all = [makeSource({ secrets: [], queue: 'lamplighter-ci' }), sources.scenes, sources.pipeline];

type SqsSample = { readonly Records: ReadonlyArray<{ messageId: string; eventSourceARN: string; body: string }> };

function messagesOf(file: string): readonly QueueMessage[] {
  const { Records } = JSON.parse(readSample(file)) as SqsSample;
  return Records.map(({ messageId, eventSourceARN, body }) => ({
    id: messageId,
    queue: eventSourceARN.split(':').at(-1) ?? '',
    body,
  }));
}

describe('a batch of queue messages', () => {
  test('from a queue that no source names is counted, and told one by one', async () => {
    const [counted, told]: [string[], string[]] = [[], []];
    const world = makeAcceptWorld({
      count: (kind, source) => void counted.push(`${kind} ${source}`),
      tell: ({ what, source, event, reason }) => void told.push([what, source ?? '', event, reason].join(' | ')),
    });
    const messages = ['m1', 'm2'].map((id) => ({ id, queue: 'nobody', body: '{}' }));
    const { failed, outcomes } = await acceptMessages(world.parts, all, messages);
    expect([failed, counted]).toEqual([
      ['m1', 'm2'],
      ['failed unknown', 'failed unknown'],
    ]);
    expect(told).toEqual(
      ['m1', 'm2'].map((id) => expect.stringMatching(`^event not stored \\| {2}\\| ${id} \\| .*nobody`)),
    );
    expect([...outcomes.values()].map(({ kind }) => kind)).toEqual(['failed', 'failed']);
  });

  test('does the good ones once, whatever lies between them', async () => {
    const world = makeAcceptWorld();
    const messages = messagesOf('sqs-batch.json');
    const { failed, outcomes } = await acceptMessages(world.parts, all, messages);
    expect([...outcomes.values()].map(({ kind }) => kind).toSorted()).toEqual([
      'refused',
      'stored',
      'stored',
      'stored',
      'stored',
      'stored',
    ]);
    expect(failed).toEqual([]);
    const keys = (await world.live()).map(({ id }) => id.slice('lease/event%3A'.length));
    expect(keys).toEqual([
      'ci/ml/gpu/batch-17',
      'ci/ml/gpu/batch-18',
      'ci/ml/gpu/batch-19',
      'ci/ml/gpu/batch-20',
      'scenes/ml/gpu/events',
    ]);
    await acceptMessages(world.parts, all, messages);
    expect(await world.live()).toHaveLength(5);
  });

  test('hands back only what could not be stored', async () => {
    const world = makeAcceptWorld();
    const store = { ...world.store, commit: () => Promise.reject(new Error('down')) };
    const broken = makeAcceptWorld({ store });
    const { failed } = await acceptMessages(broken.parts, all, messagesOf('sqs-batch.json'));
    expect(failed).toEqual([1, 2, 4, 5, 6].map((n) => `00000000-0000-4000-8000-00000000000${n}`));
  });

  test('of a queue nobody names comes again', async () => {
    const world = makeAcceptWorld();
    const { failed } = await acceptMessages(world.parts, [], messagesOf('sqs.json'));
    expect(failed).toEqual(['00000000-0000-4000-8000-000000000001']);
  });
});

describe('an event of the bus', () => {
  test('goes to the sources whose pattern it matches', async () => {
    const world = makeAcceptWorld();
    const second = makeSource({ ...sources.pipeline, name: 'other', when: { source: ['aws.s3'] } });
    const outcomes = await acceptBusEvent(world.parts, [...all, second], readSample('eventbridge-codepipeline.json'));
    expect([...outcomes].map(([name, { kind }]) => [name, kind])).toEqual([
      ['pipeline', 'stored'],
      ['other', 'ignored'],
    ]);
    expect(await world.live()).toMatchObject([{ who: 'event:pipeline', atLeast: 2 }]);
  });
});
