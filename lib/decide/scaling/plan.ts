import type { Ask } from '../../model/asks.ts';
import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding, Notice } from '../../model/finding.ts';
import type { Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import type { ClockReading } from '../clock-skew.ts';
import type { NamedFleet } from '../matching/unmatched.ts';
import type { ClusterRecord, ObservedFleetCluster, StoredRule } from './memory.ts';
import type { AppliedRule, RuleBook } from './rule-book.ts';

export type ClusterInput = {
  readonly now: EpochMs;
  readonly everyMs: number;
  readonly stuckAfterMs: number;
  readonly minNodes: number;
  readonly otherNodes: number;
  readonly cluster: ObservedCluster;
  readonly pools: readonly ObservedPool[];
  readonly record: ClusterRecord | undefined;
  /** Pools whose name exists twice: seen, remembered, and left alone. */
  readonly isAmbiguous: (pool: ObservedPool) => boolean;
  /** The rule of a pool; undefined = no rule, or one with `schedule: none`. */
  readonly ruleOf: (pool: ObservedPool) => AppliedRule | undefined;
  readonly asks: readonly Ask[];
  readonly lookedAt: EpochMs | undefined;
  /** Was this rule acted under, or approved, before? */
  readonly isRuleKnown: (hash: string) => boolean;
};

export type RoundInput = {
  readonly now: EpochMs;
  readonly config: CompiledConfig;
  readonly clusters: readonly ObservedFleetCluster[];
  /** The rest of the fleet, which this round did not look at, as it was last seen; seldom asked for. */
  readonly elsewhere?: () => readonly ObservedFleetCluster[];
  /** What other parts of this round were let through by the brake; absent = nothing. */
  readonly letThrough?: LetThrough;
  /** What this round may still lower, where it is one of several parts; absent = what the config allows. */
  readonly lowersLeft?: number;
  readonly asks: readonly Ask[];
  /** Regions in which our clock is wrong: nothing is judged or changed there. Absent = none. */
  readonly wrongClocks?: ReadonlyMap<string, ClockReading>;
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  /** false for a round over chosen clusters: what only the whole fleet can show is not judged. */
  readonly isWhole: boolean;
  /** What the matches of the config are held against; absent = `clusters`, where the round is over the whole fleet. */
  readonly named?: NamedFleet;
  /** What the round before found. */
  readonly earlier?: readonly Finding[];
  /** The config's rules, where many rounds share one config: evaluating the schedules is the dearest part of a round. */
  readonly book?: RuleBook;
};

export type PoolName = {
  readonly region: string;
  readonly clusterId: string;
  readonly cluster: string;
  readonly poolId: string;
  readonly pool: string;
};

/** Bring one pool to a size: at most one per cluster and round. */
export type Action = PoolName & {
  readonly kind: 'scale';
  readonly from: Size;
  readonly to: Size;
  readonly raise: boolean;
  /** Sent along with the bounds of an autoscaled pool; absent = the pool's `size` goes back as it was read. */
  readonly size?: number;
  readonly reason: string;
  /** Who wants it: "schedule", "lease of …", "override by …". */
  readonly who: string;
  readonly deadline: EpochMs;
};

export type HoldCode =
  | 'wrong-clock'
  | 'paused'
  | 'observe'
  | 'brake'
  | 'max-changes'
  | 'min-nodes'
  | 'in-flight'
  | 'stuck'
  | 'slot'
  | 'cluster-not-running'
  | 'pool-not-running'
  | 'unknown-status'
  | 'absent-size'
  | 'unreadable'
  | 'stale'
  | 'ambiguous'
  | 'mismatch'
  | 'base-unknown'
  | 'grace'
  | 'ahead'
  | 'contended'
  | 'cool-down'
  | 'refused';

/** A reason not to act on a pool now, although another size is wanted or the wanted size cannot be told. */
export type Hold = PoolName & {
  readonly kind: 'hold';
  readonly code: HoldCode;
  readonly from: Size | undefined;
  readonly to: Size | undefined;
  readonly reason: string;
  readonly who: string;
  /** When it ends by itself; absent = nobody can tell, or something has to be done first. */
  readonly until?: EpochMs | undefined;
};

/** What is kept for `history`: one line in a pool's life. */
export type Decision = PoolName & {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly kind:
    | 'scale'
    | 'done'
    | 'not-applied'
    | 'failed'
    | 'superseded'
    | 'undone'
    | 'kept'
    | 'base'
    | 'refused'
    | 'dropped'
    | 'hold';
  readonly code: string;
  readonly from: Size | undefined;
  readonly to: Size | undefined;
  readonly reason: string;
  readonly who: string;
  readonly configHash: string;
  /** How many nodes the pool had when that was decided; absent where no answer said so, and in records of 0.1.0. */
  readonly nodes?: number;
};

/** A cluster whose record changes, with or without an action. */
export type RecordUpdate = {
  readonly region: string;
  readonly clusterId: string;
  /** As it is to be stored; for an action, the claim is in it. */
  readonly record: ClusterRecord;
  readonly action: Action | undefined;
  readonly decisions: readonly Decision[];
};

/** One pool with a rule: what is seen and what is wanted, whether or not anything is to be done. */
export type PoolState = PoolName & {
  readonly status: string;
  readonly seen: Size | undefined;
  /** How many nodes it has, beside the bounds of an autoscaled pool; undefined = the answer does not say. */
  readonly nodes: number | undefined;
  readonly wanted: Size | undefined;
  /** Why that is wanted, and when what decides ends: an override, a lease, a kept size; undefined = the schedule decides. */
  readonly reason?: string;
  readonly until?: EpochMs | undefined;
  /** The boundary for which it is up already, or not lowered any more, while the schedule still says less. */
  readonly upFor?: EpochMs | undefined;
};

export type Plan = {
  readonly pools: readonly PoolState[];
  readonly actions: readonly Action[];
  readonly holds: readonly Hold[];
  readonly findings: readonly Finding[];
  readonly notices: readonly Notice[];
  readonly updates: readonly RecordUpdate[];
  /** What the brake counted and let through; absent = nothing. */
  readonly letThrough?: LetThrough;
};

/** Pools that are lowered without having been seen coming, by `region/clusterId/poolId`, and the nodes each of them loses. */
export type LetThrough = ReadonlyMap<string, number>;
