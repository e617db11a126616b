import { beforeAll, describe, expect, test } from 'vitest';
import { checkTemplate } from '../support/aws/check-template.ts';
import { needsOf } from '../support/aws/deployer-needs.ts';
import { emittedMetrics, type Metric } from '../support/aws/emitted-metrics.ts';
import { type Packaged, packageService } from '../support/aws/package-service.ts';
import { listOf, ofType, renderValue, statementsOf, type Template } from '../support/aws/template.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';

const jobs = ['ScalePools', 'WatchClusters', 'DeliverAlerts', 'AcceptEvents'] as const;
const ticking = ['ScalePools', 'WatchClusters', 'DeliverAlerts'] as const;

/** Packaging takes seconds, so it is done once for all tests of this file. */
let packaged: Packaged;
let template: Template;

beforeAll(async () => {
  const folder = makeTemporaryFolder();
  packaged = await packageService(folder.path);
  template = packaged.template;
  folder.remove();
}, 120_000);

describe('the package', () => {
  test('holds a zip per function', () => {
    expect(Object.keys(packaged.zips)).toEqual([
      'acceptEvents.zip',
      'deliverAlerts.zip',
      'scalePools.zip',
      'watchClusters.zip',
    ]);
  });

  test('agrees with the specification of every resource type', () => {
    expect(checkTemplate(template)).toEqual([]);
  });

  test('is told apart from a wrong one by the same check', () => {
    const broken = structuredClone(template) as {
      Resources: { [id: string]: { Properties: { [name: string]: unknown } } };
    };
    const schedule = broken.Resources['ScalePoolsSchedule']!.Properties;
    schedule['Target'] = { RoleArn: { 'Fn::GetAtt': ['NobodysRole', 'Arn'] }, RetryPolicy: { MaximumRetries: 1 } };
    expect(checkTemplate(broken as unknown as Template)).toEqual([
      'ScalePoolsSchedule.Target.RetryPolicy.MaximumRetries: there is no such property',
      'ScalePoolsSchedule.Target.Arn: required and missing',
      'Resources.ScalePoolsSchedule.Properties.Target.RoleArn: the reference to NobodysRole dangles',
    ]);
  });

  test('uses ordinary resource types only', () => {
    const types = new Set(Object.values(template.Resources).map(({ Type }) => Type.split('::')[1] ?? ''));
    expect([...types].sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'CloudWatch',
      'DynamoDB',
      'Events',
      'IAM',
      'Lambda',
      'Logs',
      'S3',
      'SQS',
      'Scheduler',
    ]);
    expect(Object.values(template.Resources).filter(({ Type }) => /Custom|Alias|Pipe/u.test(Type))).toEqual([]);
  });
});

test('who deploys needs nothing that the policy was not written for', () => {
  const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
  expect([...types].filter((type) => needsOf[type] === undefined)).toEqual([]);
});

describe('ticks', () => {
  test.each(ticking)('%s: a valid rate without a time zone or a flexible window', (job) => {
    const schedule = template.Resources[`${job}Schedule`]?.Properties;
    expect(schedule?.['ScheduleExpression']).toMatch(/^rate\((1 minute|([2-9]|1[0-5]) minutes)\)$/u);
    expect(schedule?.['ScheduleExpressionTimezone']).toBeUndefined();
    expect(schedule?.['FlexibleTimeWindow']).toEqual({ Mode: 'OFF' });
  });

  test.each(ticking)('%s: old ticks are dropped, lost ones are kept for a person', (job) => {
    const target = template.Resources[`${job}Schedule`]?.Properties?.['Target'] as Target;
    expect(target.RetryPolicy.MaximumEventAgeInSeconds).toBeGreaterThanOrEqual(60);
    expect(target.RetryPolicy.MaximumEventAgeInSeconds).toBeLessThanOrEqual(300);
    expect(renderValue(target.DeadLetterConfig.Arn)).toBe('<FailuresQueue.Arn>');
    expect(renderValue(target.Arn)).toBe(`<${job}LambdaFunction.Arn>`);
    expect(target.Input).toBe('{}');
  });

  test('only schedules of this account may use their role', () => {
    const role = template.Resources['SchedulerRole']?.Properties?.['AssumeRolePolicyDocument'];
    expect(role).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
            ArnEquals: {
              'aws:SourceArn': {
                'Fn::Sub': 'arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default',
              },
            },
          },
        },
      ],
    });
  });
});

type Target = {
  readonly Arn: unknown;
  readonly Input: string;
  readonly RetryPolicy: { readonly MaximumEventAgeInSeconds: number };
  readonly DeadLetterConfig: { readonly Arn: unknown };
};

describe('functions', () => {
  test.each(jobs)('%s: today’s Node on arm64, with a role of its own', (job) => {
    const properties = template.Resources[`${job}LambdaFunction`]?.Properties;
    expect(properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Role: { 'Fn::GetAtt': [`${job}Role`, 'Arn'] },
    });
    expect(properties?.['ReservedConcurrentExecutions']).toBeGreaterThan(0);
    const environment = properties?.['Environment'] as { readonly Variables: object } | undefined;
    expect(Object.keys(environment?.Variables ?? {})).toEqual([
      'LAMPLIGHTER_INSTALLATION',
      'LAMPLIGHTER_LOG_LEVEL',
      'LAMPLIGHTER_SCALE_POOLS',
      'LAMPLIGHTER_DELIVER_ALERTS',
    ]);
  });

  test.each(jobs)('%s: what fails for good lands in the queue of failures', (job) => {
    const invoke = template.Resources[`${job}LambdaEvConf`]?.Properties as { readonly [name: string]: unknown };
    expect(JSON.stringify(invoke['DestinationConfig'])).toContain('FailuresQueue');
    const age = invoke['MaximumEventAgeInSeconds'];
    if (job === 'AcceptEvents') expect(age).toBe(21_600);
    else expect([60, 300]).toContain(age);
  });

  test('names that functions call each other by are their names', () => {
    const names = jobs.map((job) => template.Resources[`${job}LambdaFunction`]?.Properties?.['FunctionName']);
    const variables = template.Resources['ScalePoolsLambdaFunction']?.Properties?.['Environment'] as {
      Variables: Record<string, string>;
    };
    expect(names).toContain(variables.Variables['LAMPLIGHTER_SCALE_POOLS']);
    expect(names).toContain(variables.Variables['LAMPLIGHTER_DELIVER_ALERTS']);
  });

  test('logs are kept for 30 days, each group', () => {
    const groups = ofType(template, 'AWS::Logs::LogGroup');
    expect(groups.map(([, { Properties }]) => Properties?.['RetentionInDays'])).toEqual([30, 30, 30, 30]);
  });
});

describe('what is stored', () => {
  test('the table outlives the stack, encrypted, with a way back, paid by use', () => {
    const table = template.Resources['StateTable'];
    expect([table?.DeletionPolicy, table?.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    expect(table?.Properties).toMatchObject({
      TableName: 'lamplighter',
      BillingMode: 'PAY_PER_REQUEST',
      SSESpecification: { SSEEnabled: true },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    });
  });

  test('every queue is encrypted, keeps for 14 days and refuses what comes without TLS', () => {
    const queues = ofType(template, 'AWS::SQS::Queue');
    expect(queues.map(([id]) => id).sort()).toEqual([
      'FailuresQueue',
      'SourceLamplighterEventsDeadLetters',
      'SourceLamplighterEventsQueue',
    ]);
    const policies = ofType(template, 'AWS::SQS::QueuePolicy').map(([, { Properties }]) => Properties);
    for (const [id, { Properties }] of queues) {
      expect(Properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
      const policy = policies.find((one) => JSON.stringify(one?.['Queues']) === JSON.stringify([{ Ref: id }]));
      expect(policy?.['PolicyDocument'], id).toMatchObject({
        Statement: expect.arrayContaining([
          {
            Sid: 'OnlyOverTls',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sqs:*',
            Resource: { 'Fn::GetAtt': [id, 'Arn'] },
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
        ]),
      });
    }
  });
});

describe('ways in for events', () => {
  test('a message stays hidden for six times as long as it may take, and is parked after five tries', () => {
    const queue = template.Resources['SourceLamplighterEventsQueue']?.Properties;
    const timeout = Number(template.Resources['AcceptEventsLambdaFunction']?.Properties?.['Timeout']);
    expect(Number(queue?.['VisibilityTimeout'])).toBeGreaterThanOrEqual(6 * timeout);
    expect(queue?.['RedrivePolicy']).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': ['SourceLamplighterEventsDeadLetters', 'Arn'] },
      maxReceiveCount: 5,
    });
  });

  test('only what failed comes again', () => {
    const mapping = template.Resources['SourceLamplighterEventsQueueMapping'];
    expect(mapping?.Properties?.['FunctionResponseTypes']).toEqual(['ReportBatchItemFailures']);
    expect([mapping?.DependsOn].flat()).toEqual(['AcceptEventsQueuesPolicy']);
  });

  test('a rule of the bus takes what the config says, and may call the function', () => {
    expect(template.Resources['SourceUploadsRule']?.Properties?.['EventPattern']).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
    });
    expect(template.Resources['SourceUploadsRulePermission']?.Properties).toMatchObject({
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': ['SourceUploadsRule', 'Arn'] },
    });
  });

  test('the public address is there because a source signs', () => {
    expect(template.Resources['AcceptEventsUrl']?.Properties?.['AuthType']).toBe('NONE');
    expect(template.Outputs).toHaveProperty('EventsUrl');
  });
});

describe('alarms', () => {
  test('no round is bad, and so is a job that leaves no data; an idle queue is not', () => {
    const treatments = ofType(template, 'AWS::CloudWatch::Alarm').map(([id, { Properties }]) => [
      id,
      Properties?.['TreatMissingData'],
    ]);
    expect(Object.fromEntries(treatments)).toEqual({
      NoScaleRoundAlarm: 'breaching',
      NoWatchRoundAlarm: 'breaching',
      OutboxAgeAlarm: 'breaching',
      FailuresAlarm: 'notBreaching',
      ScalePoolsErrorsAlarm: 'breaching',
      WatchClustersErrorsAlarm: 'breaching',
      DeliverAlertsErrorsAlarm: 'breaching',
      AcceptEventsErrorsAlarm: 'notBreaching',
      SourceLamplighterEventsDeadLettersAlarm: 'notBreaching',
    });
  });

  test('those of Lamplighter look at what the functions write, under the same name and dimensions', async () => {
    const variables = template.Resources['ScalePoolsLambdaFunction']?.Properties?.['Environment'] as {
      Variables: { LAMPLIGHTER_INSTALLATION: string };
    };
    const emitted = await emittedMetrics(variables.Variables.LAMPLIGHTER_INSTALLATION);
    const looked = alarms().filter(({ namespace }) => namespace === 'Lamplighter');
    expect(looked).toHaveLength(3);
    for (const metric of looked) expect(emitted).toContainEqual(metric);
  });

  test('those of AWS look at a function or queue of the stack', () => {
    const own = (id: string, type: string) => template.Resources[id]?.Type === type;
    for (const { namespace, name, dimensions } of alarms().filter((one) => one.namespace !== 'Lamplighter')) {
      const [[dimension, value] = ['', '']] = Object.entries(dimensions);
      const [, id = ''] = /^<(\w+)/u.exec(value) ?? [];
      const isOnFunction = own(id, 'AWS::Lambda::Function') && value === `<${id}>`;
      const isOnQueue = own(id, 'AWS::SQS::Queue') && value === `<${id}.QueueName>`;
      expect([namespace, name, dimension, isOnFunction, isOnQueue]).toEqual(
        namespace === 'AWS/SQS'
          ? ['AWS/SQS', 'ApproximateNumberOfMessagesVisible', 'QueueName', false, true]
          : ['AWS/Lambda', 'Errors', 'FunctionName', true, false],
      );
    }
  });

  test('a round is missed after three intervals', () => {
    expect(template.Resources['NoScaleRoundAlarm']?.Properties).toMatchObject({
      Period: 300,
      EvaluationPeriods: 3,
      Threshold: 1,
      ComparisonOperator: 'LessThanThreshold',
    });
  });
});

/** What each alarm looks at. */
function alarms(): readonly Metric[] {
  return ofType(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => {
    const dimensions = (Properties?.['Dimensions'] ?? []) as readonly { Name: string; Value: unknown }[];
    return {
      namespace: String(Properties?.['Namespace']),
      name: String(Properties?.['MetricName']),
      dimensions: Object.fromEntries(dimensions.map(({ Name, Value }) => [Name, renderValue(Value)])),
    };
  });
}

describe('roles', () => {
  const roles = [...jobs.map((job) => `${job}Role`), 'SchedulerRole'];

  test.each(roles)('%s: no wildcard but log streams and the suffix of secrets', (role) => {
    for (const { Action, Resource } of statementsOf(template, role)) {
      expect(Action.filter((action) => action.includes('*'))).toEqual([]);
      const wild = Resource.map(renderValue).filter((arn) => /[*?]/u.test(arn));
      const known = wild.filter(
        (arn) => /:log-stream:\*$|:secret:[\w/+=.@-]+-\?{6}$/u.test(arn) && (arn.match(/\*/gu) ?? []).length <= 1,
      );
      expect(wild).toEqual(known);
    }
  });

  test('each function has its own, and each role one user', () => {
    const users = ofType(template, 'AWS::Lambda::Function').map(([, { Properties }]) =>
      renderValue(Properties?.['Role']),
    );
    expect(users.sort()).toEqual(jobs.map((job) => `<${job}Role.Arn>`).sort());
  });

  test.each([
    ['ScalePoolsRole', ['lamplighter/r1']],
    ['WatchClustersRole', ['lamplighter/r1']],
    ['DeliverAlertsRole', ['lamplighter/heartbeat', 'lamplighter/pagerduty', 'lamplighter/slack']],
    ['AcceptEventsRole', ['lamplighter/events']],
  ])('%s reads its own secrets and nobody else’s', (role, names) => {
    const own = statementsOf(template, role).filter(({ Action }) => Action.includes('secretsmanager:GetSecretValue'));
    const found = own.flatMap(({ Resource }) =>
      Resource.map((arn) => /:secret:(.*)-\?{6}$/u.exec(renderValue(arn))?.[1]),
    );
    expect(found).toEqual(names);
  });

  test('the scheduler calls the three jobs that tick, and nothing else', () => {
    const statements = statementsOf(template, 'SchedulerRole').map(({ Action, Resource }) => [
      Action.join(),
      Resource.map(renderValue),
    ]);
    expect(statements).toEqual([
      ['lambda:InvokeFunction', ticking.map((job) => `<${job}LambdaFunction.Arn>`)],
      ['sqs:SendMessage', ['<FailuresQueue.Arn>']],
    ]);
  });

  test('only the address is open to everybody', () => {
    const open = ofType(template, 'AWS::Lambda::Permission').filter(
      ([, { Properties }]) => Properties?.['Principal'] === '*',
    );
    expect(open.map(([id]) => id).sort()).toEqual(['AcceptEventsUrlInvokePermission', 'AcceptEventsUrlPermission']);
    expect(
      listOf(open).every(
        ([, { Properties }]) =>
          Properties?.['FunctionUrlAuthType'] === 'NONE' || Properties?.['InvokedViaFunctionUrl'] === true,
      ),
    ).toBe(true);
  });
});
