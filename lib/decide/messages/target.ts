import type { DestinationConfig } from '../../model/config.ts';
import type { Json } from '../../model/json.ts';
import type { Delivery } from '../incidents/delivery.ts';
import type { Outcome } from '../outbox/outcome.ts';
import type { BatchMessage } from './batch-message.ts';
import type { Answered } from './http-answer.ts';
import type { Message } from './message.ts';

/** A rate limit: the size of a burst, and the milliseconds between further messages. */
type Pace = { readonly burst: number; readonly everyMs: number };

/** What rendering may know about the destination. */
export type Reader = Pick<DestinationConfig, 'name' | 'kind' | 'format' | 'zone' | 'severalRegions' | 'runbooks'>;

/** Everything about one kind of target, in one file. */
type TargetOf<Render> = {
  /** Stays within the service's limit in any minute. */
  readonly pace: Pace;
  /** The body as a JSON tree. It is frozen and stored before it is sent, so it holds no secret. */
  readonly render: Render;
  /** What one of its answers means. */
  readonly classify: (answer: Answered) => Outcome;
  /** The hosts given in the service's documentation; absent = any. */
  readonly hosts?: RegExp;
  /** The content type; absent = JSON. */
  readonly contentType?: (format: DestinationConfig['format']) => string;
  /** The default address, if the config has none. */
  readonly url?: string;
  /** The address ends with this path. */
  readonly path?: string;
  /** Appended to the address. */
  readonly query?: { readonly [name: string]: string };
  /** The body field that gets the key right before sending. */
  readonly keyField?: string;
  /** The body field that gets the last part of the address; the request goes to the rest of it. */
  readonly topicField?: string;
  /** Sends the message's id, and a signature if the destination has secrets (Standard Webhooks). */
  readonly isSigned?: true;
};

/** Chats render one message, or many as one, each also in a plainest form for refused bodies. */
export type ChatTarget = TargetOf<{
  readonly full: (message: Message) => Json;
  readonly plain: (message: Message) => Json;
  readonly batch: (message: BatchMessage) => Json;
  readonly plainBatch: (message: BatchMessage) => Json;
}>;

export type OtherTarget = TargetOf<(delivery: Delivery, reader: Reader) => Json>;

export type Target = ChatTarget | OtherTarget;

/** The budget after a refusal. */
const plainBudget = 4_000;

/** The budget for rendering: a small one after a refusal, else the target's own. */
export function budgetOf({ plain }: Delivery): [number?] {
  return plain ? [plainBudget] : [];
}
