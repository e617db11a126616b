import type { EpochMs } from '../../model/time.ts';

/**
 * What became of one attempt, as the destination's own rules read the answer.
 * `accepted`: taken, fate unknown (202). `confirmed`: the target says it is there. `wait`: refused for now (429).
 * `address-failed`: 401, 403, 404, 410, a redirect: it speaks of the address, not of the message. `body-refused`: 400,
 * 413, 415: it speaks of the message. `not-sent`: no connection was made. `unknown`: it may have been accepted.
 */
export type Outcome =
  | { readonly kind: 'accepted' | 'confirmed' }
  | { readonly kind: 'wait'; readonly retryAfterMs: number | undefined; readonly problem: string }
  | { readonly kind: 'address-failed'; readonly problem: string }
  | { readonly kind: 'body-refused'; readonly problem: string }
  | { readonly kind: 'not-sent'; readonly problem: string }
  | { readonly kind: 'unknown'; readonly retryAfterMs: number | undefined; readonly problem: string };

export type Failure = Exclude<Outcome, { readonly kind: 'accepted' | 'confirmed' }>;

export function isFailure(outcome: Outcome): outcome is Failure {
  return outcome.kind !== 'accepted' && outcome.kind !== 'confirmed';
}

/**
 * `Retry-After` in every spelling seen: whole seconds, seconds with a fraction (rounded up: early is what was refused),
 * a date (RFC 9110 section 10.2.3; measured from the server's own `Date`, where it sent one). Milliseconds from now;
 * undefined = absent or unreadable.
 */
export function parseRetryAfter(
  text: string | null | undefined,
  now: EpochMs,
  serverDate?: string | null,
): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.min(Math.ceil(Number(trimmed)) * 1000, Number.MAX_SAFE_INTEGER);
  const at = parseHttpDate(trimmed);
  if (at === undefined) return undefined;
  return Math.max(0, at - (parseHttpDate(serverDate?.trim() ?? '') ?? now));
}

/** RFC 9110's three forms of a date all begin with the name of a weekday; anything else Date.parse takes is none. */
export function parseHttpDate(text: string): EpochMs | undefined {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return undefined;
  const at = Date.parse(text.includes('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}
