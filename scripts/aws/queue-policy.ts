import type { Resource } from './resource.ts';

/** The queue requires TLS; `allowed` lists who may use it. */
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
