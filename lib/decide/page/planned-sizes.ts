import { type Ask, isAskFor, isLive } from '../../model/asks.ts';
import type { Names } from '../../model/match.ts';
import { asPoolSize, equalSize, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Kept, PoolMemory } from '../scaling/memory.ts';
import type { AppliedRule } from '../scaling/rule-book.ts';
import { asksOfPool, findWanted } from '../scaling/wanted-size.ts';
import { nextChange } from '../schedule/timeline.ts';

export type PlannedChange = {
  readonly at: EpochMs;
  readonly from: Size;
  readonly to: Size;
  readonly reason: string;
  readonly who: string;
  /** The boundary the pool is raised for ahead of time. */
  readonly aheadOf: EpochMs | undefined;
  /** When the wanted size changes; the next round acts on it. */
  readonly boundary: EpochMs;
};

export type PlanInput = {
  readonly names: Names;
  readonly applied: AppliedRule;
  readonly memory: PoolMemory;
  /** The size the pool has, or is changing to. */
  readonly current: Size;
  readonly base: Size | undefined;
  readonly leadMs: number;
  /** Asks of the pool's region. */
  readonly asks: readonly Ask[];
  /** The pool is held: it keeps its size until another size is wanted. */
  readonly isHeld: boolean;
  /** Rounds run at this instant and every `everyMs` after it. */
  readonly tick: EpochMs;
  readonly everyMs: number;
  readonly until: EpochMs;
};

/**
 * The sizes a pool will get. The wanted size is computed at every instant at which it may change (an edge of the
 * schedule, the same edge less the lead, the end of an ask or of a kept size), and takes effect with the next round. A
 * rehearsal gives the same round by round; it also knows queues within a cluster and how long a resize takes.
 */
export function plannedChanges(input: PlanInput): readonly PlannedChange[] {
  const { names, applied, memory, everyMs, tick, leadMs } = input;
  const asks = input.asks.filter((ask) => isAskFor(ask, names));
  const changes: PlannedChange[] = [];
  let current = input.current;
  let held: Size | undefined;
  for (const instant of instantsOf(input, asks)) {
    const at = tick + everyMs * Math.max(0, Math.ceil((instant - tick) / everyMs));
    if (at >= input.until) break;
    const poolAsks = asksOfPool(asks, names, at);
    const { target, reason, who, aheadOf } = findWanted({
      now: at,
      timeline: applied.timeline,
      scheduleName: applied.scheduleName,
      leadMs,
      asks: poolAsks,
      kept: keptAt(memory.kept, at),
      current,
      resolver: { rule: applied.rule, autoscale: memory.autoscale, base: input.base },
    });
    if (target === undefined || equalSize(target, current) || poolAsks.pause !== undefined) continue;
    if (input.isHeld) held ??= target;
    if (equalSize(held, target)) continue;
    held = undefined;
    changes.push({ at, from: current, to: target, reason, who, aheadOf, boundary: aheadOf ?? instant });
    current = target;
  }
  return changes;
}

function keptAt(kept: Kept | undefined, at: EpochMs): Kept | undefined {
  return kept !== undefined && kept.until > at ? kept : undefined;
}

function instantsOf({ applied, memory, tick, until, leadMs }: PlanInput, asks: readonly Ask[]): readonly EpochMs[] {
  const found = new Set([tick]);
  const add = (at: EpochMs) => {
    if (at > tick && at < until) found.add(at);
  };
  for (const ask of asks) if (isLive(ask, tick)) add(ask.until);
  const ends = memory.kept === undefined ? [] : [memory.kept.until];
  let edge = nextChange(applied.timeline, tick);
  for (; edge !== undefined && edge.at < until + leadMs; edge = nextChange(applied.timeline, edge.at))
    ends.push(edge.at);
  for (const at of ends) {
    add(at);
    if (leadMs > 0) add(at - leadMs);
  }
  return [...found].sort((a, b) => a - b);
}

/** Converts a size to the form the pool has (fixed or autoscaled). */
export function baseFor(base: Size | undefined, autoscale: boolean): Size | undefined {
  return base === undefined ? undefined : asPoolSize(base, autoscale);
}
