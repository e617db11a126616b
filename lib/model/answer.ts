import type { EpochMs } from './time.ts';

/**
 * Every answer of the MKS API, classified. It counts as data only if its content was parsed and its shape checked;
 * anything unreadable is `unknown`, never "empty". `detail` is safe to show: no token, and of the body only a short,
 * cleaned text.
 */
export type Answer<T> =
  | {
      readonly kind: 'ok';
      readonly value: T;
      /** When it was asked; absent = not known. */
      readonly askedAt?: EpochMs;
      readonly answeredAt: EpochMs;
      /** The server's time when it answered: its Date header, with the Age of a cached answer added. */
      readonly serverDate: EpochMs | undefined;
    }
  | { readonly kind: 'unauthorized'; readonly detail: string }
  | { readonly kind: 'forbidden'; readonly detail: string }
  | { readonly kind: 'not-found'; readonly detail: string }
  /** "cluster is busy", FailedPrecondition, Aborted: not a failure, the next round tries again. */
  | { readonly kind: 'busy'; readonly detail: string }
  /** The service understood and said no. `quota`: ResourceExhausted with a gRPC code; `invalid`: any other 4xx. */
  | { readonly kind: 'refused'; readonly reason: 'invalid' | 'quota'; readonly detail: string }
  /** Nothing was sent: too late for the claim, or no token available. */
  | { readonly kind: 'not-sent'; readonly reason: 'too-late' | 'no-token'; readonly detail: string }
  | {
      readonly kind: 'unknown';
      readonly reason: UnknownReason;
      readonly detail: string;
      /** false only if the service certainly did not get the request. */
      readonly maybeApplied: boolean;
      readonly retryAfterMs?: number;
      /** The support id of the firewall's block page. */
      readonly supportId?: string;
    };

/** A read that was not tried for lack of time: nothing is known. */
export function wasAsked(answer: Answer<unknown>): boolean {
  return answer.kind !== 'not-sent' || answer.reason !== 'too-late';
}

/** The answer for a cluster that was set aside: it is listed, but not read. */
export function unreadableAnswer(why: string): Extract<Answer<never>, { readonly kind: 'unknown' }> {
  return { kind: 'unknown', reason: 'wrong-shape', detail: why, maybeApplied: false };
}

export type UnknownReason =
  | 'no-connection'
  | 'timeout'
  | 'cut-off'
  | 'blocked'
  | 'rate-limited'
  | 'redirect'
  | 'server-error'
  | 'unexpected-status'
  | 'too-large'
  | 'unparsable'
  | 'wrong-shape';

/** An answer that is not `ok`, in a few words for people. */
export function describeAnswer(answer: Exclude<Answer<unknown>, { kind: 'ok' }>): string {
  switch (answer.kind) {
    case 'unauthorized':
      return `the token was refused (401): ${answer.detail}`;
    case 'forbidden':
      return `the token lacks a role (403): ${answer.detail}`;
    case 'not-found':
      return `not found (404): ${answer.detail}`;
    case 'busy':
      return `the cluster is busy: ${answer.detail}`;
    case 'refused':
      return `refused (${answer.reason}): ${answer.detail}`;
    case 'not-sent':
      return `not sent (${answer.reason}): ${answer.detail}`;
    case 'unknown':
      return `no usable answer (${answer.reason}): ${answer.detail}`;
  }
}

/** The service's text without the call, for texts that name the pool themselves. */
export function saidBy({ detail }: { readonly detail: string }): string {
  return detail.replace(/^[A-Z]+ \/\S+ /, '');
}
