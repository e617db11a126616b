import { beforeAll, describe, expect, test } from 'vitest';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { checkDropped, keptQueues } from '../../scripts/aws/kept-queues.ts';
import { partsOf } from '../../scripts/aws/parts-of.ts';
import { compileForFunctions } from '../../scripts/build-functions.ts';

let config: CompiledConfig;
const usual = { stage: 'prod', alarmTopic: '', logLevel: 'info', isCapped: true };
const templateOf = (queues: readonly string[]) => {
  const events = queues.map((queue) => ({ ...config.events[0]!, name: `s-${queue}`.toLowerCase(), queue }));
  return { Resources: { ...partsOf({ ...config, events }, usual).resources.Resources } };
};
const after = (before: readonly string[], next: readonly string[], letGo: readonly string[] = []) => {
  const template = templateOf(next);
  const kept = keptQueues(templateOf(before), template, letGo);
  return { names: kept.names, queues: queuesIn({ ...template.Resources, ...kept.resources }) };
};
const queuesIn = (resources: object) =>
  Object.values(resources as { [id: string]: { Type: string; Properties: { QueueName?: string } } })
    .filter(({ Type }) => Type === 'AWS::SQS::Queue')
    .map(({ Properties }) => Properties.QueueName ?? '')
    .sort((a, b) => (a < b ? -1 : 1));

beforeAll(async () => {
  config = await compileForFunctions('deploy/lamplighter.aws.example.yml');
});

describe('a queue that goes from the config', () => {
  test('stays, with its dead letters', () => {
    expect(after(['a', 'b'], ['b'])).toEqual({
      names: ['a'],
      queues: ['a', 'a-dead-letters', 'b', 'b-dead-letters'],
    });
  });

  test('goes once it is named', () => {
    expect(after(['a', 'b'], ['b'], ['a'])).toEqual({ names: [], queues: ['b', 'b-dead-letters'] });
  });

  test('keeps its policies, which refuse what comes without TLS', () => {
    const kept = keptQueues(templateOf(['a']), templateOf([]), []);
    expect(Object.values(kept.resources).map(({ Type }) => Type)).toEqual([
      'AWS::SQS::Queue',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
      'AWS::SQS::QueuePolicy',
    ]);
  });

  test('and comes back is the one that was there', () => {
    const next = templateOf(['a']);
    const without = templateOf([]);
    const kept = { Resources: { ...without.Resources, ...keptQueues(next, without, []).resources } };
    expect(keptQueues(kept, next, [])).toEqual({ resources: {}, names: [] });
  });

  test('stays for good, deployment by deployment', () => {
    const without = templateOf([]);
    const once = { Resources: { ...without.Resources, ...keptQueues(templateOf(['a']), without, []).resources } };
    expect(keptQueues(once, without, []).names).toEqual(['a']);
  });

  test.each([['of-dead-letters'], ['X-dead-letters']])('is known by its whole name: %s', (name) => {
    expect(after([name], []).names).toEqual([name]);
    expect(after([name], [], [name]).names).toEqual([]);
  });
});

describe('a queue to be let go of', () => {
  const check = (before: readonly string[], next: readonly string[], dropped: readonly string[]) =>
    checkDropped(dropped, templateOf(before), templateOf(next));

  test('went from the config', () => {
    expect(check(['builds', 'nightly'], ['nightly'], ['builds'])).toEqual([]);
  });

  test.each([
    ['one that can go', ['builds', 'nightly'], ['nightly'], 'bulids', 'did you mean "builds"?'],
    ['one in the config', ['builds'], ['builds'], 'biulds', 'did you mean "builds"?'],
    ['nothing, where some can go', ['builds', 'x'], [], 'something', 'use one of: builds, x'],
    ['its dead letters', ['builds'], [], 'builds-dead-letters', 'use one of: builds'],
  ])('is refused when it is spelt like %s', (_name, before, next, dropped, reason) => {
    expect(() => check(before, next, [dropped])).toThrow(
      `dropQueues "${dropped}" is no queue that went from the config: ${reason}`,
    );
  });

  test('may be gone already, which is said', () => {
    expect(check(['nightly'], ['nightly'], ['builds'])).toEqual(['builds']);
    expect(check([], [], ['builds'])).toEqual(['builds']);
  });
});

test('the queues of the stack itself are nobody’s to keep', () => {
  const own = { FailuresQueue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'lamplighter-prod-failures' } } };
  expect(keptQueues({ Resources: own }, { Resources: {} }, []).names).toEqual([]);
});
