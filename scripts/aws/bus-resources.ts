import type { EventSourceConfig } from '../../lib/decide/compiled-config.ts';
import { installation, pascal, type Resource, type Resources } from './resource.ts';

/** A rule on the account's default bus for each source, the right to call the function, and a place for what cannot be handed over. */
export function busResources(sources: readonly EventSourceConfig[]): Resources {
  const rules = sources.map((source) => [`${pascal(source.name)}Rule`, source] as const);
  const taken = new Set(rules.map(([id]) => id));
  if (taken.size < rules.length)
    throw new TypeError('two event sources have names that differ in signs only: rename one');
  const resources = rules.flatMap(([id, source]) => [
    [id, ruleOf(source)] as const,
    [`${id}Permission`, permissionOf(id)] as const,
  ]);
  return {
    ...Object.fromEntries(resources),
    FailuresQueuePolicy: queuePolicy('FailuresQueue', lettersFrom([...taken])),
  };
}

function ruleOf({ name, when }: EventSourceConfig): Resource {
  if (when === undefined)
    throw new TypeError(`events.${name} would take every event of the bus: say which with "when"`);
  return {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: `${installation}-${name}`,
      Description: `Events of the source ${name} of Lamplighter`,
      EventPattern: when,
      Targets: [
        {
          Id: 'accept-events',
          Arn: { 'Fn::GetAtt': ['AcceptEventsLambdaFunction', 'Arn'] },
          RetryPolicy: { MaximumRetryAttempts: 185, MaximumEventAgeInSeconds: 86_400 },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['FailuresQueue', 'Arn'] } },
        },
      ],
    },
  };
}

function permissionOf(rule: string): Resource {
  return {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'AcceptEventsLambdaFunction' },
      Principal: 'events.amazonaws.com',
      SourceArn: { 'Fn::GetAtt': [rule, 'Arn'] },
    },
  };
}

/** What the bus could not hand over may be put there, by these rules only. */
function lettersFrom(rules: readonly string[]): readonly unknown[] {
  if (rules.length === 0) return [];
  const allow = {
    Sid: 'UndeliverableEvents',
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: { 'Fn::GetAtt': ['FailuresQueue', 'Arn'] },
    Condition: { ArnEquals: { 'aws:SourceArn': rules.map((rule) => ({ 'Fn::GetAtt': [rule, 'Arn'] })) } },
  };
  return [allow];
}

/** Nobody reaches the queue without TLS; who else may is said by `allowed`. */
export function queuePolicy(queue: string, allowed: readonly unknown[] = []): Resource {
  const arn = { 'Fn::GetAtt': [queue, 'Arn'] };
  const deny = {
    Sid: 'OnlyOverTls',
    Effect: 'Deny',
    Principal: '*',
    Action: 'sqs:*',
    Resource: arn,
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
  return {
    Type: 'AWS::SQS::QueuePolicy',
    Properties: {
      Queues: [{ Ref: queue }],
      PolicyDocument: { Version: '2012-10-17', Statement: [deny, ...allowed] },
    },
  };
}
