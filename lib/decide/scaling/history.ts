import type { EpochMs } from '../model.ts';
import { type ClusterRecord, type PoolMemory, remember } from './memory.ts';
import type { Action, Decision, Hold } from './plan.ts';
import { describeSize } from './size.ts';

type Line = Omit<Decision, 'configHash'>;

/**
 * Decisions are kept when they differ from the pool's last one in kind, sizes, reason, config or who. Instants inside a
 * reason do not make it another one, so the code stands for the reason.
 */
export function keepHistory(
  record: ClusterRecord,
  holds: readonly Hold[],
  action: Action | undefined,
  settled: readonly Line[],
  { now, config }: { readonly now: EpochMs; readonly config: { readonly hash: string } },
): { readonly record: ClusterRecord; readonly decisions: readonly Decision[] } {
  // Most clusters of most rounds: nothing is copied for nothing.
  if (holds.length === 0 && settled.length === 0 && action === undefined) return { record, decisions: [] };
  const decisions: Decision[] = [];
  const pools: { [poolId: string]: PoolMemory } = { ...record.pools };
  const lines: readonly Line[] = [
    ...settled,
    ...holds.map((hold) => lineOf(hold, now)),
    ...(action ? [lineOf(action, now)] : []),
  ];
  for (const line of lines) {
    const memory = pools[line.poolId];
    const fingerprint = [
      line.kind,
      line.code,
      describeSize(line.from),
      describeSize(line.to),
      line.who,
      config.hash,
    ].join('|');
    if (memory?.decision === fingerprint) continue;
    if (memory) pools[line.poolId] = remember(memory, { decision: fingerprint });
    if (memory || line.kind !== 'hold') decisions.push({ ...line, configHash: config.hash });
  }
  return { record: decisions.length === 0 ? record : { ...record, pools }, decisions };
}

function lineOf(entry: Action | Hold, at: EpochMs): Line {
  const { kind, region, clusterId, cluster, poolId, pool, from, to, reason, who } = entry;
  const code = entry.kind === 'hold' ? entry.code : 'scale';
  return { schema: 1, at, region, clusterId, cluster, poolId, pool, kind, code, from, to, reason, who };
}
