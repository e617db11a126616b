import { holdOf } from './finish-pool.ts';
import type { Action, Hold, HoldCode } from './plan.ts';
import type { ClusterPlan, RankedWant } from './plan-cluster.ts';
import { describeSize, isLower, isRaise, largest } from './size.ts';
import { because, iso } from './wanted.ts';

export type Chosen = {
  readonly plan: ClusterPlan;
  readonly action: Action | undefined;
  readonly want: RankedWant | undefined;
  readonly holds: readonly Hold[];
};

/** Safety filters what is wanted; of what is left, the first in the cluster's order gets the slot, the others wait for it. */
export function chooseAction(
  plan: ClusterPlan,
  braked: ReadonlySet<RankedWant>,
  budget: { lowersLeft: number },
): Chosen {
  const holds: Hold[] = [...plan.holds];
  let chosen: RankedWant | undefined;
  for (const wanted of plan.wants) {
    const want = braked.has(wanted) ? upwards(wanted) : wanted;
    const refusal = safetyHold(want, braked) ?? slotHold(plan, chosen) ?? budgetHold(want, budget);
    if (refusal) holds.push(holdOf(want.view, refusal.code, refusal.reason, want.to));
    else chosen = want;
  }
  if (chosen && isPlainLower(chosen)) budget.lowersLeft -= 1;
  return { plan, action: chosen && actionOf(chosen), want: chosen, holds };
}

/** Bounds that move both ways are braked only downwards: a raise never waits for anybody. */
function upwards(want: RankedWant): RankedWant {
  return isRaise(want.from, want.to) ? { ...want, to: largest(want.from, want.to), isHalf: true } : want;
}

type Refusal = { readonly code: HoldCode; readonly reason: string };

function safetyHold(want: RankedWant, braked: ReadonlySet<RankedWant>): Refusal | undefined {
  const { pause } = want.view;
  if (pause)
    return { code: 'paused', reason: `paused by ${pause.who} until ${iso(pause.until)}${because(pause.reason)}` };
  const wish = `${describeSize(want.from)} → ${describeSize(want.to)}`;
  if (want.view.rule.mode === 'observe') {
    return { code: 'observe', reason: `mode is observe; it would go ${wish} (${want.view.reason})` };
  }
  if (braked.has(want)) return { code: 'brake', reason: `the brake holds ${wish} until: lamplighter approve` };
  return undefined;
}

function slotHold(plan: ClusterPlan, chosen: RankedWant | undefined): Refusal | undefined {
  if (chosen) return { code: 'slot', reason: `waits for ${chosen.view.names.pool}: one change per cluster at a time` };
  return plan.slotTakenBy === undefined ? undefined : { code: 'slot', reason: `waits: ${plan.slotTakenBy}` };
}

function budgetHold(want: RankedWant, budget: { lowersLeft: number }): Refusal | undefined {
  if (!isPlainLower(want) || budget.lowersLeft > 0) return undefined;
  return { code: 'max-changes', reason: 'safety.maxChangesPerRound is reached: it waits for the next round' };
}

function isPlainLower(want: RankedWant): boolean {
  return isLower(want.from, want.to) && !isRaise(want.from, want.to);
}

function actionOf(want: RankedWant): Action {
  const { view, from, to, raise, deadline } = want;
  return { kind: 'scale', ...view.names, from, to, raise, reason: view.reason, who: view.who, deadline };
}
