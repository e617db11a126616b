import type { EpochMs } from '../model.ts';

/** One event as it came in: its body as text, and, over HTTP, its headers (names in lower case). */
export type Incoming = { readonly body: string; readonly headers?: { readonly [name: string]: string } };

/** What an event asks for, before anybody looked whether it may: "at least N until T for this pool", or "let it go". */
export type Wish = {
  readonly kind: 'wish';
  /** The event's own id: the same id twice is one. undefined where the format has none (Alertmanager). */
  readonly eventId: string | undefined;
  /** The caller's key of the lease. */
  readonly key: string;
  /** As written: "cluster/pool" or "region:cluster/pool". */
  readonly pool: string;
  /** Per lease the latest wins. */
  readonly time: EpochMs;
  readonly want: Hold | { readonly kind: 'release' };
  readonly reason: string | undefined;
};

/** `from`: the instant from which the longest duration is counted. */
export type Hold = {
  readonly kind: 'hold';
  readonly atLeast: number;
  readonly until: EpochMs;
  readonly from: EpochMs;
  /** See Lease: an alert says that it fires, again and again. */
  readonly isRepeated?: true;
};

/** `refused`: wrong, and it will not become right. `ignored`: nothing wrong, nothing to do. */
export type Declined = {
  readonly kind: 'refused' | 'ignored';
  readonly eventId: string | undefined;
  /** One sentence for people, without a trailing full stop. */
  readonly reason: string;
};

export type Reading = Wish | Declined;

export function refuse(reason: string, eventId?: string): Declined {
  return { kind: 'refused', eventId, reason };
}

export function ignore(reason: string, eventId?: string): Declined {
  return { kind: 'ignored', eventId, reason };
}
