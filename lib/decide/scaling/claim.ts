import { equalSize, isLower, isRaise } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { type ClusterRecord, type PoolMemory, type Refusal, remember } from './memory.ts';
import type { Action } from './plan.ts';
import type { RankedWant } from './pool-view.ts';
import { addRefusal } from './refusal.ts';

/** A claim may be acted on this long by wall-clock time: a machine that slept must not send last night's size. */
export const claimLastsMs = 60_000;

/**
 * The record with the claim: the change, and `away` if the pool leaves its base. Stored by compare-and-set before the
 * PUT, so that only one of several processes acts.
 */
export function claimChange(record: ClusterRecord, want: RankedWant, action: Action, now: EpochMs): ClusterRecord {
  const { view } = want;
  const memory = record.pools[action.poolId] ?? view.memory;
  const leaves = memory.away === undefined && !equalSize(action.to, view.base);
  const away = leaves ? { base: view.base ?? ('unknown' as const), from: view.baseFrom, since: now } : memory.away;
  const claimed = remember(memory, {
    away,
    actedRule: ruleThatActs(want, memory),
    ahead: view.aheadOf !== undefined && action.raise ? view.aheadOf : memory.ahead,
  });
  const change = {
    poolId: action.poolId,
    from: action.from,
    to: action.to,
    claimedAt: now,
    wroteAway: leaves,
    actedBefore: memory.actedRule,
    reason: action.reason,
  };
  return { ...record, change, pools: { ...record.pools, [action.poolId]: claimed } };
}

/**
 * A lease or an override shows nothing of what the rule does: the rule before stays to be compared with, and what the brake
 * holds stays held when they end. Otherwise it is a first act all the same, so that the end of a lease is none (ADR 10).
 */
function ruleThatActs(want: RankedWant, { actedRule }: PoolMemory): string | undefined {
  const { rule, withoutAsks } = want.view;
  if (rule.hash === 'removed' || isHalf(want)) return actedRule;
  if (withoutAsks === undefined) return rule.hash;
  return actedRule ?? (isLower(want.from, withoutAsks) ? undefined : rule.hash);
}

/**
 * Of bounds that move both ways, only the raise: the brake or an Error holds the rest, which goes on to be compared with the
 * old rule, and to be the new one's first act.
 */
function isHalf({ from, to, view: { target } }: RankedWant): boolean {
  return target !== undefined && isRaise(from, to) && isLower(to, target);
}

export type Dropped =
  | { readonly kind: 'dropped' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'refused'; readonly why: Refusal['why']; readonly detail: string };

/**
 * The record without the claim, if its PUT was never sent or certainly refused: removes the claim and the `away` it
 * wrote.
 */
export function dropClaim(
  record: ClusterRecord,
  how: Dropped,
  poolUpdatedAt: EpochMs | undefined,
  now: EpochMs,
): ClusterRecord {
  const { change, ...rest } = record;
  if (change === undefined) return record;
  const memory = record.pools[change.poolId];
  if (memory === undefined) return rest;
  const free = remember(memory, {
    away: change.wroteAway ? undefined : memory.away,
    actedRule: change.actedBefore,
    ahead: undefined,
  });
  return { ...rest, pools: { ...record.pools, [change.poolId]: noteDrop(free, how, change.to, poolUpdatedAt, now) } };
}

function noteDrop(
  memory: PoolMemory,
  how: Dropped,
  target: Refusal['target'],
  poolUpdatedAt: EpochMs | undefined,
  now: EpochMs,
): PoolMemory {
  switch (how.kind) {
    case 'dropped':
      return memory;
    case 'busy':
      return remember(memory, { busySince: memory.busySince ?? now });
    case 'refused':
      return addRefusal(memory, { target, why: how.why, detail: how.detail, poolUpdatedAt }, now);
  }
}
