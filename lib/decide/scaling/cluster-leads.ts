import type { EpochMs, ObservedPool } from '../model.ts';
import { givenBase } from './base.ts';
import { nextChange } from '../schedule/timeline.ts';
import { longestLeadMs, ownLeadMs, queuedLeadMs } from './lead.ts';
import { observedSize } from './observed-size.ts';
import type { AppliedRule, ClusterInput } from './plan-cluster.ts';
import { resolveSays } from './scheduled.ts';
import type { Settled } from './settle-record.ts';
import { equalSize, isRaise, largest } from './size.ts';

type Queued = {
  readonly pool: ObservedPool;
  readonly isAuto: boolean;
  readonly ownMs: number;
  readonly boundary: EpochMs;
};

/** The lead of each pool: its own, and with `auto` also the leads of the raises queued before it for the same boundary. */
export function clusterLeads(
  input: ClusterInput,
  settled: Settled,
  applied: ReadonlyMap<string, AppliedRule | undefined>,
): ReadonlyMap<string, number> {
  const leads = new Map<string, number>();
  const queue: Queued[] = [];
  const hasAuto = [...applied.values()].some((rule) => rule?.rule.lead.kind === 'auto');
  for (const pool of input.pools) {
    const rule = applied.get(pool.id);
    if (rule === undefined) continue;
    const ownMs = ownLeadMs(rule.rule.lead, settled.pools[pool.id], input.everyMs);
    leads.set(pool.id, ownMs);
    const isAuto = rule.rule.lead.kind === 'auto';
    if (!hasAuto || ownMs === 0) continue;
    const boundary = nextRaise(input, settled, pool, rule);
    if (boundary !== undefined) queue.push({ pool, isAuto, ownMs, boundary });
  }
  queue.sort((a, b) => (a.pool.name < b.pool.name ? -1 : a.pool.name > b.pool.name ? 1 : 0));
  queue.forEach((entry, index) => {
    if (!entry.isAuto) return;
    const before = queue.slice(0, index).filter((other) => other.boundary === entry.boundary);
    leads.set(
      entry.pool.id,
      queuedLeadMs(
        entry.ownMs,
        before.map((other) => other.ownMs),
      ),
    );
  });
  return leads;
}

/** The first boundary within the longest lead at which the schedule asks for more than the pool has now. */
function nextRaise(
  input: ClusterInput,
  settled: Settled,
  pool: ObservedPool,
  applied: AppliedRule,
): EpochMs | undefined {
  const memory = settled.pools[pool.id];
  const size = observedSize(pool, memory);
  if (size === undefined) return undefined;
  const { rule, timeline } = applied;
  const known = memory?.away?.base === 'unknown' ? undefined : memory?.away?.base;
  const base = rule.base === 'remembered' ? (known ?? memory?.base) : givenBase(rule, pool.autoscale);
  for (let at = input.now; ; ) {
    const next = nextChange(timeline, at);
    if (next === undefined || next.at > input.now + longestLeadMs) return undefined;
    const wanted = resolveSays(next.says, { rule, autoscale: pool.autoscale, base }).size;
    if (wanted !== undefined && isRaise(size, wanted) && !equalSize(largest(size, wanted), size)) return next.at;
    at = next.at;
  }
}
