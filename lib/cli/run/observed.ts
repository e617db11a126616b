import { describeSize } from '../../decide/scaling/size.ts';
import type { Log } from '../../io/log.ts';
import type { ScaleReport } from '../../jobs/scale/scale-parts.ts';

/** What `mode: observe` keeps back, in one line per pool when it first would be done, and again when it is another size. */
export function makeObservedTeller(log: Log): (report: ScaleReport) => void {
  let told = new Map<string, string>();
  return ({ plan }) => {
    const observed = plan.holds.filter(({ code }) => code === 'observe');
    const now = new Map(observed.map((hold) => [hold.poolId, describeSize(hold.to)] as const));
    for (const { region, cluster, pool, poolId, from, to, reason } of observed) {
      if (told.get(poolId) === now.get(poolId)) continue;
      log.info(`would scale ${cluster}/${pool} ${describeSize(from)} → ${describeSize(to)}`, { region, reason });
    }
    told = now;
  };
}
