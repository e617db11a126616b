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
  /** After settling; undefined at first sight. */
  readonly memory: PoolMemory | undefined;
  /** The pool's own claimed change that has not settled. */
  readonly inFlight: Change | undefined;
  /** What settling has just shown. */
  readonly evidence: 'superseded' | 'undone' | undefined;
  readonly leadMs: number;
  /** When this pool was looked at last, where that is known. */
  readonly lookedAt: EpochMs | undefined;
  /** Was its rule acted under, or approved, before? Absent = no. */
  readonly isRuleKnown?: boolean;
};

export type Block = { readonly code: HoldCode; readonly reason: string };

/** One pool as the plan sees it before slot, order and safety. */
export type PoolView = {
  readonly names: PoolName;
  readonly cluster: ObservedCluster;
  readonly pool: ObservedPool;
  readonly rule: Rule;
  readonly memory: PoolMemory;
  /** The size the answer shows; undefined = absent or stale. */
  readonly current: Size | undefined;
  /** The same, only when seen Running and nothing of ours is in flight. */
  readonly running: Size | undefined;
  readonly target: Size | undefined;
  readonly base: Size | undefined;
  readonly baseFrom: 'config' | 'remembered' | 'observed' | 'person';
  readonly who: string;
  readonly reason: string;
  readonly aheadOf: EpochMs | undefined;
  /** Nothing is wanted: the schedule leaves it as it is, nobody asks for more, and it is not raised ahead. */
  readonly isLeft: boolean;
  /** See Wanted. */
  readonly until: EpochMs | undefined;
  readonly upFor: EpochMs | undefined;
  /** The latest edge of the schedule, or the boundary ahead of which the pool is raised. */
  readonly boundary: EpochMs | undefined;
  /** The latest edge of the schedule, −∞ where there is none. */
  readonly lastEdgeAt: EpochMs;
  /** How long before a boundary it is raised; 0 where that was not asked. */
  readonly leadMs: number;
  /** A person asked for it: lateness is not said. */
  readonly isLateSuppressed: boolean;
  /** The pause in force, the longest where there are several. */
  readonly pause: Pause | undefined;
  readonly isOverridden: boolean;
  /** Why nothing is done whatever the target is. */
  readonly block: Block | undefined;
  readonly findings: readonly Finding[];
  readonly notices: readonly Notice[];
  readonly decisions: readonly Omit<Decision, 'configHash'>[];
};

type Known = 'names' | 'cluster' | 'pool' | 'rule' | 'memory' | 'current' | 'who' | 'reason' | 'isLateSuppressed';

/** A pool of which nothing is known or wanted but what is given here. */
export function poolView(given: Pick<PoolView, Known> & Partial<Omit<PoolView, Known>>): PoolView {
  return {
    running: undefined,
    target: undefined,
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

/** A size that is wanted, differs from what is seen, and nothing about the pool itself speaks against. */
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

export type RankedWant = Want & {
  readonly deadline: EpochMs;
  /** Only the raise of bounds that move both ways: the brake holds the rest, and still asks the rule of before. */
  readonly isHalf?: boolean;
};
