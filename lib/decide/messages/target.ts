import type { DestinationConfig } from '../../model/config.ts';
import type { Json } from '../../model/json.ts';
import type { Delivery } from '../incidents/delivery.ts';
import type { Outcome } from '../outbox/outcome.ts';
import type { Answered } from './answers.ts';
import type { BatchMessage } from './batch-message.ts';
import type { Message } from './message.ts';

/** So many at once, and one more every so many milliseconds. */
type Pace = { readonly burst: number; readonly everyMs: number };

/** What a target's rendering may know of its destination. */
export type Reader = Pick<DestinationConfig, 'name' | 'kind' | 'format' | 'zone' | 'severalRegions' | 'runbooks'>;

/** One kind of target: all that is known of it, in one file. */
type TargetOf<Render> = {
  /** So that any minute stays within its rate. */
  readonly pace: Pace;
  /** The body as a JSON tree, never spliced text; frozen and stored before it is sent, so it holds no secret. */
  readonly render: Render;
  /** What one of its answers means. */
  readonly classify: (answer: Answered) => Outcome;
  /** Where the service's own pages say that it lives; absent = anywhere. */
  readonly hosts?: RegExp;
  /** What is said of the body on the wire; absent = JSON. */
  readonly contentType?: (format: DestinationConfig['format']) => string;
  /** Its own address, where the config names none. */
  readonly url?: string;
  /** The address ends with this path. */
  readonly path?: string;
  /** Joins the address. */
  readonly query?: { readonly [name: string]: string };
  /** The field of the body that its key joins right before it goes out. */
  readonly keyField?: string;
  /** The field of the body that the last part of the address becomes; it goes to the rest of it. */
  readonly topicField?: string;
  /** Carries the message's id, and a signature where the destination has secrets (Standard Webhooks). */
  readonly isSigned?: true;
};

/** A chat writes a message, or many as one, each also in a plainest form for what was refused. */
export type ChatTarget = TargetOf<{
  readonly full: (message: Message) => Json;
  readonly plain: (message: Message) => Json;
  readonly batch: (message: BatchMessage) => Json;
  readonly plainBatch: (message: BatchMessage) => Json;
}>;

export type OtherTarget = TargetOf<(delivery: Delivery, reader: Reader) => Json>;

export type Target = ChatTarget | OtherTarget;

/** One that refused the whole is sent this much. */
const plainBudget = 4_000;

/** The budget to render within: a small one after a refusal, else the target's own. */
export function budgetOf({ plain }: Delivery): [number?] {
  return plain ? [plainBudget] : [];
}
