import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { CompiledConfig, EventSourceConfig } from '../../lib/model/config.ts';
import { checkForFunctions } from '../../scripts/aws/check-for-functions.ts';
import { partsOf } from '../../scripts/aws/parts-of.ts';
import { compileForFunctions } from '../../scripts/build-functions.ts';
import { compileText, head } from '../config/compile-text.ts';
import { checkTemplate } from '../support/aws/check-template.ts';
import { ofType } from '../support/aws/template.ts';

let config: CompiledConfig;
const usual = { stage: 'prod', alarmTopic: '', logLevel: 'info', isCapped: true };
const source = (patch: Partial<EventSourceConfig>) => ({ ...config.events[0]!, ...patch });
const ids = (changed: CompiledConfig) => Object.keys(partsOf(changed, usual).resources.Resources);

beforeAll(async () => {
  config = await compileForFunctions('deploy/lamplighter.aws.example.yml');
});

describe('what the template takes from the config', () => {
  test.each([
    [60_000, 'rate(1 minute)', 60],
    [300_000, 'rate(5 minutes)', 300],
    [900_000, 'rate(15 minutes)', 900],
  ])('a tick of %i ms is %s', (everyMs, rate, everySeconds) => {
    expect(partsOf({ ...config, everyMs }, usual)).toMatchObject({ rate, everySeconds });
  });

  test('alarms go to the topic that is given, else nowhere', () => {
    const topic = 'arn:aws:sns:eu-central-1:111122223333:ops';
    expect(partsOf(config, { ...usual, alarmTopic: topic }).alarmActions).toEqual([topic]);
    expect(partsOf(config, usual).alarmActions).toEqual([]);
    expect(() => partsOf(config, { ...usual, alarmTopic: 'ops' })).toThrow('no ARN of an SNS topic');
  });

  test('exactly the topics of the config may be published to', () => {
    const topics = ['arn:aws:sns:eu-central-1:111122223333:a', 'arn:aws:sns:eu-west-1:111122223333:b.fifo'];
    const named = topics.map((topic) => ({ ...config.destinations[0]!, kind: 'sns' as const, url: undefined, topic }));
    const { Resources } = partsOf({ ...config, destinations: named }, usual).resources;
    expect(Resources['DeliverAlertsTopicsPolicy']?.Properties).toMatchObject({
      Roles: [{ Ref: 'DeliverAlertsRole' }],
      PolicyDocument: { Statement: [{ Effect: 'Allow', Action: ['sns:Publish'], Resource: topics }] },
    });
    expect(ids(config)).not.toContain('DeliverAlertsTopicsPolicy');
  });

  test('without a signed source there is no public address', () => {
    const unsigned = { ...config, events: [source({ secrets: [] })] };
    expect(ids(unsigned).filter((id) => id.includes('Url'))).toEqual([]);
    expect(partsOf(unsigned, usual).resources.Outputs).toBeUndefined();
  });

  test('without events there are no queues, rules or rights to read them', () => {
    const left = ids({ ...config, events: [] });
    expect(left.filter((id) => /Queue(?!sFailures)|Rule|AcceptEvents/u.test(id))).toEqual([
      'FailuresQueuePolicy',
      'LostEventsQueuePolicy',
    ]);
  });

  test('a concurrency that is not capped is left out', () => {
    const { concurrency } = partsOf(config, { ...usual, isCapped: false });
    expect(Object.values(concurrency)).toEqual([null, null, null, null, null]);
  });

  test('each further queue has further runs set aside', () => {
    const events = ['a', 'b', 'c'].map((queue) => source({ queue }));
    const { concurrency, resources } = partsOf({ ...config, events }, usual);
    const mappings = Object.values(resources.Resources).filter(({ Type }) => Type.endsWith('EventSourceMapping'));
    const most = mappings.map(({ Properties }) => Properties['ScalingConfig'] as { MaximumConcurrency: number });
    expect(most).toHaveLength(3);
    expect(concurrency['acceptEvents']).toBeGreaterThan(most.reduce((sum, one) => sum + one.MaximumConcurrency, 0));
  });

  test('what is there already is not made, and is used all the same', () => {
    const names = [['lamplighter'], ['lamplighter-events'], ['all'], []];
    const made = names.map((existing) => {
      const { makesTable, resources } = partsOf(config, { ...usual, existing });
      const queues = Object.entries(resources.Resources).filter(([, { Type }]) => /Queue(?:Policy)?$/u.test(Type));
      return [makesTable, queues.filter(([id]) => id.startsWith('Source')).length];
    });
    expect(made).toEqual([
      ['false', 4],
      ['true', 0],
      ['false', 0],
      ['true', 4],
    ]);
    const { resources } = partsOf(config, { ...usual, existing: ['all'] });
    expect(JSON.stringify(resources)).toContain('QueueMapping');
    expect(() => partsOf(config, { ...usual, existing: ['lamplihgter'] })).toThrow('neither the table nor a queue');
  });

  test('a queue that the config has is not let go of', () => {
    expect(partsOf(config, { ...usual, dropQueues: ['old'] }).letGo).toEqual(['old']);
    expect(() => partsOf(config, { ...usual, dropQueues: ['old', 'lamplighter-events'] })).toThrow(
      'dropQueues "lamplighter-events" is in the config: take it out of there, or leave it out here',
    );
  });

  test('an address gets a topic that only alarms of this account may use', () => {
    const { alarmActions, resources } = partsOf(config, { ...usual, alarmEmail: 'ops@example.org' });
    expect(alarmActions).toEqual([{ Ref: 'AlarmsTopic' }]);
    expect(resources.Resources['AlarmsTopic']?.Properties['Subscription']).toEqual([
      { Protocol: 'email', Endpoint: 'ops@example.org' },
    ]);
    expect(JSON.stringify(resources.Resources['AlarmsTopicPolicy'])).toContain('"aws:SourceAccount"');
  });

  test('a key of one’s own is on all that is stored, and every role may use it', () => {
    const key = 'arn:aws:kms:eu-central-1:111122223333:key/abc';
    const parts = partsOf(config, { ...usual, kmsKey: key, alarmEmail: 'ops@example.org' });
    const encrypted = Object.values(parts.resources.Resources).filter(({ Type }) => /Queue$|Topic$/u.test(Type));
    expect(encrypted.map(({ Properties }) => Properties['KmsMasterKeyId'])).toEqual([key, key, key]);
    expect([parts.kmsKey, parts.functionsKey, parts.isSqsManaged]).toEqual([key, key, false]);
    expect(JSON.stringify(parts.resources.Resources['UseKeyPolicy'])).toContain('kms:Decrypt');
    const jobs = ['ScalePools', 'WatchClusters', 'DeliverAlerts', 'AcceptEvents', 'ReceiveEvents'];
    const logGroups = jobs.map((job) => [`${job}LogGroup`, { Properties: { KmsKeyId: key } }]);
    expect(parts.resources.extensions).toEqual(Object.fromEntries(logGroups));
    expect(partsOf(config, usual).resources.extensions).toBeUndefined();
    expect(ids(config)).not.toContain('UseKeyPolicy');
  });
});

describe('a config with every kind of source', () => {
  const text = `${head.replace('env: TOKEN', 'awsSecret: lamplighter/r1')}pools: [{ match: "ml/gpu", schedule: none }]
destinations:
  ops: { kind: webhook, url: { awsSecret: lamplighter/hook }, secret: [{ awsSecret: new }, { awsSecret: old }] }
events:
  ci: { kind: json, secret: { awsSecret: lamplighter/ci }, may: ["ml/gpu"], most: 4, longest: 1h }
  failures: { kind: json, queue: failures, may: ["ml/gpu"] }
  clouds.1: { kind: cloudevents, queue: Lamplighter_Clouds, may: ["ml/gpu"] }
  alerts: { kind: alertmanager, secret: { awsSecret: lamplighter/alerts }, pool: ml/gpu, atLeast: 1, for: 1h, may: ["ml/gpu"] }
  scenes: { kind: eventbridge, queue: lamplighter-scenes, when: { source: [aws.s3] }, pool: ml/gpu, atLeast: 1, for: 1h, may: ["ml/gpu"] }
  pipe-line: { kind: eventbridge, when: { source: [aws.codepipeline] }, pool: ml/gpu, atLeast: 1, for: 1h, may: ["ml/gpu"] }
  pipe_line: { kind: eventbridge, when: { source: [aws.codebuild] }, pool: ml/gpu, atLeast: 1, for: 1h, may: ["ml/gpu"] }
store: { kind: dynamodb, table: lamplighter }
`;
  let resources: ReturnType<typeof partsOf>['resources'];

  beforeAll(async () => {
    const outcome = await compileText(text, { target: 'aws' });
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.problems));
    resources = partsOf(outcome.config, usual).resources;
  });

  test('agrees with the specification of every resource type', () => {
    const fixed = Object.keys(fixedResources());
    const stubs = Object.fromEntries(
      [...fixed, 'AcceptEventsLambdaFunction', 'ReceiveEventsLambdaFunction'].map((id) => [id, stub]),
    );
    expect(checkTemplate({ ...resources, Resources: { ...stubs, ...resources.Resources } })).toEqual([]);
  });

  test('each queue has its dead letters, its alarm and its way to the function; each rule its right', () => {
    const counts = Map.groupBy(Object.values(resources.Resources), ({ Type }) => Type);
    expect([...counts].map(([type, all]) => [type, all.length])).toEqual([
      ['AWS::IAM::Policy', 5],
      ['AWS::SQS::Queue', 6],
      ['AWS::SQS::QueuePolicy', 8],
      ['AWS::Lambda::EventSourceMapping', 3],
      ['AWS::CloudWatch::Alarm', 6],
      ['AWS::Events::Rule', 2],
      ['AWS::Lambda::Permission', 4],
      ['AWS::Lambda::Url', 1],
    ]);
  });

  test('what the bus cannot hand over is kept, for each rule', () => {
    const rules = Object.values(resources.Resources).filter(({ Type }) => Type === 'AWS::Events::Rule');
    const targets = rules.flatMap(({ Properties }) => (Properties as { readonly Targets: readonly object[] }).Targets);
    expect(targets).toHaveLength(2);
    for (const target of targets) {
      expect(target).toMatchObject({
        Arn: { 'Fn::GetAtt': ['AcceptEventsLambdaFunction', 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['LostEventsQueue', 'Arn'] } },
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400 },
      });
    }
  });

  test('nothing takes the place of what is in deploy/aws', () => {
    expect(Object.keys(resources.Resources).filter((id) => id in fixedResources())).toEqual([]);
  });

  test('the bus may send to the queue of its kind, and to no other', () => {
    const open = ofType(resources, 'AWS::SQS::QueuePolicy').flatMap(([id, { Properties }]) => {
      const document = Properties?.['PolicyDocument'] as { Statement: { Effect: string }[] } | undefined;
      return (document?.Statement ?? [])
        .filter(({ Effect }) => Effect === 'Allow')
        .map((statement) => [id, statement] as const);
    });
    const arn = (id: string) => ({ 'Fn::GetAtt': [id, 'Arn'] });
    const service = { Service: 'events.amazonaws.com' };
    expect(Object.fromEntries(open)).toEqual({
      SourceLamplighterScenesQueuePolicy: {
        Sid: 'EventsOfTheBus',
        Effect: 'Allow',
        Principal: service,
        Action: 'sqs:SendMessage',
        Resource: arn('SourceLamplighterScenesQueue'),
        Condition: {
          ArnLike: {
            'aws:SourceArn': {
              'Fn::Sub': 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*',
            },
          },
        },
      },
      LostEventsQueuePolicy: {
        Sid: 'UndeliverableEvents',
        Effect: 'Allow',
        Principal: service,
        Action: 'sqs:SendMessage',
        Resource: arn('LostEventsQueue'),
        Condition: {
          ArnEquals: { 'aws:SourceArn': [arn('SourcePipeLineRule'), arn('SourcePipeZ5flineRule')] },
        },
      },
    });
  });
});

/** What is written out in deploy/aws. */
function fixedResources(): { readonly [id: string]: unknown } {
  const files = readdirSync('deploy/aws').filter((name) => name.endsWith('.yml'));
  const read = (name: string) => parse(readFileSync(`deploy/aws/${name}`, 'utf8'), { logLevel: 'silent' });
  return Object.assign({}, ...files.map((name) => (read(name) as { Resources: object }).Resources));
}

const stub = { Type: 'AWS::SNS::Topic', Properties: {} };

describe('refused', () => {
  test('a stage that makes names too long', () => {
    expect(() => partsOf(config, { ...usual, stage: 'a'.repeat(20) })).toThrow('use 19 at most');
  });

  test('a queue in the place of the one where failures end', () => {
    const lost = [source({ queue: 'lamplighter-test-lost-events' })];
    expect(() => partsOf({ ...config, events: lost }, { ...usual, stage: 'test' })).toThrow('name another queue');
    const events = [source({ queue: 'lamplighter-test-failures' })];
    expect(() => partsOf({ ...config, events }, { ...usual, stage: 'test' })).toThrow('name another queue');
    expect(() => partsOf({ ...config, events }, usual)).not.toThrow();
  });

  test.each([
    ['a source that anybody could send to', () => [source({ secrets: [], queue: undefined })], 'has no secret'],
  ])('%s', (_, events, reason) => {
    expect(() => checkForFunctions({ ...config, events: events() })).toThrow(reason);
  });

  test('a rule that would take every event of the bus', () => {
    const events = [source({ kind: 'eventbridge', queue: undefined, when: undefined })];
    expect(() => partsOf({ ...config, events }, usual)).toThrow('say which with "when"');
  });

  test('a level of the log that is none', () => {
    expect(() => partsOf(config, { ...usual, logLevel: 'verbose' })).toThrow('use one of debug, info, warn, error');
  });

  test('a config whose state is a file', () => {
    expect(() => partsOf({ ...config, store: { kind: 'sqlite', path: 'x' } }, usual)).toThrow('name a table');
  });
});
