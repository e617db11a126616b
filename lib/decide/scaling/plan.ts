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
  /** Pools with ambiguous names: read and remembered, but never changed. */
  readonly isAmbiguous: (pool: ObservedPool) => boolean;
  /** The rule of a pool; undefined = no rule, or one with `schedule: none`. */
  readonly ruleOf: (pool: ObservedPool) => AppliedRule | undefined;
  readonly asks: readonly Ask[];
  readonly lookedAt: EpochMs | undefined;
  /** Was a pool changed under this rule before, or was it approved? */
  readonly isRuleKnown: (hash: string) => boolean;
};

export type RoundInput = {
  readonly now: EpochMs;
  readonly config: CompiledConfig;
  readonly clusters: readonly ObservedFleetCluster[];
  /** The last known state of clusters that this round does not read; rarely needed. */
  readonly elsewhere?: () => readonly ObservedFleetCluster[];
  /** Lowers that the brake let through in other parts of this round; absent = none. */
  readonly letThrough?: LetThrough;
  /** How many lowers this part may still do; absent = as the config allows. */
  readonly lowersLeft?: number;
  readonly asks: readonly Ask[];
  /** Regions in which our clock is wrong: their pools are neither judged nor changed. Absent = none. */
  readonly wrongClocks?: ReadonlyMap<string, ClockReading>;
  /** The rules under which pools were changed or approved before, by hash. */
  readonly storedRules: Pick<ReadonlyMap<string, StoredRule>, 'get'>;
  /** false for a round over chosen clusters: findings that need the whole fleet are skipped. */
  readonly isWhole: boolean;
  /**
   * The fleet that the config's matches are checked against; absent = `clusters`, if the round covers the whole fleet.
   */
  readonly named?: NamedFleet;
  /** Findings of the previous round. */
  readonly earlier?: readonly Finding[];
  /**
   * The prepared rules, shared by rounds with the same config: evaluating schedules is the most expensive part of a
   * round.
   */
  readonly book?: RuleBook;
};

/** With all stored rules: later rounds are planned from it too. */
export type FullRoundInput = RoundInput & { readonly storedRules: ReadonlyMap<string, StoredRule> };

export type PoolName = {
  readonly region: string;
  readonly clusterId: string;
  readonly cluster: string;
  readonly poolId: string;
  readonly pool: string;
};

/** A resize of one pool: at most one per cluster and round. */
export type Action = PoolName & {
  readonly kind: 'scale';
  readonly from: Size;
  readonly to: Size;
  readonly raise: boolean;
  /** The `size` sent with an autoscaled pool's bounds; absent = unchanged. */
  readonly size?: number;
  readonly reason: string;
  /** The cause: "schedule", "lease of …", "override by …". */
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

/** Why a pool is not changed now, although another size is wanted or the wanted size is unknown. */
export type Hold = PoolName & {
  readonly kind: 'hold';
  readonly code: HoldCode;
  readonly from: Size | undefined;
  readonly to: Size | undefined;
  readonly reason: string;
  readonly who: string;
  /** When it ends by itself; absent = unknown, or somebody has to act first. */
  readonly until?: EpochMs | undefined;
};

/** A line of the `history`. */
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
  /** The pool's nodes at that time; absent if unknown, and in records of 0.1.0. */
  readonly nodes?: number;
};

/** A cluster whose record changes, with or without a resize. */
export type RecordUpdate = {
  readonly region: string;
  readonly clusterId: string;
  /** The record to store; with a resize, it holds the claim. */
  readonly record: ClusterRecord;
  readonly action: Action | undefined;
  readonly decisions: readonly Decision[];
};

/** One pool with a rule: its size and its wanted size, whether or not it is changed. */
export type PoolState = PoolName & {
  readonly status: string;
  readonly seen: Size | undefined;
  /** Its nodes, beside an autoscaled pool's bounds; undefined = not in the answer. */
  readonly nodes: number | undefined;
  readonly wanted: Size | undefined;
  /**
   * Why that is wanted, and when the override, lease or kept size that decides ends; undefined = the schedule decides.
   */
  readonly reason?: string;
  readonly until?: EpochMs | undefined;
  /** The boundary for which it is already raised, or no longer lowered, while the schedule still says less. */
  readonly upFor?: EpochMs | undefined;
};

export type Plan = {
  readonly pools: readonly PoolState[];
  readonly actions: readonly Action[];
  readonly holds: readonly Hold[];
  readonly findings: readonly Finding[];
  readonly notices: readonly Notice[];
  readonly updates: readonly RecordUpdate[];
  /** Lowers that the brake counted and let through; absent = none. */
  readonly letThrough?: LetThrough;
};

/** Unexpected lowers: pools by `region/clusterId/poolId`, with the nodes each loses. */
export type LetThrough = ReadonlyMap<string, number>;
