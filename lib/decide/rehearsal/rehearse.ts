import type { Approval, Ask } from '../../model/asks.ts';
import { clusterKey, poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { isSameJson } from '../../model/json.ts';
import { describeSize } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { isAnnouncing } from '../announcing/announcement.ts';
import { soon } from '../announcing/judge-announced.ts';
import { announcementsIn, wantsOf } from '../announcing/rehearsed-announcements.ts';
import { subjectId } from '../incidents/incident.ts';
import type { ClusterRecord, ObservedFleetCluster, PoolMemory } from '../scaling/memory.ts';
import { inOrder } from '../scaling/order.ts';
import type { ClusterPlan } from '../scaling/plan-cluster.ts';
import { type PlanInFull, planInFull, withAskedLabels } from '../scaling/plan-round.ts';
import { makeRuleBook, type RuleBook } from '../scaling/rule-book.ts';
import { likeOther } from './alike.ts';
import { type Group, groupClusters, ofAlike } from './groups.ts';
import { nextInstant } from './next-instant.ts';
import type { FoundFinding, Rehearsal, RehearsalInput, RehearsedChange, RehearsedWant } from './rehearsal.ts';
import { advanceFleet, applyPlan, beginFleet, type Fleet, liveAlike, nextEnd } from './rehearsed-fleet.ts';
import { bystandersOf, closePools } from './totals.ts';

/**
 * Rehearses the coming days with the planning of real rounds, on a fleet that only time and our own changes affect: a
 * resize takes as long as the pool's raises took, nobody else changes a pool, and no call fails. To save time, a
 * cluster is planned only at ticks at which its decision may change, and of clusters that are alike only one is
 * planned. The result is the same as planning every cluster in every round (ADR 16).
 */
export function rehearse(input: RehearsalInput): Rehearsal {
  const { from, to } = input;
  const course = beginCourse(input);
  for (let now = nextRound(course); now < to; now = nextRound(course)) goThrough(course, now);
  const { fleet, book, changes, groups } = course;
  const elsewhere = beginFleet(
    input.clusters.filter((one) => !course.isOurs(one)),
    new Map(),
    from,
  );
  for (const each of [fleet, elsewhere]) advanceFleet(each, to);
  for (const { places, alike } of groups) for (const place of alike) liveAlike(fleet, place, places[0] as number);
  const closed = closePools(fleet, input, book, changes);
  const bystanders = [...closed.bystanders, ...bystandersOf(elsewhere, input)];
  const announced = announcementsIn(course.wants, input);
  return { from, to, changes, pools: closed.pools, bystanders, findings: [...course.findings.values()], announced };
}

/** The state of a rehearsal. */
type Course = {
  readonly input: RehearsalInput;
  readonly config: CompiledConfig;
  readonly book: RuleBook;
  readonly isOurs: (seen: ObservedFleetCluster) => boolean;
  readonly fleet: Fleet;
  readonly groups: readonly Group[];
  /** The order of a round's clusters, by their keys. */
  readonly ranks: ReadonlyMap<string, number>;
  readonly changes: RehearsedChange[];
  readonly findings: Map<string, FoundFinding>;
  /** Announcements to make, and the size each pool is changing to, by its key. */
  readonly wants: RehearsedWant[];
  readonly wanted: Map<string, string>;
  asks: readonly Ask[];
};

function beginCourse(input: RehearsalInput): Course {
  const { from, asks } = input;
  const config = actEverywhere(input.config);
  const book = makeRuleBook(config, from);
  const regions = new Set(config.regions.map(({ name }) => name));
  const isOurs = ({ cluster }: ObservedFleetCluster) => regions.has(cluster.region);
  const seen = input.clusters.filter(isOurs).map((one) => withAskedLabels(one, book));
  const fleet = beginFleet(seen, input.storedRules, from);
  const groups = groupClusters(fleet.clusters, book, { ...input, config });
  const ranks = new Map(inOrder(fleet.clusters).map(({ cluster }, i) => [clusterKey(cluster.region, cluster.id), i]));
  const noted = { changes: [], findings: new Map(), wants: [], wanted: new Map() };
  return { input, config, book, isOurs, fleet, groups, ranks, ...noted, asks };
}

function nextRound({ groups }: Course): EpochMs {
  return groups.reduce((first, { dueAt }) => Math.min(first, dueAt), Number.POSITIVE_INFINITY);
}

/** One round over the clusters that are due. */
function goThrough(course: Course, now: EpochMs): void {
  const { fleet, config, findings } = course;
  const due = course.groups.filter(({ dueAt }) => dueAt <= now);
  const { groups, written, planned } = planDue(course, due, now);
  const places = groups.flatMap((group) => group.places);
  noteWants(course, groups, planned, now);
  keepChanges(course, groups, applyPlan(fleet, planned.plan, config, now, places));
  for (const finding of written.plan.findings) noteFinding(findings, finding, now);
  const restless = restlessIn(planned);
  const plans = new Map(planned.clusters.map((plan) => [clusterKey(plan.cluster.region, plan.cluster.id), plan]));
  for (const group of groups) {
    group.dueAt = nextTick(now, nextLook(course, group, { restless, plans, now }), config.everyMs);
  }
}

/** The announceable changes of this round, each when first wanted. */
function noteWants(
  { config, book, asks, wanted, wants, fleet }: Course,
  groups: readonly Group[],
  round: PlanInFull,
  now: EpochMs,
): void {
  if (!isAnnouncing(config)) return;
  const { actions, holds, pools } = round.plan;
  const sure = new Map(
    [...actions, ...holds.filter(({ code }) => soon.includes(code))].map((one) => [poolKey(one), one]),
  );
  const underWay = new Map(holds.filter(({ code }) => code === 'in-flight').map((one) => [poolKey(one), one]));
  const states = new Map(pools.map((state) => [poolKey(state), state]));
  const planned = new Map(round.clusters.map((one) => [clusterKey(one.cluster.region, one.cluster.id), one]));
  const noted = groups
    .flatMap(({ places }) => places)
    .flatMap((place) => {
      const { region, id } = (fleet.clusters[place] as ObservedFleetCluster).cluster;
      const { views = [], before } = planned.get(clusterKey(region, id)) ?? {};
      return views.flatMap(({ names, pool }): readonly RehearsedWant[] => {
        const key = poolKey(names);
        const want = sure.get(key);
        const size = describeSize((want ?? underWay.get(key))?.to);
        const isKnown = wanted.get(key) === size;
        wanted.set(key, size);
        if (isKnown || want?.from === undefined || want.to === undefined) return [];
        const applied = book.appliedRule({ ...names, labels: pool.labels });
        const beside = { names, pool, memory: before?.pools[pool.id], asks };
        return applied === undefined ? [] : wantsOf(want.from, want.to, states.get(key)?.upFor, applied, beside, now);
      });
    });
  wants.push(...noted, ...ofAlike(fleet.clusters, groups, noted));
}

type Round = {
  readonly groups: readonly Group[];
  /** The plan with the brake on, and after approval. */
  readonly written: PlanInFull;
  readonly planned: PlanInFull;
};

/**
 * If the brake counts anything, it counts the whole fleet, so all clusters are planned. A new finding is copied to the
 * clusters that are alike, with their names.
 */
function planDue(course: Course, due: readonly Group[], now: EpochMs): Round {
  let isCounted = false;
  const elsewhere = () => {
    isCounted = true;
    return [];
  };
  const isNews = (finding: Finding) => !course.findings.has(findingKey(finding));
  const first = planGroups(course, due, { now, elsewhere, isEach: false });
  const groups = isCounted ? course.groups : due;
  const isEach = isCounted || first.plan.findings.some(isNews);
  const plan = () => planGroups(course, groups, { now, elsewhere, isEach });
  const written = isEach ? plan() : first;
  if (!written.plan.findings.some(({ kind }) => kind === 'config.brake')) return { groups, written, planned: written };
  course.asks = [...course.asks, approvalOf(course.config, now, course.input.to)];
  return { groups, written, planned: plan() };
}

type RoundAt = {
  readonly now: EpochMs;
  readonly elsewhere: () => readonly ObservedFleetCluster[];
  /** Including the clusters that are alike. */
  readonly isEach: boolean;
};

function planGroups(course: Course, groups: readonly Group[], { now, elsewhere, isEach }: RoundAt): PlanInFull {
  const { input, config, fleet, book, asks } = course;
  const { storedRules } = fleet;
  const isFirst = now === input.from;
  // A real round runs at every tick, even if nothing can change.
  const lookedAt = now - config.everyMs;
  const clusters = groups.flatMap(({ places, alike }) => {
    advanceFleet(fleet, now, places);
    const seen = places.map((place) => fleet.clusters[place] as ObservedFleetCluster);
    const others = (isEach ? alike : []).map((place) =>
      likeOther(fleet.clusters[place] as ObservedFleetCluster, seen[0] as ObservedFleetCluster),
    );
    return [...seen, ...others].map((one) => (isFirst ? one : { ...one, lookedAt }));
  });
  // Names do not change during a rehearsal, so they are checked once.
  const isWhole = input.isWhole !== false && isFirst;
  return planInFull({ now, config, clusters, storedRules, isWhole, book, asks, elsewhere });
}

/**
 * The changes of a round and their copies in the clusters that are alike, ordered as a round over all clusters would.
 */
function keepChanges(
  { fleet, ranks, changes }: Course,
  groups: readonly Group[],
  made: readonly RehearsedChange[],
): void {
  const all = [...made, ...ofAlike(fleet.clusters, groups, made)];
  const rankOf = ({ region, clusterId }: RehearsedChange) => ranks.get(clusterKey(region, clusterId)) ?? 0;
  changes.push(...all.sort((a, b) => rankOf(a) - rankOf(b)));
}

/** Clusters in which the next round may decide differently. */
function restlessIn({ plan, clusters }: PlanInFull): ReadonlySet<string> {
  const restless = new Set<string>();
  const before = new Map(clusters.map((one) => [clusterKey(one.cluster.region, one.cluster.id), one.before]));
  for (const { region, clusterId, record, action } of plan.updates) {
    const key = clusterKey(region, clusterId);
    if (action !== undefined || isDecidedOtherwise(before.get(key), record)) restless.add(key);
  }
  for (const { code, region, clusterId } of plan.holds) {
    if (code === 'max-changes') restless.add(clusterKey(region, clusterId));
  }
  // For a pool whose rule is gone, the brake may count the waiting change at any instant.
  for (const { wants, cluster } of clusters) {
    const isNews = wants.some(({ view }) => view.memory.actedRule !== view.rule.hash);
    if (isNews) restless.add(clusterKey(cluster.region, cluster.id));
  }
  return restless;
}

/**
 * Fields that are only for people (hold reason, last line of history, unusual observation) have no effect on decisions.
 */
function isDecidedOtherwise(before: ClusterRecord | undefined, after: ClusterRecord): boolean {
  if (before === undefined || before.change !== after.change || before.status !== after.status) return true;
  if (before.otherNodes !== after.otherNodes || before.missingSince !== after.missingSince) return true;
  const ids = Object.keys(after.pools);
  if (ids.length !== Object.keys(before.pools).length) return true;
  return ids.some((id) => {
    const [was, is] = [before.pools[id], after.pools[id] as PoolMemory];
    const { held, decision, look } = is;
    return was === undefined || (was !== is && !isSameJson({ ...was, held, decision, look }, is));
  });
}

type Outcome = {
  readonly restless: ReadonlySet<string>;
  readonly plans: ReadonlyMap<string, ClusterPlan>;
  readonly now: EpochMs;
};

/** Before this instant, no round can decide differently about these clusters. */
function nextLook({ input, config, fleet }: Course, group: Group, { restless, plans, now }: Outcome): EpochMs {
  if (input.everyRound === true) return now;
  const { stuckAfterMs } = config.watch;
  let next = Math.min(...group.ends.filter((end) => end > now));
  for (const [i, place] of group.places.entries()) {
    const seen = fleet.clusters[place] as ObservedFleetCluster;
    const key = clusterKey(seen.cluster.region, seen.cluster.id);
    const plan = plans.get(key);
    if (restless.has(key)) return now;
    next = Math.min(next, nextEnd(fleet, place, now));
    if (plan) next = Math.min(next, nextInstant({ seen, plan, applied: group.applied[i] ?? [], stuckAfterMs }, now));
  }
  return next;
}

/** The first tick after `now` that is not before `until`. */
function nextTick(now: EpochMs, until: EpochMs, everyMs: number): EpochMs {
  return now + everyMs * Math.max(1, Math.ceil((until - now) / everyMs));
}

/** Reports what the brake holds, and goes on as if it was approved at once: people rehearse to see these changes. */
function approvalOf({ hash }: CompiledConfig, now: EpochMs, until: EpochMs): Approval {
  const common = { schema: 1, kind: 'approval', id: 'approval/rehearsal', region: '', who: 'the rehearsal' } as const;
  return { ...common, reason: undefined, askedAt: now, configHash: hash, until };
}

/** A config in observe mode is rehearsed as if it acted: people rehearse to see the changes. */
function actEverywhere(config: CompiledConfig): CompiledConfig {
  return { ...config, rules: config.rules.map((rule) => ({ ...rule, mode: 'act' })) };
}

function noteFinding(found: Map<string, FoundFinding>, finding: Finding, at: EpochMs): void {
  const key = findingKey(finding);
  if (!found.has(key)) found.set(key, { at, finding });
}

/** Findings with the same kind and subject are the same. */
export function findingKey({ kind, subject }: Finding): string {
  return `${kind} ${subjectId(subject)}`;
}
