import type { Ask } from '../../lib/model/asks.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import type { PoolView } from '../../lib/simulator/views.ts';
import { type Bounds, bounds, type ConfigMeaning, matches, type RuleMeaning, ruleFor } from './meaning.ts';
import { makeScheduleOracle, type ScheduleOracle } from './schedule-oracle.ts';

/** A size set by somebody who is not us. */
export type Hand = {
  readonly at: EpochMs;
  readonly size: Bounds;
  /** The pool stood where the schedule had it, and a round had seen it so since the schedule's last change. */
  readonly isAfterArrival: boolean;
};

/** What is known of one pool, by id, beside what the world shows: what people did, and what its base may be. */
export type PoolStory = {
  readonly id: string;
  readonly clusterId: string;
  readonly path: string;
  readonly bornAt: EpochMs;
  /** Every size that its owner may mean by "base". */
  readonly bases: Bounds[];
  readonly hands: Hand[];
  readonly puts: {
    readonly at: EpochMs;
    readonly to: Bounds;
    readonly from: Bounds;
    /** Something else was under way in its cluster: the service says so, and nothing is lost by asking again. */
    readonly isToBusy: boolean;
    /** Its HTTP status, once it is there. */
    status: number | undefined;
  }[];
  /** The last whole round that saw it Running where the schedule has it. */
  arrivedAt: EpochMs;
  /** The last whole round that saw it Running at what may be its base, while the schedule said base. */
  baseSeenAt: EpochMs | undefined;
  /** Since when it has had no node. */
  zeroSince: EpochMs | undefined;
  kindChangedAt: EpochMs | undefined;
  /** The first round that saw it dark since then. */
  darkSeen: { readonly since: EpochMs; readonly at: EpochMs } | undefined;
  /** The first round that saw it without the nodes of its bounds since then. */
  shortSeen: { readonly since: EpochMs; readonly at: EpochMs } | undefined;
  /** Its base may be forgotten: a lost store, or a pool made anew. */
  isBaseUncertain: boolean;
};

export type ToldAsk = { readonly ask: Ask; readonly at: EpochMs; readonly pools: (path: string) => boolean };

/** Everything that happened and that the code under test may or may not have noticed. */
export type Story = {
  readonly pools: Map<string, PoolStory>;
  readonly asks: ToldAsk[];
  /** When somebody let the held lowers of a config through. */
  readonly approvals: { readonly at: EpochMs; readonly meaning: ConfigMeaning }[];
  /** When the store was wiped or rolled back. */
  readonly losses: EpochMs[];
  /** When an answer was false, late or missing; `cluster` undefined = the list of clusters. */
  readonly lies: { readonly at: EpochMs; readonly cluster: string | undefined }[];
  readonly failures: { readonly at: EpochMs; readonly cluster: string | undefined }[];
  /** When a round last said that a pool does not exist, for which a false answer is to blame; by path. */
  readonly misled: Map<string, EpochMs>;
  /** PUTs handed to HTTP that were not answered yet, by cluster. */
  readonly outstanding: Map<string, { readonly process: string; readonly at: EpochMs; readonly skewMs: number }>;
  readonly schedule: (config: ConfigMeaning, path: string) => ScheduleOracle | undefined;
};

export function makeStory(): Story {
  const schedules = new Map<ConfigMeaning, Map<string, ScheduleOracle | undefined>>();
  const oracles = new Map<string, ScheduleOracle>();
  return {
    pools: new Map(),
    asks: [],
    approvals: [],
    losses: [],
    lies: [],
    failures: [],
    misled: new Map(),
    outstanding: new Map(),
    schedule: (config, path) => {
      const known = schedules.get(config) ?? new Map<string, ScheduleOracle | undefined>();
      schedules.set(config, known);
      if (!known.has(path)) known.set(path, oracleOf(config, path, oracles));
      return known.get(path);
    },
  };
}

/** Pools with the same schedule and the same exceptions share one. */
function oracleOf(
  config: ConfigMeaning,
  path: string,
  oracles: Map<string, ScheduleOracle>,
): ScheduleOracle | undefined {
  const name = ruleFor(config, path)?.schedule;
  const schedule = config.schedules.find((one) => one.name === name);
  if (schedule === undefined) return undefined;
  const exceptions = config.exceptions.filter(({ match }) => matches(match, path));
  const key = JSON.stringify([schedule, exceptions]);
  const oracle = oracles.get(key) ?? makeScheduleOracle(schedule, exceptions);
  oracles.set(key, oracle);
  return oracle;
}

export function tellPool(story: Story, pool: PoolView, at: EpochMs, before?: PoolStory): PoolStory {
  const told: PoolStory = {
    id: pool.id,
    clusterId: pool.clusterId,
    path: `${pool.cluster}/${pool.name}`,
    bornAt: at,
    // What is made anew inherits nothing.
    bases: [sizeOf(pool)],
    hands: [],
    puts: [],
    arrivedAt: Number.NEGATIVE_INFINITY,
    baseSeenAt: undefined,
    zeroSince: undefined,
    kindChangedAt: before?.kindChangedAt,
    darkSeen: undefined,
    shortSeen: undefined,
    isBaseUncertain: before !== undefined,
  };
  story.pools.set(pool.id, told);
  return told;
}

/** The size that matters: bounds of an autoscaled pool, else the size. */
export function sizeOf(pool: Pick<PoolView, 'autoscale' | 'size' | 'sizeMin' | 'sizeMax'>): Bounds {
  return pool.autoscale ? { min: pool.sizeMin ?? 0, max: pool.sizeMax ?? 0 } : bounds(pool.size);
}

export function isSame(a: Bounds, b: Bounds): boolean {
  return a.min === b.min && a.max === b.max;
}

/** A base of the rule's own, else whatever its owner may mean. */
export function basesOf(rule: RuleMeaning | undefined, pool: PoolStory): readonly Bounds[] {
  return rule !== undefined && rule.base !== 'remembered' ? [bounds(rule.base)] : pool.bases;
}

export function show({ min, max }: Bounds): string {
  return min === max ? String(min) : `${min}..${max}`;
}

export function when(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 19);
}

/** What happened in [from, until], of a list in the order of time. */
export function between<T extends { readonly at: EpochMs }>(
  list: readonly T[],
  from: EpochMs,
  until: EpochMs,
): readonly T[] {
  let end = list.length;
  while (end > 0 && (list[end - 1] as T).at > until) end -= 1;
  let start = end;
  while (start > 0 && (list[start - 1] as T).at >= from) start -= 1;
  return list.slice(start, end);
}

/** Was an answer false, late or missing since then (of this cluster, or of the list)? */
export function wasDeceived(sim: { readonly story: Story }, since: EpochMs, cluster?: string): boolean {
  const isRecent = (list: Story['lies']) => {
    for (let i = list.length - 1; i >= 0; i -= 1) {
      const one = list[i];
      if (one === undefined || one.at < since) return false;
      if (cluster === undefined || one.cluster === undefined || one.cluster === cluster) return true;
    }
    return false;
  };
  return isRecent(sim.story.lies) || isRecent(sim.story.failures);
}
