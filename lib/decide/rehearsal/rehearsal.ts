import type { Ask } from '../../model/asks.ts';
import type { AnnounceConfig, CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import type { Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import type { ObservedFleetCluster, StoredRule } from '../scaling/memory.ts';
import type { PoolName } from '../scaling/plan.ts';

export type RehearsalInput = {
  readonly config: CompiledConfig;
  /** The first round runs at `from`; events at `to` or later are not reported. */
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** The fleet at the start. */
  readonly clusters: readonly ObservedFleetCluster[];
  readonly asks: readonly Ask[];
  readonly storedRules: ReadonlyMap<string, StoredRule>;
  /** false = the fleet comes from the store or is assumed, so a pool missing from it may still exist. Default true. */
  readonly isWhole?: boolean;
  /** Plan every round, even those that cannot decide differently. */
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

/** A change of a pool whose rule announces it, when first wanted. */
export type RehearsedWant = PoolWord & {
  readonly announce: AnnounceConfig;
  /** When another size is wanted; undefined = it could not be known beforehand. */
  readonly boundary: EpochMs | undefined;
  /** The round that wants it. */
  readonly at: EpochMs;
};

/** An announced change of one pool. */
export type PoolWord = PoolName & {
  readonly from: Size;
  readonly to: Size;
  /** The size before the change. */
  readonly nodes: number;
  /** Nodes that certainly go (below 0), or come. */
  readonly by: number;
};

/** A message that a rehearsal would send. */
export type RehearsedAnnouncement = {
  readonly at: EpochMs;
  readonly boundary: EpochMs;
  readonly destination: string;
  /** A follow-up about the same boundary, for changes that were not known at the first message. */
  readonly isAddition: boolean;
  readonly pools: readonly PoolWord[];
};

export type RehearsedPool = PoolName & {
  /** undefined = no rule schedules it any more: its base is restored, and then it is left alone. */
  readonly schedule: string | undefined;
  readonly zone: string;
  /** The rule says `mode: observe`: its changes would happen with `act`. */
  readonly isObserved: boolean;
  /** undefined = still unknown at the end. */
  readonly base: Size | undefined;
  readonly nodeHours: number;
  /** Node-hours at base all the time. With an unknown base the same as `nodeHours`, so that it shows no savings. */
  readonly alwaysOnNodeHours: number;
  readonly boundaries: readonly BoundaryCheck[];
  /** How long its schedule says `leave`; changes by people in that time are not rehearsed. */
  readonly leftMs: number;
  readonly stretches: readonly Stretch[];
};

/** A pool that the config does not change. */
export type BystandingPool = PoolName & { readonly nodeHours: number };

export type FoundFinding = { readonly at: EpochMs; readonly finding: Finding };

export type Rehearsal = {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly pools: readonly RehearsedPool[];
  readonly bystanders: readonly BystandingPool[];
  /** In order of time; each is one PUT. */
  readonly changes: readonly RehearsedChange[];
  /** Findings, each when it first came up. */
  readonly findings: readonly FoundFinding[];
  /** Announcements, in order of time. */
  readonly announced: readonly RehearsedAnnouncement[];
};

/** A boundary at which the schedule asks for more, and when the pool had it. */
export type BoundaryCheck = {
  readonly at: EpochMs;
  readonly wanted: Size;
  /** When it was Running with at least the wanted size; undefined = not before the schedule changed again. */
  readonly readyAt: EpochMs | undefined;
  /** The rehearsal ended first, so it is not known. */
  readonly isOpen: boolean;
};

/** A pool's state from `from` until the next stretch. */
export type Stretch = {
  readonly from: EpochMs;
  /** undefined = the answer held no size. */
  readonly size: Size | undefined;
  /** false while it is being resized, or is in no state to work. */
  readonly isRunning: boolean;
  /** Nodes that exist and cost money, as far as known. */
  readonly nodes: number;
};
