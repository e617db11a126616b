import { isConfigApproved } from '../../model/asks.ts';
import { isDeleting, type ObservedCluster, type ObservedPool } from '../../model/cluster.ts';
import type { Finding } from '../../model/finding.ts';
import { isSameJson } from '../../model/json.ts';
import { describeSize, isLower, isRaise, largest } from '../../model/size.ts';
import { because } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { type ClockReading, clockFinding } from '../clock-skew.ts';
import { observedNodes } from './base.ts';
import { type BrakeInput, brakeLowers } from './brake.ts';
import { holdEnd, holdOf } from './change-or-hold.ts';
import { claimChange } from './claim.ts';
import { keepHistory } from './decision-history.ts';
import { configFindings, oneEach } from './findings.ts';
import { heldByClock } from './held-by-clock.ts';
import { lateFinding } from './late.ts';
import type { ClusterRecord, ObservedFleetCluster } from './memory.ts';
import { byTurn, inOrder } from './order.ts';
import type { Action, Hold, HoldCode, Plan, RecordUpdate, RoundInput } from './plan.ts';
import { type ClusterPlan, planCluster } from './plan-cluster.ts';
import type { RankedWant } from './pool-view.ts';
import { nodesUnder, sizeSentAlong } from './refusal.ts';
import { labelledNames, makeRuleBook, type RuleBook } from './rule-book.ts';

/** The plan of one round: changes and holds. Pure: the same input gives the same plan. */
export function planRound(given: RoundInput): Plan {
  return planInFull(given).plan;
}

/** A plan with the evaluated clusters, to find out when the decision may change. */
export type PlanInFull = { readonly plan: Plan; readonly clusters: readonly ClusterPlan[] };

export function planInFull(given: RoundInput): PlanInFull {
  const book = given.book ?? makeRuleBook(given.config, given.now);
  const input = { ...given, clusters: inOrder(given.clusters).map((seen) => withAskedLabels(seen, book)) };
  const { wrongClocks = new Map<string, ClockReading>() } = input;
  const isTimed = ({ cluster }: ObservedFleetCluster) => !wrongClocks.has(cluster.region);
  const readable = input.clusters.filter((seen) => seen.pools !== undefined && isTimed(seen));
  const untimed = heldByClock(input, book, wrongClocks);
  const ambiguous = configFindings(input, book);
  const plans = readable.map((seen) => planOne(input, book, seen, ambiguous.isAmbiguous));
  const brake = brakeLowers(brakeInput(input, book, plans));
  const budget = { lowersLeft: input.lowersLeft ?? input.config.safety.maxChangesPerRound ?? Number.POSITIVE_INFINITY };
  const chances = byTurn(plans, ({ cluster }) => cluster.id, input).map((plan) =>
    chooseAction(plan, brake.held, budget),
  );
  const byPlan = new Map(chances.map((one) => [one.plan, one]));
  const chosen = plans.flatMap((plan) => byPlan.get(plan) ?? []).map((one) => withEnds(one, book, input.now));
  const findings: Finding[] = [
    ...[...wrongClocks].map(([region, reading]) => clockFinding(region, reading)),
    ...ambiguous.findings,
    ...chosen.flatMap(({ plan }) => plan.findings),
    ...chosen.flatMap(({ plan, holds }) => plan.late.map((late) => lateFinding(late, plan.views, holds))),
    ...cannotScale(plans),
  ];
  const plan: Plan = {
    pools: [...untimed.pools, ...plans.flatMap((one) => one.pools)],
    actions: chosen.flatMap(({ action }) => (action ? [action] : [])),
    holds: [...untimed.holds, ...ambiguous.holds, ...chosen.flatMap(({ holds }) => holds)],
    findings: oneEach(brake.finding ? [...findings, brake.finding] : findings),
    notices: chosen.flatMap(({ plan }) => plan.notices),
    updates: chosen.flatMap((one) => updateOf(one, input)),
    ...(brake.letThrough.size > 0 && { letThrough: brake.letThrough }),
  };
  return { plan, clusters: plans };
}

/**
 * Each pool with its labels that rules ask for. If an answer omits labels, the last seen ones count, so that an
 * incomplete answer never changes a pool's rule.
 */
export function withAskedLabels(seen: ObservedFleetCluster, { labelKeys }: RuleBook): ObservedFleetCluster {
  if (seen.pools === undefined || (labelKeys.size === 0 && !seen.pools.some(({ labels }) => labels))) return seen;
  const pools = seen.pools.map((pool) => {
    const known = pool.labels ?? seen.record?.pools[pool.id]?.labels;
    const asked = known && Object.entries(known).filter(([key]) => labelKeys.has(key));
    return { ...pool, labels: labelKeys.size === 0 ? undefined : asked && Object.fromEntries(asked) };
  });
  return { ...seen, pools };
}

function planOne(
  input: RoundInput,
  book: RuleBook,
  seen: ObservedFleetCluster,
  isAmbiguous: (pool: ObservedPool) => boolean,
): ClusterPlan {
  const { cluster } = seen;
  const { safety, watch, everyMs } = input.config;
  return planCluster({
    now: input.now,
    everyMs,
    stuckAfterMs: watch.stuckAfterMs,
    minNodes: safety.minNodesPerCluster,
    otherNodes: seen.otherNodes ?? 0,
    cluster,
    pools: seen.pools ?? [],
    isAmbiguous,
    record: seen.record,
    ruleOf: (pool) => book.appliedRule(labelledNames(cluster, pool)),
    asks: input.asks,
    lookedAt: seen.lookedAt,
    isRuleKnown: (hash) => input.storedRules.get(hash) !== undefined,
  });
}

/** The holds, each with its end if known. */
function withEnds(chosen: Chosen, book: RuleBook, now: EpochMs): Chosen {
  if (chosen.holds.length === 0) return chosen;
  const views = new Map(chosen.plan.views.map((view) => [view.names.poolId, view]));
  const holds = chosen.holds.map((hold) => {
    const view = views.get(hold.poolId);
    const until = view && holdEnd(hold, view, book.appliedRule({ ...hold, labels: view?.pool.labels })?.timeline, now);
    return { ...hold, until };
  });
  return { ...chosen, holds };
}

function brakeInput(input: RoundInput, book: RuleBook, plans: readonly ClusterPlan[]): BrakeInput {
  return {
    now: input.now,
    wants: actedOn(plans.flatMap(({ wants }) => wants)),
    delayed: actedOn(plans.flatMap(({ delayed }) => delayed)),
    elsewhere: () => {
      const clusters = input.elsewhere?.() ?? [];
      const plansThere = clusters.map((seen) => planOne(input, book, withOpenChanges(seen), () => false));
      const wants = actedOn(plansThere.flatMap((plan) => [...plan.wants, ...plan.delayed]));
      return { wants, nodes: nodesOf(clusters) };
    },
    letThrough: input.letThrough ?? new Map(),
    storedRules: input.storedRules,
    fleetNodes: nodesOf(input.clusters),
    limits: input.config.safety.brake,
    isApproved: isConfigApproved(input.asks, input.config.hash, input.now),
    hasSeveralRegions: input.config.regions.length > 1,
  };
}

/** Its record cannot show that a change was not applied: nobody has looked since. */
function withOpenChanges(seen: ObservedFleetCluster): ObservedFleetCluster {
  const { record, pools } = seen;
  const isOpen = ({ id }: ObservedPool) => record?.change?.poolId === id || record?.pools[id]?.stuck !== undefined;
  return { ...seen, pools: pools?.map((pool) => (isOpen(pool) ? { ...pool, status: 'Scaling' } : pool)) };
}

function actedOn(wants: readonly RankedWant[]): readonly RankedWant[] {
  return wants.filter(({ view }) => view.pause === undefined && view.rule.mode === 'act');
}

function nodesOf(clusters: readonly ObservedFleetCluster[]): number {
  return clusters.flatMap(({ pools = [] }) => pools).reduce((sum, pool) => sum + observedNodes(pool), 0);
}

/** The record to store, if it changed, with its new decisions. */
function updateOf(chosen: Chosen, input: RoundInput): readonly RecordUpdate[] {
  const { plan, action, want } = chosen;
  const { cluster, before } = plan;
  const history = keepHistory(plan, chosen.holds, action, input);
  const record = action && want ? claimChange(history.record, want, action, input.now) : history.record;
  const isNew = before === undefined ? Object.keys(record.pools).length > 0 : !isSameJson(before, record);
  if (!isNew) return [];
  return [{ region: cluster.region, clusterId: cluster.id, record, action, decisions: history.decisions }];
}

/** A token without write access is one finding for its region, not one per pool. */
function cannotScale(plans: readonly ClusterPlan[]): readonly Finding[] {
  const regions = new Set<string>();
  for (const plan of plans) {
    const memories = Object.values(plan.record.pools);
    if (memories.some((memory) => memory.refusals?.some((refusal) => refusal.why === 'forbidden')))
      regions.add(plan.cluster.region);
  }
  return [...regions].map((region) => ({
    kind: 'token.cannot-scale',
    subject: { kind: 'region', region },
    severity: 'warning',
    text: `the token of region ${region} may not change node pools`,
    fix: 'give the token the role to update node pools, or set mode: observe',
  }));
}

/** Must a cluster's pools be read? Yes if a rule with a schedule matches some, or its record holds memories. */
export function needsPools(book: RuleBook, cluster: ObservedCluster, record: ClusterRecord | undefined): boolean {
  if (isDeleting(cluster)) return false;
  if (record !== undefined && (record.change !== undefined || Object.keys(record.pools).length > 0)) return true;
  return book.mayAct({ region: cluster.region, cluster: cluster.name });
}

/** The pools are needed, but the API was not called or did not answer. */
export function isUnread(book: RuleBook, { cluster, pools, record }: ObservedFleetCluster): boolean {
  return pools === undefined && needsPools(book, cluster, record);
}

type Chosen = {
  readonly plan: ClusterPlan;
  readonly action: Action | undefined;
  readonly want: RankedWant | undefined;
  readonly holds: readonly Hold[];
};

/**
 * Safety rules filter the wanted changes; of the rest, the first in each cluster's order gets the slot, the others
 * wait.
 */
function chooseAction(plan: ClusterPlan, braked: ReadonlySet<RankedWant>, budget: { lowersLeft: number }): Chosen {
  const holds: Hold[] = [...plan.holds];
  let chosen: RankedWant | undefined;
  for (const wanted of plan.wants) {
    const want = braked.has(wanted) ? upwards(wanted) : wanted;
    const refusal = safetyHold(want, braked) ?? slotHold(plan, chosen) ?? budgetHold(want, budget);
    if (refusal) holds.push(holdOf(want.view, refusal.code, refusal.reason, want.to));
    else chosen = want;
  }
  if (chosen && isCountedLower(chosen)) budget.lowersLeft -= 1;
  return { plan, action: chosen && actionOf(chosen), want: chosen, holds };
}

/** Of bounds that move both ways, only the lowering part is braked: a raise never waits for approval. */
function upwards(want: RankedWant): RankedWant {
  return isRaise(want.from, want.to) ? { ...want, to: largest(want.from, want.to) } : want;
}

type Refusal = { readonly code: HoldCode; readonly reason: string };

function safetyHold(want: RankedWant, braked: ReadonlySet<RankedWant>): Refusal | undefined {
  const { pause } = want.view;
  if (pause)
    return { code: 'paused', reason: `paused by ${pause.who} until ${iso(pause.until)}${because(pause.reason)}` };
  const sizes = `${describeSize(want.from)} → ${describeSize(want.to)}`;
  if (want.view.rule.mode === 'observe') {
    return { code: 'observe', reason: `mode is observe: it would go ${sizes} (${want.view.reason})` };
  }
  if (braked.has(want))
    return { code: 'brake', reason: `the brake holds ${sizes}; to release it, run: lamplighter approve` };
  return undefined;
}

function slotHold(plan: ClusterPlan, chosen: RankedWant | undefined): Refusal | undefined {
  if (chosen)
    return {
      code: 'slot',
      reason: `waits until ${chosen.view.names.pool} has settled (one change per cluster at a time)`,
    };
  return plan.slotTakenBy === undefined
    ? undefined
    : { code: 'slot', reason: `waits until ${plan.slotTakenBy} (one change per cluster at a time)` };
}

function budgetHold(want: RankedWant, budget: { lowersLeft: number }): Refusal | undefined {
  if (!isCountedLower(want) || budget.lowersLeft > 0) return undefined;
  return { code: 'max-changes', reason: 'waits for the next round: safety.maxChangesPerRound is reached' };
}

/** Does this action count against `safety.maxChangesPerRound`? */
export function isCountedLower({ from, to }: Pick<Action, 'from' | 'to'>): boolean {
  return isLower(from, to) && !isRaise(from, to);
}

function actionOf(want: RankedWant): Action {
  const { view, from, to, raise, deadline } = want;
  const action: Action = {
    kind: 'scale',
    ...view.names,
    from,
    to,
    raise,
    reason: view.reason,
    who: view.who,
    deadline,
  };
  const size = sizeSentAlong(view.memory, view.pool, want);
  if (size === undefined) return action;
  const now = nodesUnder(view.pool, from);
  const why = `${describeSize(to)} was refused, and the pool's size, ${now}, is outside: size ${size} is sent too`;
  return { ...action, size, reason: `${view.reason}; ${why}` };
}
