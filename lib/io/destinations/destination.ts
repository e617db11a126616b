import type { EpochMs } from '../../decide/model.ts';
import type { Outcome } from '../../decide/outbox/outcome.ts';
import type { OutgoingMessage } from '../http/send-once.ts';
import type { Secret } from '../secrets/secret.ts';

/** What a destination needs besides its config, read from where secrets are kept. */
export type Credentials = {
  /** undefined = the kind's own address. */
  readonly url: Secret | undefined;
  /** PagerDuty's routing key. */
  readonly key: Secret | undefined;
  /** Signing secrets, newest first; empty = unsigned. */
  readonly signing: readonly Secret[];
};

export type Letter = {
  /** The delivery's id: the same for every retry. */
  readonly id: string;
  /** Frozen before the first attempt; holds no secret. */
  readonly body: string;
  /** Of this attempt. */
  readonly now: EpochMs;
};

/** An answer as the rules of a target read it. */
export type Answered = {
  readonly status: number;
  readonly body: string;
  readonly contentType: string;
  readonly retryAfterMs: number | undefined;
};

/** One kind of target: how a letter is put on the wire, and what its answers mean. */
export type Destination = {
  readonly address: (letter: Letter, credentials: Credentials) => Addressed;
  readonly classify: (answer: Answered) => Outcome;
};

export type Addressed = Pick<OutgoingMessage, 'url' | 'headers'> & { readonly body: string };

export const jsonHeaders = { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'lamplighter' } as const;

/** The address of a kind that has none of its own. Throws TypeError: a config without one is refused long before. */
export function urlOf({ url }: Credentials): Secret {
  if (url === undefined) throw new TypeError('a destination has no address');
  return url;
}
