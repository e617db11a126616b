import { alwaysOn } from '../../decide/past/node-hours.ts';
import { baseOf } from '../../decide/scaling/base.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import type { Store } from '../../io/stores/store.ts';
import type { WatchReport } from '../../jobs/watch/watch-round.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { asPoolSize } from '../../model/size.ts';
import { type EpochMs, hourMs, minuteMs } from '../../model/time.ts';
import { listKnownPools } from '../pools.ts';

export type RegionHours = { readonly region: string; readonly used: number; readonly saved: number };

type CountHours = (
  store: Store,
  config: CompiledConfig,
  nodes: WatchReport['pools'],
  now: EpochMs,
) => Promise<readonly RegionHours[]>;

/**
 * The node-hours of pools under a schedule since the round before, and what they saved against their bases; by region.
 * After a gap in which nobody looked nothing is counted: what was in between is not known.
 */
export function makeHourCounter(): CountHours {
  let last: EpochMs | undefined;
  return async (store, config, nodes, now) => {
    const since = last;
    last = now;
    if (since === undefined || now <= since || now - since > Math.max(3 * config.everyMs, 15 * minuteMs)) return [];
    const hours = (now - since) / hourMs;
    const book = makeRuleBook(config, now);
    const counted = new Map(nodes.map(({ region, cluster, pool, nodes: n }) => [`${region}\n${cluster}\n${pool}`, n]));
    const sums = new Map<string, { used: number; saved: number }>();
    for (const { memory, ...names } of await listKnownPools(
      store,
      config.regions.map(({ name }) => name),
    )) {
      const rule = book.ruleOf(names);
      const count = counted.get(`${names.region}\n${names.cluster}\n${names.pool}`);
      if (rule?.schedule === undefined || memory.seen === undefined || count === undefined) continue;
      const base = baseOf(rule, memory);
      const always = alwaysOn(
        count,
        memory.seen.size,
        base === undefined ? undefined : asPoolSize(base, memory.autoscale),
      );
      const sum = sums.get(names.region) ?? { used: 0, saved: 0 };
      sum.used += count * hours;
      sum.saved += (always - count) * hours;
      sums.set(names.region, sum);
    }
    return [...sums].map(([region, sum]) => ({ region, ...sum }));
  };
}
