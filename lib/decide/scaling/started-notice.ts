import { isDeleting, poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Notice } from '../../model/finding.ts';
import { matchesCluster } from '../../model/match.ts';
import { isLower, isRaise, lower, nodesOver, type Size, saysLeave, upper } from '../../model/size.ts';
import { compareText, counted, listed } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { describeMismatches } from '../matching/mismatch-findings.ts';
import { judgeMatches, type NamedFleet } from '../matching/unmatched.ts';
import { nextChange, saysAt, type Timeline } from '../schedule/timeline.ts';
import { findBase, observedNodes, observedSize } from './base.ts';
import { sharedNames } from './findings.ts';
import type { ObservedFleetCluster } from './memory.ts';
import type { HoldCode, Plan, RoundInput } from './plan.ts';
import { planRound } from './plan-round.ts';
import { type AppliedRule, labelledNames, makeRuleBook, type RuleBook } from './rule-book.ts';
import { resolveSays } from './scheduled-size.ts';

type Coming = {
  readonly key: string;
  readonly at: EpochMs;
  readonly from: Size;
  readonly to: Size;
  /** Nodes that certainly go: an autoscaled pool may have fewer than its bounds allow. */
  readonly nodesLess: number;
  readonly isObserved: boolean;
};
type Next = Coming | 'base-unknown' | undefined;

/** With one of these holds, the change still comes soon (or would, in mode observe). */
const soonAllTheSame: readonly HoldCode[] = ['observe', 'slot', 'max-changes'];

/**
 * The notice before the first write and after each config change: how many pools match, the next lower and its size,
 * and the next raise, so that people can stop Lamplighter in time. A lower that the brake will hold is not listed.
 * Clusters or pools that share a name count once. `clusters`: the same fleet, including pools that no rule acts on.
 */
export function startedNotice(
  input: RoundInput,
  plan: Pick<Plan, 'actions' | 'holds'>,
  clusters: readonly ObservedFleetCluster[] = input.clusters,
): Notice {
  const { config, now } = input;
  const book = input.book ?? makeRuleBook(config, now);
  const shared = sharedNames(input, book);
  const nodes = new Map(
    clusters.flatMap(({ cluster: { region, id: clusterId }, pools = [] }) =>
      pools.map((pool) => [poolKey({ region, clusterId, poolId: pool.id }), observedNodes(pool)]),
    ),
  );
  const atOnce = changesNow(plan, nodes, now);
  const seen = seenPools(clusters, book);
  const own = seen.filter(({ pool }) => !shared.isAmbiguous(pool));
  const next = own.map((one) => (one.applied === undefined ? undefined : comingChange(one, one.applied, atOnce, now)));
  const later = next.filter((change) => change !== undefined && change !== 'base-unknown');
  const unknown = next.filter((change) => change === 'base-unknown').length;
  const changes = promised([...atOnce.values(), ...later]);
  const all = new Set(seen.map(({ name }) => name)).size;
  const matched = new Set(seen.flatMap(({ name, applied }) => (applied ? [name] : []))).size;
  const names = new Set(clusters.map(({ cluster }) => `${cluster.region}\n${cluster.name}`)).size;
  const counts = { clusters: names, matched, unmatched: all - matched };
  const unread = clusters.filter((one) => isUncounted(one)).length;
  const braked = plan.holds.filter(({ code }) => code === 'brake').length;
  const whole = `${counted(names, 'cluster')}, ${counted(matched, 'pool')} under a schedule, ${counts.unmatched} not${unnamed(config, clusters)}`;
  const soon = `${comingText(changes, input)}${unknownBases(unknown)}`;
  return {
    kind: 'started',
    subject: { kind: 'fleet' },
    text: `${whole}; ${soon}${unsaid(unread, braked)}${shared.findings.map(({ text }) => `; ${text}`).join('')}${namingNothing(config, input.named, now)}`,
    at: now,
    facts: { ...counts, config: config.hash },
  };
}

/** Including pools that no rule acts on: the notice counts every pool, or says that it could not. */
function isUncounted({ cluster, pools }: ObservedFleetCluster): boolean {
  return pools === undefined && !isDeleting(cluster);
}

function seenPools(clusters: readonly ObservedFleetCluster[], book: RuleBook) {
  return clusters.flatMap(({ cluster, pools = [], record }) =>
    pools.map((pool) => ({
      pool,
      key: poolKey({ region: cluster.region, clusterId: cluster.id, poolId: pool.id }),
      name: `${cluster.region}\n${cluster.name}\n${pool.name}`,
      memory: record?.pools[pool.id],
      applied: book.appliedRule(labelledNames(cluster, pool)),
    })),
  );
}

/** Clusters that no rule matches, not even to exclude them: probably forgotten. */
function unnamed({ rules, regions }: CompiledConfig, clusters: readonly ObservedFleetCluster[]): string {
  const others = clusters.filter(({ cluster }) => {
    const names = { region: cluster.region, cluster: cluster.name };
    return !isDeleting(cluster) && !rules.some(({ match }) => matchesCluster(match, names));
  });
  const nameOf = ({ region, name }: ObservedFleetCluster['cluster']) =>
    regions.length > 1 ? `${region}:${name}` : name;
  const names = [...new Set(others.map(({ cluster }) => nameOf(cluster)))].sort(compareText);
  if (names.length === 0) return '';
  return `; no rule matches ${names.length === 1 ? 'the cluster' : 'the clusters'} ${listed(names, mostNamed)}`;
}

/** Changes of this round and the ones right after it, by pool. */
function changesNow(
  { actions, holds }: Pick<Plan, 'actions' | 'holds'>,
  nodes: ReadonlyMap<string, number>,
  now: EpochMs,
): ReadonlyMap<string, Coming> {
  const held = holds.filter(({ code }) => soonAllTheSame.includes(code));
  const isObserved = new Set(held.filter(({ code }) => code === 'observe').map(poolKey));
  return new Map(
    [...actions, ...held].flatMap((one) => {
      const { from, to } = one;
      if (from === undefined || to === undefined) return [];
      const key = poolKey(one);
      const nodesLess = nodesOver(nodes.get(key) ?? 0, to);
      return [[key, { key, at: now, from, to, nodesLess, isObserved: isObserved.has(key) }] as const];
    }),
  );
}

/** The next change by the schedule alone, from the size the pool has then. */
function comingChange(
  { pool, key, memory }: Pick<ReturnType<typeof seenPools>[number], 'pool' | 'key' | 'memory'>,
  { rule, timeline }: AppliedRule,
  atOnce: ReadonlyMap<string, Coming>,
  now: EpochMs,
): Next {
  const next = nextSize(timeline, now);
  const size = observedSize(pool, memory);
  const from = atOnce.get(key)?.to ?? size;
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
  return {
    key,
    at: next.at,
    from,
    to,
    nodesLess: nodesOver(then, to),
    isObserved: rule.mode === 'observe',
  };
}

/** The next edge to a size; an edge to `leave` changes nothing. */
function nextSize(timeline: Timeline, now: EpochMs): ReturnType<typeof nextChange> {
  const next = nextChange(timeline, now);
  return next !== undefined && saysLeave(next.says) ? nextChange(timeline, next.at) : next;
}

/** Observed pools are not counted, unless all pools are only observed; then the notice says what would be done. */
function promised(changes: readonly Coming[]): readonly Coming[] {
  const done = changes.filter(({ isObserved }) => !isObserved);
  return done.length === 0 ? changes : done;
}

function comingText(changes: readonly Coming[], input: RoundInput): string {
  const lowers = lowering(changes, input);
  const raises = raising(changes, input.now);
  if (lowers === undefined)
    return raises === undefined ? 'nothing will be lowered or raised soon' : `nothing will be lowered soon; ${raises}`;
  return `${lowers}; ${raises ?? 'no raise before that'}`;
}

function lowering(changes: readonly Coming[], input: RoundInput): string | undefined {
  const { now } = input;
  const lowers = changes.filter(({ from, to }) => isLower(from, to) && !isRaise(from, to));
  const at = Math.min(...lowers.map((change) => change.at));
  const first = lowers.filter((change) => change.at === at);
  if (first.length === 0) return undefined;
  const when = at === now ? 'now' : `at ${iso(at)}`;
  const braked = at === now ? new Set<string>() : brakedAt(input, at);
  const [waiting, free] = [first.filter(({ key }) => braked.has(key)), first.filter((one) => !braked.has(one.key))];
  const isObserved = first.every((change) => change.isObserved);
  const promise = `${when} Lamplighter ${isObserved ? 'would lower (mode: observe)' : 'will lower'} ${takes(free)}`;
  if (waiting.length === 0) return promise;
  const waits = `${when} lowering ${takes(waiting)} needs approval: lamplighter approve`;
  return free.length === 0 ? waits : `${promise}; ${waits}`;
}

function takes(lowers: readonly Coming[]): string {
  const nodes = lowers.reduce((sum, { nodesLess }) => sum + nodesLess, 0);
  const pools = counted(lowers.length, 'pool');
  return nodes === 0 ? `the bounds of ${pools}` : `${pools} by ${counted(nodes, 'node')}`;
}

/** Pools whose lowers the brake would hold then, if nothing else changes: found by planning that round. */
function brakedAt({ book: _ofNow, ...input }: RoundInput, at: EpochMs): ReadonlySet<string> {
  const { holds } = planRound({ ...input, now: at });
  return new Set(holds.filter(({ code }) => code === 'brake').map(poolKey));
}

function raising(changes: readonly Coming[], now: EpochMs): string | undefined {
  const raises = changes.filter(({ from, to }) => isRaise(from, to)).map((change) => change.at);
  if (raises.length === 0) return undefined;
  const at = Math.min(...raises);
  return `next raise ${at === now ? 'now' : iso(at)}`;
}

/** They are held until somebody resolves the ambiguity. */
function unknownBases(count: number): string {
  return count === 0 ? '' : `; the base of ${counted(count, 'pool')} is not known; see: lamplighter rehearse`;
}

const mostNamed = 10;

/** Matches that match nothing, so that typos are noticed early. */
function namingNothing(config: CompiledConfig, named: NamedFleet | undefined, now: EpochMs): string {
  if (named === undefined) return '';
  const found = describeMismatches(config, judgeMatches(config, named, now), named).map(({ short }) => short);
  if (found.length === 0) return '';
  const more = found.length > mostNamed ? '; see: lamplighter doctor' : '';
  return `; ${found.length === 1 ? 'this matches' : 'these match'} nothing in the fleet: ${listed(found, mostNamed)}${more}`;
}

/** What the notice does not count: clusters that did not answer, and lowers that wait for approval. */
function unsaid(unread: number, braked: number): string {
  const unanswered = unread === 0 ? '' : `; the pools of ${counted(unread, 'cluster')} could not be read`;
  const waiting =
    braked === 0
      ? ''
      : `; the brake holds ${counted(braked, 'scale-down')}; to release ${braked === 1 ? 'it' : 'them'}, run: lamplighter approve`;
  return unanswered + waiting;
}
