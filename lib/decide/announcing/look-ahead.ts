import { poolKey } from '../../model/cluster.ts';
import type { Labels } from '../../model/match.ts';
import { describeSize, isRaise, lower, nodesOver, type Size } from '../../model/size.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { advanceFleet, applyPlan, beginFleet, type Fleet } from '../rehearsal/rehearsed-fleet.ts';
import { observedNodes } from '../scaling/base.ts';
import type { PoolMemory } from '../scaling/memory.ts';
import type { Action, FullRoundInput, Hold, Plan, PoolName, PoolState, RoundInput } from '../scaling/plan.ts';
import { planRound } from '../scaling/plan-round.ts';
import { makeRuleBook, type RuleBook } from '../scaling/rule-book.ts';
import { type Announcement, changeKey } from './announcement.ts';
import { type Interesting, instantsAhead, makeReach, poolsOfInterest, type Reach } from './instants-ahead.ts';
import { judgeAnnounced, soon, type Verdict } from './judge-announced.ts';

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

export type Ahead = {
  readonly coming: readonly ComingChange[];
  readonly verdicts: readonly Verdict[];
  /** Announced changes are still to be followed, whoever announces something from now on. */
  readonly isFollowing: boolean;
};

/**
 * The changes that rounds will make at the coming boundaries, for pools whose rule announces them. It runs the planning
 * of real rounds on the fleet as this round left it, so pauses, leases, the brake and minimum nodes count. It also
 * reports what became of earlier announcements. `before`: what the round before reported of them.
 */
export function lookAhead(
  input: FullRoundInput,
  plan: Plan,
  announced: readonly Announcement[],
  before: readonly Verdict[],
): Ahead {
  const book = input.book ?? makeRuleBook(input.config, input.now);
  const open = announced.flatMap(({ boundary, pools }) =>
    pools.filter(({ ended, said }) => ended === undefined && said > 0).map((pool) => ({ ...pool, boundary })),
  );
  const isFollowing = open.length > 0;
  const reach = makeReach(input.config);
  const pools = poolsOfInterest(input, book, reach, open);
  const instants = pools.length === 0 ? [] : instantsAhead(input, pools, open, reach);
  const { changes, reasons } = instants.length === 0 ? unmoved : walk(input, plan, book, pools, instants, reach);
  const verdicts = judgeAnnounced(open, input, plan, { changes, reasons, before });
  const interested = new Map(pools.map((pool) => [poolKey(pool.names), pool]));
  const coming = [...changes.values()].filter((change) => isToBeTold(change, interested, reach, input));
  return { coming, verdicts, isFollowing };
}

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

const unmoved: Walked = { changes: new Map(), reasons: new Map() };

type Walked = {
  /** By pool and boundary. */
  readonly changes: ReadonlyMap<string, ComingChange>;
  /** Why a pool has its size at an instant, by pool and instant. */
  readonly reasons: ReadonlyMap<string, string>;
};

function walk(
  input: FullRoundInput,
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
