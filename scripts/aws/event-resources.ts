import { transportOf } from '../../lib/io/listen/event-source.ts';
import type { CompiledConfig, EventSourceConfig } from '../../lib/model/config.ts';
import { busResources } from './bus-resources.ts';
import { queueResources } from './queue-resources.ts';
import type { Resources } from './resource.ts';

/** The ways in for events: a queue for each source that names one, a rule for each on the bus, an address for the signed. */
export function eventResources(config: CompiledConfig, alarmActions: readonly string[]): Resources {
  const queues = config.events.flatMap(({ queue, kind }) => (queue === undefined ? [] : [{ name: queue, kind }]));
  const onBus = config.events.filter(isOnBus);
  return {
    ...queueResources(queues, alarmActions),
    ...busResources(onBus),
    ...(config.events.some(hasSecret) ? urlResources : {}),
  };
}

function isOnBus(source: EventSourceConfig): boolean {
  return source.kind === 'eventbridge' && source.queue === undefined;
}

/** An address without a check of AWS's own is made only where each sender must sign. */
function hasSecret(source: EventSourceConfig): boolean {
  return ['signed', 'bearer'].includes(transportOf(source));
}

/** Since October 2025 a public address needs both permissions: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
const urlResources: Resources = {
  AcceptEventsUrl: {
    Type: 'AWS::Lambda::Url',
    Properties: { AuthType: 'NONE', TargetFunctionArn: { 'Fn::GetAtt': ['AcceptEventsLambdaFunction', 'Arn'] } },
  },
  AcceptEventsUrlPermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunctionUrl',
      FunctionName: { Ref: 'AcceptEventsLambdaFunction' },
      FunctionUrlAuthType: 'NONE',
      Principal: '*',
    },
  },
  AcceptEventsUrlInvokePermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: 'AcceptEventsLambdaFunction' },
      InvokedViaFunctionUrl: true,
      Principal: '*',
    },
  },
};
