import { UsageError } from '../../lib/errors.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { checkNames } from './check-names.ts';
import { eventResources } from './event-resources.ts';
import type { Resources } from './resource.ts';
import { secretResources } from './secret-resources.ts';
import { topicResources } from './topic-resources.ts';

export type PartsOptions = {
  readonly stage: string;
  /** ARN of an SNS topic; empty = nobody is told. */
  readonly alarmTopic: string;
  /** debug, info, warn or error. */
  readonly logLevel: string;
  /** Is concurrency set aside, and with it the cost capped? */
  readonly isCapped: boolean;
};

/** What serverless.yml and deploy/aws take from the config. */
export type Parts = {
  readonly table: string;
  /** Of EventBridge Scheduler. */
  readonly rate: string;
  readonly everySeconds: number;
  readonly errorsPeriodSeconds: number;
  readonly alarmActions: readonly string[];
  readonly logLevel: string;
  readonly concurrency: { readonly [fn: string]: number | null };
  readonly resources: { readonly Resources: Resources; readonly Outputs?: { readonly [id: string]: unknown } };
};

/** How many runs at once a fleet of 10,000 clusters needs, with some to spare. */
const concurrency = { scalePools: 15, watchClusters: 2, deliverAlerts: 3, acceptEvents: 5 };

const minuteMs = 60_000;

/** The config → the parts of the template that follow from it. Throws on a config that is not made for functions. */
export function partsOf(config: CompiledConfig, { stage, alarmTopic, logLevel, isCapped }: PartsOptions): Parts {
  checkNames(stage, config);
  if (config.store.kind !== 'dynamodb') throw new UsageError('the config keeps its state in a file: name a table');
  const minutes = Math.max(1, Math.round(config.everyMs / minuteMs));
  const alarmActions = alarmTopic === '' ? [] : [checkTopic(alarmTopic)];
  return {
    table: config.store.table,
    rate: minutes === 1 ? 'rate(1 minute)' : `rate(${minutes} minutes)`,
    everySeconds: minutes * 60,
    errorsPeriodSeconds: Math.max(5, minutes) * 60,
    alarmActions,
    logLevel: checkLevel(logLevel),
    concurrency: isCapped ? concurrency : mapValues(concurrency, () => null),
    resources: withOutputs({
      ...secretResources(config),
      ...topicResources(config),
      ...eventResources(config, alarmActions),
    }),
  };
}

/** Where signed events go, for people: it is only known once it is made. */
function withOutputs(resources: Resources): Parts['resources'] {
  if (!('AcceptEventsUrl' in resources)) return { Resources: resources };
  const url = { 'Fn::GetAtt': ['AcceptEventsUrl', 'FunctionUrl'] };
  return { Resources: resources, Outputs: { EventsUrl: { Description: 'POST /events/<source>', Value: url } } };
}

function checkTopic(text: string): string {
  if (/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+$/u.test(text)) return text;
  throw new UsageError(`alarmTopic "${text}" is no ARN of an SNS topic: write arn:aws:sns:<region>:<account>:<name>`);
}

/** A level that is none would only be noticed when every function fails. */
function checkLevel(text: string): string {
  if (['debug', 'info', 'warn', 'error'].includes(text)) return text;
  throw new UsageError(`logLevel "${text}" is none: use one of debug, info, warn, error`);
}

function mapValues<T, U>(object: { readonly [key: string]: T }, map: (value: T) => U): { readonly [key: string]: U } {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
