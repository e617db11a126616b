import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkRegion, parameterNames, readParameters, refuseUnknown } from '../../scripts/aws/parameters.ts';

test('serverless.yml knows the same parameters, with the same defaults', () => {
  const file = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'error' }) as {
    params: { default: { [name: string]: unknown } };
  };
  expect(Object.keys(file.params.default)).toEqual([...parameterNames]);
  const given = Object.fromEntries(Object.entries(file.params.default).map(([name, value]) => [name, String(value)]));
  expect(readParameters(given)).toEqual(readParameters({}));
});

test('no config is there unless one is named', () => {
  const file = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'error' }) as {
    params: { default: { config: string } };
  };
  expect(file.params.default.config).toBe('');
});

test.each([
  ['alarmtopic=x', 'there is no parameter "alarmtopic": did you mean "alarmTopic"?'],
  ['dropQueue=lamplighter-events', 'there is no parameter "dropQueue": did you mean "dropQueues"?'],
  ['confg=x', 'there is no parameter "confg": did you mean "config"?'],
  ['nothing-like-it', 'there is no parameter "nothing-like-it": use one of: config, alarmTopic'],
])('a name that is none is refused, with the right one: %s', (word, reason) => {
  expect(() => refuseUnknown(['config=a.yml', word])).toThrow(reason);
});

test('names that there are go through', () => {
  expect(() => refuseUnknown(['config=a.yml', 'tags=a=b'])).not.toThrow();
});

test('two values of one are refused', () => {
  expect(() => refuseUnknown(['config=a.yml', 'tags=a=b', 'config=b.yml'])).toThrow('config is given twice');
});

test.each([
  ['alarmTopic', 'arn:aws:sns:us-east-1:111122223333:ops'],
  ['kmsKey', 'arn:aws:kms:us-east-1:111122223333:key/1'],
])('%s of another region is refused', (name, arn) => {
  const parameters = readParameters({ [name]: arn });
  expect(() => checkRegion(parameters, 'us-east-1')).not.toThrow();
  expect(() => checkRegion(parameters, 'eu-central-1')).toThrow(/is in us-east-1, and the deployment in eu-central-1/);
});

test('without topic and key every region does', () => {
  expect(() => checkRegion(readParameters({}), 'eu-central-1')).not.toThrow();
});

describe('each is read', () => {
  test.each([
    ['tags', 'team=ops, cost-centre=42', 'tags', { team: 'ops', 'cost-centre': '42' }],
    ['existing', 'lamplighter,lamplighter-events', 'existing', ['lamplighter', 'lamplighter-events']],
    ['dropQueues', 'old', 'dropQueues', ['old']],
    ['protected', 'true', 'isProtected', true],
    ['capped', 'false', 'isCapped', false],
    ['tracing', 'true', 'isTraced', true],
    ['memory', '1024', 'memory', 1024],
    ['logRetention', '365', 'logRetention', 365],
    [
      'boundary',
      'arn:aws:iam::111122223333:policy/lamplighter-boundary',
      'boundary',
      expect.stringMatching(/boundary$/u),
    ],
    ['kmsKey', 'arn:aws:kms:eu-central-1:111122223333:key/1-2', 'kmsKey', expect.stringMatching(/key/u)],
    ['alarmEmail', 'ops@example.org', 'alarmEmail', 'ops@example.org'],
  ])('%s=%s', (name, text, option, value) => {
    expect(readParameters({ [name]: text })).toMatchObject({ [option]: value });
  });

  test.each([
    ['tags', 'team', 'write team=ops'],
    ['tags', 'aws:team=x', 'write team=ops'],
    ['tags', 'team=a,team=b', '"team" has two values'],
    ['protected', 'yes', 'use one of true, false'],
    ['capped', 'no', 'use one of true, false'],
    ['memory', '100', 'from 256 to 10240'],
    ['memory', 'a lot', 'from 256 to 10240'],
    ['logRetention', '31', 'use one of 1, 3, 5'],
    ['boundary', 'lamplighter-boundary', 'the ARN of a policy'],
    ['kmsKey', 'arn:aws:kms:eu-central-1:111122223333:alias/mine', 'not of an alias'],
    ['alarmEmail', 'ops', 'one address'],
  ])('or refused: %s=%s', (name, text, reason) => {
    expect(() => readParameters({ [name]: text })).toThrow(reason);
  });

  test('or refused: a topic and an address', () => {
    const both = { alarmTopic: 'arn:aws:sns:eu-central-1:111122223333:ops', alarmEmail: 'ops@example.org' };
    expect(() => readParameters(both)).toThrow('write one of them');
  });
});
