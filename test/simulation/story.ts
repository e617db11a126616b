import type { Ask } from '../../lib/decide/asks.ts';
import type { EpochMs } from '../../lib/decide/model.ts';
import type { PoolView } from '../../lib/simulator/views.ts';
import { type Bounds, bounds, type ConfigMeaning, type RuleMeaning, ruleFor } from './meaning.ts';
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
  readonly puts: { readonly at: EpochMs; readonly to: Bounds; readonly from: Bounds }[];
  /** The last whole round that saw it Running where the schedule has it. */
  arrivedAt: EpochMs;
  /** Since when it has had no node. */
  zeroSince: EpochMs | undefined;
  kindChangedAt: EpochMs | undefined;
  /** The first round that saw it dark since then. */
  darkSeen: { readonly since: EpochMs; readonly at: EpochMs } | undefined;
  /** Its base may be forgotten: a lost store, or a pool made anew. */
  isBaseUncertain: boolean;
};

export type ToldAsk = { readonly ask: Ask; readonly at: EpochMs; readonly pools: (path: string) => boolean };

/** Everything that happened and that the code under test may or may not have noticed. */
export type Story = {
  readonly pools: Map<string, PoolStory>;
  readonly asks: ToldAsk[];
  /** When the store was wiped or rolled back. */
  readonly losses: EpochMs[];
  /** When an answer was false, late or missing; `cluster` undefined = the list of clusters. */
  readonly lies: { readonly at: EpochMs; readonly cluster: string | undefined }[];
  readonly failures: { readonly at: EpochMs; readonly cluster: string | undefined }[];
  /** PUTs handed to HTTP that were not answered yet, by cluster. */
  readonly outstanding: Map<string, { readonly process: string; readonly at: EpochMs }>;
  readonly schedule: (config: ConfigMeaning, path: string) => ScheduleOracle | undefined;
};

export function makeStory(): Story {
  const schedules = new Map<ConfigMeaning, Map<string, ScheduleOracle | undefined>>();
  return {
    pools: new Map(),
    asks: [],
    losses: [],
    lies: [],
    failures: [],
    outstanding: new Map(),
    schedule: (config, path) => {
      const known = schedules.get(config) ?? new Map<string, ScheduleOracle | undefined>();
      schedules.set(config, known);
      if (!known.has(path)) known.set(path, oracleOf(config, path));
      return known.get(path);
    },
  };
}

function oracleOf(config: ConfigMeaning, path: string): ScheduleOracle | undefined {
  const rule = ruleFor(config, path);
  return rule && makeScheduleOracle(config, rule, path);
}

export function tellPool(story: Story, pool: PoolView, at: EpochMs, before?: PoolStory): PoolStory {
  const told: PoolStory = {
    id: pool.id,
    clusterId: pool.clusterId,
    path: `${pool.cluster}/${pool.name}`,
    bornAt: at,
    bases: [sizeOf(pool), ...(before?.bases ?? [])],
    hands: [],
    puts: [],
    arrivedAt: Number.NEGATIVE_INFINITY,
    zeroSince: undefined,
    kindChangedAt: undefined,
    darkSeen: undefined,
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
