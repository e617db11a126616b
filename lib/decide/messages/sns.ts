import type { Json } from '../../model/json.ts';
import type { Delivery } from '../incidents/delivery.ts';
import type { Outcome } from '../outbox/outcome.ts';
import { renderFormat } from './event.ts';
import { type Answered, describeStatus, readStatus } from './http-answer.ts';
import { headline, messageOf } from './message.ts';
import { budgetOf, type OtherTarget, type Reader } from './target.ts';

/**
 * A topic of Amazon SNS. It takes the message for its subscribers, which are unknown here, so the outcome is
 * `accepted`. A message may have 256 KB (docs.aws.amazon.com/sns/latest/api/API_Publish.html); the formats stay far
 * below.
 */
export const sns: OtherTarget = { pace: { burst: 20, everyMs: 100 }, render: renderNotification, classify };

/** What is frozen. */
export type Notification = {
  readonly subject: string;
  readonly message: string;
  /** For the subscribers' filters. */
  readonly attributes: { readonly [name: string]: string };
  /** FIFO topics: one order per incident, and once per message. */
  readonly group: string;
  readonly id: string;
};

function renderNotification(delivery: Delivery, reader: Reader): Json {
  const { id, key, episode, facts } = delivery;
  const body = renderFormat(delivery, reader, ...budgetOf(delivery));
  return {
    subject: subjectOf(headline(messageOf(delivery, reader.zone))),
    message: typeof body === 'string' ? body : JSON.stringify(body),
    attributes: { kind: facts.kind, severity: facts.severity, what: facts.what },
    group: `${key}.${episode}`,
    id,
  } satisfies Notification;
}

/** ASCII, fewer than 100 characters, begins with a letter, no control characters (API_Publish, Subject). */
function subjectOf(text: string): string {
  const ascii = text.replace(/[^\x20-\x7e]/gu, '?');
  return ascii.length < 100 ? ascii : `${ascii.slice(0, 96)}...`;
}

/** The errors of Publish by name; the body of an answer holds it. Keys of KMS belong to the topic. */
function classify(answer: Answered): Outcome {
  const { status, body } = answer;
  if (status === 200) return { kind: 'accepted' };
  const problem = `${describeStatus(status)}${body === '' ? '' : ` (${body})`}`;
  if (/^(KMS)?Throttl/.test(body)) return { kind: 'wait', retryAfterMs: undefined, problem };
  if (status < 500 && /^(KMS|Authorization|NotFound|EndpointDisabled)/.test(body))
    return { kind: 'address-failed', problem };
  return { ...readStatus(answer), problem } as Outcome;
}
