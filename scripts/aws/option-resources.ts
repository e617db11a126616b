import type { Options } from './parameters.ts';
import { installation, type Resource, type Resources } from './resource.ts';

const roles = ['ScalePools', 'WatchClusters', 'DeliverAlerts', 'AcceptEvents', 'ReceiveEvents'];

/** A topic that tells one address of the alarms. It is the address that confirms the subscription. */
export function alarmTopicResources({
  alarmEmail,
  kmsKey,
}: Partial<Pick<Options, 'alarmEmail' | 'kmsKey'>>): Resources {
  if (alarmEmail === undefined) return {};
  return {
    AlarmsTopic: {
      Type: 'AWS::SNS::Topic',
      Properties: {
        TopicName: `${installation}-alarms`,
        ...(kmsKey === undefined ? {} : { KmsMasterKeyId: kmsKey }),
        Subscription: [{ Protocol: 'email', Endpoint: alarmEmail }],
      },
    },
    AlarmsTopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: { Topics: [{ Ref: 'AlarmsTopic' }], PolicyDocument: document([alarmsOfThisAccount]) },
    },
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html */
const alarmsOfThisAccount = {
  Sid: 'AlarmsOfThisAccount',
  Effect: 'Allow',
  Principal: { Service: 'cloudwatch.amazonaws.com' },
  Action: 'sns:Publish',
  Resource: { Ref: 'AlarmsTopic' },
  Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
};

/** Whoever reads the table, the queues and the secrets must be able to use the key under which they lie. */
export function keyResources(kmsKey: string | undefined): Resources {
  if (kmsKey === undefined) return {};
  const actions = ['kms:Decrypt', 'kms:GenerateDataKey'];
  const statement = { Effect: 'Allow', Action: actions, Resource: [kmsKey] };
  const all = [...roles.map((role) => `${role}Role`), 'SchedulerRole'];
  return { UseKeyPolicy: policyOf('use-key', all, statement) };
}

/**
 * The framework makes the functions' log groups; this is added to them. The key's policy must let the service of logs use it:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
 */
export function logGroupExtensions(kmsKey: string): { readonly [id: string]: { readonly Properties: object } } {
  return Object.fromEntries(roles.map((role) => [`${role}LogGroup`, { Properties: { KmsKeyId: kmsKey } }]));
}

/** https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html: these two know no resource. */
export function tracingResources(isTraced: boolean): Resources {
  if (!isTraced) return {};
  const actions = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
  const all = roles.map((role) => `${role}Role`);
  return { WriteTracesPolicy: policyOf('write-traces', all, { Effect: 'Allow', Action: actions, Resource: ['*'] }) };
}

function policyOf(name: string, roles: readonly string[], statement: unknown): Resource {
  return {
    Type: 'AWS::IAM::Policy',
    Properties: {
      PolicyName: name,
      Roles: roles.map((role) => ({ Ref: role })),
      PolicyDocument: document([statement]),
    },
  };
}

function document(statements: readonly unknown[]): unknown {
  return { Version: '2012-10-17', Statement: statements };
}
