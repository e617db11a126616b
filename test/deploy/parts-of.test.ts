import { beforeAll, describe, expect, test } from 'vitest';
import type { CompiledConfig, EventSourceConfig } from '../../lib/decide/compiled-config.ts';
import { checkForFunctions } from '../../scripts/aws/check-for-functions.ts';
import { partsOf } from '../../scripts/aws/parts-of.ts';
import { compileForFunctions } from '../../scripts/build-functions.ts';
import { serverlessArguments } from '../../scripts/package.ts';

let config: CompiledConfig;
const usual = { alarmTopic: '', isCapped: true };
const source = (patch: Partial<EventSourceConfig>) => ({ ...config.events[0]!, ...patch });
const ids = (changed: CompiledConfig) => Object.keys(partsOf(changed, usual).resources.Resources);

beforeAll(async () => {
  config = await compileForFunctions('deploy/lamplighter.aws.example.yml');
});

describe('what the template takes from the config', () => {
  test.each([
    [60_000, 'rate(1 minute)', 60, 300],
    [300_000, 'rate(5 minutes)', 300, 300],
    [900_000, 'rate(15 minutes)', 900, 900],
  ])('a tick of %i ms is %s', (everyMs, rate, everySeconds, errorsPeriodSeconds) => {
    expect(partsOf({ ...config, everyMs }, usual)).toMatchObject({ rate, everySeconds, errorsPeriodSeconds });
  });

  test('alarms go to the topic that is given, else nowhere', () => {
    const topic = 'arn:aws:sns:eu-central-1:111122223333:ops';
    expect(partsOf(config, { ...usual, alarmTopic: topic }).alarmActions).toEqual([topic]);
    expect(partsOf(config, usual).alarmActions).toEqual([]);
    expect(() => partsOf(config, { ...usual, alarmTopic: 'ops' })).toThrow('no ARN of an SNS topic');
  });

  test('without a signed source there is no public address', () => {
    const unsigned = { ...config, events: [source({ secrets: [] })] };
    expect(ids(unsigned).filter((id) => id.includes('Url'))).toEqual([]);
    expect(partsOf(unsigned, usual).resources.Outputs).toBeUndefined();
  });

  test('without events there are no queues, rules or rights to read them', () => {
    const left = ids({ ...config, events: [] });
    expect(left.filter((id) => /Queue(?!sFailures)|Rule|AcceptEvents/u.test(id))).toEqual(['FailuresQueuePolicy']);
  });

  test('a concurrency that is not capped is left out', () => {
    const { concurrency } = partsOf(config, { ...usual, isCapped: false });
    expect(Object.values(concurrency)).toEqual([null, null, null, null]);
  });
});

describe('refused', () => {
  test.each([
    ['a source that anybody could send to', () => [source({ secrets: [], queue: undefined })], 'has no secret'],
    ['a queue of two sources', () => [source({}), source({ name: 'other' })], 'shares the queue'],
  ])('%s', (_, events, reason) => {
    expect(() => checkForFunctions({ ...config, events: events() })).toThrow(reason);
  });

  test('a rule that would take every event of the bus', () => {
    const events = [source({ kind: 'eventbridge', queue: undefined, when: undefined })];
    expect(() => partsOf({ ...config, events }, usual)).toThrow('say which with "when"');
  });

  test('a config whose state is a file', () => {
    expect(() => partsOf({ ...config, store: { kind: 'sqlite', path: 'x' } }, usual)).toThrow('name a table');
  });
});

test.each([
  [[], ['package']],
  [
    ['--config', 'my.yml'],
    ['package', '--param', 'config=my.yml'],
  ],
  [
    ['--config=my.yml', '--stage', 'test'],
    ['package', '--param', 'config=my.yml', '--stage', 'test'],
  ],
])('npm run package -- %j', (words, expected) => {
  expect(serverlessArguments(words)).toEqual(expected);
});
