import { deadLettersSuffix } from '../../lib/config/schema/aws-names.ts';
import type { EventSourceConfig } from '../../lib/model/config.ts';
import { type SourcePart, sourceId } from './logical-id.ts';
import { queuePolicy } from './queue-policy.ts';
import type { Resource, Resources } from './resource.ts';

/** accept-events may take 30 s; a message must stay hidden for six times as long: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const visibilitySeconds = 180;
const keptSeconds = 14 * 86_400;

export type SourceQueue = { readonly name: string; readonly kind: EventSourceConfig['kind'] };

/** A queue with its dead letters, their alarm, and the mapping that feeds the function, for each source that names one. */
export function queueResources(queues: readonly SourceQueue[], alarmActions: readonly string[]): Resources {
  const made = queues.map((queue) => queueWithLetters(queue, alarmActions));
  return Object.assign({}, ...made, ...(queues.length > 0 ? [readPolicy(queues)] : [])) as Resources;
}

function queueWithLetters({ name, kind }: SourceQueue, alarmActions: readonly string[]): Resources {
  const id = (part: SourcePart) => sourceId(name, part);
  const [queue, letters] = [id('Queue'), id('DeadLetters')];
  return {
    [queue]: queueOf(name, {
      VisibilityTimeout: visibilitySeconds,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [letters, 'Arn'] }, maxReceiveCount: 5 },
    }),
    [letters]: queueOf(`${name}${deadLettersSuffix}`, {}),
    [id('QueuePolicy')]: queuePolicy(queue, kind === 'eventbridge' ? [fromTheBus(queue)] : []),
    [id('DeadLettersPolicy')]: queuePolicy(letters),
    [id('QueueMapping')]: mappingOf(queue),
    [id('DeadLettersAlarm')]: lettersAlarm(letters, name, alarmActions),
  };
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

function queueOf(name: string, more: { readonly [name: string]: unknown }): Resource {
  const properties = { QueueName: name, MessageRetentionPeriod: keptSeconds, SqsManagedSseEnabled: true };
  return { Type: 'AWS::SQS::Queue', Properties: { ...properties, ...more } };
}

/** Only what failed comes again, not its neighbours. */
function mappingOf(queue: string): Resource {
  return {
    Type: 'AWS::Lambda::EventSourceMapping',
    DependsOn: 'AcceptEventsQueuesPolicy',
    Properties: {
      EventSourceArn: { 'Fn::GetAtt': [queue, 'Arn'] },
      FunctionName: { Ref: 'AcceptEventsLambdaFunction' },
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    },
  };
}

function readPolicy(queues: readonly SourceQueue[]): Resources {
  const statement = {
    Effect: 'Allow',
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: queues.map(({ name }) => ({ 'Fn::GetAtt': [sourceId(name, 'Queue'), 'Arn'] })),
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

function lettersAlarm(letters: string, name: string, alarmActions: readonly string[]): Resource {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `Messages of the queue ${name} could not be taken five times; ${name}${deadLettersSuffix} holds them`,
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [letters, 'QueueName'] } }],
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
