import type { EpochMs, Finding, Size } from '../model.ts';
import { type Change, type PoolMemory, type Refusal, remember } from './memory.ts';
import { isContended } from './foreign-changes.ts';
import type { Hold, HoldCode } from './plan.ts';
import { type PoolView, poolFinding, poolLabel } from './pool-view.ts';
import { longestCoolDownMs } from './refusal.ts';
import { describeSize, equalSize, isLower, isRaise, largest } from './size.ts';

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
  const { view, target, now } = input;
  const memory = markProgress(input);
  const findings = [...view.findings, ...findingsOf(view, memory, target, now)];
  const held = (code: HoldCode, reason: string, to = target): FinishedPool => ({
    view: { ...view, memory },
    memory,
    want: undefined,
    hold: holdOf(view, code, reason, to),
    findings,
  });
  const nothing: FinishedPool = { view: { ...view, memory }, memory, want: undefined, hold: undefined, findings };
  if (memory.stuck)
    return held(
      'stuck',
      `a change to ${describeSize(memory.stuck.to)} has not settled since ${new Date(memory.stuck.claimedAt).toISOString()}`,
    );
  if (input.change) {
    const { from, to } = input.change;
    const finished = held('in-flight', 'a change is in flight', to);
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
  return {
    ...nothing,
    want: {
      view: { ...view, memory },
      from: view.current,
      to: restriction.to,
      raise: isRaise(view.current, restriction.to),
    },
  };
}

/** Reached is stored once; what is wanted and not there yet is stored with the instant it became wanted. */
function markProgress({ view, target, now, change }: FinishInput): PoolMemory {
  const { memory } = view;
  const isThere = view.running !== undefined && target !== undefined && equalSize(view.running, target);
  if (isThere) {
    const isMarked =
      memory.reachedAt !== undefined &&
      memory.reachedAt >= Math.max(view.lastEdgeAt, memory.resetAt ?? Number.NEGATIVE_INFINITY);
    return remember(memory, {
      reachedAt: isMarked ? memory.reachedAt : now,
      pending: undefined,
      refusals: undefined,
      busySince: undefined,
      notApplied: undefined,
    });
  }
  if (target === undefined) return memory;
  const isPending = change !== undefined || !equalSize(view.current, target) || memory.pending !== undefined;
  if (!isPending || equalSize(memory.pending?.target, target)) return memory;
  return remember(memory, { pending: { target, since: now } });
}

type Restriction = { readonly to: Size } | { readonly code: HoldCode; readonly reason: string };

/** What allows only a raise leaves the raising part of a change; what is left of it may be nothing. */
function restrict(view: PoolView, memory: PoolMemory, current: Size, target: Size, now: EpochMs): Restriction {
  if (isContended(memory)) {
    return {
      code: 'contended',
      reason: 'somebody else changed this size three times within an hour: probably Terraform or another installation',
    };
  }
  const raiseOnly = findRaiseOnly(view, memory, now);
  const to = raiseOnly === undefined ? target : largest(current, target);
  if (raiseOnly && equalSize(to, current)) return raiseOnly;
  const cluster = view.cluster.status;
  if (cluster !== 'Running' && cluster !== 'Error')
    return { code: 'cluster-not-running', reason: `the cluster is ${cluster}` };
  const refusal = memory.refusals?.find((known) => equalSize(known.target, to));
  return refusal === undefined ? { to } : (refusedFor(view, refusal, current, to, now) ?? { to });
}

function findRaiseOnly(
  view: PoolView,
  memory: PoolMemory,
  now: EpochMs,
): { code: HoldCode; reason: string } | undefined {
  const { createdAt } = view.pool;
  if (createdAt !== undefined && now - createdAt < view.rule.graceMs) {
    return {
      code: 'grace',
      reason: `the pool was created less than ${Math.round(view.rule.graceMs / 60_000)} min ago: not lowered yet`,
    };
  }
  if (memory.ahead !== undefined && now < memory.ahead && !view.isOverridden) {
    return { code: 'ahead', reason: `raised ahead of ${new Date(memory.ahead).toISOString()}: not lowered before it` };
  }
  if (view.cluster.status === 'Error')
    return { code: 'cluster-not-running', reason: 'the cluster is in Error: pools may be raised, never lowered' };
  return undefined;
}

/** A cool-down after each refusal; three refusals as invalid hold a lower until the config or the pool changes. */
function refusedFor(view: PoolView, refusal: Refusal, current: Size, to: Size, now: EpochMs): Restriction | undefined {
  if (now < refusal.until && refusal.until - now <= longestCoolDownMs) {
    return {
      code: 'cool-down',
      reason: `${describeSize(to)} was refused (${refusal.detail}); tried again at ${new Date(refusal.until).toISOString()}`,
    };
  }
  const isSame = refusal.ruleHash === view.rule.hash && refusal.poolUpdatedAt === view.pool.updatedAt;
  if (isLower(current, to) && !isRaise(current, to) && refusal.invalid >= 3 && isSame) {
    return {
      code: 'refused',
      reason: `${describeSize(to)} was refused three times (${refusal.detail}): not tried again until the rule or the pool changes`,
    };
  }
  return undefined;
}

function findingsOf(view: PoolView, memory: PoolMemory, target: Size | undefined, now: EpochMs): readonly Finding[] {
  const { names } = view;
  const label = poolLabel(names);
  const findings: Finding[] = [];
  if (view.running !== undefined && target === undefined && view.block === undefined) {
    const fix = `give the rule a base, or run: lamplighter base "${label}" set <size>`;
    const text = `${label} should be at its base, and its base is not known (it is at ${describeSize(view.running)})`;
    findings.push(poolFinding(names, 'base.unknown', 'critical', text, { fix }));
  }
  if (memory.stuck) {
    const text = `${label} was to go from ${describeSize(memory.stuck.from)} to ${describeSize(memory.stuck.to)} and is ${view.pool.status} since`;
    findings.push(poolFinding(names, 'pool.stuck', 'warning', text, { since: memory.stuck.claimedAt }));
  }
  const refusal = memory.refusals?.find(
    (known) => target !== undefined && equalSize(known.target, target) && known.why !== 'forbidden',
  );
  if (refusal)
    findings.push(
      poolFinding(
        names,
        'pool.refused',
        'warning',
        `${label}: size ${describeSize(refusal.target)} was refused: ${refusal.detail}`,
      ),
    );
  if (memory.busySince !== undefined && now - memory.busySince >= 60 * 60_000) {
    findings.push(
      poolFinding(
        names,
        'pool.contended',
        'warning',
        `${label} could not be changed for an hour: the cluster says it is busy`,
        { since: memory.busySince },
      ),
    );
  }
  if (isContended(memory)) {
    const text = `${label} was changed three times within an hour by somebody else: probably Terraform or another installation`;
    findings.push(
      poolFinding(names, 'pool.contended', 'warning', text, {
        fix: 'let Terraform ignore size, size_min and size_max',
      }),
    );
  }
  return findings;
}

export function holdOf(view: PoolView, code: HoldCode, reason: string, to: Size | undefined): Hold {
  return { kind: 'hold', ...view.names, code, from: view.current, to, reason, who: view.who };
}
