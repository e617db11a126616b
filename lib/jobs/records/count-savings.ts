import type { Gap } from '../../decide/past/gaps.ts';
import { clampGaps } from '../../decide/past/gaps.ts';
import { type NodeHours, pastHours } from '../../decide/past/node-hours.ts';
import { pastSteps, poolNow } from '../../decide/past/pool-past.ts';
import { pastName } from '../../decide/past/size-changes.ts';
import { baseOf } from '../../decide/scaling/base.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import type { Store } from '../../io/stores/store.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import { asPoolSize, type Size } from '../../model/size.ts';
import { compareText } from '../../model/text.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import { listClusterRecords, type StoredCluster } from './cluster-records.ts';
import { loadPasts } from './load-past.ts';

/** What one pool used, and would have used at its base all the time. */
export type PoolSavings = Names & {
  /** The first rule that matches it today; undefined = none any more. */
  readonly rule: Rule | undefined;
  readonly hours: NodeHours;
  /** The price of one node per hour; undefined = not given. */
  readonly price: number | undefined;
};

export type Savings = {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly pools: readonly PoolSavings[];
  /** Gaps in the period; they count on neither side. */
  readonly gaps: readonly Gap[];
};

/**
 * The real past, from stored records only, including pools that are gone. Begins at `since`, or where the records
 * begin.
 */
export async function countSavings(
  store: Store,
  config: CompiledConfig,
  since: EpochMs,
  to: EpochMs,
): Promise<Savings> {
  const from = Math.max(since, to - config.keepMs);
  const { pasts, gaps: all } = await loadPasts(store, config, from, to);
  const gaps = clampGaps(all, from, to);
  const book = makeRuleBook(config, to);
  const pools: PoolSavings[] = [];
  for (const [region, past] of pasts) {
    const known = knownIn(await listClusterRecords(store, region));
    const names = new Set([...known.keys(), ...past.changes.keys()]);
    for (const name of names) {
      const pool = known.get(name);
      const labels = pool?.now?.memory.labels;
      const names = { ...namesOf(region, name), ...(labels !== undefined && { labels }) };
      const steps = pastSteps(past, name, pool?.now, from);
      const base = baseFor(book, names, pool, steps.findLast(({ size }) => size !== undefined)?.size);
      const hours = pastHours(steps, base, from, to, gaps);
      if (hours.used === 0 && hours.always === 0) continue;
      pools.push({ ...names, rule: book.ruleOf(names), hours, price: priceOf(config, pool?.now?.memory.flavor) });
    }
  }
  return { from, to, pools, gaps };
}

type Known = { readonly now: ReturnType<typeof poolNow> };

function knownIn(clusters: ReadonlyMap<string, StoredCluster>): ReadonlyMap<string, Known> {
  return new Map(
    [...clusters.values()].flatMap(({ record }) =>
      Object.entries(record.pools).map(([id, { name }]) => {
        return [pastName({ cluster: record.cluster, pool: name }), { now: poolNow(record, id) }] as const;
      }),
    ),
  );
}

function namesOf(region: string, name: string): Names {
  const slash = name.lastIndexOf('/');
  return { region, cluster: name.slice(0, slash), pool: name.slice(slash + 1) };
}

/** For a pool that is gone, only a base from its rule is still known. */
function baseFor(book: RuleBook, names: Names, known: Known | undefined, last: Size | undefined): Size | undefined {
  const rule = book.appliedRule(names)?.rule;
  if (rule === undefined) return undefined;
  const memory = known?.now?.memory;
  const base = baseOf(rule, memory);
  return base === undefined ? undefined : asPoolSize(base, memory?.autoscale ?? typeof last === 'object');
}

/** Per node-hour; undefined = this flavor has no price. */
export function priceOf({ prices }: Pick<CompiledConfig, 'prices'>, flavor: string | undefined): number | undefined {
  if (prices === undefined) return undefined;
  return (flavor === undefined ? undefined : prices.flavors[flavor]) ?? prices.default;
}

export type SavingsGroup = {
  readonly name: string;
  readonly pools: number;
  readonly hours: NodeHours;
  /** undefined = some pools have no price. */
  readonly money: number | undefined;
};

export function groupSavings(
  pools: readonly PoolSavings[],
  nameOf: (pool: PoolSavings) => string,
): readonly SavingsGroup[] {
  const groups = Map.groupBy(pools, nameOf);
  return [...groups].map(([name, some]) => ({ name, ...sumSavings(some) })).sort((a, b) => compareText(a.name, b.name));
}

export function sumSavings(pools: readonly PoolSavings[]): Omit<SavingsGroup, 'name'> {
  const sum = (pick: (pool: PoolSavings) => number) => pools.reduce((all, pool) => all + pick(pool), 0);
  const isPriced = pools.every(({ price }) => price !== undefined);
  return {
    pools: pools.length,
    hours: { used: sum(({ hours }) => hours.used), always: sum(({ hours }) => hours.always) },
    money: isPriced ? sum(({ hours, price }) => (hours.always - hours.used) * (price ?? 0)) : undefined,
  };
}

/** Hours without any round. */
export function unseenHours({ gaps }: Pick<Savings, 'gaps'>): number {
  return gaps.reduce((ms, [from, to]) => ms + to - from, 0) / hourMs;
}
