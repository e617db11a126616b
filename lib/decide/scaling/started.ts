import type { ObservedPool } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Notice } from '../../model/finding.ts';
import { isLower, isRaise, lower, nodesOver, type Size, upper } from '../../model/size.ts';
import { counted } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { nextChange, saysAt } from '../schedule/timeline.ts';
import { findBase, observedNodes, observedSize } from './base.ts';
import { describeMismatches } from '../matching/mismatch-findings.ts';
import { judgeMatches, type NamedFleet } from '../matching/unmatched.ts';
import type { ObservedFleetCluster, PoolMemory } from './memory.ts';
import type { HoldCode, Plan } from './plan.ts';
import { isUnread } from './plan-round.ts';
import { type AppliedRule, makeRuleBook } from './rule-book.ts';
import { resolveSays } from './scheduled-size.ts';

type Coming = {
  readonly at: EpochMs;
  readonly from: Size;
  readonly to: Size;
  /** Nodes that go with it for certain: an autoscaled pool may have fewer than its bounds allow. */
  readonly nodesLess: number;
  readonly isObserved: boolean;
};
type Next = Coming | 'base-unknown' | undefined;

/** A change that waits for one of these is about to come all the same (or would, where the mode is observe). */
const soonAllTheSame: readonly HoldCode[] = ['observe', 'slot', 'max-changes'];

/**
 * The sentence before the first write and after each change of the config: what is matched, when the next lower comes and
 * how much it takes, when the next raise comes. Whoever reads it can stop us in time.
 */
export function startedNotice(
  config: CompiledConfig,
  clusters: readonly ObservedFleetCluster[],
  plan: Pick<Plan, 'actions' | 'holds'>,
  now: EpochMs,
  named?: NamedFleet,
): Notice {
  const book = makeRuleBook(config, now);
  const nodes = new Map(clusters.flatMap(({ pools = [] }) => pools.map((pool) => [pool.id, observedNodes(pool)])));
  const atOnce = changesNow(plan, nodes, now);
  const seen = clusters.flatMap(({ cluster, pools, record }) =>
    (pools ?? []).map((pool) => ({
      pool,
      memory: record?.pools[pool.id],
      applied: book.appliedRule({ region: cluster.region, cluster: cluster.name, pool: pool.name }),
    })),
  );
  const next = seen.map(({ pool, memory, applied }) =>
    applied === undefined ? undefined : comingChange(pool, memory, applied, atOnce.get(pool.id)?.to, now),
  );
  const later = next.filter((change) => change !== undefined && change !== 'base-unknown');
  const unknown = next.filter((change) => change === 'base-unknown').length;
  const changes = [...atOnce.values(), ...later];
  const matched = seen.filter(({ applied }) => applied !== undefined).length;
  const unmatched = seen.length - matched;
  const unread = clusters.filter((one) => isUnread(book, one)).length;
  const braked = plan.holds.filter(({ code }) => code === 'brake').length;
  return {
    kind: 'started',
    subject: { kind: 'fleet' },
    text: `${counted(clusters.length, 'cluster')}, ${counted(matched, 'pool')} matched, ${unmatched} unmatched; ${lowering(changes, now)}; ${raising(changes, now)}${unknownBases(unknown)}${unsaid(unread, braked)}${namingNothing(config, named, now)}`,
    at: now,
    facts: { clusters: clusters.length, matched, unmatched, config: config.hash },
  };
}

/** What this round and those right after it do, by pool. */
function changesNow(
  { actions, holds }: Pick<Plan, 'actions' | 'holds'>,
  nodes: ReadonlyMap<string, number>,
  now: EpochMs,
): ReadonlyMap<string, Coming> {
  const held = holds.filter(({ code }) => soonAllTheSame.includes(code));
  const isObserved = new Set(held.filter(({ code }) => code === 'observe').map(({ poolId }) => poolId));
  return new Map(
    [...actions, ...held].flatMap(({ poolId, from, to }) => {
      if (from === undefined || to === undefined) return [];
      const nodesLess = nodesOver(nodes.get(poolId) ?? 0, to);
      return [[poolId, { at: now, from, to, nodesLess, isObserved: isObserved.has(poolId) }] as const];
    }),
  );
}

/** The next change that the schedule alone makes, from the size that the pool then has. */
function comingChange(
  pool: ObservedPool,
  memory: PoolMemory | undefined,
  { rule, timeline }: AppliedRule,
  nowTo: Size | undefined,
  now: EpochMs,
): Next {
  const next = nextChange(timeline, now);
  const size = observedSize(pool, memory);
  const from = nowTo ?? size;
  if (next === undefined || from === undefined) return undefined;
  const { autoscale } = pool;
  const says = saysAt(timeline, now);
  const scheduledWithoutBase = resolveSays(says, { rule, autoscale, base: undefined }).size;
  const known = memory ?? { name: pool.name, autoscale };
  const isQuiet = known.kept === undefined;
  const { base } = findBase({ rule, memory: known, autoscale, running: size, says, scheduledWithoutBase, isQuiet });
  const to = resolveSays(next.says, { rule, autoscale, base }).size;
  if (to === undefined) return 'base-unknown';
  const then = Math.min(Math.max(observedNodes(pool), lower(from)), upper(from));
  return { at: next.at, from, to, nodesLess: nodesOver(then, to), isObserved: rule.mode === 'observe' };
}

function lowering(changes: readonly Coming[], now: EpochMs): string {
  const lowers = changes.filter(({ from, to }) => isLower(from, to) && !isRaise(from, to));
  const at = Math.min(...lowers.map((change) => change.at));
  const first = lowers.filter((change) => change.at === at);
  if (first.length === 0) return 'nothing will be lowered soon';
  const nodes = first.reduce((sum, { nodesLess }) => sum + nodesLess, 0);
  const verb = first.every((change) => change.isObserved) ? 'I would lower (mode: observe)' : 'I will lower';
  const when = at === now ? 'now' : `at ${iso(at)}`;
  return `${when} ${verb} ${counted(first.length, 'pool')} by ${counted(nodes, 'node')}`;
}

function raising(changes: readonly Coming[], now: EpochMs): string {
  const raises = changes.filter(({ from, to }) => isRaise(from, to)).map((change) => change.at);
  if (raises.length === 0) return 'no raise is due at the next change';
  const at = Math.min(...raises);
  return `next raise ${at === now ? 'now' : iso(at)}`;
}

/** They are held until somebody says what it is. */
function unknownBases(count: number): string {
  return count === 0 ? '' : `; the base of ${counted(count, 'pool')} is not known, see: lamplighter rehearse`;
}

const mostNamed = 3;

/** Matches that name nothing: a slip there is seen before anything comes of it. */
function namingNothing(config: CompiledConfig, named: NamedFleet | undefined, now: EpochMs): string {
  if (named === undefined) return '';
  const found = describeMismatches(config, judgeMatches(config, named, now), named).map(({ short }) => short);
  if (found.length === 0) return '';
  const rest = found.length - mostNamed;
  const more = rest > 0 ? `, and ${rest} more, see: lamplighter doctor` : '';
  return `; ${found.length === 1 ? 'this names' : 'these name'} nothing in the fleet: ${found.slice(0, mostNamed).join(', ')}${more}`;
}

/** What the sentence does not count: clusters that did not answer, and lowers that wait for a person. */
function unsaid(unread: number, braked: number): string {
  const unanswered = unread === 0 ? '' : `; the pools of ${counted(unread, 'cluster')} could not be read`;
  const waiting = braked === 0 ? '' : `; the brake holds ${counted(braked, 'lower')} until: lamplighter approve`;
  return unanswered + waiting;
}
