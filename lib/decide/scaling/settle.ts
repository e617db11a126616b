import type { ObservedPool } from '../../model/cluster.ts';
import { equalSize, isRaise, lower, type Size, upper } from '../../model/size.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import { isFromFuture } from '../stored-time.ts';
import { hasNodes, missingNodes, observedSizeDuring } from './base.ts';
import { type Change, type ClusterRecord, type NotApplied, type PoolMemory, type Refusal, remember } from './memory.ts';
import type { Decision, PoolName } from './plan.ts';
import { isStale } from './refresh-memory.ts';
import { addRefusal } from './refusal.ts';

/** `claimedAt`: the pool was also read for the claim; changes by others came later. */
type Evidence = { readonly kind: 'superseded' | 'undone'; readonly claimedAt: EpochMs };

export type Settled = {
  readonly change: Change | undefined;
  readonly pools: { readonly [poolId: string]: PoolMemory };
  /** Manual changes found while settling, by pool id. */
  readonly evidence: { readonly [poolId: string]: Evidence };
  readonly decisions: readonly Omit<Decision, 'configHash'>[];
};

export type SettleInput = {
  readonly record: ClusterRecord;
  readonly region: string;
  readonly clusterId: string;
  readonly pools: readonly ObservedPool[];
  readonly now: EpochMs;
  readonly stuckAfterMs: number;
};

/** Compares every open change of the cluster (in flight or stuck) with the current observation. */
export function settleRecord(input: SettleInput): Settled {
  const { record } = input;
  let settled: Settled = { change: undefined, pools: record.pools, evidence: {}, decisions: [] };
  const stuck = Object.entries(record.pools).flatMap(([, memory]) => (memory.stuck ? [memory.stuck] : []));
  for (const change of stuck) settled = settleOne(input, settled, change, true);
  return record.change ? settleOne(input, settled, record.change, false) : settled;
}

function settleOne(input: SettleInput, settled: Settled, change: Change, wasStuck: boolean): Settled {
  const pool = input.pools.find((candidate) => candidate.id === change.poolId);
  const memory = settled.pools[change.poolId];
  if (pool && memory && isStale(memory, pool, input.now)) return wasStuck ? settled : { ...settled, change };
  const size = pool && observedSizeDuring(pool, memory, change);
  const running = pool?.status === 'Running' ? size : undefined;
  const missingSince = memory === undefined ? change.claimedAt : memory.missingSince;
  const settlement = settleChange(change, pool, running, input.now, input.stuckAfterMs, missingSince);
  if (settlement.kind === 'wait' || (wasStuck && settlement.kind === 'failed'))
    return wasStuck ? settled : { ...settled, change };
  if (memory === undefined) return settled;
  const next = afterSettlement(memory, change, settlement, pool, input.now);
  const isPersons = settlement.kind === 'superseded' || settlement.kind === 'undone';
  return {
    change: settled.change,
    pools: { ...settled.pools, [change.poolId]: next },
    evidence: isPersons
      ? { ...settled.evidence, [change.poolId]: { kind: settlement.kind, claimedAt: change.claimedAt } }
      : settled.evidence,
    decisions: [...settled.decisions, ...decisionOf(input, memory, change, settlement)],
  };
}

function afterSettlement(
  memory: PoolMemory,
  change: Change,
  settlement: Ended,
  pool: ObservedPool | undefined,
  now: EpochMs,
): PoolMemory {
  const free = remember(memory, { stuck: undefined });
  switch (settlement.kind) {
    case 'done':
      return remember(free, whatIsDone(memory, change, settlement.tookMs, pool, now));
    case 'superseded':
    case 'undone':
      return remember(free, { notApplied: undefined, ahead: undefined, busySince: undefined });
    case 'not-applied':
      return notApplied(free, change, pool, now);
    case 'failed':
    case 'stuck':
      return remember(memory, { stuck: change, busySince: undefined });
    case 'vanished':
      return remember(free, {
        ...actedAsBefore(memory, change),
        lastSet: lastAsked(memory, change),
        notApplied: perhapsApplied(memory, change, now),
      });
  }
}

function whatIsDone(
  memory: PoolMemory,
  { from, to, claimedAt }: Change,
  took: number,
  pool: ObservedPool | undefined,
  now: EpochMs,
): Partial<PoolMemory> {
  const has = pool === undefined || (hasNodes(pool, to) ?? memory.tellsNodes !== true);
  const since = memory.pending?.since ?? claimedAt;
  return {
    seen: { size: to, at: now, updatedAt: pool?.updatedAt },
    lastSet: to,
    raisesMs: isRaise(from, to) && has ? [...(memory.raisesMs ?? []), took].slice(-10) : memory.raisesMs,
    short: has ? undefined : { least: lower(to), since, claimedAt },
    notApplied: undefined,
    refusals: undefined,
    busySince: undefined,
  };
}

/**
 * A change may be applied after we stopped waiting for it: an absent size is then our 0. If the size before was ours
 * too, that is kept: at base time it would otherwise count as a person's (`notApplied` knows the 0).
 */
function lastAsked(memory: PoolMemory, change: Change): PoolMemory['lastSet'] {
  if (equalSize(memory.lastSet, change.from)) return memory.lastSet;
  return lower(change.to) === 0 ? change.to : memory.lastSet;
}

/** The outcome is unknown. If the pool later shows that size, it was our change. */
function perhapsApplied(memory: PoolMemory, change: Change, at: EpochMs): NotApplied {
  const { notApplied: known } = memory;
  const { to } = change;
  // A size is omitted only if it is 0: the 0 that was given up before explains that, this change does not.
  if (known !== undefined && lower(known.target) === 0 && lower(to) !== 0) return known;
  const isSame = known !== undefined && equalSize(known.target, to);
  return { target: to, count: isSame ? known.count : 0, at, ...takenBack(memory, change) };
}

/**
 * A claim makes its rule the one that acted. A change that nobody saw take effect is no act (ADR 10): the process may
 * have died before its PUT.
 */
function takenBack({ actedRule }: PoolMemory, { actedBefore }: Change): Pick<NotApplied, 'byRule'> {
  return actedRule === undefined || actedRule === actedBefore ? {} : { byRule: actedRule };
}

/** If the rule changed while the change was open, a pool that was never changed came under it then. */
function actedAsBefore(
  { ruledSince, metAt, thereSince }: PoolMemory,
  { actedBefore }: Change,
): Pick<PoolMemory, 'actedRule' | 'ruledSince' | 'metAt' | 'thereSince'> {
  const isMetLater = actedBefore === undefined && ruledSince !== undefined;
  if (!isMetLater) return { actedRule: actedBefore, ruledSince, metAt, thereSince };
  return { actedRule: undefined, ruledSince: undefined, metAt: ruledSince, thereSince: thereSince ?? metAt };
}

/** A server may answer 2xx and ignore the request: from the third time in a row, that counts as a refusal. */
function notApplied(memory: PoolMemory, change: Change, pool: ObservedPool | undefined, now: EpochMs): PoolMemory {
  const known = memory.notApplied;
  const count = known !== undefined && equalSize(known.target, change.to) ? known.count + 1 : 1;
  const inRow = (known?.inRow ?? known?.count ?? 0) + 1;
  const lastSet = lastAsked(memory, change);
  const counted = remember(memory, {
    ...actedAsBefore(memory, change),
    notApplied: {
      target: change.to,
      count,
      ...(inRow > count && { inRow }),
      at: now,
      ...takenBack(memory, change),
    },
    lastSet,
    busySince: undefined,
  });
  // Counted over all targets, or alternating targets would be sent for ever.
  if (inRow < 3) return counted;
  const why: Refusal['why'] = 'ignored';
  return addRefusal(
    counted,
    { target: change.to, why, detail: 'accepted, but not applied', poolUpdatedAt: pool?.updatedAt },
    now,
  );
}

function decisionOf(input: SettleInput, memory: PoolMemory, change: Change, settlement: Ended): Settled['decisions'] {
  if (settlement.kind === 'vanished' || settlement.kind === 'stuck') return [];
  const names: PoolName = {
    region: input.region,
    clusterId: input.clusterId,
    cluster: input.record.cluster,
    poolId: change.poolId,
    pool: memory.name,
  };
  const reasons = {
    done: () => `done after ${Math.round((input.now - change.claimedAt) / 1000)} s${nodesAfter(input, change)}`,
    superseded: () => 'somebody else set another size meanwhile',
    undone: () => 'it was set back to the old size',
    'not-applied': () => 'the change was not applied; it is planned again',
    failed: () => 'the change failed: the pool is in Error',
  };
  const reason = reasons[settlement.kind]();
  return [
    {
      schema: 1,
      ...names,
      at: input.now,
      kind: settlement.kind,
      code: settlement.kind,
      from: change.from,
      to: change.to,
      reason,
      who: 'lamplighter',
    },
  ];
}

/** Bounds are settled when they are read back; the node count is judged separately. */
function nodesAfter({ pools }: SettleInput, { poolId, to }: Change): string {
  const pool = pools.find(({ id }) => id === poolId);
  if (pool === undefined || !pool.autoscale || pool.size === undefined) return '';
  const missing = missingNodes(pool, to);
  if (missing > 0) return `; its bounds are set, ${missing} of ${lower(to)} nodes are still missing`;
  if (pool.size <= upper(to)) return '';
  return `; its bounds are set, ${pool.size} nodes run until its autoscaler removes them`;
}

/** An accepted PUT may take a while to show: before this, the old size proves nothing. */
export const notAppliedAfterMs = 4 * minuteMs;
export const vanishedAfterMs = 10 * minuteMs;
/** The service's clock may be slightly behind ours, and its times may be cut to the second. */
const stampsDifferMs = 60_000;

export type Settlement =
  | { readonly kind: 'done'; readonly tookMs: number }
  /** Running at another size: a person's change. */
  | { readonly kind: 'superseded'; readonly size: Size }
  /** Applied, and put back to the old size by somebody. */
  | { readonly kind: 'undone'; readonly size: Size }
  | { readonly kind: 'not-applied' }
  /** The outcome cannot be seen: the pool is missing from all answers, or its answers have no size. */
  | { readonly kind: 'vanished' }
  /** In Error since it was asked to change. */
  | { readonly kind: 'failed' }
  | { readonly kind: 'stuck' }
  | { readonly kind: 'wait' };

/** All but a change that is still awaited. */
type Ended = Exclude<Settlement, { kind: 'wait' }>;

/**
 * The outcome of a claimed change by a new observation. `running` = the size, only if the pool was seen Running. The
 * claim survives every crash, so the observation decides, never the answer to the PUT. `missingSince` = since when no
 * answer has shown the pool.
 */
export function settleChange(
  change: Change,
  pool: ObservedPool | undefined,
  running: Size | undefined,
  now: EpochMs,
  stuckAfterMs: number,
  missingSince?: EpochMs,
): Settlement {
  const age = ageOf(change, now);
  if (pool === undefined) return hasVanished(missingSince, now) ? { kind: 'vanished' } : { kind: 'wait' };
  if (running === undefined) {
    if (hasFailed(change, pool, now)) return { kind: 'failed' };
    if (age < stuckAfterMs) return { kind: 'wait' };
    return { kind: pool.status === 'Running' ? 'vanished' : 'stuck' };
  }
  if (equalSize(running, change.to)) return { kind: 'done', tookMs: tookMs(change.claimedAt, pool, now) };
  if (!equalSize(running, change.from)) return { kind: 'superseded', size: running };
  if (age < notAppliedAfterMs) return { kind: 'wait' };
  // Neither counts as a manual change: an autoscaler changes its pool all day, and a raise wrongly taken for reverted
  // would leave a pool at 0 unnoticed. In doubt, a pool stays up.
  const mayBeUndone = !pool.autoscale && !isRaise(change.from, change.to);
  const isTouched = mayBeUndone && pool.updatedAt !== undefined && pool.updatedAt > change.claimedAt;
  return isTouched ? { kind: 'undone', size: running } : { kind: 'not-applied' };
}

/**
 * The pool was Running when the change was claimed, so a later answer that shows Error means that the change failed,
 * and the next pool need not wait. What the pool becomes later still counts.
 */
function hasFailed({ claimedAt }: Change, pool: ObservedPool, now: EpochMs): boolean {
  if (pool.status !== 'Error' || claimedAt > now) return false;
  return pool.updatedAt === undefined || pool.updatedAt >= claimedAt - stampsDifferMs;
}

/**
 * A single answer may omit a pool; only this long an absence counts. A future time was written before the clock went
 * back.
 */
function hasVanished(missingSince: EpochMs | undefined, now: EpochMs): boolean {
  return missingSince !== undefined && Math.abs(now - missingSince) >= vanishedAfterMs;
}

/** A raise ends when the pool was last updated, if that lies between claim and observation; else at the observation. */
export function tookMs(claimedAt: EpochMs, pool: ObservedPool, now: EpochMs): number {
  const updated = pool.updatedAt;
  const end = updated !== undefined && updated > claimedAt && updated <= now ? updated : now;
  return Math.max(0, end - claimedAt);
}

/** A claim from the future was made before the clock went back: its age is unknown. */
function ageOf({ claimedAt }: Change, now: EpochMs): number {
  return isFromFuture(claimedAt, now) ? Number.POSITIVE_INFINITY : now - claimedAt;
}
