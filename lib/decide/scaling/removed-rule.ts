import type { PoolAsks } from '../../model/asks.ts';
import { type ObservedCluster, type ObservedPool, statusWords } from '../../model/cluster.ts';
import type { Rule } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { asPoolSize, equalSize, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { observedSize } from './base.ts';
import { type PoolMemory, recentChanges, remember } from './memory.ts';
import type { PoolName } from './plan.ts';
import { type PoolView, poolFinding, poolLabel, poolView } from './pool-view.ts';
import { isStale, olderSince } from './refresh-memory.ts';
import { absentSize, type PoolBlock } from './unclear-pool.ts';

export type RemovedInput = {
  readonly now: EpochMs;
  readonly names: PoolName;
  readonly cluster: ObservedCluster;
  readonly pool: ObservedPool;
  readonly memory: PoolMemory;
  readonly asks: PoolAsks;
  readonly isInFlight: boolean;
};

/**
 * If a pool's rule leaves the config while the pool is below base, its base is restored (unless the rule said `leave`);
 * then the pool is forgotten. undefined = forget it now.
 */
export function viewRemoved(input: RemovedInput): PoolView | undefined {
  const { pool, names, isInFlight } = input;
  const memory = remember(input.memory, {
    kept: undefined,
    ahead: undefined,
    asks: input.asks.fingerprint,
    labels: pool.labels,
    missingSince: undefined,
    olderSince: olderSince(input.memory, pool, input.now),
    foreign: recentChanges(input.memory.foreign, input.now),
  });
  const { away } = memory;
  if (away === undefined || memory.onRemove === 'leave')
    return isInFlight ? removedView(input, memory, undefined, undefined) : undefined;
  if (away.base === 'unknown') return unknownBase(input, memory);
  const base = asPoolSize(away.base, pool.autoscale);
  if (base === undefined || memory.autoscale !== pool.autoscale) return unknownBase(input, memory);
  const size = observedSize(pool, memory);
  const isHome = pool.status === 'Running' && equalSize(size, base) && !isInFlight && !isStale(memory, pool, input.now);
  return isHome ? undefined : removedView(input, memory, base, size, names);
}

function unknownBase(input: RemovedInput, memory: PoolMemory): PoolView {
  const label = poolLabel(input.names);
  const text = `${label} was removed from the config while it was below its base, and its base is not known`;
  const fix = `set its size by hand, then run: lamplighter base "${label}" set <size>`;
  const findings = [poolFinding(input.names, 'base.unknown', 'critical', text, { fix })];
  return {
    ...removedView(input, memory, undefined, observedSize(input.pool, memory)),
    block: { code: 'base-unknown', reason: text },
    findings,
  };
}

function removedView(
  input: RemovedInput,
  memory: PoolMemory,
  base: Size | undefined,
  current: Size | undefined,
  names = input.names,
): PoolView {
  const { pool, cluster, asks } = input;
  const block = blockOf(input, memory, current);
  const isRunning = block === undefined && !input.isInFlight && memory.stuck === undefined;
  const findings: readonly Finding[] = block?.findings ?? [];
  return poolView({
    names,
    cluster,
    pool,
    memory,
    current: block?.code === 'stale' ? undefined : current,
    base,
    findings,
    rule: ruleOfTheGone(memory),
    running: isRunning ? current : undefined,
    target: base,
    baseFrom: memory.away?.from ?? 'observed',
    who: 'onRemove: restore',
    reason: 'its rule was removed from the config: it is restored to its base',
    isLateSuppressed: asks.pause !== undefined,
    pause: asks.pause,
    block,
  });
}

function blockOf(input: RemovedInput, memory: PoolMemory, size: Size | undefined): PoolBlock | undefined {
  const { pool, now } = input;
  if (isStale(memory, pool, now))
    return { code: 'stale', reason: 'this answer of the API is older than an earlier one', findings: [] };
  if (pool.status !== 'Running')
    return { code: 'pool-not-running', reason: `the pool is ${statusWords(pool.status)}`, findings: [] };
  return size === undefined && memory.away ? absentSize(input) : undefined;
}

/** Replaces the rule that is gone: no limits, no grace, mode act. */
function ruleOfTheGone(memory: PoolMemory): Rule {
  return {
    match: { text: '(removed)', region: undefined, cluster: '', pool: undefined, exactPool: false },
    position: { file: '', line: 0 },
    schedule: undefined,
    base: 'remembered',
    idle: undefined,
    limits: { min: 0, max: undefined },
    leases: { max: undefined, longestMs: 0 },
    mode: 'act',
    onHumanChange: 'respect',
    onRemove: memory.onRemove ?? 'restore',
    graceMs: 0,
    lead: { kind: 'none' },
    hash: 'removed',
  };
}
