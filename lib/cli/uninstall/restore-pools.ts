import type { App } from '../../app.ts';
import { claimLastsMs } from '../../decide/scaling/claim.ts';
import type { Clock } from '../../io/clock.ts';
import type { Store } from '../../io/stores/store.ts';
import type { ScaleReport } from '../../jobs/scale/scale-round.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { describeSize, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { listKnownPools, type StoredPool } from '../pools.ts';
import { poolLabels } from '../text/labels.ts';

export type RestoreParts = {
  readonly app: App;
  readonly store: Store;
  readonly config: CompiledConfig;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** When the fleet was marked: rounds that began before may still act for as long as a claim lasts. */
  readonly since: EpochMs;
  readonly limitMs: number;
  /** One line of progress. */
  readonly tell: (line: string) => void;
};

/** A pool that is still away, and why. */
type NotRestored = { readonly pool: AwayPool; readonly reason: string };

export type Restored = {
  readonly isDone: boolean;
  /** Why it ended: nothing is left that rounds could do, the time was over, or somebody stopped it. */
  readonly end: 'settled' | 'time' | 'stop';
  readonly rounds: number;
  /** Deleted since, with or without their cluster: there is nothing to give back. */
  readonly gone: readonly AwayPool[];
  readonly notRestored: readonly NotRestored[];
};

const pauseMs = 60_000;
/** Rounds cannot end these holds: a person must. */
const needsPerson: ReadonlySet<string> = new Set(['paused', 'base-unknown', 'ambiguous']);

/** Runs rounds until every pool is at its base and no change is under way, until only a person can go on, or until the time is over. */
export async function restorePools(parts: RestoreParts): Promise<Restored> {
  const { app, store, config, clock, signal } = parts;
  const regions = config.regions.map(({ name }) => name);
  const end = clock.now() + parts.limitMs;
  const told = new Set<string>();
  for (let rounds = 1; ; rounds += 1) {
    const report = await app.scale(config);
    tellRound(parts, report, told);
    const { away, inFlight } = await listAway(store, regions);
    const gone = away.filter((pool) => isGone(pool, report));
    const owed = away.filter((pool) => !gone.includes(pool));
    const notRestored = owed.map((pool) => ({ pool, reason: reasonOf(pool, report) }));
    const result = { rounds, gone, notRestored };
    const isOver = clock.now() >= parts.since + claimLastsMs;
    const isSettled = inFlight === 0 && report.problems.length === 0 && isOver;
    if (isSettled && owed.every((pool) => isForPerson(pool, report)))
      return { ...result, isDone: notRestored.length === 0, end: 'settled' };
    const stopped = { ...result, isDone: false, end: 'stop' } as const;
    if (signal.aborted) return stopped;
    if (clock.now() >= end) return { ...result, isDone: false, end: 'time' };
    if (owed.length === 0 && !isOver)
      tellOnce(parts, told, 'waits for a minute: a round that began before may still change a pool');
    await clock.sleep(pauseMs, signal);
    // Whoever stops it here wants no further change.
    if (signal.aborted) return stopped;
  }
}

/** Every change, and every reason against one, once. */
function tellRound(parts: RestoreParts, { results, plan, problems }: ScaleReport, told: Set<string>): void {
  const { tell, config } = parts;
  const label = poolLabels(config);
  for (const { region, cluster, pool, result } of results) {
    const action = plan.actions.find((one) => one.region === region && one.cluster === cluster && one.pool === pool);
    if (action && result === 'sent')
      tell(`${label(action)}  ${describeSize(action.from)} → ${describeSize(action.to)}`);
  }
  const reasons = [
    ...plan.holds
      .filter(({ code }) => code !== 'in-flight' && code !== 'slot')
      .map((hold) => `${label(hold)}  ${hold.reason.startsWith('waits') ? '' : 'waits: '}${hold.reason}`),
    ...problems.map(({ reason }) => `problem: ${reason}`),
  ];
  for (const reason of reasons) tellOnce(parts, told, reason);
}

function tellOnce({ tell }: RestoreParts, told: Set<string>, line: string): void {
  if (!told.has(line)) tell(line);
  told.add(line);
}

/** Its region answered in full, and the pool was not in it. */
function isGone(pool: AwayPool, { plan, problems }: ScaleReport): boolean {
  if (problems.some(({ region }) => region === pool.region || region === '')) return false;
  const isSame = (one: InRegion) => isSamePool(one, pool);
  return !plan.pools.some(isSame) && !plan.holds.some(isSame);
}

type InRegion = { readonly region: string; readonly poolId: string };

function isSamePool(one: InRegion, other: InRegion): boolean {
  return one.region === other.region && one.poolId === other.poolId;
}

function isForPerson(pool: AwayPool, { plan }: ScaleReport): boolean {
  return plan.holds.some((hold) => isSamePool(hold, pool) && needsPerson.has(hold.code));
}

function reasonOf(pool: AwayPool, { plan, problems }: ScaleReport): string {
  const hold = plan.holds.find((one) => isSamePool(one, pool));
  const all = problems.filter(({ region }) => region === pool.region);
  const ofCluster = all.filter(({ cluster }) => cluster === pool.cluster);
  const problem =
    ofCluster.find((one) => one.pool === pool.pool) ??
    ofCluster.find((one) => one.pool === undefined) ??
    all.find(({ cluster }) => cluster === undefined);
  return hold?.reason ?? problem?.reason ?? 'its change has not ended';
}

export type AwayPool = {
  readonly region: string;
  readonly clusterId: string;
  readonly cluster: string;
  readonly poolId: string;
  readonly pool: string;
  /** undefined = not known; nobody can give it back but a person. */
  readonly base: Size | undefined;
  /** Its rule says `onRemove: leave`. */
  readonly isLeft: boolean;
};

export type AwayPools = {
  readonly away: readonly AwayPool[];
  /** Changes that were claimed and have not settled, of any pool. */
  readonly inFlight: number;
};

/** What the store says about pools that are not at their base. */
export async function listAway(store: Store, regions: readonly string[]): Promise<AwayPools> {
  const pools = await listKnownPools(store, regions);
  return {
    away: pools.flatMap((pool) => (pool.memory.away ? [toAway(pool)] : [])),
    inFlight: pools.filter(({ change, memory }) => change ?? memory.stuck).length,
  };
}

function toAway({ region, clusterId, cluster, poolId, pool, memory }: StoredPool): AwayPool {
  const base = memory.away?.base;
  return {
    region,
    clusterId,
    cluster,
    poolId,
    pool,
    base: base === 'unknown' ? undefined : base,
    isLeft: memory.onRemove === 'leave',
  };
}
