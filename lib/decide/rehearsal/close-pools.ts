import type { ObservedPool, Size } from '../model.ts';
import type { PoolMemory } from '../scaling/memory.ts';
import type { AppliedRule } from '../scaling/plan-cluster.ts';
import type { RuleBook } from '../scaling/rule-book.ts';
import { asPoolSize, clampSize } from '../scaling/size.ts';
import { checkBoundaries } from './check-boundaries.ts';
import { nodeHours } from './node-hours.ts';
import type { RehearsalInput, RehearsedPool } from './rehearse.ts';
import { type Fleet, lifeKey } from './rehearsed-fleet.ts';
import { nodesAt } from './rehearsed-pool.ts';

const hourMs = 3_600_000;

/** What became of every pool with a rule, in order of region, cluster and name. */
export function closePools(fleet: Fleet, input: RehearsalInput, book: RuleBook): readonly RehearsedPool[] {
  const closed = fleet.clusters.flatMap(({ cluster, pools, record }) =>
    (pools ?? []).flatMap((pool): readonly RehearsedPool[] => {
      const { region, id: clusterId, name } = cluster;
      const applied = book.appliedRule({ region, cluster: name, pool: pool.name });
      const life = fleet.lives.get(lifeKey(region, clusterId, pool.id));
      if (applied === undefined || life === undefined) return [];
      const base = baseOf(applied, pool, record?.pools[pool.id]);
      const { stretches, demand } = life;
      const { from, to } = input;
      const hours = nodeHours(stretches, from, to);
      const names = { region, clusterId, cluster: name, poolId: pool.id, pool: pool.name };
      const resolver = { rule: applied.rule, autoscale: pool.autoscale, base };
      return [
        {
          ...names,
          schedule: applied.scheduleName,
          zone: zoneOf(input, applied),
          isObserved: input.config.rules.some(
            ({ hash, mode, position }) =>
              hash === applied.rule.hash && position.line === applied.rule.position.line && mode === 'observe',
          ),
          base,
          nodeHours: hours,
          alwaysOnNodeHours: base === undefined ? hours : (nodesAt(base, demand) * (to - from)) / hourMs,
          boundaries: checkBoundaries(applied.timeline, resolver, stretches, from, to),
          stretches,
        },
      ];
    }),
  );
  return closed.sort((a, b) => compareText(labelOf(a), labelOf(b)));
}

/** The rule's own base, else what was remembered; while the pool is away, what it went away from. */
function baseOf({ rule }: AppliedRule, pool: ObservedPool, memory: PoolMemory | undefined): Size | undefined {
  if (rule.base !== 'remembered') {
    const own = asPoolSize(rule.base, pool.autoscale);
    return own === undefined ? undefined : clampSize(own, rule.limits);
  }
  const away = memory?.away?.base;
  return away === undefined ? memory?.base : away === 'unknown' ? undefined : away;
}

function zoneOf({ config }: RehearsalInput, { scheduleName }: AppliedRule): string {
  return config.schedules.find(({ name }) => name === scheduleName)?.zone ?? 'UTC';
}

function labelOf({ region, cluster, pool }: RehearsedPool): string {
  return `${region}\n${cluster}\n${pool}`;
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
