import type { ObservedPool, Size } from '../model.ts';
import { givenBase } from '../scaling/base.ts';
import { compareText } from '../scaling/cluster-order.ts';
import type { PoolMemory } from '../scaling/memory.ts';
import type { PoolName } from '../scaling/plan.ts';
import type { AppliedRule } from '../scaling/plan-cluster.ts';
import type { ObservedFleetCluster } from '../scaling/plan-round.ts';
import type { RuleBook } from '../scaling/rule-book.ts';
import { checkBoundaries } from './check-boundaries.ts';
import { nodeHours } from './node-hours.ts';
import type { BystandingPool, RehearsalInput, RehearsedChange, RehearsedPool } from './rehearse.ts';
import { type Fleet, lifeKey } from './rehearsed-fleet.ts';
import { nodesAt, type PoolLife } from './rehearsed-pool.ts';

const hourMs = 3_600_000;

export type ClosedPools = { readonly pools: readonly RehearsedPool[]; readonly bystanders: readonly BystandingPool[] };

/** What became of every pool, in order of region, cluster and name; those that nothing was to be done to stand apart. */
export function closePools(
  fleet: Fleet,
  input: RehearsalInput,
  book: RuleBook,
  changes: readonly RehearsedChange[],
): ClosedPools {
  const changed = new Set(changes.map(lifeKey));
  const pools: RehearsedPool[] = [];
  const bystanders: BystandingPool[] = [];
  for (const one of livesOf(fleet)) {
    const applied = book.appliedRule(one.names);
    if (applied !== undefined) pools.push(closeRuled(one, input, applied));
    else if (changed.has(lifeKey(one.names))) pools.push(closeOrphan(one, input));
    else bystanders.push(closeBystander(one, input));
  }
  return { pools: pools.sort((a, b) => compareText(labelOf(a), labelOf(b))), bystanders };
}

/** Every pool as one to which nothing is done. */
export function bystandersOf(fleet: Fleet, input: RehearsalInput): readonly BystandingPool[] {
  return livesOf(fleet).map((one) => closeBystander(one, input));
}

function closeBystander({ names, life }: LifeOf, { from, to }: RehearsalInput): BystandingPool {
  return { ...names, nodeHours: nodeHours(life.stretches, from, to) };
}

type LifeOf = {
  readonly names: PoolName;
  readonly pool: ObservedPool;
  readonly memory: PoolMemory | undefined;
  readonly life: PoolLife;
};

function livesOf(fleet: Fleet): readonly LifeOf[] {
  return fleet.clusters.flatMap(({ cluster, pools, record }) =>
    (pools ?? []).flatMap((pool): readonly LifeOf[] => {
      const { region, id: clusterId, name } = cluster;
      const names = { region, clusterId, cluster: name, poolId: pool.id, pool: pool.name };
      const life = fleet.lives.get(lifeKey(names));
      return life === undefined ? [] : [{ names, pool, memory: record?.pools[pool.id], life }];
    }),
  );
}

function closeRuled({ names, pool, memory, life }: LifeOf, input: RehearsalInput, applied: AppliedRule): RehearsedPool {
  const { from, to } = input;
  const base = baseOf(applied, pool, memory);
  const resolver = { rule: applied.rule, autoscale: pool.autoscale, base };
  return {
    ...names,
    ...countNodes(life, base, input),
    schedule: applied.scheduleName,
    zone: zoneOf(input, applied),
    isObserved: input.config.rules.some(
      ({ hash, mode, position }) =>
        hash === applied.rule.hash && position.line === applied.rule.position.line && mode === 'observe',
    ),
    boundaries: checkBoundaries(applied.timeline, resolver, life.stretches, from, to),
  };
}

/** Its rule is gone: what it was away from is its base, and there are no boundaries any more. */
function closeOrphan({ names, pool, life }: LifeOf, input: RehearsalInput): RehearsedPool {
  const own = ({ cluster }: ObservedFleetCluster) => cluster.region === names.region && cluster.id === names.clusterId;
  const away = input.clusters.find(own)?.record?.pools[pool.id]?.away?.base;
  const base = away === 'unknown' ? undefined : away;
  const zone = input.config.zone ?? 'UTC';
  return { ...names, ...countNodes(life, base, input), schedule: undefined, zone, isObserved: false, boundaries: [] };
}

function countNodes({ stretches, demand }: PoolLife, base: Size | undefined, { from, to }: RehearsalInput) {
  const hours = nodeHours(stretches, from, to);
  const alwaysOnNodeHours = base === undefined ? hours : (nodesAt(base, demand) * (to - from)) / hourMs;
  return { base, nodeHours: hours, alwaysOnNodeHours, stretches };
}

/** The rule's own base, else what was remembered; while the pool is away, what it went away from. */
function baseOf({ rule }: AppliedRule, pool: ObservedPool, memory: PoolMemory | undefined): Size | undefined {
  if (rule.base !== 'remembered') return givenBase(rule, pool.autoscale);
  const away = memory?.away?.base;
  return away === undefined ? memory?.base : away === 'unknown' ? undefined : away;
}

function zoneOf({ config }: RehearsalInput, { scheduleName }: AppliedRule): string {
  return config.schedules.find(({ name }) => name === scheduleName)?.zone ?? 'UTC';
}

function labelOf({ region, cluster, pool }: RehearsedPool): string {
  return `${region}\n${cluster}\n${pool}`;
}
