import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { Notification } from '../../decide/messages/sns.ts';
import { awsSetupProblem } from '../aws-setup.ts';
import type { Clock } from '../clock.ts';
import { late, startDeadline } from '../http/deadline.ts';
import { describeNetworkFailure } from '../http/network-failure.ts';
import type { Sent } from '../http/send-once.ts';

/** One message for one topic. */
export type OutgoingNotification = {
  readonly via: 'sns';
  /** Its ARN. */
  readonly topic: string;
  /** A Notification as JSON. */
  readonly body: string;
  readonly timeoutMs: number;
};

/**
 * Publishes once: no retry of the client's own, one deadline over everything, credentials included. Never throws; of an
 * error only its name is kept, since its text may quote what was sent.
 */
export async function publish({ clock }: { readonly clock: Clock }, outgoing: OutgoingNotification): Promise<Sent> {
  const { topic, timeoutMs } = outgoing;
  const deadline = startDeadline(clock, timeoutMs);
  const requestHandler = { connectionTimeout: timeoutMs, requestTimeout: timeoutMs };
  // A topic is published to where it lives.
  const client = new SNSClient({ region: topic.split(':')[3] ?? '', maxAttempts: 1, requestHandler });
  try {
    const sending = client.send(commandOf(outgoing), { abortSignal: deadline.signal });
    if ((await deadline.race(sending)) === late)
      return { kind: 'lost', reason: 'timeout', detail: 'no answer came in time' };
    return answered(200, '');
  } catch (error) {
    return failureOf(error);
  } finally {
    deadline.cancel();
    client.destroy();
  }
}

function commandOf({ topic, body }: OutgoingNotification): PublishCommand {
  const { subject, message, attributes, group, id } = JSON.parse(body) as Notification;
  const named = Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]);
  return new PublishCommand({
    TopicArn: topic,
    Subject: subject,
    Message: message,
    MessageAttributes: Object.fromEntries(named) as { [name: string]: { DataType: string; StringValue: string } },
    ...(topic.endsWith('.fifo') && { MessageGroupId: group, MessageDeduplicationId: id }),
  });
}

function failureOf(error: unknown): Sent {
  const { name = '', $metadata } = error as {
    readonly name?: string;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const status = $metadata?.httpStatusCode;
  if (status !== undefined && status >= 300) return answered(status, /^\w{3,60}$/.test(name) ? name : '');
  const setup = awsSetupProblem(error);
  if (setup !== undefined) return { kind: 'no-connection', detail: setup };
  const { connectionMade, detail } = describeNetworkFailure(error);
  return connectionMade ? { kind: 'lost', reason: 'reset', detail } : { kind: 'no-connection', detail };
}

function answered(status: number, body: string): Sent {
  return { kind: 'answered', status, headers: new Headers(), body, bodyEnd: 'whole', retryAfterMs: undefined };
}
