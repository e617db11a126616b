import { isRange, lower, type Size, upper } from '../../model/size.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import type { Gap } from './gaps.ts';
import type { PastStep } from './pool-past.ts';

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

type Planned = { readonly from: EpochMs; readonly least: number };

/** For the future, an autoscaled pool counts its lower bound: only those nodes are certain. */
export function plannedHours(steps: readonly Planned[], base: Size | undefined, from: EpochMs, to: EpochMs): NodeHours {
  let [used, always] = [0, 0];
  for (let i = 0; i < steps.length; i += 1) {
    const { from: begins, least } = steps[i] as Planned;
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

/** What of the node-hours at the bases was not used; undefined = no pool was seen, so nothing is known. */
export function savedPercent({ used, always }: NodeHours): number | undefined {
  return always === 0 ? undefined : (1 - used / always) * 100;
}

/** "56 %", "–". */
export function percentSaved(hours: NodeHours): string {
  const percent = savedPercent(hours);
  return percent === undefined ? '–' : `${Math.round(percent)} %`;
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
