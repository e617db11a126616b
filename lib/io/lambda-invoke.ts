import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Part } from '../model/part.ts';
import type { Log } from './log.ts';

/** What is asked for at once. Losing it costs a tick, nothing else. */
export type Request =
  | { readonly job: 'scale-pools'; readonly only: ClusterName }
  | { readonly job: 'scale-pools' | 'watch-clusters'; readonly shard: Part; readonly dryRun?: true }
  | { readonly job: 'scale-pools' | 'watch-clusters' | 'deliver-alerts' };

type ClusterName = { readonly region: string; readonly cluster: string };

/** Starts a job elsewhere and does not wait for its end. Never rejects: false = it could not be started. */
export type Invoke = (request: Request) => Promise<boolean>;

/** What a run of scale-pools is about; neither `only` nor `shard`: a tick, the whole fleet. */
export type ScaleRequest = {
  readonly only?: ClusterName;
  readonly shard?: Part;
  /** GETs only, nothing stored: for a look after a deployment. */
  readonly isDryRun: boolean;
};

/** The payload of an invocation. Whatever says nothing we know is a tick; what we know and is wrong throws a TypeError. */
export function readScaleRequest(payload: unknown): ScaleRequest {
  const fields = isObject(payload) ? payload : {};
  const isDryRun = fields['dryRun'] === true;
  if (fields['only'] !== undefined) return { only: readOnly(fields['only']), isDryRun };
  if (fields['shard'] !== undefined) return { shard: readShard(fields['shard']), isDryRun };
  return { isDryRun };
}

/** What a run of watch-clusters is about: a part of a large fleet, or a tick. */
export function readWatchRequest(payload: unknown): { readonly shard?: Part } {
  const { shard } = isObject(payload) ? payload : {};
  return shard === undefined ? {} : { shard: readShard(shard) };
}

function readOnly(value: unknown): ClusterName {
  const { region, cluster } = isObject(value) ? value : {};
  if (typeof region === 'string' && typeof cluster === 'string') return { region, cluster };
  throw new TypeError('the payload was refused: "only" must name a region and a cluster');
}

function readShard(value: unknown): Part {
  const { index, count } = isObject(value) ? value : {};
  const isInside = isCount(index) && isCount(count) && index < count && count <= 1000;
  if (isInside) return { index, count };
  throw new TypeError('the payload was refused: "shard" must have an index below its count, at most 1,000');
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0;
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lambda only has to queue the request. */
const timeoutMs = 3000;

export type LambdaNames = { readonly [job in Request['job']]: string };

type Sdk = typeof import('@aws-sdk/client-lambda');
type Opened = { readonly sdk: Sdk; readonly client: LambdaClient };

/** Asynchronous invocations; region, credentials and endpoint are the SDK's own settings. It is loaded when it is used. */
export function makeLambdaInvoke(names: LambdaNames, log: Log): Invoke {
  let opened: Promise<Opened> | undefined;
  return async (request) => {
    try {
      opened ??= open();
      const { sdk, client } = await opened;
      await client.send(new sdk.InvokeCommand(inputOf(names, request)));
      return true;
    } catch (error) {
      const reason = error instanceof Error ? error.name : 'unknown';
      log.warn('a job was not started at once: its next tick does the work', { started: request.job, reason });
      return false;
    }
  };
}

async function open(): Promise<Opened> {
  const sdk = await import('@aws-sdk/client-lambda');
  const requestHandler = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs, throwOnRequestTimeout: true };
  return { sdk, client: new sdk.LambdaClient({ maxAttempts: 2, requestHandler }) };
}

function inputOf(names: LambdaNames, request: Request): ConstructorParameters<Sdk['InvokeCommand']>[0] {
  const { job, ...payload } = request;
  return {
    FunctionName: names[job],
    InvocationType: 'Event',
    Payload: new TextEncoder().encode(JSON.stringify(payload)),
  };
}
