import { withoutRootDot } from '../../model/address.ts';
import { type Secret, unwrap } from '../secrets/secret.ts';
import { startDeadline } from './deadline.ts';
import { type BodyEnd, type Exchange, exchange, type HttpParts } from './exchange.ts';
import { readRetryAfterMs } from './retry-after.ts';

/** One message for one address. The address is a secret: whoever has a chat's webhook URL can write there. */
export type OutgoingMessage = {
  readonly method: 'POST' | 'GET' | 'PUT';
  readonly url: Secret;
  /** Allows `http:`. */
  readonly insecure: boolean;
  readonly headers: { readonly [name: string]: string | Secret };
  readonly body?: string;
  readonly timeoutMs: number;
};

export type Sent =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: Headers;
      /** The first 64 KiB, as text. */
      readonly body: string;
      readonly bodyEnd: BodyEnd;
      readonly retryAfterMs: number | undefined;
    }
  /** The address cannot be used; nothing was sent. The text never contains it. */
  | { readonly kind: 'bad-address'; readonly detail: string }
  /** Certainly nothing arrived. */
  | { readonly kind: 'no-connection'; readonly detail: string }
  /** It may have arrived: a time-out, or the connection broke. */
  | { readonly kind: 'lost'; readonly reason: 'timeout' | 'reset'; readonly detail: string };

/** Receivers answer with a sentence or two at most. */
const capBytes = 64 * 1024;

/** Sends a message once: no retry, no redirect, one deadline over everything. Never throws; no text holds the address. */
export async function sendOnce(parts: HttpParts, message: OutgoingMessage): Promise<Sent> {
  const address = readAddress(unwrap(message.url), message.insecure);
  if (!address.ok) return { kind: 'bad-address', detail: address.problem };
  const deadline = startDeadline(parts.clock, message.timeoutMs);
  try {
    const request = { method: message.method, url: address.url.href, headers: plainHeaders(message), capBytes };
    const body = message.body === undefined ? {} : { body: message.body };
    return toSent(await exchange(parts, { ...request, ...body }, deadline), parts.clock.now());
  } finally {
    deadline.cancel();
  }
}

function plainHeaders(message: OutgoingMessage): { [name: string]: string } {
  const entries = Object.entries(message.headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'string' ? value : unwrap(value)]));
}

function toSent(result: Exchange, now: number): Sent {
  if (result.kind === 'too-late') return { kind: 'no-connection', detail: 'the request could not be made' };
  if (result.kind !== 'answered') return result;
  const { kind, status, headers, bodyEnd } = result;
  const body = new TextDecoder().decode(result.body);
  return { kind, status, headers, body, bodyEnd, retryAfterMs: readRetryAfterMs(headers, now) };
}

export type Address =
  | { readonly ok: true; readonly url: URL }
  /** Says what is wrong without quoting the address, which is a secret. */
  | { readonly ok: false; readonly problem: string };

/**
 * An address that messages may go to: https, or http where it is allowed; no name and password in it, since Node's own
 * error would quote them. Private addresses are the operator's choice.
 */
export function readAddress(text: string, httpAllowed: boolean): Address {
  const url = URL.parse(withoutRootDot(text) ?? '');
  if (url === null) return { ok: false, problem: 'it is not a URL' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { ok: false, problem: 'it must start with https://' };
  }
  if (url.protocol === 'http:' && !httpAllowed) {
    return { ok: false, problem: 'it is plain http; write `insecure: true` beside it to allow that' };
  }
  if (url.username !== '' || url.password !== '') {
    return { ok: false, problem: 'it contains a user name or password before the host; put them in a header' };
  }
  return { ok: true, url };
}
