import type { CompiledConfig, Rule } from '../../decide/compiled-config.ts';
import { matchesPool, type Names } from '../../decide/match.ts';
import type { Size } from '../../decide/model.ts';
import type { PoolMemory } from '../../decide/scaling/memory.ts';
import type { ObservedFleetCluster } from '../../decide/scaling/plan-round.ts';
import { clusterNamed, poolAt } from '../../decide/scaling/remembered-fleet.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { clampSize, isRange, upper } from '../../decide/scaling/size.ts';

/** Pools that a rule names without a glob: they can be rehearsed although nobody has looked at the fleet. */
export function namedPools(config: CompiledConfig): readonly Names[] {
  return config.rules.flatMap(({ match, schedule }) => {
    if (!match.exactPool || schedule === undefined) return [];
    const [cluster = '', pool = ''] = match.text.slice(match.text.indexOf(':') + 1).split('/');
    const regions = config.regions.map(({ name }) => ({ region: name, cluster, pool }));
    return regions.filter((names) => matchesPool(match, names));
  });
}

/** Those pools as the rules would have them: at their base. A remembered base nobody knows counts as one node above idle. */
export function assumedFleet(names: readonly Names[], book: RuleBook): readonly ObservedFleetCluster[] {
  const clusters = new Map<string, ObservedFleetCluster>();
  for (const { region, cluster, pool } of names) {
    const rule = book.ruleOf({ region, cluster, pool });
    if (rule?.schedule === undefined) continue;
    const key = `${region}\n${cluster}`;
    const known = clusters.get(key) ?? {
      cluster: clusterNamed(region, cluster, cluster),
      pools: [],
      record: { schema: 1 as const, cluster, pools: {} },
      lookedAt: undefined,
    };
    const id = `${cluster}/${pool}`;
    if (known.pools?.some((one) => one.id === id)) continue;
    const size = assumedBase(rule);
    const memory: PoolMemory = { name: pool, autoscale: isRange(size), base: size };
    const record = known.record && { ...known.record, pools: { ...known.record.pools, [id]: memory } };
    clusters.set(key, { ...known, pools: [...(known.pools ?? []), poolAt(id, pool, size)], record });
  }
  return [...clusters.values()];
}

function assumedBase({ base, idle, limits }: Rule): Size {
  if (base !== 'remembered') return base;
  return idle === undefined ? 1 : upper(clampSize(idle, limits)) + 1;
}
