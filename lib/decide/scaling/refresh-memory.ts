import { type ObservedPool, olderIgnoredMs } from '../../model/cluster.ts';
import type { EpochMs } from '../../model/time.ts';
import { lastEdge } from '../schedule/timeline.ts';
import { givenBase, observedSize } from './base.ts';
import { type PoolMemory, recentChanges, remember } from './memory.ts';
import type { PoolInput } from './pool-view.ts';

/**
 * The memory updated to now: what ended is dropped, and a reset is recorded when the rule changed, an ask started,
 * changed or ended, or a kept size ended. After a reset the schedule acts at once.
 */
export function refreshMemory(input: PoolInput): PoolMemory {
  const { now, pool, rule, asks } = input;
  const known = input.memory;
  if (known === undefined) return firstMemory(input);
  const ruleChanged = known.ruleHash !== rule.hash;
  const asksChanged = (known.asks ?? '') !== asks.fingerprint;
  const keptEnded = known.kept !== undefined && (ruleChanged || known.kept.until <= now);
  const memory = ofOneKind(known, input, ruleChanged);
  const isMet = ruleChanged && memory.actedRule === undefined;
  return remember(memory, {
    name: pool.name,
    flavor: pool.flavor ?? memory.flavor,
    labels: pool.labels,
    tellsNodes: tellsNodes(pool) || memory.tellsNodes,
    ruleHash: rule.hash,
    metAt: isMet ? now : memory.metAt,
    ruledSince: ruleChanged ? (isMet ? undefined : now) : memory.ruledSince,
    thereSince: isMet ? (pool.createdAt ?? memory.thereSince ?? memory.metAt) : memory.thereSince,
    onRemove: rule.onRemove,
    asks: asks.fingerprint,
    kept: keptEnded ? undefined : memory.kept,
    resetAt: ruleChanged || asksChanged || keptEnded ? now : memory.resetAt,
    ahead: memory.ahead !== undefined && memory.ahead <= now ? undefined : memory.ahead,
    foreign: recentChanges(memory.foreign, now),
    missingSince: undefined,
    olderSince: olderSince(memory, pool, now),
    unseenSince: unseenSince(memory, input),
    movingSince: pool.status === 'Scaling' && input.inFlight === undefined ? (memory.movingSince ?? now) : undefined,
  });
}

function firstMemory({ now, pool, rule, asks, isRuleKnown }: PoolInput): PoolMemory {
  return {
    name: pool.name,
    autoscale: pool.autoscale,
    ...(pool.flavor !== undefined && { flavor: pool.flavor }),
    ...(pool.labels !== undefined && { labels: pool.labels }),
    ...(tellsNodes(pool) && { tellsNodes: true }),
    asks: asks.fingerprint,
    ruleHash: rule.hash,
    metAt: now,
    // Under a new rule every pool counts as old, so most need no entry.
    ...(isRuleKnown === true && pool.createdAt !== undefined && { thereSince: pool.createdAt }),
    onRemove: rule.onRemove,
  };
}

function tellsNodes({ autoscale, size }: ObservedPool): true | undefined {
  return autoscale && size !== undefined ? true : undefined;
}

/**
 * The pool was seen Running at a size, then not readable, then Running again: the rounds in between show nothing about
 * an edge.
 */
function unseenSince(memory: PoolMemory, { now, pool, inFlight, lookedAt }: PoolInput): EpochMs | undefined {
  if (memory.seen === undefined || inFlight !== undefined || memory.unseenSince !== undefined)
    return memory.unseenSince;
  const isSeen = pool.status === 'Running' && observedSize(pool, memory) !== undefined && !isStale(memory, pool, now);
  // If some rounds got no answer, the time of the last observation is unknown: use the first time it was certain.
  return isSeen ? undefined : (lookedAt ?? memory.seen.at);
}

/** A pool below base that changed its form keeps what is known and is held until its rule gives a base in that form. */
function ofOneKind(known: PoolMemory, { pool, rule }: PoolInput, ruleChanged: boolean): PoolMemory {
  if (known.autoscale === pool.autoscale) return remember(known, { became: undefined });
  const isGiven = ruleChanged && givenBase(rule, pool.autoscale) !== undefined;
  if (known.away === undefined || isGiven) return forgetSizes({ ...known, away: undefined }, pool.autoscale);
  return remember(known, { became: pool.autoscale });
}

/** A pool that changed its form starts anew: sizes of the other form mean nothing. */
export function forgetSizes(memory: PoolMemory, autoscale: boolean): PoolMemory {
  return {
    ...memory,
    autoscale,
    became: undefined,
    seen: undefined,
    base: undefined,
    kept: undefined,
    reachedAt: undefined,
    lastSet: undefined,
    short: undefined,
  };
}

/** Seen Running at the target since the last edge and the last reset. */
export function isReached(memory: PoolMemory, input: Pick<PoolInput, 'timeline' | 'now'>): boolean {
  if (memory.reachedAt === undefined) return false;
  const edge = lastEdge(input.timeline, input.now) ?? Number.NEGATIVE_INFINITY;
  return memory.reachedAt >= edge && memory.reachedAt >= (memory.resetAt ?? Number.NEGATIVE_INFINITY);
}

/** Seen at its size since the last edge and reset: any later change had no edge in between. */
export function isLookFresh(memory: PoolMemory, input: Pick<PoolInput, 'timeline' | 'now' | 'lookedAt'>): boolean {
  const seenAt = memory.unseenSince ?? input.lookedAt;
  if (seenAt === undefined) return false;
  const edge = lastEdge(input.timeline, input.now) ?? Number.NEGATIVE_INFINITY;
  return seenAt >= edge && seenAt >= (memory.resetAt ?? Number.NEGATIVE_INFINITY);
}

/** Since when all answers have been older than the one that showed the last size; undefined = this one is not. */
export function olderSince(memory: PoolMemory, pool: ObservedPool, now: EpochMs): EpochMs | undefined {
  const seenAt = memory.seen?.updatedAt;
  if (seenAt === undefined || pool.updatedAt === undefined || pool.updatedAt >= seenAt) return undefined;
  return memory.olderSince ?? now;
}

/** An answer older than an earlier one shows the past: it settles nothing, and is no manual change. */
export function isStale(memory: PoolMemory, pool: ObservedPool, now: EpochMs): boolean {
  const since = olderSince(memory, pool, now);
  return since !== undefined && Math.abs(now - since) <= olderIgnoredMs;
}
