import type { Ask } from '../asks.ts';
import type { CompiledConfig } from '../compiled-config.ts';
import type { EpochMs, Finding, ObservedCluster, ObservedPool } from '../model.ts';
import { type BrakeInput, brakeLowers, type StoredRule } from './brake.ts';
import { type Chosen, chooseAction } from './choose-action.ts';
import { claimChange } from './claim.ts';
import { configFindings } from './config-findings.ts';
import { byTurn, inOrder } from './fair-order.ts';
import { lateFinding } from './late.ts';
import type { ClusterRecord } from './memory.ts';
import { keepHistory } from './history.ts';
import { observedNodes } from './observed-size.ts';
import type { Plan, RecordUpdate } from './plan.ts';
import { type ClusterPlan, planCluster, type RankedWant } from './plan-cluster.ts';
import { makeRuleBook, type RuleBook } from './rule-book.ts';
import { isSameJson } from '../same-json.ts';

export type ObservedFleetCluster = {
  readonly cluster: ObservedCluster;
  /** undefined = the pools could not be read (or need not be). */
  readonly pools: readonly ObservedPool[] | undefined;
  readonly record: ClusterRecord | undefined;
  readonly lookedAt: EpochMs | undefined;
};

export type RoundInput = {
  readonly now: EpochMs;
  readonly config: CompiledConfig;
  readonly clusters: readonly ObservedFleetCluster[];
  /** The rest of the fleet, which this round did not look at, as it was last seen; seldom asked for. */
  readonly elsewhere?: () => readonly ObservedFleetCluster[];
  readonly asks: readonly Ask[];
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  /** false for a round over chosen clusters: what only the whole fleet can show is not judged. */
  readonly isWhole: boolean;
  /** The config's rules, where many rounds share one config: evaluating the schedules is the dearest part of a round. */
  readonly book?: RuleBook;
};

/** What to do in one round, and why not: pure, and the same for the same input. */
export function planRound(given: RoundInput): Plan {
  const input = { ...given, clusters: inOrder(given.clusters) };
  const book = input.book ?? makeRuleBook(input.config, input.now);
  const readable = input.clusters.filter((seen) => seen.pools !== undefined);
  const ambiguous = configFindings(input, book);
  const plans = readable.map((seen) => planOne(input, book, seen, ambiguous.isAmbiguous));
  const brake = brakeLowers(brakeInput(input, book, plans));
  const budget = { lowersLeft: input.config.safety.maxChangesPerRound ?? Number.POSITIVE_INFINITY };
  const chances = byTurn(plans, ({ cluster }) => cluster.id, input).map((plan) =>
    chooseAction(plan, brake.held, budget),
  );
  const byPlan = new Map(chances.map((one) => [one.plan, one]));
  const chosen = plans.flatMap((plan) => byPlan.get(plan) ?? []);
  const findings: Finding[] = [
    ...ambiguous.findings,
    ...chosen.flatMap(({ plan }) => plan.findings),
    ...chosen.flatMap(({ plan, holds }) => plan.late.map((late) => lateFinding(late, plan.views, holds))),
    ...cannotScale(plans),
  ];
  return {
    pools: plans.flatMap((plan) => plan.pools),
    actions: chosen.flatMap(({ action }) => (action ? [action] : [])),
    holds: [...ambiguous.holds, ...chosen.flatMap(({ holds }) => holds)],
    findings: brake.finding ? [...findings, brake.finding] : findings,
    notices: chosen.flatMap(({ plan }) => plan.notices),
    updates: chosen.flatMap((one) => updateOf(one, input)),
  };
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
    cluster,
    pools: seen.pools ?? [],
    isAmbiguous,
    record: seen.record,
    ruleOf: (pool) => book.appliedRule({ region: cluster.region, cluster: cluster.name, pool: pool.name }),
    asks: input.asks,
    lookedAt: seen.lookedAt,
  });
}

function brakeInput(input: RoundInput, book: RuleBook, plans: readonly ClusterPlan[]): BrakeInput {
  return {
    now: input.now,
    wants: wantsOf(plans),
    elsewhere: () => {
      const clusters = input.elsewhere?.() ?? [];
      const plansThere = clusters.map((seen) => planOne(input, book, seen, () => false));
      return { wants: wantsOf(plansThere), nodes: nodesOf(clusters) };
    },
    storedRules: input.storedRules,
    fleetNodes: nodesOf(input.clusters),
    limits: input.config.safety.brake,
    isApproved: input.asks.some(
      (ask) => ask.kind === 'approval' && ask.configHash === input.config.hash && input.now < ask.until,
    ),
  };
}

function wantsOf(plans: readonly ClusterPlan[]): readonly RankedWant[] {
  return plans
    .flatMap((plan) => plan.wants)
    .filter((want) => want.view.pause === undefined && want.view.rule.mode === 'act');
}

function nodesOf(clusters: readonly ObservedFleetCluster[]): number {
  return clusters.flatMap(({ pools = [] }) => pools).reduce((sum, pool) => sum + observedNodes(pool), 0);
}

/** The record as it is to be stored, when anything in it changed; decisions that are news go with it. */
function updateOf(chosen: Chosen, input: RoundInput): readonly RecordUpdate[] {
  const { plan, action, want } = chosen;
  const { cluster, before } = plan;
  const history = keepHistory(plan.record, chosen.holds, action, plan.decisions, input);
  const record = action && want ? claimChange(history.record, want, action, input.now) : history.record;
  const isNew = before === undefined ? Object.keys(record.pools).length > 0 : !isSameJson(before, record);
  if (!isNew) return [];
  return [{ region: cluster.region, clusterId: cluster.id, record, action, decisions: history.decisions }];
}

/** A token without the right to change pools is one finding for its region, not one for each pool. */
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

/** Does a cluster need its pools read: does a rule with a schedule match some of them, or does its record hold memories? */
export function needsPools(book: RuleBook, cluster: ObservedCluster, record: ClusterRecord | undefined): boolean {
  if (cluster.status === 'Deleting' || cluster.status === 'Deleted') return false;
  if (record !== undefined && (record.change !== undefined || Object.keys(record.pools).length > 0)) return true;
  return book.mayAct({ region: cluster.region, cluster: cluster.name });
}

/** Needed and not there: the API was not asked, or did not answer. */
export function isUnread(book: RuleBook, { cluster, pools, record }: ObservedFleetCluster): boolean {
  return pools === undefined && needsPools(book, cluster, record);
}
