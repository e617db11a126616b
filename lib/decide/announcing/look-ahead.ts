import type { Ask } from '../../model/asks.ts';
import { type ObservedPool, poolKey } from '../../model/cluster.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import { type Labels, matchesPool } from '../../model/match.ts';
import { describeSize, isRaise, lower, nodesOver, type Size } from '../../model/size.ts';
import { type EpochMs, iso, minuteMs } from '../../model/time.ts';
import { advanceFleet, applyPlan, beginFleet, type Fleet } from '../rehearsal/rehearsed-fleet.ts';
import { observedNodes } from '../scaling/base.ts';
import type { PoolMemory } from '../scaling/memory.ts';
import type { Action, Hold, Plan, PoolName, PoolState, RoundInput } from '../scaling/plan.ts';
import { planRound, withAskedLabels } from '../scaling/plan-round.ts';
import { labelledNames, makeRuleBook, type RuleBook } from '../scaling/rule-book.ts';
import { longestLeadMs } from '../scaling/scheduled-size.ts';
import { nextChange, type Timeline } from '../schedule/timeline.ts';
import { type Announcement, changeKey } from './announcement.ts';
import { judgeAnnounced, soon, type Verdict } from './verdicts.ts';

/** A change that a later round will make if nothing else happens first. */
export type ComingChange = PoolName & {
  /** When another size is wanted. */
  readonly boundary: EpochMs;
  /** When it begins: at the boundary, or earlier if the pool is raised ahead of time. */
  readonly begins: EpochMs;
  readonly from: Size;
  readonly to: Size;
  readonly nodes: number;
  /** Nodes that certainly go (below 0) or come. */
  readonly by: number;
  /** Labels that rules ask for, if any: they tell which rule the pool belongs to. */
  readonly labels?: Labels;
  /** Why it became known only now, if something recent caused it. */
  readonly news?: string;
};

export type Ahead = { readonly coming: readonly ComingChange[]; readonly verdicts: readonly Verdict[] };

const nothing: Ahead = { coming: [], verdicts: [] };

/**
 * The changes that rounds will make at the coming boundaries, for pools whose rule announces them. It runs the planning
 * of real rounds on the fleet as this round left it, so pauses, leases, the brake and minimum nodes count. It also
 * reports what became of earlier announcements.
 */
export function lookAhead(input: RoundInput, plan: Plan, announced: readonly Announcement[]): Ahead {
  const book = input.book ?? makeRuleBook(input.config, input.now);
  const open = announced.flatMap(({ boundary, pools }) =>
    pools.filter(({ ended, said }) => ended === undefined && said > 0).map((pool) => ({ ...pool, boundary })),
  );
  const reach = makeReach(input.config);
  const pools = poolsOfInterest(input, book, reach, new Set(open.map(poolKey)));
  if (pools.length === 0) return { ...nothing, verdicts: judgeAnnounced(open, input, plan, new Map(), new Map()) };
  const instants = instantsAhead(input, pools, open, reach);
  if (instants.length === 0) return { ...nothing, verdicts: judgeAnnounced(open, input, plan, new Map(), new Map()) };
  const { changes, reasons } = walk(input, plan, book, pools, instants, reach);
  const verdicts = judgeAnnounced(open, input, plan, changes, reasons);
  const interested = new Map(pools.map((pool) => [poolKey(pool.names), pool]));
  const coming = [...changes.values()].filter((change) => isToBeTold(change, interested, reach, input));
  return { coming, verdicts };
}

/**
 * How far ahead to look: two ticks more than the rule's announcements ask for, so that messages are on time. Rules with
 * the same destination all look as far as the earliest of them, since one message holds all changes of a boundary.
 */
export function makeReach({ rules, everyMs }: Pick<CompiledConfig, 'rules' | 'everyMs'>): Reach {
  const longest = new Map<string, number>();
  for (const { announce } of rules)
    for (const name of announce?.to ?? []) longest.set(name, Math.max(longest.get(name) ?? 0, announce?.beforeMs ?? 0));
  const spareMs = 2 * everyMs + minuteMs;
  const longestMs = Math.max(0, ...longest.values());
  return {
    of: ({ announce }) =>
      announce === undefined ? 0 : Math.max(0, ...announce.to.map((name) => longest.get(name) ?? 0)) + spareMs,
    longestMs: longest.size === 0 ? minuteMs : longestMs + spareMs,
  };
}

type Reach = { readonly of: (rule: Pick<Rule, 'announce'>) => number; readonly longestMs: number };

type Interesting = {
  readonly names: PoolName & Pick<ComingChange, 'labels'>;
  readonly rule: Rule;
  readonly memory: PoolMemory | undefined;
  readonly edges: readonly EpochMs[];
};

function isToBeTold(
  change: ComingChange,
  pools: ReadonlyMap<string, Interesting>,
  reach: Reach,
  { now }: RoundInput,
): boolean {
  const rule = pools.get(poolKey(change))?.rule;
  if (rule?.announce === undefined || change.by === 0) return false;
  return change.begins - now <= reach.of(rule) && (change.by < 0 || rule.announce.raises);
}

/** Pools whose rule announces, and pools with an announced change that has not happened yet. */
function poolsOfInterest(
  input: RoundInput,
  book: RuleBook,
  reach: Reach,
  open: ReadonlySet<string>,
): readonly Interesting[] {
  const { now, config, clusters, asks } = input;
  const isAnnouncing = config.rules.some(({ announce }) => announce !== undefined);
  if (!isAnnouncing && open.size === 0) return [];
  const edges = new Map<Timeline, readonly EpochMs[]>();
  const seen = clusters.map((one) => withAskedLabels(one, book));
  return seen.flatMap(({ cluster, pools = [], record }) =>
    pools.flatMap((pool): readonly Interesting[] => {
      const { region, id: clusterId, name } = cluster;
      const { id: poolId, labels } = pool;
      const names = { region, clusterId, cluster: name, poolId, pool: pool.name, ...(labels && { labels }) };
      const applied = book.appliedRule(labelledNames(cluster, pool));
      if (applied === undefined || (applied.rule.announce === undefined && !open.has(poolKey(names)))) return [];
      const { rule, timeline } = applied;
      const until = now + Math.max(reach.of(rule), minuteMs) + longestLeadMs;
      const known = edges.get(timeline) ?? scheduleEdges(timeline, now, now + reach.longestMs + longestLeadMs);
      edges.set(timeline, known);
      const memory = record?.pools[pool.id];
      const own = [...known, ...endsBeside({ names, pool, memory, rule, asks })];
      const within = own.filter((at) => at > now && at <= until);
      return [{ names, rule, memory, edges: [...new Set(within)].sort((a, b) => a - b) }];
    }),
  );
}

function scheduleEdges(timeline: Timeline, from: EpochMs, until: EpochMs): readonly EpochMs[] {
  const edges: EpochMs[] = [];
  for (let next = nextChange(timeline, from); next !== undefined && next.at <= until; )
    next = nextChange(timeline, edges[edges.push(next.at) - 1] as EpochMs);
  return edges;
}

/** The instants at which an ask or a kept size of a pool ends. */
export function endsBeside({ names, pool, memory, rule, asks }: BesideSchedule): readonly EpochMs[] {
  const grace = pool.createdAt === undefined ? undefined : pool.createdAt + rule.graceMs;
  const own = [memory?.kept?.until, memory?.ahead, grace].filter((at) => at !== undefined);
  return [...endsOf(asks, names), ...own];
}

export type BesideSchedule = {
  readonly names: PoolName;
  readonly pool: ObservedPool;
  readonly memory: PoolMemory | undefined;
  readonly rule: Rule;
  readonly asks: readonly Ask[];
};

function endsOf(asks: readonly Ask[], names: PoolName): readonly EpochMs[] {
  return asks.flatMap((ask) => {
    if (ask.region !== names.region || ask.kind === 'release' || ask.kind === 'approval') return [];
    return ask.match === undefined || matchesPool(ask.match, names) ? [ask.until] : [];
  });
}

/** If raises are announced, rounds between boundaries count too: raises begin ahead of their boundary. */
function instantsAhead(
  { now, config }: RoundInput,
  pools: readonly Interesting[],
  open: readonly { readonly boundary: EpochMs }[],
  { longestMs }: Reach,
): readonly EpochMs[] {
  const until = now + longestMs;
  const edges = new Set([...pools.flatMap((pool) => pool.edges), ...open.map(({ boundary }) => boundary)]);
  const hasRaises = pools.some(({ rule }) => rule.announce?.raises === true);
  if (hasRaises && edges.size > 0) for (let at = now + config.everyMs; at <= until; at += config.everyMs) edges.add(at);
  return [...edges]
    .filter((at) => at > now && (at <= until || open.some((one) => one.boundary === at)))
    .sort((a, b) => a - b);
}

type Walked = {
  /** By pool and boundary. */
  readonly changes: ReadonlyMap<string, ComingChange>;
  /** Why a pool has its size at an instant, by pool and instant. */
  readonly reasons: ReadonlyMap<string, string>;
};

function walk(
  input: RoundInput,
  plan: Plan,
  book: RuleBook,
  pools: readonly Interesting[],
  instants: readonly EpochMs[],
  reach: Reach,
): Walked {
  const { lowersLeft: _ofThisRound, letThrough: _ofItToo, ...rest } = input;
  const fleet = beginFleet(input.clusters, input.storedRules, input.now);
  applyPlan(fleet, plan, input.config, input.now);
  const changes = new Map<string, ComingChange>();
  const reasons = new Map<string, string>();
  let before = wantedIn(plan);
  for (const now of instants) {
    advanceFleet(fleet, now);
    const { clusters, storedRules } = fleet;
    const next = planRound({ ...rest, now, clusters, storedRules, book, isWhole: false });
    noteChanges(changes, { next, now, before, fleet, pools, reach, input });
    noteReasons(reasons, next, pools, now);
    before = wantedIn(next);
    applyPlan(fleet, next, input.config, now);
  }
  return { changes, reasons };
}

/** The size each pool is changing to. */
function wantedIn({ actions, holds }: Plan): ReadonlyMap<string, string> {
  const all = [...actions, ...holds.filter(({ code }) => soon.includes(code) || code === 'in-flight')];
  return new Map(all.map((one) => [poolKey(one), describeSize(one.to)]));
}

type Step = {
  readonly next: Plan;
  readonly now: EpochMs;
  readonly before: ReadonlyMap<string, string>;
  readonly fleet: Fleet;
  readonly pools: readonly Interesting[];
  readonly reach: Reach;
  readonly input: RoundInput;
};

function noteChanges(
  changes: Map<string, ComingChange>,
  { next, now, before, fleet, pools, reach, input }: Step,
): void {
  const wants = new Map<string, Action | Hold>(
    [...next.actions, ...next.holds.filter(({ code }) => soon.includes(code))].map((one) => [poolKey(one), one]),
  );
  const states = new Map(next.pools.map((state) => [poolKey(state), state]));
  for (const pool of pools) {
    const key = poolKey(pool.names);
    const want = wants.get(key);
    if (want?.from === undefined || want.to === undefined || before.get(key) === describeSize(want.to)) continue;
    const boundary = boundaryOf(pool, states.get(key), want.to, want.from, now);
    if (boundary === undefined || changes.has(changeKey(pool.names, boundary))) continue;
    const nodes = nodesIn(fleet, key);
    const by = nodesBy(nodes, want.to);
    const news = newsOf(pool.memory, input.now - reach.longestMs);
    const { from, to } = want;
    changes.set(changeKey(pool.names, boundary), {
      ...pool.names,
      boundary,
      begins: now,
      from,
      to,
      nodes,
      by,
      ...(news !== undefined && { news }),
    });
  }
}

/**
 * For a raise ahead of time, the boundary it is for; otherwise the pool's latest own instant at which the wanted size
 * may have changed.
 */
function boundaryOf(
  { edges }: Interesting,
  state: PoolState | undefined,
  to: Size,
  from: Size,
  now: EpochMs,
): EpochMs | undefined {
  if (isRaise(from, to) && state?.upFor !== undefined) return state.upFor;
  return edges.findLast((at) => at <= now);
}

/** Nodes that certainly go (below 0); otherwise those that certainly come. */
export function nodesBy(nodes: number, to: Size): number {
  const gone = nodesOver(nodes, to);
  return gone > 0 ? -gone : Math.max(0, lower(to) - nodes);
}

function nodesIn({ lives }: Fleet, key: string): number {
  const pool = lives.get(key)?.pool;
  return pool === undefined ? 0 : observedNodes(pool);
}

/** The pool's asks or its rule changed recently, or the pool is new. */
function newsOf(memory: PoolMemory | undefined, since: EpochMs): string | undefined {
  if (memory === undefined) return 'it was first seen just now';
  if (memory.resetAt !== undefined && memory.resetAt > since)
    return `what is asked of it changed at ${iso(memory.resetAt)}`;
  return memory.metAt !== undefined && memory.metAt > since ? `it was first seen at ${iso(memory.metAt)}` : undefined;
}

function noteReasons(reasons: Map<string, string>, next: Plan, pools: readonly Interesting[], now: EpochMs): void {
  const why = whyIn(next);
  for (const { names } of pools) {
    const reason = why(names);
    if (reason !== undefined) reasons.set(changeKey(names, now), reason);
  }
}

type Ids = Pick<PoolName, 'region' | 'clusterId' | 'poolId'>;

/** Why a pool is left as it is; otherwise, also while a change is under way, why its wanted size is wanted. */
function whyIn({ holds, pools }: Plan): (pool: Ids) => string | undefined {
  const standing = holds.filter(({ code }) => code !== 'in-flight');
  const held = new Map(standing.map((hold) => [poolKey(hold), hold.reason]));
  const states = new Map(pools.map((state) => [poolKey(state), state.reason]));
  return (pool) => held.get(poolKey(pool)) ?? states.get(poolKey(pool));
}
