import { type Ask, isAskFor } from '../../model/asks.ts';
import { type ObservedPool, poolKey } from '../../model/cluster.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import type { Labels } from '../../model/match.ts';
import { type EpochMs, minuteMs } from '../../model/time.ts';
import type { PoolMemory } from '../scaling/memory.ts';
import type { PoolName, RoundInput } from '../scaling/plan.ts';
import { withAskedLabels } from '../scaling/plan-round.ts';
import { labelledNames, type RuleBook } from '../scaling/rule-book.ts';
import { longestLeadMs } from '../scaling/scheduled-size.ts';
import { nextChange, type Timeline } from '../schedule/timeline.ts';
import { isAnnouncing } from './announcement.ts';

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

export type Reach = { readonly of: (rule: Pick<Rule, 'announce'>) => number; readonly longestMs: number };

export type Interesting = {
  readonly names: PoolName & { readonly labels?: Labels };
  readonly rule: Rule;
  readonly memory: PoolMemory | undefined;
  readonly edges: readonly EpochMs[];
};

/** Pools whose rule announces, and pools with an announced change that has not happened yet. */
export function poolsOfInterest(
  input: RoundInput,
  book: RuleBook,
  reach: Reach,
  open: readonly OpenChange[],
): readonly Interesting[] {
  const { now, config, clusters, asks } = input;
  const isTold = isAnnouncing(config);
  if (!isTold && open.length === 0) return [];
  const last = lastBoundaries(open);
  const furthest = Math.max(now + reach.longestMs, ...last.values());
  const edges = new Map<Timeline, readonly EpochMs[]>();
  const seen = clusters.map((one) => withAskedLabels(one, book));
  return seen.flatMap(({ cluster, pools = [], record }) =>
    pools.flatMap((pool): readonly Interesting[] => {
      const { region, id: clusterId, name } = cluster;
      const { id: poolId, labels } = pool;
      const names = { region, clusterId, cluster: name, poolId, pool: pool.name, ...(labels && { labels }) };
      const applied = book.appliedRule(labelledNames(cluster, pool));
      if (applied === undefined || (applied.rule.announce === undefined && !last.has(poolKey(names)))) return [];
      const { rule, timeline } = applied;
      const until = Math.max(now + Math.max(reach.of(rule), minuteMs), last.get(poolKey(names)) ?? 0) + longestLeadMs;
      const known = edges.get(timeline) ?? scheduleEdges(timeline, now, furthest + longestLeadMs);
      edges.set(timeline, known);
      const memory = record?.pools[pool.id];
      const own = [...known, ...endsBeside({ names, pool, memory, rule, asks })];
      const within = own.filter((at) => at > now && at <= until);
      return [{ names, rule, memory, edges: [...new Set(within)].sort((a, b) => a - b) }];
    }),
  );
}

type OpenChange = PoolName & { readonly boundary: EpochMs };

/** The latest boundary of each pool that was announced: rules may announce less far ahead by now, or not at all. */
function lastBoundaries(open: readonly OpenChange[]): ReadonlyMap<string, EpochMs> {
  const last = new Map<string, EpochMs>();
  for (const one of open) last.set(poolKey(one), Math.max(one.boundary, last.get(poolKey(one)) ?? 0));
  return last;
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
  return asks.flatMap((ask) => (isAskFor(ask, names) ? [ask.until] : []));
}

/** If raises are announced, rounds between boundaries count too: raises begin ahead of their boundary. */
export function instantsAhead(
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
