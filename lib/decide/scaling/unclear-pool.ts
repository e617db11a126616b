import { isKnownStatus, statusWords } from '../../model/cluster.ts';
import type { Finding } from '../../model/finding.ts';
import { isRange, type Size } from '../../model/size.ts';
import { lastEdge, saysAt } from '../schedule/timeline.ts';
import { findBase } from './base.ts';
import type { PoolMemory } from './memory.ts';
import type { HoldCode } from './plan.ts';
import { type Block, type PoolInput, type PoolView, poolFinding, poolLabel, poolView } from './pool-view.ts';
import { isStale } from './refresh-memory.ts';
import { resolveSays } from './scheduled-size.ts';

/**
 * A pool that cannot be judged is not changed. If only its size or status is unclear, or the answer is old, the
 * schedule's size is still known, so a late pool is still reported.
 */
export function blockedView(
  input: PoolInput,
  memory: PoolMemory,
  current: Size | undefined,
  block: PoolBlock | undefined,
): PoolView {
  const isUnclear = block !== undefined && unclear.has(block.code);
  const meant = isUnclear ? meantSize(input, memory) : undefined;
  const findings: readonly Finding[] = block?.findings ?? [];
  const edge = lastEdge(input.timeline, input.now);
  return poolView({
    names: input.names,
    cluster: input.cluster,
    pool: input.pool,
    rule: input.rule,
    memory,
    current,
    target: meant?.target,
    base: meant?.base,
    who: `schedule ${input.scheduleName}`,
    reason: block?.reason ?? 'nothing is known about this pool',
    boundary: isUnclear ? edge : undefined,
    lastEdgeAt: isUnclear ? (edge ?? Number.NEGATIVE_INFINITY) : Number.NEGATIVE_INFINITY,
    isLateSuppressed: meant?.target === undefined || isLateSuppressed(input, memory),
    pause: input.asks.pause,
    block: block ?? { code: 'absent-size', reason: 'the API gives no size' },
    findings,
  });
}

const unclear: ReadonlySet<HoldCode> = new Set<HoldCode>(['absent-size', 'unknown-status', 'stale']);

/** What the schedule says now, as far as known without reading the pool. */
function meantSize(input: PoolInput, memory: PoolMemory): { base: Size | undefined; target: Size | undefined } {
  const { rule, now, timeline } = input;
  const { autoscale } = input.pool;
  const says = saysAt(timeline, now);
  const known = { running: undefined, scheduledWithoutBase: undefined, isQuiet: false };
  const { base } = findBase({ rule, memory, autoscale, says, ...known });
  const { size, isWhole } = resolveSays(says, { rule, autoscale, base });
  return { base, target: isWhole ? size : undefined };
}

/**
 * Lateness is not reported if a person asked for it: a pause, an override, a respected manual change, or `observe` of a
 * pool at its base.
 */
export function isLateSuppressed(
  input: PoolInput,
  memory: PoolMemory,
  keptDecides = memory.kept !== undefined,
): boolean {
  if (input.asks.pause || input.asks.override || keptDecides) return true;
  return input.rule.mode === 'observe' && memory.away === undefined;
}

export type PoolBlock = Block & { readonly findings: readonly Finding[] };

/** Why a pool cannot be judged at all, whatever its schedule says. */
export function blockOf(input: PoolInput, memory: PoolMemory, size: Size | undefined): PoolBlock | undefined {
  const { pool, names } = input;
  if (pool.unreadable !== undefined) return unreadable(input, pool.unreadable);
  if (memory.away && memory.autoscale !== pool.autoscale) return changedKind(input);
  if (!isKnownStatus(pool.status)) {
    const text = `${poolLabel(names)} has the status "${pool.status}", which is not known`;
    return {
      code: 'unknown-status',
      reason: `${text}: it is not changed`,
      findings: [poolFinding(names, 'pool.unclear', 'warning', text)],
    };
  }
  if (size === undefined) return absentSize(input);
  const mismatch = findMismatch(input) ?? findOverrideMismatch(input);
  if (mismatch) {
    const fix = 'give this pool a number, or switch its autoscaling on';
    const finding = poolFinding(names, 'config.mismatch', 'warning', mismatch, { fix });
    return { code: 'mismatch', reason: mismatch, findings: [finding] };
  }
  if (isStale(memory, pool, input.now)) {
    return { code: 'stale', reason: 'this answer of the API is older than an earlier one', findings: [] };
  }
  if (pool.status !== 'Running')
    return { code: 'pool-not-running', reason: `the pool is ${statusWords(pool.status)}`, findings: [] };
  return undefined;
}

/** Reported so that somebody fixes it. Its name was cut, so it is not used for matching. */
function unreadable({ names }: PoolInput, why: string): PoolBlock {
  const text = `${poolLabel(names)} cannot be read: ${why}`;
  return {
    code: 'unreadable',
    reason: `${text}: it is not changed`,
    findings: [poolFinding(names, 'pool.unclear', 'warning', text)],
  };
}

function changedKind({ names, pool }: PoolInput): PoolBlock {
  const now = pool.autoscale ? 'autoscaled' : 'fixed';
  const text = `${poolLabel(names)} became ${now} while it was below its base: its base is now unknown`;
  const fix = `give the rule a base that fits, or run: lamplighter base "${poolLabel(names)}" set <size>`;
  return {
    code: 'base-unknown',
    reason: text,
    findings: [poolFinding(names, 'base.unknown', 'critical', text, { fix })],
  };
}

/** An omitted size is unknown, whoever set it. */
export function absentSize({ names, pool }: Pick<PoolInput, 'names' | 'pool'>): PoolBlock {
  const what = pool.autoscale ? 'size_min or size_max' : 'size';
  const text = `the API gives no ${what} for ${poolLabel(names)}, which is not the same as 0`;
  const findings = pool.status === 'Running' ? [poolFinding(names, 'pool.unclear', 'warning', text)] : [];
  return { code: 'absent-size', reason: text, findings };
}

/** A range cannot be set on a fixed pool. */
function findMismatch({ pool, rule, names, timeline, now }: PoolInput): string | undefined {
  if (pool.autoscale) return undefined;
  const sizes = [rule.base, rule.idle, ...saysAt(timeline, now)];
  const hasRange = sizes.some((size) => typeof size === 'object');
  return hasRange ? `the rule gives a range, and ${poolLabel(names)} is a fixed pool` : undefined;
}

/** An override cannot ask for one either. */
function findOverrideMismatch({ pool, asks, names }: PoolInput): string | undefined {
  const { override } = asks;
  if (pool.autoscale || override === undefined || !isRange(override.exactly)) return undefined;
  return `the override by ${override.who} gives a range, and ${poolLabel(names)} is a fixed pool`;
}
