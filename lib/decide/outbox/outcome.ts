/**
 * The outcome of one attempt, as the destination's rules read the answer. `accepted`: taken, but not confirmed (202).
 * `confirmed`: the target has it. `wait`: refused for now (429). `address-failed`: 401, 403, 404, 410 or a redirect:
 * the address is wrong, not the message. `body-refused`: 400, 413, 415: the message is wrong. `not-sent`: no
 * connection, or refused before anything was sent. `unknown`: it may have been accepted.
 */
export type Outcome =
  | { readonly kind: 'accepted' | 'confirmed' /** What is to be said of it all the same. */; readonly note?: string }
  | { readonly kind: 'wait'; readonly retryAfterMs: number | undefined; readonly problem: string }
  | { readonly kind: 'address-failed'; readonly problem: string }
  | { readonly kind: 'body-refused'; readonly problem: string }
  | { readonly kind: 'not-sent'; readonly problem: string }
  | { readonly kind: 'unknown'; readonly retryAfterMs: number | undefined; readonly problem: string };

export type Failure = Exclude<Outcome, { readonly kind: 'accepted' | 'confirmed' }>;

export function isFailure(outcome: Outcome): outcome is Failure {
  return outcome.kind !== 'accepted' && outcome.kind !== 'confirmed';
}
