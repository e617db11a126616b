import type { EpochMs, Finding, Size } from '../model.ts';
import { isContended } from './foreign-changes.ts';
import type { PoolMemory } from './memory.ts';
import { refusalOf } from './refusal.ts';
import { type PoolView, poolFinding, poolLabel } from './pool-view.ts';
import { describeSize, isZero } from './size.ts';
import { iso } from './wanted.ts';

/** What is wrong with one pool, as far as its own memory and target show it. */
export function findingsOfPool(
  view: PoolView,
  memory: PoolMemory,
  target: Size | undefined,
  now: EpochMs,
): readonly Finding[] {
  const { names } = view;
  const label = poolLabel(names);
  const findings: Finding[] = [];
  if (target === undefined && isBaseMissed(view)) {
    const fix = `give the rule a base, or run: lamplighter base "${label}" set <size>`;
    const text = `${label} should be at its base, and its base is not known (it is ${view.running === undefined ? `${view.pool.status}, ` : ''}at ${describeSize(view.current)})`;
    findings.push(poolFinding(names, 'base.unknown', 'critical', text, { fix }));
  }
  if (memory.stuck) {
    const text = `${label} was to go from ${describeSize(memory.stuck.from)} to ${describeSize(memory.stuck.to)} at ${iso(memory.stuck.claimedAt)} and is still ${view.pool.status}`;
    findings.push(poolFinding(names, 'pool.stuck', 'warning', text, { since: memory.stuck.claimedAt }));
  }
  const refusal = refusalOf(memory, target);
  if (refusal && refusal.why !== 'forbidden')
    findings.push(
      poolFinding(
        names,
        'pool.refused',
        'warning',
        `${label}: size ${describeSize(refusal.target)} was refused: ${refusal.detail}`,
      ),
    );
  if (memory.busySince !== undefined && now - memory.busySince >= 60 * 60_000) {
    findings.push(
      poolFinding(
        names,
        'pool.contended',
        'warning',
        `${label} could not be changed for an hour: the cluster says it is busy`,
        { since: memory.busySince },
      ),
    );
  }
  if (isContended(memory)) {
    const text = `${label} was changed three times within an hour by somebody else: probably Terraform or another installation`;
    findings.push(
      poolFinding(names, 'pool.contended', 'warning', text, {
        fix: 'let Terraform ignore size, size_min and size_max',
      }),
    );
  }
  return findings;
}

/** Seen Running, or without a node, or without a size at all: whatever else holds it, without its base it stays there. */
function isBaseMissed({ running, current, block }: PoolView): boolean {
  if (running !== undefined && block === undefined) return true;
  if (current === undefined) return block?.code === 'absent-size' || block?.code === 'unknown-status';
  return isZero(current) && (block?.code === 'pool-not-running' || block?.code === 'unknown-status');
}
