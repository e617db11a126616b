import type { EpochMs, Finding, Size } from '../model.ts';
import { type Change, type NotApplied, type PoolMemory, remember } from './memory.ts';
import type { Hold, HoldCode } from './plan.ts';
import { pendingFor } from './pending.ts';
import { findingsOfPool } from './pool-findings.ts';
import type { PoolView } from './pool-view.ts';
import { restrict } from './restrict.ts';
import { describeSize, equalSize, isRaise } from './size.ts';
import { staleForMs } from './stale.ts';
import { iso } from './wanted.ts';

/** A size that is wanted, differs from what is seen, and nothing about the pool itself speaks against. */
export type Want = {
  readonly view: PoolView;
  readonly from: Size;
  readonly to: Size;
  readonly raise: boolean;
};

export type FinishedPool = {
  readonly view: PoolView;
  readonly memory: PoolMemory;
  readonly want: Want | undefined;
  readonly hold: Hold | undefined;
  readonly findings: readonly Finding[];
};

export type FinishInput = {
  readonly view: PoolView;
  /** The view's target after what the cluster must keep. */
  readonly target: Size | undefined;
  /** The pool's own change that has not settled. */
  readonly change: Change | undefined;
  readonly now: EpochMs;
  readonly keptNodesReason: string | undefined;
};

/** Marks what was reached or is still pending, and says whether the pool may be changed, or why it is held. */
export function finishPool(input: FinishInput): FinishedPool {
  const { target, now } = input;
  const memory = markProgress(input);
  const view = memory === input.view.memory ? input.view : { ...input.view, memory };
  const findings = [...view.findings, ...findingsOfPool(view, memory, target, now)];
  const nothing: FinishedPool = { view, memory, want: undefined, hold: undefined, findings };
  const held = (code: HoldCode, reason: string, to = target): FinishedPool => ({
    ...nothing,
    hold: holdOf(view, code, reason, to),
  });
  if (memory.stuck)
    return held(
      'stuck',
      `the change from ${describeSize(memory.stuck.from)} to ${describeSize(memory.stuck.to)} has not settled since ${iso(memory.stuck.claimedAt)}`,
    );
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
  const restriction = restrict(view, memory, view.current, target, now);
  if ('code' in restriction) return held(restriction.code, restriction.reason);
  const reason = input.keptNodesReason ? `${view.reason}; ${input.keptNodesReason}` : view.reason;
  return {
    ...nothing,
    want: {
      view: { ...view, reason },
      from: view.current,
      to: restriction.to,
      raise: isRaise(view.current, restriction.to),
    },
  };
}

/** Reached is stored once; what is wanted and not there yet is stored with the instant it became wanted. */
function markProgress({ view, target, now, change, keptNodesReason }: FinishInput): PoolMemory {
  const { memory } = view;
  const isThere = view.running !== undefined && target !== undefined && equalSize(view.running, target);
  if (isThere) {
    const isMarked =
      memory.reachedAt !== undefined &&
      memory.reachedAt >= Math.max(view.lastEdgeAt, memory.resetAt ?? Number.NEGATIVE_INFINITY);
    // Two pools may take turns in being kept for their cluster: what was refused is not forgotten meanwhile (seed 1318).
    const isForNow = keptNodesReason !== undefined && !equalSize(view.target, target);
    return remember(memory, {
      reachedAt: isMarked ? memory.reachedAt : now,
      pending: undefined,
      refusals: isForNow ? memory.refusals : undefined,
      busySince: undefined,
      notApplied: isRecent(memory.notApplied, now) ? memory.notApplied : undefined,
    });
  }
  if (target === undefined) return remember(memory, { pending: undefined });
  const isPending = change !== undefined || !equalSize(view.current, target) || memory.pending !== undefined;
  if (!isPending || equalSize(memory.pending?.target, target)) return memory;
  return remember(memory, { pending: pendingFor(memory.pending, view.current, target, now) });
}

/** For as long as answers may be old, and clocks differ. */
function isRecent(notApplied: NotApplied | undefined, now: EpochMs): boolean {
  return notApplied?.at !== undefined && Math.abs(now - notApplied.at) <= staleForMs;
}

export function holdOf(view: PoolView, code: HoldCode, reason: string, to: Size | undefined): Hold {
  return { kind: 'hold', ...view.names, code, from: view.current, to, reason, who: view.who };
}
