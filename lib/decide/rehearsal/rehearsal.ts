import type { Ask } from '../../model/asks.ts';
import type { AnnounceConfig, CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import type { Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import type { ObservedFleetCluster, StoredRule } from '../scaling/memory.ts';
import type { PoolName } from '../scaling/plan.ts';

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

/** A change as it is wanted for the first time, of a pool whose rule announces it. */
export type RehearsedWant = PoolWord & {
  readonly announce: AnnounceConfig;
  /** The instant at which something else is wanted; undefined = there is none that could be known before. */
  readonly boundary: EpochMs | undefined;
  /** The round that wants it. */
  readonly at: EpochMs;
};

/** A change of one pool, as it is told before it is made. */
export type PoolWord = PoolName & {
  readonly from: Size;
  readonly to: Size;
  /** Before it. */
  readonly nodes: number;
  /** Nodes that go for certain (below 0), or come. */
  readonly by: number;
};

/** A message that a rehearsal would send. */
export type RehearsedAnnouncement = {
  readonly at: EpochMs;
  readonly boundary: EpochMs;
  readonly destination: string;
  /** A later word about the same boundary: what was not in sight yet when the first one was told. */
  readonly isAddition: boolean;
  readonly pools: readonly PoolWord[];
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
  /** For so long its schedule leaves it as it is: what people do then is not rehearsed. */
  readonly leftMs: number;
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
  /** The messages before scale-downs (and scale-ups), in order of time. */
  readonly announced: readonly RehearsedAnnouncement[];
};

/** A boundary at which the schedule asks for more, and when the pool had it. */
export type BoundaryCheck = {
  readonly at: EpochMs;
  readonly wanted: Size;
  /** Running with at least what is wanted, at the boundary or after; undefined = not before the schedule changed again. */
  readonly readyAt: EpochMs | undefined;
  /** The rehearsal ended before that could be told. */
  readonly isOpen: boolean;
};

/** What a pool was over [from, the next stretch). */
export type Stretch = {
  readonly from: EpochMs;
  /** undefined = the answer held no size. */
  readonly size: Size | undefined;
  /** false while it is being resized, or is in no state to work. */
  readonly isRunning: boolean;
  /** Nodes that are there, and cost, as far as can be told. */
  readonly nodes: number;
};
