import { withoutRootDot } from '../../model/address.ts';
import { otherEncodingOf, whyNotUtf8 } from '../../model/encoding.ts';
import { makeSecret, type Secret, unwrap } from '../secrets/secret.ts';
import { type Deadline, startDeadline } from './deadline.ts';
import { exchange, type HttpParts } from './exchange.ts';
import { readAddress } from './send-once.ts';

/** A calendar of days is some kilobytes; a busy person's calendar of years one or two megabytes. */
const mostBytes = 2 * 1024 * 1024;
/** For everything, redirects included: a round may wait for it. */
const timeoutMs = 10_000;
const mostRedirects = 3;
/** Those that name another place (RFC 9110, 15.4). */
const redirects: readonly number[] = [301, 302, 303, 307, 308];

export type FetchedCalendar =
  | { readonly ok: true; readonly text: string }
  /** Why, in a text that contains nothing of the address but host names. */
  | { readonly ok: false; readonly problem: string };

/**
 * Fetches an iCalendar text. Its address is a secret: whoever has a calendar's private address can read it. Like
 * webhooks: https, or http where allowed; private hosts are the operator's choice. A redirect is followed only on the
 * same host and scheme, so that another server cannot choose where this process connects. `signal` cancels. Never
 * throws.
 */
export async function fetchCalendar(
  parts: HttpParts & { readonly signal?: AbortSignal },
  url: Secret,
  httpAllowed: boolean,
): Promise<FetchedCalendar> {
  const deadline = startDeadline(parts.clock, timeoutMs, parts.signal);
  try {
    let next = url;
    for (let followed = 0; followed <= mostRedirects; followed += 1) {
      const outcome = await fetchOnce(parts, next, httpAllowed, deadline);
      if (!('redirect' in outcome)) return outcome;
      next = outcome.redirect;
    }
    return { ok: false, problem: `it redirects more than ${mostRedirects} times` };
  } finally {
    deadline.cancel();
  }
}

async function fetchOnce(
  parts: HttpParts,
  secret: Secret,
  httpAllowed: boolean,
  deadline: Deadline,
): Promise<FetchedCalendar | { readonly redirect: Secret }> {
  const address = readAddress(unwrap(secret), httpAllowed);
  if (!address.ok) return { ok: false, problem: `its address cannot be used: ${address.problem}` };
  const headers = { accept: 'text/calendar, text/plain;q=0.5', 'user-agent': 'lamplighter' };
  const request = { method: 'GET', url: address.url.href, headers, capBytes: mostBytes } as const;
  const answer = await exchange(parts, request, deadline);
  if (answer.kind === 'too-late') return { ok: false, problem: 'there was no time left' };
  if (answer.kind !== 'answered') return { ok: false, problem: answer.detail };
  const { status, body, bodyEnd } = answer;
  if (redirects.includes(status)) return redirected(address.url, answer.headers.get('location'), status);
  if (status !== 200) return { ok: false, problem: `it answered ${status}` };
  if (bodyEnd === 'cap') return { ok: false, problem: `it is larger than ${mostBytes / 1024 / 1024} MB` };
  if (bodyEnd !== 'whole') return { ok: false, problem: 'the answer ended early, or took too long' };
  const other = otherEncodingOf(body);
  if (other === 'utf-32') return { ok: false, problem: 'the answer is UTF-32, which nothing reads' };
  const text = decoderOf(body, answer.headers.get('content-type')).decode(body);
  return /^\uFEFF?\s*BEGIN:VCALENDAR\s/iu.test(text)
    ? { ok: true, text }
    : { ok: false, problem: 'the answer is not an iCalendar file (a sign-in page?)' };
}

/**
 * RFC 5545, 3.1.4: UTF-8, unless the content type names another charset. What is neither is read as browsers do, by
 * Windows-1252: of such a calendar only titles have letters outside of ASCII, and nothing asks for them.
 */
function decoderOf(body: Uint8Array, contentType: string | null): InstanceType<typeof TextDecoder> {
  const other = otherEncodingOf(body);
  if (other !== undefined || whyNotUtf8(body) === undefined) return new TextDecoder(other);
  const [, charset = 'windows-1252'] = /;\s*charset="?([\w.:-]+)/iu.exec(contentType ?? '') ?? [];
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder('windows-1252');
  }
}

function redirected(
  from: URL,
  location: string | null,
  status: number,
): FetchedCalendar | { readonly redirect: Secret } {
  if (location === null || !URL.canParse(location, from.href))
    return { ok: false, problem: `it redirects (${status}) without a target` };
  const named = new URL(location, from);
  const to = new URL(withoutRootDot(named.href) ?? named);
  if (to.host === from.host && to.protocol === from.protocol) return { redirect: makeSecret(to.href) };
  return {
    ok: false,
    problem: `it redirects to another place (${to.protocol}//${to.hostname}), which is not followed`,
  };
}
