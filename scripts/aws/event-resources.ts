import { transportOf } from '../../lib/io/listen/event-source.ts';
import { metricNames } from '../../lib/io/metric-names.ts';
import type { CompiledConfig, EventSourceConfig } from '../../lib/model/config.ts';
import { busResources } from './bus-resources.ts';
import { type QueueOptions, queueResources, queuesToMake } from './queue-resources.ts';
import { installation, type Resource, type Resources } from './resource.ts';

/** The ways in for events: a queue for each source that names one, a rule for each on the bus, an address for the signed. */
export function eventResources(
  { events, links }: Pick<CompiledConfig, 'events' | 'links'>,
  options: QueueOptions,
): Resources {
  return {
    ...queueResources(queuesToMake(events), options),
    ...busResources(events.filter(isOnBus)),
    ...(events.some(hasSecret) || links !== undefined ? { ...urlResources, ...urlAlarms(options.alarmActions) } : {}),
  };
}

function isOnBus(source: EventSourceConfig): boolean {
  return source.kind === 'eventbridge' && source.queue === undefined;
}

/** An address without a check of AWS's own is made only where each sender must sign, and each link is signed. */
function hasSecret(source: EventSourceConfig): boolean {
  return ['signed', 'bearer'].includes(transportOf(source));
}

/** What senders see and nobody here would: answers of 5xx, refusals for want of room, and many who prove nothing. */
function urlAlarms(alarmActions: readonly unknown[]): Resources {
  const lambda = { Namespace: 'AWS/Lambda', Dimensions: [{ Name: 'FunctionName', Value: { Ref: receiver } }] };
  const own = {
    Namespace: 'Lamplighter',
    Dimensions: [
      { Name: 'installation', Value: installation },
      { Name: 'job', Value: 'accept-events' },
    ],
  };
  const alarm = alarmFor(alarmActions);
  return {
    EventsNotTakenAlarm: alarm(
      'events-not-taken',
      'Messages to the events URL were answered with 5xx in two periods of three',
      { ...lambda, MetricName: 'Url5xxCount' },
      { Threshold: 0 },
    ),
    EventsThrottledAlarm: alarm(
      'events-throttled',
      'Messages to the events URL were turned away because too many came at once',
      { ...lambda, MetricName: 'Throttles' },
      { Threshold: 0 },
    ),
    EventsUnauthorizedAlarm: alarm(
      'events-unauthorized',
      'More than 100 messages to the events URL in five minutes proved nothing: a source with a wrong secret, or strangers',
      { ...own, MetricName: metricNames.eventsUnauthorized },
      { Threshold: 100 },
    ),
  };
}

/** Rings when two periods of five minutes, of three, are above the threshold. */
function alarmFor(alarmActions: readonly unknown[]) {
  return (name: string, text: string, metric: object, more: object): Resource => ({
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmName: `${installation}-${name}`,
      AlarmDescription: text,
      ...metric,
      Statistic: 'Sum',
      Period: 300,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: alarmActions,
      OKActions: alarmActions,
      ...more,
    },
  });
}

const receiver = 'ReceiveEventsLambdaFunction';

/** Since October 2025 a public address needs both permissions: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html */
const urlResources: Resources = {
  ReceiveEventsUrl: {
    Type: 'AWS::Lambda::Url',
    Properties: { AuthType: 'NONE', TargetFunctionArn: { 'Fn::GetAtt': [receiver, 'Arn'] } },
  },
  ReceiveEventsUrlPermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunctionUrl',
      FunctionName: { Ref: receiver },
      FunctionUrlAuthType: 'NONE',
      Principal: '*',
    },
  },
  ReceiveEventsUrlInvokePermission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { Ref: receiver },
      InvokedViaFunctionUrl: true,
      Principal: '*',
    },
  },
};
