import type { Finding, Size } from '../model.ts';
import { lastEdge, saysAt } from '../schedule/timeline.ts';
import { findBase } from './base.ts';
import type { PoolMemory } from './memory.ts';
import type { PoolBlock } from './pool-block.ts';
import type { PoolInput, PoolView } from './pool-view.ts';
import { resolveSays } from './scheduled.ts';

/**
 * A pool that cannot be judged is not acted on. Where only its size or its status is unclear, what the schedule says is
 * known all the same, and so is when that is late: hands off must not mean that nobody is told.
 */
export function blockedView(
  input: PoolInput,
  memory: PoolMemory,
  current: Size | undefined,
  block: PoolBlock | undefined,
): PoolView {
  const isUnclear = block?.code === 'absent-size' || block?.code === 'unknown-status';
  const meant = isUnclear ? meantSize(input, memory) : undefined;
  const findings: readonly Finding[] = block?.findings ?? [];
  const edge = lastEdge(input.timeline, input.now);
  return {
    names: input.names,
    cluster: input.cluster,
    pool: input.pool,
    rule: input.rule,
    memory,
    current,
    running: undefined,
    target: meant?.target,
    base: meant?.base,
    baseFrom: 'observed',
    who: `schedule ${input.scheduleName}`,
    reason: block?.reason ?? 'nothing can be told about this pool',
    aheadOf: undefined,
    boundary: isUnclear ? edge : undefined,
    lastEdgeAt: isUnclear ? (edge ?? Number.NEGATIVE_INFINITY) : Number.NEGATIVE_INFINITY,
    isLateSuppressed: meant?.target === undefined || isLateSuppressed(input, memory),
    pause: input.asks.pause,
    isOverridden: false,
    block: block ?? { code: 'absent-size', reason: 'the answer holds no size' },
    findings,
    notices: [],
    decisions: [],
  };
}

/** What the schedule says now, as far as it can be told without looking at the pool. */
function meantSize(input: PoolInput, memory: PoolMemory): { base: Size | undefined; target: Size | undefined } {
  const { rule, now, timeline } = input;
  const { autoscale } = input.pool;
  const says = saysAt(timeline, now);
  const known = { running: undefined, scheduledWithoutBase: undefined, isQuiet: false };
  const { base } = findBase({ rule, memory, autoscale, says, ...known });
  const { size, isWhole } = resolveSays(says, { rule, autoscale, base });
  return { base, target: isWhole ? size : undefined };
}

/** Lateness is not said where a person asked for it: a pause, an override, a respected change, `observe` of a pool at home. */
export function isLateSuppressed(
  input: PoolInput,
  memory: PoolMemory,
  keptDecides = memory.kept !== undefined,
): boolean {
  if (input.asks.pause || input.asks.override || keptDecides) return true;
  return input.rule.mode === 'observe' && memory.away === undefined;
}
