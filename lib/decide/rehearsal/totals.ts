import { type ObservedPool, poolKey } from '../../model/cluster.ts';
import { isRaise, lower, type Says, type Size, saysLeave, upper } from '../../model/size.ts';
import { compareText } from '../../model/text.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import { savedPercent } from '../past/node-hours.ts';
import { storedBase } from '../scaling/base.ts';
import type { ObservedFleetCluster, PoolMemory } from '../scaling/memory.ts';
import type { PoolName } from '../scaling/plan.ts';
import type { AppliedRule, RuleBook } from '../scaling/rule-book.ts';
import { type Resolver, resolveSays } from '../scaling/scheduled-size.ts';
import { nextChange, saysAt, type Timeline, timesWhen } from '../schedule/timeline.ts';
import type {
  BoundaryCheck,
  BystandingPool,
  Rehearsal,
  RehearsalInput,
  RehearsedChange,
  RehearsedPool,
  Stretch,
} from './rehearsal.ts';
import { type Fleet, nodesAt, type PoolLife } from './rehearsed-fleet.ts';

export type ClosedPools = { readonly pools: readonly RehearsedPool[]; readonly bystanders: readonly BystandingPool[] };

/**
 * The result of every pool, in order of region, cluster and name. Pools without any planned change are listed apart.
 */
export function closePools(
  fleet: Fleet,
  input: RehearsalInput,
  book: RuleBook,
  changes: readonly RehearsedChange[],
): ClosedPools {
  const changed = new Set(changes.map(poolKey));
  const pools: RehearsedPool[] = [];
  const bystanders: BystandingPool[] = [];
  for (const one of livesOf(fleet)) {
    const applied = book.appliedRule({ ...one.names, labels: one.pool.labels });
    if (applied !== undefined) pools.push(closeRuled(one, input, applied));
    else if (changed.has(poolKey(one.names))) pools.push(closeRemoved(one, input));
    else bystanders.push(closeBystander(one, input));
  }
  return { pools: pools.sort((a, b) => compareText(labelOf(a), labelOf(b))), bystanders };
}

/** Every pool as an untouched one. */
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
      const life = fleet.lives.get(poolKey(names));
      return life === undefined ? [] : [{ names, pool, memory: record?.pools[pool.id], life }];
    }),
  );
}

function closeRuled({ names, pool, memory, life }: LifeOf, input: RehearsalInput, applied: AppliedRule): RehearsedPool {
  const { from, to } = input;
  const base = storedBase(applied.rule, pool.autoscale, memory);
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
    leftMs: timesWhen(applied.timeline, saysLeave, from, to).reduce((ms, [begins, ends]) => ms + ends - begins, 0),
    boundaries: checkBoundaries(applied.timeline, resolver, life.stretches, from, to),
  };
}

/** Its rule is gone: the base is what it was scaled down from, and there are no boundaries any more. */
function closeRemoved({ names, pool, life }: LifeOf, input: RehearsalInput): RehearsedPool {
  const own = ({ cluster }: ObservedFleetCluster) => cluster.region === names.region && cluster.id === names.clusterId;
  const away = input.clusters.find(own)?.record?.pools[pool.id]?.away?.base;
  const base = away === 'unknown' ? undefined : away;
  const zone = input.config.zone ?? 'UTC';
  const nothing = { schedule: undefined, zone, isObserved: false, leftMs: 0, boundaries: [] };
  return { ...names, ...countNodes(life, base, input), ...nothing };
}

function countNodes({ stretches, demand }: PoolLife, base: Size | undefined, { from, to }: RehearsalInput) {
  const hours = nodeHours(stretches, from, to);
  const alwaysOnNodeHours = base === undefined ? hours : (nodesAt(base, demand) * (to - from)) / hourMs;
  return { base, nodeHours: hours, alwaysOnNodeHours, stretches };
}

function zoneOf({ config }: RehearsalInput, { scheduleName }: AppliedRule): string {
  return config.schedules.find(({ name }) => name === scheduleName)?.zone ?? 'UTC';
}

function labelOf({ region, cluster, pool }: RehearsedPool): string {
  return `${region}\n${cluster}\n${pool}`;
}

/** Every boundary in (from, to) at which a pool must grow: whether it was ready, and if not, how much later. */
function checkBoundaries(
  timeline: Timeline,
  resolver: Resolver,
  stretches: readonly Stretch[],
  from: EpochMs,
  to: EpochMs,
): readonly BoundaryCheck[] {
  const checks: BoundaryCheck[] = [];
  // After a time of `leave`, the pool must grow from the size it had when that time began.
  const saidSize = (says: Says, at: EpochMs) =>
    saysLeave(says) ? sizeAt(stretches, at) : resolveSays(says, resolver).size;
  let before = saidSize(saysAt(timeline, from), from);
  for (let next = nextChange(timeline, from); next !== undefined && next.at < to; ) {
    const { at } = next;
    const { says } = next;
    const { size: wanted, isWhole } = resolveSays(says, resolver);
    next = nextChange(timeline, at);
    const until = Math.min(next?.at ?? to, to);
    if (wanted !== undefined && isWhole && before !== undefined && isRaise(before, wanted)) {
      const readyAt = readyFrom(stretches, wanted, at, until);
      checks.push({ at, wanted, readyAt, isOpen: readyAt === undefined && until === to });
    }
    before = saidSize(says, at);
  }
  return checks;
}

function sizeAt(stretches: readonly Stretch[], at: EpochMs): Size | undefined {
  return stretches.findLast((stretch) => stretch.from <= at)?.size;
}

function readyFrom(stretches: readonly Stretch[], wanted: Size, at: EpochMs, until: EpochMs): EpochMs | undefined {
  for (let i = 0; i < stretches.length; i += 1) {
    const stretch = stretches[i] as Stretch;
    const end = stretches[i + 1]?.from ?? Number.POSITIVE_INFINITY;
    if (end <= at || !stretch.isRunning || !isEnough(stretch, wanted)) continue;
    const ready = Math.max(at, stretch.from);
    return ready < until ? ready : undefined;
  }
  return undefined;
}

/** An autoscaled pool is ready when its nodes are there; its bounds are not enough (ADR 7). */
function isEnough({ size, nodes }: Stretch, wanted: Size): boolean {
  if (size === undefined || nodes < lower(wanted)) return false;
  return lower(size) >= lower(wanted) && upper(size) >= upper(wanted);
}

export type RehearsalTotal = {
  readonly puts: number;
  readonly nodeHours: number;
  readonly alwaysOnNodeHours: number;
  /** Of always-on; below 0 where more was asked for than the base. */
  readonly savedPercent: number;
  /** Boundaries at which a pool had to grow, without those that could not be judged. */
  readonly boundaries: number;
  readonly readyInTime: number;
  /** The boundary with the longest delay. */
  readonly worst: LateBoundary | undefined;
};

export type LateBoundary = { readonly pool: RehearsedPool; readonly boundary: BoundaryCheck };

export function totalOf({ pools, changes }: Pick<Rehearsal, 'pools' | 'changes'>): RehearsalTotal {
  const hours = pools.reduce((sum, pool) => sum + pool.nodeHours, 0);
  const alwaysOn = pools.reduce((sum, pool) => sum + pool.alwaysOnNodeHours, 0);
  const judged = judgedBoundaries(pools);
  const late = lateBoundaries(pools);
  return {
    puts: changes.length,
    nodeHours: hours,
    alwaysOnNodeHours: alwaysOn,
    savedPercent: savedPercent({ used: hours, always: alwaysOn }) ?? 0,
    boundaries: judged.length,
    readyInTime: judged.length - late.length,
    worst: late.toSorted((a, b) => latenessMs(b.boundary) - latenessMs(a.boundary))[0],
  };
}

function judgedBoundaries(pools: readonly RehearsedPool[]): readonly LateBoundary[] {
  return pools.flatMap((pool) =>
    pool.boundaries.filter(({ isOpen }) => !isOpen).map((boundary) => ({ pool, boundary })),
  );
}

/** Boundaries at which a pool was ready too late, or never. */
export function lateBoundaries(pools: readonly RehearsedPool[]): readonly LateBoundary[] {
  return judgedBoundaries(pools).filter(({ boundary }) => latenessMs(boundary) > 0);
}

/** Infinite if the pool was never ready. */
export function latenessMs({ at, readyAt }: { readonly at: EpochMs; readonly readyAt: EpochMs | undefined }): number {
  return readyAt === undefined ? Number.POSITIVE_INFINITY : readyAt - at;
}

/**
 * Nodes × hours over [from, to), of the nodes that were there, not of the wanted ones. Stretches are in order of time.
 */
export function nodeHours(stretches: readonly Stretch[], from: EpochMs, to: EpochMs): number {
  let sum = 0;
  for (let i = 0; i < stretches.length; i += 1) {
    const stretch = stretches[i] as Stretch;
    const begins = Math.max(stretch.from, from);
    const ends = Math.min(stretches[i + 1]?.from ?? to, to);
    if (ends > begins) sum += stretch.nodes * (ends - begins);
  }
  return sum / hourMs;
}
