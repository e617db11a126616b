import { isLive, type Lease, type Release } from '../../model/asks.ts';
import { type EpochMs, iso, minuteMs, secondMs } from '../../model/time.ts';
import { mergedId, rememberMs } from './judge-ask.ts';

/**
 * Everything that one owner asked for one pool: leases and tombstones by id. `isWhole`: all stored records are in it;
 * otherwise only the ids in question and the merged lease, which is enough to change existing ones.
 */
export type Group = {
  readonly prefix: string;
  readonly asks: ReadonlyMap<string, Lease | Release>;
  readonly isWhole: boolean;
};

export type GroupOutcome =
  | { readonly kind: 'stored' }
  /** `isHeldAlready`: a stored lease already covers it, so nothing was written. */
  | { readonly kind: 'merged'; readonly reason: string; readonly isHeldAlready: boolean }
  | { readonly kind: 'unchanged'; readonly reason: string };

export type GroupPlan = {
  /** One per ask, in order. */
  readonly outcomes: readonly GroupOutcome[];
  readonly puts: readonly (Lease | Release)[];
  /** Ids of finished records that were pushed out. */
  readonly deletes: readonly string[];
};

/**
 * The most live leases with a key of their own, per owner and pool. Further ones merge into one lease, the largest of
 * all.
 */
export const mostLiveLeases = 100;
/** The most ended leases and tombstones per owner and pool; the oldest are deleted. */
export const mostFinished = 300;
/** As many as one commit can add, so that deleting keeps up with adding. */
const mostDeletes = 50;
/** A group found full this recently merges new leases without counting again. */
const fullForMs = 10_000;
/**
 * Applies a batch of asks to their group: each merges into the record of its id. A new lease in a full group merges
 * into the group's one merged lease, which has at least as many nodes for at least as long. undefined = the whole group
 * must be read.
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

/** undefined = the whole group must be read. */
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
 * The merged lease: at least as many nodes and at least as long as each lease in it. Its end is rounded up to the
 * minute and `askedAt` to the second, so that a flood writes it only a few times a second. undefined = it covers the
 * new lease already.
 */
function mergeIntoOne(
  prefix: string,
  asks: ReadonlyMap<string, Lease | Release>,
  ask: Lease,
  now: EpochMs,
): Lease | undefined {
  const stored = asks.get(mergedId(prefix));
  const until = Math.ceil(ask.until / minuteMs) * minuteMs;
  const reason = 'many asks at once, merged into the largest';
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

/** Ended records above the limit; those that expire first come first. */
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

/**
 * A firing message that was overtaken by its end arrives within this time; a later one means that the alert fires
 * again.
 */
const overtakenMs = 60_000;

/** How many event ids a record keeps: more than a queue redelivers out of order for one lease. */
const mostEvents = 20;

/**
 * Per lease the latest `time` wins; a release wins ties; of two requests with the same time, the larger counts, per
 * part. The same event id twice counts once. So the order in which events arrive does not matter. Alerts are the
 * exception (docs/adr/0005): a firing message is true when it comes, whenever the alert began. It extends a lease that
 * began later, and a minute after the end arrived it makes a new lease.
 */
export function mergeAsk(stored: Lease | Release | undefined, asked: Lease | Release, now: EpochMs): Merged {
  if (stored === undefined || isForgotten(stored, now)) return { kind: 'changed', ask: asked };
  if (asked.events?.some((id) => stored.events?.includes(id))) return { kind: 'unchanged', reason: 'seen before' };
  if (asked.kind === 'lease' && asked.isRepeated && asked.time <= stored.time) return mergeFiring(stored, asked);
  if (asked.time < stored.time) {
    const newer = stored.kind === 'release' ? 'was released' : 'has a newer ask';
    return { kind: 'unchanged', reason: `the lease ${newer} (event time ${iso(stored.time)})` };
  }
  if (asked.time > stored.time) return { kind: 'changed', ask: withEvents(asked, stored, asked) };
  if (stored.kind === 'release') return { kind: 'unchanged', reason: 'the lease was released' };
  if (asked.kind === 'release') return { kind: 'changed', ask: withEvents(asked, stored, asked) };
  return mergeLeases(stored, asked);
}

/** When a record no longer affects later asks. Checked here, whether or not the store has deleted it. */
function forgottenAt(ask: Lease | Release): EpochMs {
  return ask.kind === 'lease' ? ask.until + rememberMs : ask.until;
}

function isForgotten(ask: Lease | Release, now: EpochMs): boolean {
  return forgottenAt(ask) <= now;
}

/**
 * The new lease is dated after the end it follows, so that the same end delivered again does not end it. A lease that a
 * person released stays released until the alert begins anew.
 */
function mergeFiring(stored: Lease | Release, asked: Lease): Merged {
  if (stored.kind === 'lease') return mergeLeases(stored, asked);
  if (stored.who !== asked.who) return { kind: 'unchanged', reason: `the lease was released by ${stored.who}` };
  // If our clock was ahead when the end arrived, its arrival time is unknown.
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
