import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Invoke, Request } from './invoke.ts';
import type { Log } from './log.ts';

/** Lambda only has to queue the request. */
const timeoutMs = 3000;

export type LambdaNames = { readonly 'scale-pools': string; readonly 'deliver-alerts': string };

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
