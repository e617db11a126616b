import { CommandError } from '../../errors.ts';
import { withoutRootDot } from '../../model/address.ts';
import type { EventSourceConfig } from '../../model/config.ts';
import type { Clock } from '../clock.ts';
import { startDeadline } from '../http/deadline.ts';
import { exchange, type Fetch } from '../http/exchange.ts';
import type { NewId } from '../ids.ts';
import { type Secret, unwrap } from '../secrets/secret.ts';
import { signatureOf } from '../signing.ts';

export type SendParts = { readonly fetch: Fetch; readonly clock: Clock; readonly newId: NewId };

export type EventToSend = {
  /** The address of the instance, such as http://127.0.0.1:9090. */
  readonly to: string;
  readonly source: Pick<EventSourceConfig, 'name' | 'kind'>;
  /** undefined = the source has none. */
  readonly secret: Secret | undefined;
  /** The file's content, byte for byte. */
  readonly body: string;
};

export type Sent = { readonly status: number; readonly isAccepted: boolean; readonly answer: string };

const timeoutMs = 10_000;
const mostAnswerBytes = 64 * 1024;

/**
 * Signs one event as its source would (Alertmanager's get the bearer secret) and posts it. Resolves to the answer with
 * any status; throws CommandError if there is none.
 */
export async function sendEvent(parts: SendParts, event: EventToSend): Promise<Sent> {
  const path = event.source.kind === 'alertmanager' ? 'alertmanager' : 'events';
  const url = addressOf(event.to, `${path}/${encodeURIComponent(event.source.name)}`);
  const headers = { 'content-type': contentType(event.body), ...authentication(parts, event) };
  const request = { method: 'POST', url: url.href, headers, body: event.body, capBytes: mostAnswerBytes } as const;
  const deadline = startDeadline(parts.clock, timeoutMs);
  const answer = await exchange(parts, request, deadline);
  deadline.cancel();
  if (answer.kind !== 'answered') {
    const detail = 'detail' in answer ? `: ${answer.detail}` : '';
    throw new CommandError(`Sending to ${url.origin} failed${detail}; is it running with --listen?`);
  }
  const isAccepted = answer.status >= 200 && answer.status < 300;
  return { status: answer.status, isAccepted, answer: new TextDecoder().decode(answer.body) };
}

function addressOf(to: string, path: string): URL {
  const base = URL.parse(withoutRootDot(to) ?? '');
  if (!base || !/^https?:$/u.test(base.protocol)) {
    throw new CommandError('Sending failed: --to is not an address; write one such as http://127.0.0.1:9090');
  }
  return new URL(`${base.pathname.replace(/\/$/u, '')}/${path}`, base.origin);
}

/** A CloudEvent in structured mode says so; everything else is JSON. */
function contentType(body: string): string {
  return /"specversion"\s*:/u.test(body) ? 'application/cloudevents+json' : 'application/json';
}

function authentication({ clock, newId }: SendParts, { source, secret, body }: EventToSend): Record<string, string> {
  if (secret === undefined) return {};
  if (source.kind === 'alertmanager') return { authorization: `Bearer ${unwrap(secret).trim()}` };
  const id = `msg_${newId()}`;
  const timestamp = String(Math.floor(clock.now() / 1000));
  const signature = signatureOf(secret, id, timestamp, Buffer.from(body));
  if (signature === undefined) {
    throw new CommandError(
      `Signing for events.${source.name} failed: its secret must be "whsec_" and base64 of at least 24 bytes`,
    );
  }
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}
