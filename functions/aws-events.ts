import type { Invoke } from '../lib/io/lambda-invoke.ts';
import type { QueueMessage } from '../lib/jobs/accept/accept-messages.ts';

/** The events that AWS sends to accept-events, told apart by their shape. */
export type Delivered =
  | { readonly kind: 'messages'; readonly messages: readonly QueueMessage[] }
  | { readonly kind: 'request'; readonly event: unknown }
  | { readonly kind: 'bus'; readonly body: string };

/** SQS: a list of records; a function URL: format 2.0 of a request; anything else came from the bus. */
export function readDelivered(event: unknown): Delivered {
  const fields = (typeof event === 'object' && event !== null ? event : {}) as { readonly [key: string]: unknown };
  if (Array.isArray(fields['Records'])) {
    return { kind: 'messages', messages: fields['Records'].map((record) => readRecord(record as SqsRecord)) };
  }
  const { requestContext } = fields;
  const isRequest = typeof requestContext === 'object' && requestContext !== null && 'http' in requestContext;
  return isRequest ? { kind: 'request', event } : { kind: 'bus', body: JSON.stringify(event ?? null) };
}

type SqsRecord = { readonly messageId: string; readonly eventSourceARN: string; readonly body: string };

function readRecord({ messageId, eventSourceARN, body }: SqsRecord): QueueMessage {
  return { id: messageId, queue: eventSourceARN.slice(eventSourceARN.lastIndexOf(':') + 1), body };
}

/** Starts a round for one cluster at once, elsewhere. */
export function wakeBy(invoke: Invoke): (region: string, cluster: string) => Promise<void> {
  return async (region, cluster) => {
    await invoke({ job: 'scale-pools', only: { region, cluster } });
  };
}
