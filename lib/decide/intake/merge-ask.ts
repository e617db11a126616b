import type { Lease, Release } from '../asks.ts';
import type { EpochMs } from '../model.ts';
import { rememberMs } from './judge-wish.ts';

export type Merged =
  | { readonly kind: 'changed'; readonly ask: Lease | Release }
  | { readonly kind: 'unchanged'; readonly reason: string };

/** A message that its alert's end overtook on the way comes within this time; what comes later fires again. */
const overtakenMs = 60_000;

/** How many ids of events a record remembers: more than a queue redelivers out of order for one lease. */
const mostEvents = 20;

/**
 * Per lease the latest `time` wins; a release wins ties; two requests of the same time are one, the larger in each part.
 * The same event id twice is one. So the order in which events arrive does not matter.
 *
 * Alerts are the exception (docs/adr/0005): "fires" is true when it comes, whenever the alert began. It holds a lease on
 * that began later, and a minute after its end came it is a new lease.
 */
export function mergeAsk(stored: Lease | Release | undefined, asked: Lease | Release, now: EpochMs): Merged {
  if (stored === undefined || isForgotten(stored, now)) return { kind: 'changed', ask: asked };
  if (asked.events?.some((id) => stored.events?.includes(id))) return { kind: 'unchanged', reason: 'seen before' };
  if (asked.kind === 'lease' && asked.isRepeated && asked.time <= stored.time) return mergeFiring(stored, asked);
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

/**
 * The new lease is dated after the end it follows: that end, told once more, does not end it. What a person let go stays so
 * until the alert begins anew.
 */
function mergeFiring(stored: Lease | Release, asked: Lease): Merged {
  if (stored.kind === 'lease') return mergeLeases(stored, asked);
  if (stored.who !== asked.who) return { kind: 'unchanged', reason: `the lease was released by ${stored.who}` };
  // A clock that was ahead when the end came says nothing about when that was.
  const isOvertaken = Math.abs(asked.askedAt - stored.askedAt) <= overtakenMs;
  if (isOvertaken) return { kind: 'unchanged', reason: 'the lease was released a moment ago' };
  return { kind: 'changed', ask: { ...asked, time: stored.time + 1 } };
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
