import type { Outcome } from '../../decide/outbox/outcome.ts';
import {
  type Answered,
  type Destination,
  describeStatus,
  jsonHeaders,
  readStatus,
  urlOf,
  wordIn,
} from './destination.ts';

/** docs.slack.dev, "Sending messages using incoming webhooks", errors: those of the webhook, those of the message. */
const aboutAddress = [
  'invalid_token',
  'no_service',
  'no_active_hooks',
  'no_team',
  'team_disabled',
  'channel_not_found',
  'channel_is_archived',
  'action_prohibited',
  'posting_to_general_channel_denied',
  'user_not_found',
];
const aboutBody = [
  'invalid_payload',
  'invalid_blocks',
  'invalid_attachments',
  'msg_blocks_too_long',
  'no_text',
  'too_many_attachments',
];

/** Slack incoming webhooks: only 200 with the text "ok" is a success; the same errors also come with 200 and with 400. */
export const slack: Destination = {
  address: ({ body }, credentials) => ({ url: urlOf(credentials), headers: jsonHeaders, body }),
  classify: (answer) => (isOk(answer) ? { kind: 'confirmed' } : refused(answer)),
};

function isOk({ status, body }: Answered): boolean {
  return status === 200 && body.trim() === 'ok';
}

function refused(answer: Answered): Outcome {
  if (answer.status === 429) return { ...readStatus(answer), retryAfterMs: retryAfterOf(answer) } as Outcome;
  if (answer.status < 500) {
    const address = wordIn(answer.body, aboutAddress);
    if (address) return { kind: 'address-failed', problem: `${describeStatus(answer.status)} (${address})` };
    const body = wordIn(answer.body, aboutBody);
    if (body) return { kind: 'body-refused', problem: `${describeStatus(answer.status)} (${body})` };
  }
  return readStatus(answer);
}

/** The header, else the body's own `retry_after` in seconds. */
export function retryAfterOf({ retryAfterMs, body }: Answered): number | undefined {
  if (retryAfterMs !== undefined) return retryAfterMs;
  const [, seconds] = /"retry_after"\s*:\s*"?(\d+(?:\.\d+)?)/.exec(body) ?? [];
  return seconds === undefined ? undefined : Math.ceil(Number(seconds)) * 1000;
}
