import type { Pause, PoolAsks } from '../../model/asks.ts';
import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import type { Rule } from '../../model/config.ts';
import type { Finding, Notice } from '../../model/finding.ts';
import type { Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Timeline } from '../schedule/timeline.ts';
import type { Change, PoolMemory } from './memory.ts';
import type { Decision, Hold, HoldCode, PoolName } from './plan.ts';

export type PoolInput = {
  readonly now: EpochMs;
  readonly names: PoolName;
  readonly cluster: ObservedCluster;
  readonly pool: ObservedPool;
  readonly rule: Rule;
  readonly scheduleName: string;
  readonly timeline: Timeline;
  readonly asks: PoolAsks;
  /** After settling; undefined = first observation. */
  readonly memory: PoolMemory | undefined;
  /** The pool's own claimed change that has not settled. */
  readonly inFlight: Change | undefined;
  /** What settling found in this round. */
  readonly evidence: 'superseded' | 'undone' | undefined;
  readonly leadMs: number;
  /** When this pool was last read, if known. */
  readonly lookedAt: EpochMs | undefined;
  /** For a first observation: was a pool changed under its rule before, or was the rule approved? Absent = no. */
  readonly isRuleKnown?: boolean;
};

export type Block = { readonly code: HoldCode; readonly reason: string };

/** One pool's evaluation before slot, order and safety rules. */
export type PoolView = {
  readonly names: PoolName;
  readonly cluster: ObservedCluster;
  readonly pool: ObservedPool;
  readonly rule: Rule;
  readonly memory: PoolMemory;
  /** The size in the answer; undefined = absent or old. */
  readonly current: Size | undefined;
  /** The same, only if Running with no change of ours in flight. */
  readonly running: Size | undefined;
  readonly target: Size | undefined;
  /** What the schedule says, where a lease or an override decides; otherwise undefined. */
  readonly withoutAsks: Size | undefined;
  readonly base: Size | undefined;
  readonly baseFrom: 'config' | 'remembered' | 'observed' | 'person';
  readonly who: string;
  readonly reason: string;
  readonly aheadOf: EpochMs | undefined;
  /** No size is wanted: the schedule says leave, there is no ask, and no raise ahead of time. */
  readonly isLeft: boolean;
  /** See Wanted. */
  readonly until: EpochMs | undefined;
  readonly upFor: EpochMs | undefined;
  /** The latest edge of the schedule, or the boundary the pool is raised for ahead of time. */
  readonly boundary: EpochMs | undefined;
  /** The latest edge of the schedule, −∞ if there is none. */
  readonly lastEdgeAt: EpochMs;
  /** How long before a boundary it is raised; 0 if not computed. */
  readonly leadMs: number;
  /** A person asked for it, so lateness is not reported. */
  readonly isLateSuppressed: boolean;
  /** The pause in force; of several, the longest. */
  readonly pause: Pause | undefined;
  readonly isOverridden: boolean;
  /** Why nothing is done, whatever the target. */
  readonly block: Block | undefined;
  readonly findings: readonly Finding[];
  readonly notices: readonly Notice[];
  readonly decisions: readonly Omit<Decision, 'configHash'>[];
};

type Known = 'names' | 'cluster' | 'pool' | 'rule' | 'memory' | 'current' | 'who' | 'reason' | 'isLateSuppressed';

/** An evaluation with defaults for everything that is not given. */
export function poolView(given: Pick<PoolView, Known> & Partial<Omit<PoolView, Known>>): PoolView {
  return {
    running: undefined,
    target: undefined,
    withoutAsks: undefined,
    base: undefined,
    baseFrom: 'observed',
    aheadOf: undefined,
    isLeft: false,
    until: undefined,
    upFor: undefined,
    boundary: undefined,
    lastEdgeAt: Number.NEGATIVE_INFINITY,
    leadMs: 0,
    pause: undefined,
    isOverridden: false,
    block: undefined,
    findings: [],
    notices: [],
    decisions: [],
    ...given,
  };
}

export function poolFinding(
  names: PoolName,
  kind: Finding['kind'],
  severity: Finding['severity'],
  text: string,
  extra: Pick<Finding, 'fix' | 'since' | 'facts'> = {},
): Finding {
  const { region, clusterId, poolId, cluster, pool } = names;
  return { kind, severity, subject: { kind: 'pool', region, clusterId, poolId, cluster, pool }, text, ...extra };
}

export function poolLabel(names: Pick<PoolName, 'cluster' | 'pool'>): string {
  return `${names.cluster}/${names.pool}`;
}

/** The pool's wanted size differs from its observed size, and nothing about the pool prevents the change. */
type Want = {
  readonly view: PoolView;
  readonly from: Size;
  readonly to: Size;
  readonly raise: boolean;
};

export type FinishedPool = {
  readonly view: PoolView;
  readonly memory: PoolMemory;
  readonly want: Want | undefined;
  readonly hold: Hold | undefined;
  readonly findings: readonly Finding[];
};

export type RankedWant = Want & { readonly deadline: EpochMs };
