import { queuePolicy } from './bus-resources.ts';
import { pascal, type Resource, type Resources } from './resource.ts';

/** accept-events may take 30 s; a message must stay hidden for six times as long: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const visibilitySeconds = 180;
const keptSeconds = 14 * 86_400;

/** A queue with its dead letters, their alarm, and the mapping that feeds the function, for each name. */
export function queueResources(names: readonly string[], alarmActions: readonly string[]): Resources {
  const queues = names.map((name) => [pascal(name), name] as const);
  if (new Set(queues.map(([id]) => id)).size < queues.length) {
    throw new TypeError('two queues have names that differ in signs only: rename one');
  }
  const made = queues.map(([id, name]) => queueWithLetters(id, name, alarmActions));
  return Object.assign({}, ...made, ...(queues.length > 0 ? [readPolicy(queues.map(([id]) => id))] : [])) as Resources;
}

function queueWithLetters(id: string, name: string, alarmActions: readonly string[]): Resources {
  const [queue, letters] = [`${id}Queue`, `${id}DeadLetters`];
  return {
    [queue]: queueOf(name, {
      VisibilityTimeout: visibilitySeconds,
      RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': [letters, 'Arn'] }, maxReceiveCount: 5 },
    }),
    [letters]: queueOf(`${name}-dead-letters`, {}),
    [`${queue}Policy`]: queuePolicy(queue),
    [`${letters}Policy`]: queuePolicy(letters),
    [`${queue}Mapping`]: mappingOf(queue),
    [`${letters}Alarm`]: lettersAlarm(letters, name, alarmActions),
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

function readPolicy(ids: readonly string[]): Resources {
  const statement = {
    Effect: 'Allow',
    Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
    Resource: ids.map((id) => ({ 'Fn::GetAtt': [`${id}Queue`, 'Arn'] })),
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
      AlarmDescription: `Messages of the queue ${name} could not be taken five times; ${name}-dead-letters holds them`,
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
