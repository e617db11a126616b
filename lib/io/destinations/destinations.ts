import { createHash } from 'node:crypto';
import type { Outcome } from '../../decide/outbox/outcome.ts';
import type { DestinationConfig, SecretRef } from '../../model/config.ts';
import type { Sent } from '../http/send-once.ts';
import { makeSecret, type Secret, unwrap } from '../secrets/secret.ts';
import { alertmanager } from './alertmanager.ts';
import type { Credentials, Destination } from './destination.ts';
import { discord } from './discord.ts';
import { mattermost } from './mattermost.ts';
import { pagerduty } from './pagerduty.ts';
import { slack } from './slack.ts';
import { teams } from './teams.ts';
import { webhook } from './webhook.ts';

/** The one place that knows which kinds there are. */
export function destinationFor({ kind, format }: Pick<DestinationConfig, 'kind' | 'format'>): Destination {
  switch (kind) {
    case 'slack':
      return slack;
    case 'teams':
      return teams;
    case 'discord':
      return discord;
    case 'mattermost':
      return mattermost;
    case 'pagerduty':
      return pagerduty;
    case 'alertmanager':
      return alertmanager;
    case 'webhook':
      return webhook(format);
  }
}

export type ReadSecret = (ref: SecretRef, purpose: 'url' | 'key' | 'secret') => Promise<Secret>;

/** The credentials, and a fingerprint of them that is safe to store: it only tells whether they have changed. */
export type ReadCredentials = { readonly credentials: Credentials; readonly fingerprint: string };

/** Rejects with a SecretError, naming the reference, when one cannot be had. */
export async function readCredentials(
  { url, key, secrets }: Pick<DestinationConfig, 'url' | 'key' | 'secrets'>,
  read: ReadSecret,
): Promise<ReadCredentials> {
  const address = url?.kind === 'plain' ? makeSecret(url.url) : url && (await read(url, 'url'));
  const routingKey = key && (await read(key, 'key'));
  const signing: Secret[] = [];
  for (const secret of secrets) signing.push(await read(secret, 'secret'));
  const all = [address, routingKey, ...signing].map((secret) => (secret === undefined ? '' : unwrap(secret)));
  const fingerprint = createHash('sha256').update(all.join('\n')).digest('hex').slice(0, 12);
  return { credentials: { url: address, key: routingKey, signing }, fingerprint };
}

/** What one sending came to: the wire's own failures alike for all, an answer by the target's rules. */
export function readOutcome(sent: Sent, { classify }: Destination): Outcome {
  switch (sent.kind) {
    case 'answered': {
      const { status, body, headers, retryAfterMs } = sent;
      return classify({ status, body, contentType: headers.get('content-type') ?? '', retryAfterMs });
    }
    case 'bad-address':
      return { kind: 'address-failed', problem: `its address cannot be used: ${sent.detail}` };
    case 'no-connection':
      return { kind: 'not-sent', problem: sent.detail };
    case 'lost':
      return { kind: 'unknown', retryAfterMs: undefined, problem: sent.detail };
  }
}
