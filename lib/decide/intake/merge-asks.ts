import { isLive, type Lease, type Release } from '../../model/asks.ts';
import { type EpochMs, iso, minuteMs, secondMs } from '../../model/time.ts';
import { mergedId, rememberMs } from './judge-ask.ts';

/**
 * All that one owner asked for one pool: its leases and tombstones by id. `isWhole`: everything stored is in it;
 * otherwise only the ids in question and the merged lease are, which is enough to change what exists.
 */
export type Group = {
  readonly prefix: string;
  readonly asks: ReadonlyMap<string, Lease | Release>;
  readonly isWhole: boolean;
};

export type GroupOutcome =
  | { readonly kind: 'stored' }
  /** `isHeldAlready`: what was stored before holds it, nothing had to be written. */
  | { readonly kind: 'merged'; readonly reason: string; readonly isHeldAlready: boolean }
  | { readonly kind: 'unchanged'; readonly reason: string };

export type GroupPlan = {
  /** One per ask, in their order. */
  readonly outcomes: readonly GroupOutcome[];
  readonly puts: readonly (Lease | Release)[];
  /** Ids of finished records that were pushed out. */
  readonly deletes: readonly string[];
};

/** Live leases with a key of their own, per owner and pool. What comes above merges into one lease, the largest of all. */
export const mostLiveLeases = 100;
/** Ended leases and tombstones kept per owner and pool; the oldest make room. */
export const mostFinished = 300;
/** As many as one commit may put, so that what comes in never outgrows what goes out. */
const mostDeletes = 50;
/** While a group was found full this recently, what is new merges without counting again. */
const fullForMs = 10_000;
/**
 * What a batch of asks makes of its group: each merges into the record of its id; a new lease on a full group merges
 * into the group's one merged lease, which holds at least as many nodes for at least as long. undefined = only the
 * whole group can tell.
 */
export function planGroup(group: Group, asked: readonly (Lease | Release)[], now: EpochMs): GroupPlan | undefined {
  const asks = new Map(group.asks);
  const changed = new Set<string>();
  const outcomes: GroupOutcome[] = [];
  let live = countLive(group, now);
  for (const ask of asked) {
    const before = asks.get(ask.id);
    const merged = mergeAsk(before, ask, now);
    if (merged.kind === 'unchanged') {
      outcomes.push(merged);
      continue;
    }
    const isNew = before === undefined || isForgotten(before, now);
    const opens = merged.ask.kind === 'lease' && !isLiveLease(before, now);
    const isFull = opens && isGroupFull(group, asks, live, now);
    if (isFull === undefined || (isNew && !opens && !group.isWhole)) return undefined;
    const put = isFull ? mergeIntoOne(group.prefix, asks, merged.ask, now) : merged.ask;
    outcomes.push(isFull ? fullOutcome(put, asks.get(mergedId(group.prefix))) : { kind: 'stored' });
    if (put === undefined) continue;
    asks.set(put.id, put);
    changed.add(put.id);
    if (!isFull) live += opens ? 1 : isLiveLease(before, now) && merged.ask.kind === 'release' ? -1 : 0;
  }
  const puts = [...changed].map((id) => asks.get(id)!);
  return { outcomes, puts, deletes: group.isWhole ? findSurplus(asks, changed, now) : [] };
}

function countLive({ asks, prefix }: Group, now: EpochMs): number {
  let live = 0;
  for (const ask of asks.values()) if (ask.id !== mergedId(prefix) && isLiveLease(ask, now)) live += 1;
  return live;
}

function isLiveLease(ask: Lease | Release | undefined, now: EpochMs): boolean {
  return ask?.kind === 'lease' && isLive(ask, now);
}

/** undefined = cannot be told from a part of the group. */
function isGroupFull(
  group: Group,
  asks: ReadonlyMap<string, Lease | Release>,
  live: number,
  now: EpochMs,
): boolean | undefined {
  if (group.isWhole) return live >= mostLiveLeases;
  const merged = asks.get(mergedId(group.prefix));
  const wasJustFull = isLiveLease(merged, now) && now - (merged as Lease).askedAt < fullForMs;
  return wasJustFull ? true : undefined;
}

/**
 * The merged lease: at least as many nodes, at least as long as each lease in it. Its end is rounded up to the minute and
 * `askedAt` to the second, so that a flood writes it a few times a second at most. undefined = it holds enough already.
 */
function mergeIntoOne(
  prefix: string,
  asks: ReadonlyMap<string, Lease | Release>,
  ask: Lease,
  now: EpochMs,
): Lease | undefined {
  const stored = asks.get(mergedId(prefix));
  const until = Math.ceil(ask.until / minuteMs) * minuteMs;
  const reason = 'many requests at once, merged into the largest';
  if (stored?.kind !== 'lease' || !isLive(stored, now)) {
    const { events: _, ...rest } = ask;
    return { ...rest, id: mergedId(prefix), until, reason };
  }
  const holds = stored.atLeast >= ask.atLeast && stored.until >= until && now - stored.askedAt < secondMs;
  if (holds) return undefined;
  return {
    ...stored,
    atLeast: Math.max(stored.atLeast, ask.atLeast),
    until: Math.max(stored.until, until),
    time: Math.max(stored.time, ask.time),
    askedAt: Math.max(stored.askedAt, ask.askedAt),
  };
}

function fullOutcome(put: Lease | Release | undefined, stored: Lease | Release | undefined): GroupOutcome {
  const until = iso((put ?? stored)?.until ?? 0);
  return {
    kind: 'merged',
    isHeldAlready: put === undefined,
    reason: `this pool has ${mostLiveLeases} leases of this source: merged into one that lasts until ${until} and cannot be released`,
  };
}

/** Records that hold nothing any more, above what is kept: the ones forgotten first go first. */
function findSurplus(
  asks: ReadonlyMap<string, Lease | Release>,
  changed: ReadonlySet<string>,
  now: EpochMs,
): readonly string[] {
  const finished = [...asks.values()].filter((ask) => !isLiveLease(ask, now));
  const surplus = finished.length - mostFinished;
  if (surplus <= 0) return [];
  const removable = finished.filter(({ id }) => !changed.has(id)).sort((a, b) => forgottenAt(a) - forgottenAt(b));
  return removable.slice(0, Math.min(surplus, mostDeletes)).map(({ id }) => id);
}

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
    return { kind: 'unchanged', reason: `the lease ${newer} (event time ${iso(stored.time)})` };
  }
  if (asked.time > stored.time) return { kind: 'changed', ask: withEvents(asked, stored, asked) };
  if (stored.kind === 'release') return { kind: 'unchanged', reason: 'the lease was released' };
  if (asked.kind === 'release') return { kind: 'changed', ask: withEvents(asked, stored, asked) };
  return mergeLeases(stored, asked);
}

/** When a record no longer orders what comes after it. Checked here, whatever the store has collected. */
function forgottenAt(ask: Lease | Release): EpochMs {
  return ask.kind === 'lease' ? ask.until + rememberMs : ask.until;
}

function isForgotten(ask: Lease | Release, now: EpochMs): boolean {
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
