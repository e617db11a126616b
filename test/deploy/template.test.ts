import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { checkTemplate } from '../support/aws/check-template.ts';
import { needsOf } from '../support/aws/deployer-needs.ts';
import { emittedMetrics, type Metric } from '../support/aws/emitted-metrics.ts';
import { type Packaged, packageExample } from '../support/aws/package-service.ts';
import { listOf, ofType, renderValue, statementsOf, type Template } from '../support/aws/template.ts';

const jobs = ['ScalePools', 'WatchClusters', 'DeliverAlerts', 'AcceptEvents', 'ReceiveEvents'] as const;
const invoked = ['ScalePools', 'WatchClusters', 'DeliverAlerts', 'AcceptEvents'] as const;
const ticking = ['ScalePools', 'WatchClusters', 'DeliverAlerts'] as const;

let packaged: Packaged;
let template: Template;

beforeAll(async () => {
  packaged = await packageExample();
  template = packaged.template;
}, 120_000);

describe('the package', () => {
  test('holds a zip per function', () => {
    expect(Object.keys(packaged.zips)).toEqual([
      'acceptEvents.zip',
      'deliverAlerts.zip',
      'receiveEvents.zip',
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
                'Fn::Sub':
                  'arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/lamplighter-prod',
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

  test.each(invoked)('%s: what fails for good is kept, lost events apart from ticks', (job) => {
    const invoke = template.Resources[`${job}LambdaEvConf`]?.Properties as { readonly [name: string]: unknown };
    const queue = job === 'AcceptEvents' ? 'LostEventsQueue' : 'FailuresQueue';
    expect(JSON.stringify(invoke['DestinationConfig'])).toContain(queue);
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
    expect(groups.map(([, { Properties }]) => Properties?.['RetentionInDays'])).toEqual([30, 30, 30, 30, 30]);
  });
});

describe('what is stored', () => {
  test('the table outlives the stack, encrypted, with a way back, paid by use', () => {
    const table = template.Resources['StateTable'];
    expect([table?.DeletionPolicy, table?.UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
    expect(table?.Properties).toMatchObject({
      TableName: 'lamplighter',
      BillingMode: 'PAY_PER_REQUEST',
      DeletionProtectionEnabled: true,
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
      'LostEventsQueue',
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

test('queues of events outlive their stack', () => {
  const queues = ofType(template, 'AWS::SQS::Queue').filter(([id]) => id.startsWith('Source'));
  expect(queues).toHaveLength(2);
  for (const [, { DeletionPolicy, UpdateReplacePolicy }] of queues)
    expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
});

describe('ways in for events', () => {
  test('the runs set aside are enough for all queues at once, and the address has its own', () => {
    const runs = (id: string) => Number(template.Resources[id]?.Properties?.['ReservedConcurrentExecutions']);
    const mappings = ofType(template, 'AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
    const most = mappings.map((one) => one?.['ScalingConfig'] as { MaximumConcurrency: number });
    const all = most.reduce((sum, { MaximumConcurrency }) => sum + MaximumConcurrency, 0);
    expect(runs('AcceptEventsLambdaFunction')).toBeGreaterThan(all);
    expect(mappings.map((one) => renderValue(one?.['FunctionName']))).toEqual(['<AcceptEventsLambdaFunction>']);
    const target = template.Resources['ReceiveEventsUrl']?.Properties?.['TargetFunctionArn'];
    expect(renderValue(target)).toBe('<ReceiveEventsLambdaFunction.Arn>');
    expect(runs('ReceiveEventsLambdaFunction')).toBeGreaterThan(0);
  });

  test('the address is told without the slash that AWS ends it with', () => {
    const output = template.Outputs?.['EventsUrl'] as { Value: unknown };
    expect(evaluated(output.Value, { 'ReceiveEventsUrl.FunctionUrl': 'https://abc.lambda-url.eu.on.aws/' })).toBe(
      'https://abc.lambda-url.eu.on.aws',
    );
  });

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
    expect(template.Resources['ReceiveEventsUrl']?.Properties?.['AuthType']).toBe('NONE');
    expect(template.Outputs).toHaveProperty('EventsUrl');
  });
});

/** What CloudFormation makes of it. */
function evaluated(value: unknown, attributes: { readonly [name: string]: string }): unknown {
  if (Array.isArray(value)) return value.map((one) => evaluated(one, attributes));
  if (typeof value !== 'object' || value === null) return value;
  const [[name, given] = ['', undefined]] = Object.entries(value);
  const inner = evaluated(given, attributes) as readonly [never, never];
  if (name === 'Fn::GetAtt') return attributes[(inner as readonly string[]).join('.')];
  if (name === 'Fn::Split') return String(inner[1]).split(inner[0]);
  if (name === 'Fn::Select') return (inner[1] as readonly unknown[])[inner[0]];
  if (name === 'Fn::Join') return (inner[1] as readonly unknown[]).join(inner[0]);
  throw new RangeError(`${name} is not known here`);
}

describe('alarms', () => {
  test('no round is bad, and so is a job that leaves no data; an idle queue is not', () => {
    const treatments = ofType(template, 'AWS::CloudWatch::Alarm').map(([id, { Properties }]) => [
      id,
      Properties?.['TreatMissingData'],
    ]);
    expect(Object.fromEntries(treatments)).toEqual({
      NoScaleRoundAlarm: 'breaching',
      NoWatchRoundAlarm: 'breaching',
      NoDeliveryRoundAlarm: 'breaching',
      OutboxAgeAlarm: 'notBreaching',
      FailuresAlarm: 'notBreaching',
      LostEventsAlarm: 'notBreaching',
      AcceptEventsErrorsAlarm: 'notBreaching',
      EventsNotTakenAlarm: 'notBreaching',
      EventsThrottledAlarm: 'notBreaching',
      EventsUnauthorizedAlarm: 'notBreaching',
      SourceLamplighterEventsDeadLettersAlarm: 'notBreaching',
    });
  });

  test('a scheduler that stops is one message', () => {
    const all = [...ofType(template, 'AWS::CloudWatch::Alarm'), ...ofType(template, 'AWS::CloudWatch::CompositeAlarm')];
    const { Properties } = template.Resources['NoRoundsAlarm'] ?? {};
    const inside = [...String(Properties?.['AlarmRule']).matchAll(/ALARM\("([^"]+)"\)/gu)].map(([, name]) => name);
    const onNoData = all.filter(([, one]) => one.Properties?.['TreatMissingData'] === 'breaching');
    expect(onNoData.map(([, one]) => one.Properties?.['AlarmName'])).toEqual(inside);
    expect(onNoData.map(([, one]) => one.Properties?.['AlarmActions'])).toEqual([undefined, undefined, undefined]);
    expect(Properties).toHaveProperty('AlarmActions');
  });

  test('each has a name of its own, which says whose it is', () => {
    const all = [...ofType(template, 'AWS::CloudWatch::Alarm'), ...ofType(template, 'AWS::CloudWatch::CompositeAlarm')];
    const names = all.map(([, { Properties }]) => String(Properties?.['AlarmName']));
    expect(names.filter((name) => !/^lamplighter-prod-[\w-]+$/u.test(name))).toEqual([]);
    expect(new Set(names).size).toBe(all.length);
  });

  test('those of Lamplighter look at what the functions write, under the same name and dimensions', async () => {
    const variables = template.Resources['ScalePoolsLambdaFunction']?.Properties?.['Environment'] as {
      Variables: { LAMPLIGHTER_INSTALLATION: string };
    };
    const emitted = await emittedMetrics(variables.Variables.LAMPLIGHTER_INSTALLATION);
    const looked = alarms().filter(({ namespace }) => namespace === 'Lamplighter');
    expect(looked).toHaveLength(5);
    for (const metric of looked) expect(emitted).toContainEqual(metric);
  });

  test('those of AWS look at a function or queue of the stack', () => {
    const queues = new Map(
      ofType(template, 'AWS::SQS::Queue').flatMap(([id, { Properties }]) => [
        [`<${id}.QueueName>`, id],
        [String(Properties?.['QueueName']), id],
      ]),
    );
    const looked = alarms()
      .filter(({ namespace }) => namespace !== 'Lamplighter')
      .map(({ namespace, name, dimensions }) => {
        const [[dimension, value] = ['', '']] = Object.entries(dimensions);
        const id = queues.get(value) ?? /^<(\w+)>$/u.exec(value)?.[1] ?? '';
        return [namespace, name, dimension, id, template.Resources[id]?.Type];
      });
    const [lambda, sqs] = ['AWS::Lambda::Function', 'AWS::SQS::Queue'];
    const visible = 'ApproximateNumberOfMessagesVisible';
    expect(looked).toEqual([
      ['AWS/SQS', 'NumberOfMessagesSent', 'QueueName', 'FailuresQueue', sqs],
      ['AWS/SQS', visible, 'QueueName', 'LostEventsQueue', sqs],
      ['AWS/Lambda', 'Errors', 'FunctionName', 'AcceptEventsLambdaFunction', lambda],
      ['AWS/SQS', visible, 'QueueName', 'SourceLamplighterEventsDeadLetters', sqs],
      ['AWS/Lambda', 'Url5xxCount', 'FunctionName', 'ReceiveEventsLambdaFunction', lambda],
      ['AWS/Lambda', 'Throttles', 'FunctionName', 'ReceiveEventsLambdaFunction', lambda],
    ]);
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

/** The ARN as the account has it. */
function arnOf(resource: unknown): string {
  const text = renderValue(resource)
    .replaceAll('${AWS::Partition}', 'aws')
    .replaceAll('${AWS::Region}', 'REGION')
    .replaceAll('${AWS::AccountId}', 'ACCOUNT');
  const [, id = ''] = /^<(\w+)\.Arn>$/u.exec(text) ?? [];
  const names = (template.Resources[id]?.Properties ?? {}) as { readonly [name: string]: string | undefined };
  const { QueueName, FunctionName, TableName } = names;
  if (TableName !== undefined) return `arn:aws:dynamodb:REGION:ACCOUNT:table/${TableName}`;
  if (QueueName !== undefined) return `arn:aws:sqs:REGION:ACCOUNT:${QueueName}`;
  return FunctionName === undefined ? text : `arn:aws:lambda:REGION:ACCOUNT:function:${FunctionName}`;
}

function bounds(
  { Action, Resource }: { readonly Action: string | readonly string[]; readonly Resource: string },
  pair: string,
): boolean {
  const [action = '', arn = ''] = pair.split(' ');
  const pattern = Resource.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/gu, '\\$&'));
  return listOf(Action).includes(action) && new RegExp(`^${pattern.join('.*')}$`, 'u').test(arn);
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

  test('none may do more than the boundary, which is written out beside them', () => {
    const boundary = JSON.parse(readFileSync('deploy/aws/boundary-policy.json', 'utf8')) as {
      Statement: readonly { readonly Action: string | readonly string[]; readonly Resource: string }[];
    };
    const outside = roles.flatMap((role) =>
      statementsOf(template, role).flatMap(({ Action, Resource }) =>
        Action.flatMap((action) =>
          Resource.map((one) => `${action} ${arnOf(one)}`).filter(
            (pair) => !boundary.Statement.some((statement) => bounds(statement, pair)),
          ),
        ),
      ),
    );
    expect(outside).toEqual([]);
  });

  test('events touch only what was asked for and what is known of clusters', () => {
    const keys = (role: string) =>
      statementsOf(template, role).flatMap(({ Action, Condition }) =>
        Action[0]?.startsWith('dynamodb:') === true ? [[Action.join(), Condition]] : [],
      );
    const leading = (...partitions: readonly string[]) => ({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
    });
    expect(keys('AcceptEventsRole')).toEqual([
      ['dynamodb:GetItem,dynamodb:Query', leading('clusters/*', 'asks/*', 'store')],
      ['dynamodb:PutItem,dynamodb:DeleteItem', leading('asks/*')],
    ]);
    expect(keys('ReceiveEventsRole')).toEqual([
      [
        'dynamodb:GetItem,dynamodb:Query',
        leading('clusters/*', 'asks/*', 'replays/*', 'store', 'announcements', 'findings', 'looked'),
      ],
      ['dynamodb:PutItem,dynamodb:DeleteItem', leading('asks/*', 'replays/*', 'decisions/*')],
    ]);
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
    ['AcceptEventsRole', []],
    ['ReceiveEventsRole', ['lamplighter/events']],
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
    expect(open.map(([id]) => id).sort()).toEqual(['ReceiveEventsUrlInvokePermission', 'ReceiveEventsUrlPermission']);
    expect(
      listOf(open).every(
        ([, { Properties }]) =>
          Properties?.['FunctionUrlAuthType'] === 'NONE' || Properties?.['InvokedViaFunctionUrl'] === true,
      ),
    ).toBe(true);
  });
});
