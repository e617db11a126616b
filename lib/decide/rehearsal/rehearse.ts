import type { Ask } from '../asks.ts';
import type { CompiledConfig } from '../compiled-config.ts';
import type { EpochMs, Finding, Size } from '../model.ts';
import type { StoredRule } from '../scaling/brake.ts';
import type { PoolName } from '../scaling/plan.ts';
import { type ObservedFleetCluster, planRound } from '../scaling/plan-round.ts';
import { makeRuleBook } from '../scaling/rule-book.ts';
import type { BoundaryCheck } from './check-boundaries.ts';
import { bystandersOf, closePools } from './close-pools.ts';
import { quietUntil } from './quiet-until.ts';
import { advanceFleet, applyPlan, beginFleet } from './rehearsed-fleet.ts';
import type { Stretch } from './rehearsed-pool.ts';
import { subjectId } from '../incidents/subject.ts';

export type RehearsalInput = {
  readonly config: CompiledConfig;
  /** The first round is at `from`; nothing is told of what happens at `to` or later. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** The fleet as it is: what is rehearsed starts here. */
  readonly clusters: readonly ObservedFleetCluster[];
  readonly asks: readonly Ask[];
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  /** false = the fleet is only remembered or assumed: that a pool is not in it says nothing. Default true. */
  readonly isWhole?: boolean;
  /** Rounds that cannot find anything are planned all the same. */
  readonly everyRound?: boolean;
};

export type RehearsedChange = PoolName & {
  readonly at: EpochMs;
  /** When the pool is Running at its new size; may lie after the end. */
  readonly doneAt: EpochMs;
  readonly from: Size;
  readonly to: Size;
  readonly raise: boolean;
  readonly reason: string;
  readonly who: string;
};

export type RehearsedPool = PoolName & {
  /** undefined = no rule gives it one any more: it gets its base back, and is then left alone. */
  readonly schedule: string | undefined;
  readonly zone: string;
  /** The rule says `mode: observe`: what is told here would happen if it said act. */
  readonly isObserved: boolean;
  /** undefined = not known at the end either. */
  readonly base: Size | undefined;
  readonly nodeHours: number;
  /** The base all the time; with an unknown base the same as `nodeHours`, so that nothing seems saved. */
  readonly alwaysOnNodeHours: number;
  readonly boundaries: readonly BoundaryCheck[];
  readonly stretches: readonly Stretch[];
};

/** A pool to which the config does nothing. */
export type BystandingPool = PoolName & { readonly nodeHours: number };

export type FoundFinding = { readonly at: EpochMs; readonly finding: Finding };

export type Rehearsal = {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly pools: readonly RehearsedPool[];
  readonly bystanders: readonly BystandingPool[];
  /** In order of time; each costs one PUT. */
  readonly changes: readonly RehearsedChange[];
  /** What would be told to people, each when it came up first. */
  readonly findings: readonly FoundFinding[];
};

/**
 * The days to come, with the planning of real rounds on a fleet in which only time and our own changes do anything: a
 * resize takes as long as the pool's raises took, nobody else touches a pool, and no call fails.
 */
export function rehearse(input: RehearsalInput): Rehearsal {
  const { from, to } = input;
  const config = actEverywhere(input.config);
  const book = makeRuleBook(config, from);
  const regions = new Set(config.regions.map(({ name }) => name));
  const isOurs = ({ cluster }: ObservedFleetCluster) => regions.has(cluster.region);
  const fleet = beginFleet(input.clusters.filter(isOurs), input.storedRules, from);
  const elsewhere = beginFleet(
    input.clusters.filter((one) => !isOurs(one)),
    new Map(),
    from,
  );
  const changes: RehearsedChange[] = [];
  const findings = new Map<string, FoundFinding>();
  for (let now = from; now < to; ) {
    advanceFleet(fleet, now);
    const { asks, isWhole = true } = input;
    const { clusters, storedRules } = fleet;
    const plan = planRound({ now, config, clusters, asks, storedRules, isWhole, book });
    changes.push(...applyPlan(fleet, plan, config, now));
    for (const finding of plan.findings) noteFinding(findings, finding, now);
    const isQuiet = plan.updates.length === 0 && input.everyRound !== true;
    now = nextTick(now, isQuiet ? quietUntil(fleet, book, asks, now) : now, config.everyMs);
  }
  advanceFleet(fleet, to);
  advanceFleet(elsewhere, to);
  const closed = closePools(fleet, input, book, changes);
  const bystanders = [...closed.bystanders, ...bystandersOf(elsewhere, input)];
  return { from, to, changes, pools: closed.pools, bystanders, findings: [...findings.values()] };
}

/** The first tick after `now` that is not before `until`. */
function nextTick(now: EpochMs, until: EpochMs, everyMs: number): EpochMs {
  return now + everyMs * Math.max(1, Math.ceil((until - now) / everyMs));
}

/** A config that only observes is rehearsed as though it acted: seeing that is what one rehearses it for. */
function actEverywhere(config: CompiledConfig): CompiledConfig {
  return { ...config, rules: config.rules.map((rule) => ({ ...rule, mode: 'act' })) };
}

function noteFinding(found: Map<string, FoundFinding>, finding: Finding, at: EpochMs): void {
  const key = findingKey(finding);
  if (!found.has(key)) found.set(key, { at, finding });
}

/** What is found is one thing as long as its kind and subject are the same. */
export function findingKey({ kind, subject }: Finding): string {
  return `${kind} ${subjectId(subject)}`;
}
