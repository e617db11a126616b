import type { Ask } from '../../decide/asks.ts';
import type { Rule } from '../../decide/compiled-config.ts';
import { baseOf } from '../../decide/explain/explain-state.ts';
import type { EpochMs, Size } from '../../decide/model.ts';
import { ownLeadMs } from '../../decide/scaling/lead.ts';
import type { HoldCode } from '../../decide/scaling/plan.ts';
import { asksOfPool, type PoolAsks } from '../../decide/scaling/pool-asks.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { asPoolSize } from '../../decide/scaling/size.ts';
import { findWanted } from '../../decide/scaling/wanted.ts';
import { holdOfMemory } from '../held-pools.ts';
import type { StoredPool } from '../known-pools.ts';

export type PoolStatus = {
  readonly pool: StoredPool;
  readonly rule: Rule | undefined;
  readonly asks: PoolAsks;
  /** undefined = not known (no rule, an unknown base, never seen Running). */
  readonly wanted: Size | undefined;
  readonly reason: string | undefined;
  readonly hold: HoldCode | undefined;
  readonly base: Size | undefined;
};

export type StatusContext = {
  readonly book: RuleBook;
  readonly asks: readonly Ask[];
  readonly now: EpochMs;
  readonly everyMs: number;
};

/** What a pool should have now by rule, memory and asks, beside what was last seen of it. */
export function poolStatus(pool: StoredPool, { book, asks: all, now, everyMs }: StatusContext): PoolStatus {
  const { memory } = pool;
  const asks = asksOfPool(all, pool, now);
  const applied = book.appliedRule(pool);
  const rule = applied?.rule ?? book.ruleOf(pool);
  const known = baseOf(rule, memory);
  const base = known === undefined ? undefined : asPoolSize(known, memory.autoscale);
  const common = { pool, rule, asks, base, hold: holdOfMemory(memory) };
  if (applied === undefined || memory.seen === undefined) return { ...common, wanted: undefined, reason: undefined };
  const kept = memory.kept !== undefined && memory.kept.until > now ? memory.kept : undefined;
  const { target, reason } = findWanted({
    now,
    timeline: applied.timeline,
    scheduleName: applied.scheduleName,
    leadMs: ownLeadMs(applied.rule.lead, memory, everyMs),
    asks,
    kept,
    current: memory.seen.size,
    resolver: { rule: applied.rule, autoscale: memory.autoscale, base },
  });
  return { ...common, wanted: target, reason };
}
