import { UsageError } from '../../lib/errors.ts';
import type { EventSourceConfig } from '../../lib/model/config.ts';
import { sourceId } from './logical-id.ts';
import { queuePolicy } from './queue-policy.ts';
import { installation, type Resource, type Resources } from './resource.ts';

/** A rule on the account's default bus for each source, the right to call the function, and a place for what cannot be handed over. */
export function busResources(sources: readonly EventSourceConfig[]): Resources {
  const rules = sources.map(({ name }) => sourceId(name, 'Rule'));
  const resources = sources.flatMap((source) => [
    [sourceId(source.name, 'Rule'), ruleOf(source)] as const,
    [sourceId(source.name, 'RulePermission'), permissionOf(sourceId(source.name, 'Rule'))] as const,
  ]);
  return {
    ...Object.fromEntries(resources),
    FailuresQueuePolicy: queuePolicy('FailuresQueue'),
    LostEventsQueuePolicy: queuePolicy('LostEventsQueue', lettersFrom(rules)),
  };
}

function ruleOf({ name, when }: EventSourceConfig): Resource {
  if (when === undefined)
    throw new UsageError(`events.${name} would take every event of the bus: say which with "when"`);
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
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['LostEventsQueue', 'Arn'] } },
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
    Resource: { 'Fn::GetAtt': ['LostEventsQueue', 'Arn'] },
    Condition: { ArnEquals: { 'aws:SourceArn': rules.map((rule) => ({ 'Fn::GetAtt': [rule, 'Arn'] })) } },
  };
  return [allow];
}
