import type { EpochMs, Finding, Notice, Size } from '../model.ts';
import type { ClusterRecord } from './memory.ts';

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
  readonly reason: string;
  /** Who wants it: "schedule", "lease of …", "override by …". */
  readonly who: string;
  readonly deadline: EpochMs;
};

export type HoldCode =
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
};

/** What is kept for `history`: one line in a pool's life. */
export type Decision = PoolName & {
  readonly schema: 1;
  readonly at: EpochMs;
  readonly kind:
    | 'scale'
    | 'done'
    | 'not-applied'
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
  readonly wanted: Size | undefined;
};

export type Plan = {
  readonly pools: readonly PoolState[];
  readonly actions: readonly Action[];
  readonly holds: readonly Hold[];
  readonly findings: readonly Finding[];
  readonly notices: readonly Notice[];
  readonly updates: readonly RecordUpdate[];
};
