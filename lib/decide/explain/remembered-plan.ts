import { type Ask, isConfigApproved } from '../../model/asks.ts';
import { type ObservedPool, poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { describeSize, type Size } from '../../model/size.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import {
  type ClusterRecord,
  clusterNamed,
  type Held,
  type ObservedFleetCluster,
  type PoolMemory,
  poolAt,
  type StoredRule,
} from '../scaling/memory.ts';
import type { Action, Plan, PoolState } from '../scaling/plan.ts';
import { planRound } from '../scaling/plan-round.ts';
import type { RuleBook } from '../scaling/rule-book.ts';
import { askWhetherItRuns, type RoundFindings } from '../watching/scale-findings.ts';

/** The store's records of a fleet. */
export type RememberedFleet = {
  readonly clusters: readonly { readonly region: string; readonly clusterId: string; readonly record: ClusterRecord }[];
  readonly asks: readonly Ask[];
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  readonly rounds: readonly RoundFindings[];
};

/** The planned state of one pool. */
export type PoolOutlook = {
  /** undefined = unknown: no rule, an unknown base, or a pool that could not be judged. */
  readonly wanted: Size | undefined;
  /** Why that is wanted. */
  readonly reason: string | undefined;
  /** When the override, lease or kept size that decides ends. */
  readonly until: EpochMs | undefined;
  /** Why nothing is done, and until when; undefined = it has its wanted size. */
  readonly held: Held | undefined;
};

const nothingKnown: PoolOutlook = { wanted: undefined, reason: undefined, until: undefined, held: undefined };

/**
 * The plan of a round at this instant, from what the last rounds stored, without calling the API. Where the API would
 * be needed, the last round's result still counts.
 */
export function rememberedPlan(
  config: CompiledConfig,
  book: RuleBook,
  fleet: RememberedFleet,
  now: EpochMs,
): (pool: { readonly region: string; readonly clusterId: string; readonly poolId: string }) => PoolOutlook {
  const { asks, storedRules } = fleet;
  const clusters = fleet.clusters.map(({ region, clusterId, record }) => lastSeen(region, clusterId, record));
  const plan = planRound({ now, config, clusters, asks, storedRules, isWhole: false, book });
  const states = new Map(plan.pools.map((state) => [poolKey(state), state]));
  const memories = new Map(
    fleet.clusters.flatMap(({ region, clusterId, record }) =>
      Object.entries(record.pools).map(([poolId, memory]) => [poolKey({ region, clusterId, poolId }), memory] as const),
    ),
  );
  const next = { config, rounds: fleet.rounds, asks, now };
  return (pool) => {
    const key = poolKey(pool);
    const memory = memories.get(key);
    if (memory === undefined) return nothingKnown;
    const state = states.get(key);
    const planned = heldIn(plan, key, next);
    const held =
      unseen(pool, memory, next) ??
      lasting(memory, planned, next) ??
      planned ??
      (state === undefined ? memory.held : upAhead(state));
    return { wanted: state?.wanted, reason: state?.reason, until: state?.until, held };
  };
}

/** The pool as last read; a change sent since counts as in flight. */
function lastSeen(region: string, clusterId: string, record: ClusterRecord): ObservedFleetCluster {
  const { status = 'Running', otherNodes, change } = record;
  const pools = Object.entries(record.pools).flatMap(([id, memory]) => {
    const pool = lastLook(id, memory);
    if (pool === undefined || memory.missingSince !== undefined) return [];
    const isSent = change?.poolId === id && pool.status === 'Running';
    return [isSent ? { ...pool, status: 'Scaling', updatedAt: undefined } : pool];
  });
  const cluster = { ...clusterNamed(region, clusterId, record.cluster), status };
  return { cluster, pools, record, lookedAt: undefined, otherNodes };
}

function lastLook(id: string, { name, look, seen, labels }: PoolMemory): ObservedPool | undefined {
  if (look !== undefined) return { id, name, errors: [], labels, ...look };
  return seen && { ...poolAt(id, name, seen.size), labels };
}

type Next = {
  readonly config: CompiledConfig;
  readonly rounds: readonly RoundFindings[];
  readonly asks: readonly Ask[];
  readonly now: EpochMs;
};

/** The last round did not read it. */
function unseen(
  { region, clusterId }: { readonly region: string; readonly clusterId: string },
  { missingSince }: PoolMemory,
  { rounds }: Next,
): Held | undefined {
  if (missingSince !== undefined)
    return { code: 'missing', reason: `no answer of the API has shown it since ${iso(missingSince)}` };
  const own = rounds.filter((round) => round.region === region);
  const clock = own.find(({ isClockWrong }) => isClockWrong)?.findings.find(({ kind }) => kind === 'clock.skewed');
  if (clock !== undefined) {
    const apart = clock.facts?.['apart'] ?? 'more than 5 min';
    return { code: 'wrong-clock', reason: `the clocks of this machine and of the region's API are ${apart} apart` };
  }
  if (own.length === 0 || own.some(({ checkedClusters }) => checkedClusters.includes(clusterId))) return undefined;
  const at = Math.max(...own.map((round) => round.at));
  const what = own.some(({ isAnswered }) => isAnswered) ? 'the node pools of its cluster' : `region ${region}`;
  return { code: 'unread', reason: `${what} could not be read in the last round, at ${iso(at)}` };
}

/** Holds that only end when the pool is read again. */
const unclear = new Set(['ambiguous', 'unreadable', 'wrong-clock']);
/** Judged before other holds, by when the pool was created or last updated, which the store does not have. */
const earlier = new Set(['grace', 'refused']);
const safety = new Set(['next-round', 'paused', 'observe', 'brake', 'slot', 'max-changes']);
/** Judged after the brake. */
const afterBrake = new Set(['next-round', 'slot', 'max-changes']);
/** Holds that the current plan knows better than the last round. */
const known = new Set(['paused', 'observe', 'in-flight', 'stuck', 'min-nodes']);

/**
 * The last round's hold counts until something newer is known: that round read pools that no rule acts on, and all
 * nodes of the fleet. It ends with its time, its approval or its rule.
 */
function lasting(
  { held, ruleHash }: PoolMemory,
  planned: Held | undefined,
  { config, asks, rounds, now }: Next,
): Held | undefined {
  if (held === undefined || (held.until !== undefined && held.until <= now)) return undefined;
  if (unclear.has(held.code)) return held;
  if (planned === undefined || !config.rules.some(({ hash }) => hash === ruleHash)) return undefined;
  if (earlier.has(held.code) && safety.has(planned.code)) return held;
  // New asks may want another size, and so fewer lowers for the brake to count.
  const isAskedAnew = asks.some(({ kind, askedAt }) => kind !== 'approval' && askedAt >= lastRoundAt(rounds));
  const isApproved = isConfigApproved(asks, config.hash, now);
  if (held.code === 'brake') return !isApproved && !isAskedAnew && afterBrake.has(planned.code) ? held : undefined;
  const isOpen = planned.code === 'next-round' || (planned.code === 'brake' && afterBrake.has(held.code));
  return isOpen && !known.has(held.code) ? held : undefined;
}

function lastRoundAt(rounds: readonly RoundFindings[]): EpochMs {
  return Math.max(...rounds.map(({ at }) => at));
}

function heldIn({ holds, actions }: Plan, key: string, next: Next): Held | undefined {
  const hold = holds.find((one) => poolKey(one) === key);
  if (hold !== undefined) return { code: hold.code, reason: hold.reason, until: hold.until };
  const action = actions.find((one) => poolKey(one) === key);
  return action && nextRound(action, next);
}

/** No hold: the next round makes the change. */
function nextRound({ region, from, to, reason }: Action, { rounds, config, now }: Next): Held {
  const change = `the next round changes it from ${describeSize(from)} to ${describeSize(to)} (${reason})`;
  const last = Math.max(...rounds.filter((round) => round.region === region).map(({ at }) => at));
  const at = last + config.everyMs;
  if (now <= at) return { code: 'next-round', reason: change, until: at };
  const since = Number.isFinite(last) ? `has run since ${iso(last)}` : 'has read its region yet';
  return { code: 'next-round', reason: `${change}, and none ${since}: ${askWhetherItRuns(rounds)}` };
}

function upAhead({ wanted, upFor }: PoolState): Held | undefined {
  if (upFor === undefined) return undefined;
  const reason = `stays at ${describeSize(wanted)}: the schedule asks for it again at ${iso(upFor)}, so it is not lowered before that`;
  return { code: 'ahead', reason, until: upFor };
}
