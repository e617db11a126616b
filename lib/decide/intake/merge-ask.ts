import type { Lease, Release } from '../asks.ts';
import type { EpochMs } from '../model.ts';
import { rememberMs } from './judge-wish.ts';

export type Merged =
  | { readonly kind: 'changed'; readonly ask: Lease | Release }
  | { readonly kind: 'unchanged'; readonly reason: string };

/** How many ids of events a record remembers: more than a queue redelivers out of order for one lease. */
const mostEvents = 20;

/**
 * Per lease the latest `time` wins; a release wins ties; two requests of the same time are one, the larger in each part.
 * The same event id twice is one. So the order in which events arrive does not matter.
 */
export function mergeAsk(stored: Lease | Release | undefined, asked: Lease | Release, now: EpochMs): Merged {
  if (stored === undefined || isForgotten(stored, now)) return { kind: 'changed', ask: asked };
  if (asked.events?.some((id) => stored.events?.includes(id))) return { kind: 'unchanged', reason: 'seen before' };
  if (asked.time < stored.time) {
    const newer = stored.kind === 'release' ? 'was released' : 'has a newer request';
    return { kind: 'unchanged', reason: `the lease ${newer} (event time ${new Date(stored.time).toISOString()})` };
  }
  if (asked.time > stored.time) return { kind: 'changed', ask: withEvents(asked, stored, asked) };
  if (stored.kind === 'release') return { kind: 'unchanged', reason: 'the lease was released' };
  if (asked.kind === 'release') return { kind: 'changed', ask: withEvents(asked, stored, asked) };
  return mergeLeases(stored, asked);
}

/** When a record no longer orders what comes after it. Checked here, whatever the store has collected. */
export function forgottenAt(ask: Lease | Release): EpochMs {
  return ask.kind === 'lease' ? ask.until + rememberMs : ask.until;
}

export function isForgotten(ask: Lease | Release, now: EpochMs): boolean {
  return forgottenAt(ask) <= now;
}

function mergeLeases(stored: Lease, asked: Lease): Merged {
  if (asked.atLeast <= stored.atLeast && asked.until <= stored.until)
    return { kind: 'unchanged', reason: 'nothing new' };
  const atLeast = Math.max(stored.atLeast, asked.atLeast);
  const until = Math.max(stored.until, asked.until);
  return { kind: 'changed', ask: withEvents({ ...stored, atLeast, until }, stored, asked) };
}

type Remembering = { readonly events?: readonly string[] };

function withEvents<T extends Lease | Release>(ask: T, stored: Remembering, asked: Remembering): T {
  const events = [...(stored.events ?? []), ...(asked.events ?? [])].slice(-mostEvents);
  return events.length === 0 ? ask : { ...ask, events };
}
