import { isLive, type Lease, type Release } from '../asks.ts';
import type { EpochMs } from '../model.ts';
import { mergedId } from './ask-ids.ts';
import { forgottenAt, isForgotten, mergeAsk } from './merge-ask.ts';

/**
 * All that one owner asked for one pool: its leases and tombstones by id. `isWhole`: everything stored is in it;
 * otherwise only the ids in question and the merged lease are, which is enough to change what exists.
 */
export type Shelf = {
  readonly prefix: string;
  readonly asks: ReadonlyMap<string, Lease | Release>;
  readonly isWhole: boolean;
};

export type ShelfOutcome =
  | { readonly kind: 'stored' }
  /** `isHeldAlready`: what was stored before holds it, nothing had to be written. */
  | { readonly kind: 'merged'; readonly reason: string; readonly isHeldAlready: boolean }
  | { readonly kind: 'unchanged'; readonly reason: string };

export type ShelfPlan = {
  /** One per ask, in their order. */
  readonly outcomes: readonly ShelfOutcome[];
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
/** While a shelf was found full this recently, what is new merges without counting again. */
const fullForMs = 10_000;
const secondMs = 1000;
const minuteMs = 60_000;

/**
 * What a batch of asks makes of its shelf: each merges into the record of its id; a new lease on a full shelf merges
 * into the shelf's one merged lease, which holds at least as many nodes for at least as long. undefined = only the
 * whole shelf can tell.
 */
export function planShelf(shelf: Shelf, asked: readonly (Lease | Release)[], now: EpochMs): ShelfPlan | undefined {
  const asks = new Map(shelf.asks);
  const changed = new Set<string>();
  const outcomes: ShelfOutcome[] = [];
  let live = countLive(shelf, now);
  for (const ask of asked) {
    const before = asks.get(ask.id);
    const merged = mergeAsk(before, ask, now);
    if (merged.kind === 'unchanged') {
      outcomes.push(merged);
      continue;
    }
    const isNew = before === undefined || isForgotten(before, now);
    const opens = merged.ask.kind === 'lease' && !isLiveLease(before, now);
    const isFull = opens && isShelfFull(shelf, asks, live, now);
    if (isFull === undefined || (isNew && !opens && !shelf.isWhole)) return undefined;
    const put = isFull ? mergeIntoOne(shelf.prefix, asks, merged.ask, now) : merged.ask;
    outcomes.push(isFull ? fullOutcome(put, asks.get(mergedId(shelf.prefix))) : { kind: 'stored' });
    if (put === undefined) continue;
    asks.set(put.id, put);
    changed.add(put.id);
    if (!isFull) live += opens ? 1 : isLiveLease(before, now) && merged.ask.kind === 'release' ? -1 : 0;
  }
  const puts = [...changed].map((id) => asks.get(id)!);
  return { outcomes, puts, deletes: shelf.isWhole ? findSurplus(asks, changed, now) : [] };
}

function countLive({ asks, prefix }: Shelf, now: EpochMs): number {
  let live = 0;
  for (const ask of asks.values()) if (ask.id !== mergedId(prefix) && isLiveLease(ask, now)) live += 1;
  return live;
}

function isLiveLease(ask: Lease | Release | undefined, now: EpochMs): boolean {
  return ask?.kind === 'lease' && isLive(ask, now);
}

/** undefined = cannot be told from a part of the shelf. */
function isShelfFull(
  shelf: Shelf,
  asks: ReadonlyMap<string, Lease | Release>,
  live: number,
  now: EpochMs,
): boolean | undefined {
  if (shelf.isWhole) return live >= mostLiveLeases;
  const merged = asks.get(mergedId(shelf.prefix));
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

function fullOutcome(put: Lease | Release | undefined, stored: Lease | Release | undefined): ShelfOutcome {
  const until = new Date((put ?? stored)?.until ?? 0).toISOString();
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
