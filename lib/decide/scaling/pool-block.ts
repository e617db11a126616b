import type { Finding, Size } from '../model.ts';
import { saysAt } from '../schedule/timeline.ts';
import type { PoolMemory } from './memory.ts';
import { type Block, type PoolInput, poolFinding, poolLabel } from './pool-view.ts';
import { isRange } from './size.ts';
import { isStale } from './stale.ts';

export type PoolBlock = Block & { readonly findings: readonly Finding[] };

/** Statuses that the service is known to use for node pools (cf-mkcli and its integration tests; "Awaiting Network": users). */
const knownStatuses = new Set(['Creating', 'Running', 'Scaling', 'Upgrading', 'Error', 'Deleting', 'Awaiting Network']);

/** Why a pool cannot be judged at all, whatever its schedule says. */
export function blockOf(input: PoolInput, memory: PoolMemory, size: Size | undefined): PoolBlock | undefined {
  const { pool, names } = input;
  if (pool.unreadable !== undefined) return unreadable(input, pool.unreadable);
  if (memory.away && memory.autoscale !== pool.autoscale) return changedKind(input);
  if (!knownStatuses.has(pool.status)) {
    const text = `${poolLabel(names)} has the status "${pool.status}", which is not known`;
    return {
      code: 'unknown-status',
      reason: `${text}: hands off`,
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
    return { code: 'stale', reason: 'the answer is older than one seen before', findings: [] };
  }
  if (pool.status !== 'Running')
    return { code: 'pool-not-running', reason: `the pool is ${pool.status}`, findings: [] };
  return undefined;
}

/** Named, so that somebody mends it; its name is not whole, so nothing is judged by it. */
function unreadable({ names }: PoolInput, why: string): PoolBlock {
  const text = `${poolLabel(names)} cannot be read: ${why}`;
  return {
    code: 'unreadable',
    reason: `${text}: hands off`,
    findings: [poolFinding(names, 'pool.unclear', 'warning', text)],
  };
}

function changedKind({ names, pool }: PoolInput): PoolBlock {
  const now = pool.autoscale ? 'autoscaled' : 'fixed';
  const text = `${poolLabel(names)} became ${now} while it was away from its base: what its base is now is unknown`;
  const fix = `give the rule a base that fits, or run: lamplighter base "${poolLabel(names)}" set <size>`;
  return {
    code: 'base-unknown',
    reason: text,
    findings: [poolFinding(names, 'base.unknown', 'critical', text, { fix })],
  };
}

/** A size that is left out says nothing, whoever the pool belongs to. */
export function absentSize({ names, pool }: Pick<PoolInput, 'names' | 'pool'>): PoolBlock {
  const what = pool.autoscale ? 'size_min or size_max' : 'size';
  const text = `the answer for ${poolLabel(names)} holds no ${what}, which is not the same as 0`;
  const findings = pool.status === 'Running' ? [poolFinding(names, 'pool.unclear', 'warning', text)] : [];
  return { code: 'absent-size', reason: text, findings };
}

/** A range cannot be set on a fixed pool. */
function findMismatch({ pool, rule, names, timeline, now }: PoolInput): string | undefined {
  if (pool.autoscale) return undefined;
  const sizes = [rule.base, rule.idle, ...saysAt(timeline, now)];
  const hasRange = sizes.some((size) => size !== undefined && typeof size !== 'string' && isRange(size));
  return hasRange ? `the rule gives a range, and ${poolLabel(names)} is a fixed pool` : undefined;
}

/** Nor can a person ask for one. */
function findOverrideMismatch({ pool, asks, names }: PoolInput): string | undefined {
  const { override } = asks;
  if (pool.autoscale || override === undefined || !isRange(override.exactly)) return undefined;
  return `the override by ${override.who} gives a range, and ${poolLabel(names)} is a fixed pool`;
}
