import type { EpochMs, Size } from '../model.ts';
import { contendedUntil, isContended } from './foreign-changes.ts';
import type { PoolMemory, Refusal } from './memory.ts';
import type { Block, PoolView } from './pool-view.ts';
import { isCoolingDown, refusalOf } from './refusal.ts';
import { describeSize, equalSize, isLower, isRaise, largest } from './size.ts';
import { iso } from './wanted.ts';

type Restriction = { readonly to: Size } | Block;

/** What allows only a raise leaves the raising part of a change; what is left of it may be nothing. */
export function restrict(view: PoolView, memory: PoolMemory, current: Size, target: Size, now: EpochMs): Restriction {
  if (isContended(memory)) {
    return {
      code: 'contended',
      reason: `somebody else changed this size three times within an hour: probably Terraform or another installation; until ${iso(contendedUntil(memory) ?? now)}`,
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

/** A young pool, one raised ahead of a boundary, and one of a cluster in Error may go up and not down. */
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
function refusedFor(view: PoolView, refusal: Refusal, current: Size, to: Size, now: EpochMs): Restriction | undefined {
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
      reason: `${describeSize(to)} was refused three times (${refusal.detail}): not tried again until the rule or the pool changes`,
    };
  }
  return undefined;
}
