import { makeSecret, unwrap } from '../secrets/secret.ts';
import { type Destination, describeStatus, jsonHeaders, readStatus, urlOf } from './destination.ts';
import { retryAfterOf } from './slack.ts';

/**
 * Discord webhooks, asked to wait until the message is saved: without `wait` one that was not saved returns no error
 * (discord.com/developers/docs/resources/webhook#execute-webhook). The body's `retry_after` is in seconds, with a fraction.
 */
export const discord: Destination = {
  address: ({ body }, credentials) => ({ url: waiting(unwrap(urlOf(credentials))), headers: jsonHeaders, body }),
  classify: (answer) => {
    if (answer.status === 429) {
      return { kind: 'wait', retryAfterMs: retryAfterOf(answer), problem: describeStatus(answer.status) };
    }
    if (answer.status === 200 && isMessage(answer.body)) return { kind: 'confirmed' };
    return answer.status === 204 ? { kind: 'accepted' } : readStatus(answer);
  },
};

function waiting(address: string) {
  if (!URL.canParse(address)) return makeSecret(address);
  const url = new URL(address);
  url.searchParams.set('wait', 'true');
  return makeSecret(url.href);
}

function isMessage(body: string): boolean {
  return /^\s*\{/.test(body) && /"id"\s*:/.test(body);
}
