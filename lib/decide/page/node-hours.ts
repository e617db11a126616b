import { isRange, lower, type Size, upper } from '../../model/size.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import type { Gap } from '../past/looks.ts';
import type { PastStep } from '../past/pool-past.ts';
import type { PlanStep } from './pool-row.ts';

/** Node-hours: the real (or planned) ones, and those with the pool at its base all the time. */
export type NodeHours = { readonly used: number; readonly always: number };

/**
 * Node-hours over [from, to) of the past. Gaps without a round count on neither side. The always-on figure of an
 * autoscaled pool is at least the nodes it had, and at least its base's minimum. With an unknown base nothing is saved.
 */
export function pastHours(
  steps: readonly PastStep[],
  base: Size | undefined,
  from: EpochMs,
  to: EpochMs,
  gaps: readonly Gap[],
): NodeHours {
  let [used, always] = [0, 0];
  for (let i = 0; i < steps.length; i += 1) {
    const { from: begins, size, nodes } = steps[i] as PastStep;
    const ends = steps[i + 1]?.from ?? to;
    const ms = withoutGaps(Math.max(begins, from), Math.min(ends, to), gaps);
    if (ms <= 0 || size === undefined) continue;
    used += nodes * ms;
    always += alwaysOn(nodes, size, base) * ms;
  }
  return { used: used / hourMs, always: always / hourMs };
}

/** For the future, an autoscaled pool counts its lower bound: only those nodes are certain. */
export function plannedHours(
  steps: readonly PlanStep[],
  base: Size | undefined,
  from: EpochMs,
  to: EpochMs,
): NodeHours {
  let [used, always] = [0, 0];
  for (let i = 0; i < steps.length; i += 1) {
    const { from: begins, least } = steps[i] as PlanStep;
    const ms = Math.min(steps[i + 1]?.from ?? to, to) - Math.max(begins, from);
    if (ms <= 0) continue;
    used += least * ms;
    always += (base === undefined ? least : Math.max(lower(base), isRange(base) ? least : 0)) * ms;
  }
  return { used: used / hourMs, always: always / hourMs };
}

export function alwaysOn(nodes: number, size: Size, base: Size | undefined): number {
  if (base === undefined) return nodes;
  return isRange(size) ? Math.max(nodes, lower(base)) : upper(base);
}

export function sumHours(all: readonly NodeHours[]): NodeHours {
  return {
    used: all.reduce((sum, { used }) => sum + used, 0),
    always: all.reduce((sum, { always }) => sum + always, 0),
  };
}

function withoutGaps(from: EpochMs, to: EpochMs, gaps: readonly Gap[]): number {
  let ms = to - from;
  for (const [begins, ends] of gaps) ms -= Math.max(0, Math.min(ends, to) - Math.max(begins, from));
  return ms;
}
