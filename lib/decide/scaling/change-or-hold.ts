import { type ObservedPool, olderIgnoredMs } from '../../model/cluster.ts';
import { describeSize, equalSize, isLower, isRaise, largest, lower, type Size } from '../../model/size.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { nextChange, type Timeline } from '../schedule/timeline.ts';
import { hasNodes } from './base.ts';
import { findingsOfPool } from './findings.ts';
import { pendingFor } from './late.ts';
import {
  type Change,
  contendedUntil,
  isContended,
  type NotApplied,
  type PoolMemory,
  type Refusal,
  remember,
} from './memory.ts';
import type { Hold, HoldCode } from './plan.ts';
import type { Block, FinishedPool, PoolView } from './pool-view.ts';
import { isCoolingDown, refusalOf } from './refusal.ts';
import { tookMs } from './settle.ts';

export type ChangeOrHoldInput = {
  readonly view: PoolView;
  /** The target after the cluster's minimum was applied. */
  readonly target: Size | undefined;
  /** The pool's own change that has not settled. */
  readonly change: Change | undefined;
  readonly now: EpochMs;
  readonly keptNodesReason: string | undefined;
};

/** Records what was reached or is pending, and returns whether the pool may be changed, or why it is held. */
export function changeOrHold(input: ChangeOrHoldInput): FinishedPool {
  const { target, now } = input;
  const memory = markProgress(input);
  const view = memory === input.view.memory ? input.view : { ...input.view, memory };
  const findings = [...view.findings, ...findingsOfPool(view, memory, target, now)];
  const nothing: FinishedPool = { view, memory, want: undefined, hold: undefined, findings };
  const held = (code: HoldCode, reason: string, to = target): FinishedPool => ({
    ...nothing,
    hold: holdOf(view, code, reason, to),
  });
  if (memory.stuck) return held('stuck', whyStuck(memory.stuck, view.pool));
  if (input.change) {
    const { from, to, claimedAt } = input.change;
    const what = `the change from ${describeSize(from)} to ${describeSize(to)} is under way since ${iso(claimedAt)}`;
    const finished = held('in-flight', what, to);
    return { ...finished, hold: finished.hold && { ...finished.hold, from } };
  }
  if (view.current === undefined || target === undefined)
    return held(view.block?.code ?? 'base-unknown', view.block?.reason ?? view.reason);
  if (equalSize(view.current, target)) {
    if (input.keptNodesReason && !equalSize(view.target, target))
      return held('min-nodes', input.keptNodesReason, view.target);
    return nothing;
  }
  if (view.block) return held(view.block.code, view.block.reason);
  const allowed = allowedSize(view, memory, view.current, target, now);
  if ('code' in allowed) return held(allowed.code, allowed.reason);
  const reason = input.keptNodesReason ? `${view.reason}; ${input.keptNodesReason}` : view.reason;
  return {
    ...nothing,
    want: {
      view: { ...view, reason },
      from: view.current,
      to: allowed.to,
      raise: isRaise(view.current, allowed.to),
    },
  };
}

function whyStuck({ from, to, claimedAt }: Change, { status }: ObservedPool): string {
  const what = `the change from ${describeSize(from)} to ${describeSize(to)}`;
  return status === 'Error'
    ? `${what} of ${iso(claimedAt)} failed: the pool is in Error`
    : `${what} has not settled since ${iso(claimedAt)}`;
}

/** Reaching the target is stored once. A target not reached is stored with the instant since when it is wanted. */
function markProgress({ view, target, now, change, keptNodesReason }: ChangeOrHoldInput): PoolMemory {
  const { memory: before } = view;
  // An old answer shows nothing about the current target.
  if (view.block?.code === 'stale') return before;
  if (view.isLeft) return leaveAlone(view, before, now);
  const isThere = view.running !== undefined && target !== undefined && equalSize(view.running, target);
  if (isThere) {
    const isMarked =
      before.reachedAt !== undefined &&
      before.reachedAt >= Math.max(view.lastEdgeAt, before.resetAt ?? Number.NEGATIVE_INFINITY);
    // The minimum of a cluster may fall on different pools in turn, so the refusal is kept meanwhile.
    const isForNow = keptNodesReason !== undefined && !equalSize(view.target, target);
    return remember(before, {
      reachedAt: isMarked ? before.reachedAt : now,
      ...nodesAt(view.pool, before, target, now),
      pending: undefined,
      refusals: isForNow ? before.refusals : undefined,
      busySince: undefined,
      notApplied: isRecent(before.notApplied, now) ? before.notApplied : undefined,
    });
  }
  const memory = remember(before, { short: stillShort(view, target) });
  if (target === undefined) return remember(memory, { pending: undefined });
  const isPending = change !== undefined || !equalSize(view.current, target) || memory.pending !== undefined;
  if (!isPending || equalSize(memory.pending?.target, target)) return memory;
  return remember(memory, { pending: pendingFor(memory.pending, view.current, target, now) });
}

/** With no wanted size nothing is due or refused either: the pool has arrived once it is seen Running. */
function leaveAlone({ running, lastEdgeAt }: PoolView, memory: PoolMemory, now: EpochMs): PoolMemory {
  const { reachedAt, resetAt = Number.NEGATIVE_INFINITY } = memory;
  const isMarked = reachedAt !== undefined && reachedAt >= Math.max(lastEdgeAt, resetAt);
  return remember(memory, {
    reachedAt: running === undefined || isMarked ? reachedAt : now,
    short: undefined,
    pending: undefined,
    refusals: undefined,
    busySince: undefined,
    notApplied: isRecent(memory.notApplied, now) ? memory.notApplied : undefined,
  });
}

/**
 * A change settles when its bounds are read back; an autoscaled pool is ready when its nodes are there (ADR 7). Until
 * then it is stored as short; then the duration of our raise is learnt.
 */
function nodesAt(pool: ObservedPool, memory: PoolMemory, target: Size, now: EpochMs): Partial<PoolMemory> {
  const { short, raisesMs = [], pending } = memory;
  if (hasNodes(pool, target) !== true) {
    const isSame = short !== undefined && short.least === lower(target);
    return { short: { ...(isSame ? short : {}), least: lower(target), since: short?.since ?? pending?.since ?? now } };
  }
  if (short?.claimedAt === undefined || short.least !== lower(target)) return { short: undefined };
  return { short: undefined, raisesMs: [...raisesMs, tookMs(short.claimedAt, pool, now)].slice(-10) };
}

/** Nodes that are there, or no longer wanted, are not missing, whatever the pool's status. */
function stillShort({ memory, pool, current }: PoolView, target: Size | undefined): PoolMemory['short'] {
  const { short } = memory;
  if (short === undefined || target === undefined) return undefined;
  if (current === undefined) return short;
  const least = Math.min(short.least, lower(target));
  return hasNodes(pool, least) === true ? undefined : { ...short, least };
}

/** As long as answers may be old and clocks differ. */
function isRecent(notApplied: NotApplied | undefined, now: EpochMs): boolean {
  return notApplied?.at !== undefined && Math.abs(now - notApplied.at) <= olderIgnoredMs;
}

export function holdOf(view: PoolView, code: HoldCode, reason: string, to: Size | undefined): Hold {
  return { kind: 'hold', ...view.names, code, from: view.current, to, reason, who: view.who };
}

type AllowedSize = { readonly to: Size } | Block;

/** If only raises are allowed, the raising part of a change remains, which may be nothing. */
function allowedSize(view: PoolView, memory: PoolMemory, current: Size, target: Size, now: EpochMs): AllowedSize {
  if (isContended(memory)) {
    return {
      code: 'contended',
      reason: `somebody else changed this size three times within an hour, probably Terraform or another installation: it is left alone until ${iso(contendedUntil(memory) ?? now)}`,
    };
  }
  const raiseOnly = findRaiseOnly(view, memory, now);
  const to = raiseOnly === undefined ? target : largest(current, target);
  if (raiseOnly && equalSize(to, current)) return raiseOnly;
  const cluster = view.cluster.status;
  if (cluster !== 'Running' && cluster !== 'Error')
    return { code: 'cluster-not-running', reason: `the cluster is ${cluster}` };
  const refusal = refusalOf(memory, to);
  return refusal === undefined ? { to } : (refusedFor(view, refusal, current, to, now) ?? { to });
}

/** A young pool, a pool raised ahead of a boundary, and a pool of a cluster in Error may be raised but not lowered. */
function findRaiseOnly(view: PoolView, memory: PoolMemory, now: EpochMs): Block | undefined {
  const { createdAt } = view.pool;
  if (createdAt !== undefined && now - createdAt < view.rule.graceMs) {
    const until = createdAt + view.rule.graceMs;
    return { code: 'grace', reason: `created at ${iso(createdAt)}: not lowered before ${iso(until)}` };
  }
  if (memory.ahead !== undefined && now < memory.ahead && !view.isOverridden) {
    return { code: 'ahead', reason: `raised ahead of ${iso(memory.ahead)}: not lowered before it` };
  }
  if (view.cluster.status === 'Error')
    return { code: 'cluster-not-running', reason: 'the cluster is in Error: pools may be raised, never lowered' };
  return undefined;
}

/** A cool-down after each refusal; three refusals as invalid hold a lower until the config or the pool changes. */
function refusedFor(view: PoolView, refusal: Refusal, current: Size, to: Size, now: EpochMs): AllowedSize | undefined {
  if (isCoolingDown(refusal, now)) {
    return {
      code: 'cool-down',
      reason: `${describeSize(to)} was refused (${refusal.detail}): tried again at ${iso(refusal.until)}`,
    };
  }
  const isSame = refusal.ruleHash === view.rule.hash && refusal.poolUpdatedAt === view.pool.updatedAt;
  if (isLower(current, to) && !isRaise(current, to) && refusal.invalid >= 3 && isSame) {
    return {
      code: 'refused',
      reason: `${describeSize(to)} was refused three times (${refusal.detail}): not tried again until the schedule asks for another size, or the rule or the pool changes`,
    };
  }
  return undefined;
}

/**
 * When a hold ends by itself, if that is known: a pause, a young pool's grace, the boundary a pool was raised for, a
 * cool-down, an hour of foreign changes, half an hour of old answers, and a size refused for good, until the schedule
 * wants another one. All other holds end by what the service or people do.
 */
export function holdEnd(
  { code, to }: Pick<Hold, 'code' | 'to'>,
  { memory, pause, pool, rule }: Pick<PoolView, 'memory' | 'pause' | 'pool' | 'rule'>,
  timeline: Timeline | undefined,
  now: EpochMs,
): EpochMs | undefined {
  switch (code) {
    case 'paused':
      return pause?.until;
    case 'grace':
      return pool.createdAt === undefined ? undefined : pool.createdAt + rule.graceMs;
    case 'ahead':
      return memory.ahead;
    case 'contended':
      return contendedUntil(memory);
    case 'cool-down':
      return (refusalOf(memory, to) ?? memory.refusals?.find((one) => isCoolingDown(one, now)))?.until;
    case 'stale':
      return memory.olderSince === undefined ? undefined : memory.olderSince + olderIgnoredMs;
    case 'refused':
      return timeline && nextChange(timeline, now)?.at;
    default:
      return undefined;
  }
}
