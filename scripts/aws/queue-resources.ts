import { deadLettersSuffix } from '../../lib/config/schema/aws-names.ts';
import type { EventSourceConfig } from '../../lib/model/config.ts';
import { type SourcePart, sourceId } from './logical-id.ts';
import { queuePolicy } from './queue-policy.ts';
import { arnOf, installation, isThere, type Resource, type Resources } from './resource.ts';

/** accept-events may take 30 s; a message must stay hidden for six times as long: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const visibilitySeconds = 180;
const keptSeconds = 14 * 86_400;

/** So many batches of one queue are under way at once; Lambda takes no less than 2. */
export const mostAtOnce = 2;

type SourceQueue = { readonly name: string; readonly kind: EventSourceConfig['kind'] };

export type QueueOptions = {
  readonly alarmActions: readonly unknown[];
  /** Names of queues that are there already, or `all`. */
  readonly existing: readonly string[];
  readonly kmsKey: string | undefined;
};

/** Sources that come by a queue. */
export function queuesToMake(events: readonly EventSourceConfig[]): readonly SourceQueue[] {
  return events.flatMap(({ queue, kind }) => (queue === undefined ? [] : [{ name: queue, kind }]));
}

/** A queue with its dead letters, their alarm, and the mapping that feeds the function, for each source that names one. */
export function queueResources(queues: readonly SourceQueue[], options: QueueOptions): Resources {
  const made = queues.map((queue) => queueWithLetters(queue, options));
  return Object.assign({}, ...made, ...(queues.length > 0 ? [readPolicy(queues, options)] : [])) as Resources;
}

function queueWithLetters({ name, kind }: SourceQueue, options: QueueOptions): Resources {
  const id = (part: SourcePart) => sourceId(name, part);
  const letters = `${name}${deadLettersSuffix}`;
  const redrive = { deadLetterTargetArn: { 'Fn::GetAtt': [id('DeadLetters'), 'Arn'] }, maxReceiveCount: 5 };
  const own: Resources = isThere(options.existing, name)
    ? {}
    : {
        [id('Queue')]: queueOf(name, options, { VisibilityTimeout: visibilitySeconds, RedrivePolicy: redrive }),
        [id('DeadLetters')]: queueOf(letters, options, {}),
        [id('QueuePolicy')]: queuePolicy(id('Queue'), kind === 'eventbridge' ? [fromTheBus(id('Queue'))] : []),
        [id('DeadLettersPolicy')]: queuePolicy(id('DeadLetters')),
      };
  return {
    ...own,
    [id('QueueMapping')]: mappingOf(queueArn(name, options)),
    [id('DeadLettersAlarm')]: lettersAlarm(name, options.alarmActions),
  };
}

function queueArn(name: string, { existing }: QueueOptions): unknown {
  return isThere(existing, name) ? arnOf('sqs', name) : { 'Fn::GetAtt': [sourceId(name, 'Queue'), 'Arn'] };
}

/**
 * EventBridge sends as a service, which no right of a user or role lets it do. Rules of this account and region may, of any
 * bus: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
 */
function fromTheBus(queue: string): unknown {
  const rules = { 'Fn::Sub': 'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*' };
  return {
    Sid: 'EventsOfTheBus',
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: { 'Fn::GetAtt': [queue, 'Arn'] },
    Condition: { ArnLike: { 'aws:SourceArn': rules } },
  };
}

/** What waits in it is not ours: it outlives the stack. */
function queueOf(name: string, { kmsKey }: QueueOptions, more: { readonly [name: string]: unknown }): Resource {
  const encryption = kmsKey === undefined ? { SqsManagedSseEnabled: true } : { KmsMasterKeyId: kmsKey };
  const properties = { QueueName: name, MessageRetentionPeriod: keptSeconds, ...encryption, ...more };
  return {
    Type: 'AWS::SQS::Queue',
    DeletionPolicy: 'Retain',
    UpdateReplacePolicy: 'Retain',
    Properties: properties,
  };
}

/** Only what failed comes again, not its neighbours. */
function mappingOf(arn: unknown): Resource {
  return {
    Type: 'AWS::Lambda::EventSourceMapping',
    DependsOn: 'AcceptEventsQueuesPolicy',
    Properties: {
      EventSourceArn: arn,
      FunctionName: { Ref: 'AcceptEventsLambdaFunction' },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: mostAtOnce },
    },
  };
}

function readPolicy(queues: readonly SourceQueue[], options: QueueOptions): Resources {
  const statement = {
    Effect: 'Allow',
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: queues.map(({ name }) => queueArn(name, options)),
  };
  return {
    AcceptEventsQueuesPolicy: {
      Type: 'AWS::IAM::Policy',
      Properties: {
        PolicyName: 'read-queues',
        Roles: [{ Ref: 'AcceptEventsRole' }],
        PolicyDocument: { Version: '2012-10-17', Statement: [statement] },
      },
    },
  };
}

function lettersAlarm(name: string, alarmActions: readonly unknown[]): Resource {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${installation}-${name}${deadLettersSuffix}`,
      AlarmDescription: `Messages of the queue ${name} could not be taken five times; ${name}${deadLettersSuffix} holds them`,
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: `${name}${deadLettersSuffix}` }],
      Statistic: 'Maximum',
      Period: 300,
      EvaluationPeriods: 1,
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 0,
      TreatMissingData: 'notBreaching',
      AlarmActions: alarmActions,
      OKActions: alarmActions,
    },
  };
}
