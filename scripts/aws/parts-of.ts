import { UsageError } from '../../lib/errors.ts';
import type { CompiledConfig } from '../../lib/model/config.ts';
import { suggest } from '../../lib/model/did-you-mean.ts';
import { checkNames } from './check-names.ts';
import { eventResources } from './event-resources.ts';
import { alarmTopicResources, keyResources, logGroupExtensions, tracingResources } from './option-resources.ts';
import type { Options } from './parameters.ts';
import { mostAtOnce, queuesToMake } from './queue-resources.ts';
import { arnOf, isThere, type Resources } from './resource.ts';
import { secretResources } from './secret-resources.ts';
import { topicResources } from './topic-resources.ts';

type Own = 'alarmTopic' | 'logLevel' | 'isCapped';

export type PartsOptions = { readonly stage: string } & Pick<Options, Own> & Partial<Omit<Options, Own>>;

/** What serverless.yml and deploy/aws take from the config and the parameters. */
export type Parts = {
  readonly table: string;
  /** Is the table made by the stack, or there already? */
  readonly makesTable: 'true' | 'false';
  readonly tableArn: unknown;
  /** Of EventBridge Scheduler. */
  readonly rate: string;
  readonly everySeconds: number;
  readonly alarmActions: readonly unknown[];
  readonly logLevel: string;
  readonly concurrency: { readonly [fn: string]: number | null };
  /** Queues to remove from the stack, as given. */
  readonly dropped: readonly string[];
  /** Queues that may go from the stack: the same, and those that are used and not made. */
  readonly letGo: readonly string[];
  /** null = as it is. */
  readonly isProtected: boolean | null;
  readonly tags: Options['tags'];
  /** Empty = none. */
  readonly boundary: string;
  /** Empty = keys of AWS. */
  readonly kmsKey: string;
  readonly functionsKey: string | null;
  readonly isSqsManaged: boolean;
  readonly logRetention: number;
  readonly memory: number;
  readonly tracing: 'Active' | 'PassThrough';
  readonly resources: {
    readonly Resources: Resources;
    readonly Outputs?: { readonly [id: string]: unknown };
    /** Properties added to resources that the framework creates. */
    readonly extensions?: { readonly [id: string]: { readonly Properties: object } };
  };
};

type Needed = Pick<CompiledConfig, 'everyMs' | 'store' | 'events' | 'regions' | 'destinations' | 'heartbeat'>;

/** For commands that inspect or remove a stack: nothing is deployed. */
export const noConfig: Needed = {
  everyMs: 300_000,
  store: { kind: 'dynamodb', table: 'lamplighter' },
  events: [],
  regions: [],
  destinations: [],
  heartbeat: undefined,
};

const minuteMs = 60_000;

/** The config and the parameters → the parts of the template that follow from them. Throws on what is not for functions. */
export function partsOf(config: Needed, options: PartsOptions): Parts {
  const { stage, isCapped, existing = [], kmsKey, logRetention = 30, memory = 512, isTraced = false } = options;
  checkNames(stage, config);
  if (config.store.kind !== 'dynamodb') throw new UsageError('the config keeps its state in a file: name a table');
  const minutes = Math.max(1, Math.round(config.everyMs / minuteMs));
  const { table } = config.store;
  const alarmActions = alarmActionsOf(options);
  const resources = {
    ...secretResources(config),
    ...eventResources(config, { alarmActions, existing, kmsKey }),
    ...topicResources(config),
    ...alarmTopicResources(options),
    ...keyResources(kmsKey),
    ...tracingResources(isTraced),
  };
  checkExisting(existing, config);
  checkDropped(options.dropQueues ?? [], config);
  return {
    table,
    makesTable: isThere(existing, table) ? 'false' : 'true',
    tableArn: isThere(existing, table) ? arnOf('dynamodb', `table/${table}`) : { 'Fn::GetAtt': ['StateTable', 'Arn'] },
    rate: minutes === 1 ? 'rate(1 minute)' : `rate(${minutes} minutes)`,
    everySeconds: minutes * 60,
    alarmActions,
    logLevel: checkLevel(options.logLevel),
    concurrency: concurrencyOf(config, isCapped, resources),
    dropped: options.dropQueues ?? [],
    letGo: [...(options.dropQueues ?? []), ...existing],
    isProtected: options.isProtected ?? null,
    tags: options.tags ?? {},
    boundary: options.boundary ?? '',
    kmsKey: kmsKey ?? '',
    functionsKey: kmsKey ?? null,
    isSqsManaged: kmsKey === undefined,
    logRetention,
    memory,
    tracing: isTraced ? 'Active' : 'PassThrough',
    resources: { ...withOutputs(resources), ...(kmsKey && { extensions: logGroupExtensions(kmsKey) }) },
  };
}

/** A misspelt name would create a resource that exists already, and fail in the middle of the deployment. */
function checkExisting(names: readonly string[], { store, events }: Needed): void {
  const known = [...(store.kind === 'dynamodb' ? [store.table] : []), ...events.flatMap(({ queue }) => queue ?? [])];
  const wrong = names.find((name) => name !== 'all' && !known.includes(name));
  if (wrong === undefined) return;
  throw new UsageError(
    `existing "${wrong}" is neither the table nor a queue of the config: ${suggest(wrong, ['all', ...known])}`,
  );
}

/** It would stay all the same, and go one day when it leaves the config and nobody thinks of the parameter any more. */
function checkDropped(names: readonly string[], { events }: Needed): void {
  const kept = names.find((name) => events.some(({ queue }) => queue === name));
  if (kept === undefined) return;
  throw new UsageError(`dropQueues "${kept}" is in the config: take it out of there, or leave it out here`);
}

/**
 * How many runs at once a fleet of 10,000 clusters needs, with some to spare. Messages of the queues, each up to its own
 * limit, never wait for each other nor for events of the bus; the public address has a function of its own, so whoever
 * floods it floods nothing else.
 */
function concurrencyOf({ events }: Needed, isCapped: boolean, resources: Resources): Parts['concurrency'] {
  const queues = queuesToMake(events).length;
  const concurrency = {
    scalePools: 15,
    watchClusters: 15,
    deliverAlerts: 3,
    acceptEvents: queues * mostAtOnce + 3,
    receiveEvents: 'ReceiveEventsUrl' in resources ? 5 : null,
  };
  return isCapped ? concurrency : mapValues(concurrency, () => null);
}

function alarmActionsOf({ alarmTopic, alarmEmail }: PartsOptions): readonly unknown[] {
  if (alarmEmail !== undefined) return [{ Ref: 'AlarmsTopic' }];
  return alarmTopic === '' ? [] : [checkTopic(alarmTopic)];
}

/** Where signed events go, for people: it is only known once it is made. AWS ends it with a slash, to which a path is not added. */
function withOutputs(resources: Resources): Parts['resources'] {
  if (!('ReceiveEventsUrl' in resources)) return { Resources: resources };
  const host = { 'Fn::Select': [2, { 'Fn::Split': ['/', { 'Fn::GetAtt': ['ReceiveEventsUrl', 'FunctionUrl'] }] }] };
  const url = { 'Fn::Join': ['', ['https://', host]] };
  return { Resources: resources, Outputs: { EventsUrl: { Description: 'POST <url>/events/<source>', Value: url } } };
}

function checkTopic(text: string): string {
  if (/^arn:aws[\w-]*:sns:[\w-]+:\d{12}:[\w-]+$/u.test(text)) return text;
  throw new UsageError(`alarmTopic "${text}" is no ARN of an SNS topic: write arn:aws:sns:<region>:<account>:<name>`);
}

/** An invalid level would only be noticed when every function fails. */
function checkLevel(text: string): string {
  if (['debug', 'info', 'warn', 'error'].includes(text)) return text;
  throw new UsageError(`logLevel "${text}" is none: use one of debug, info, warn, error`);
}

function mapValues<T, U>(object: { readonly [key: string]: T }, map: (value: T) => U): { readonly [key: string]: U } {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));
}
