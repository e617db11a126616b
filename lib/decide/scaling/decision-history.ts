import { describeSize } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { type ClusterRecord, type PoolMemory, remember } from './memory.ts';
import type { Action, Decision, Hold, HoldCode } from './plan.ts';
import type { ClusterPlan } from './plan-cluster.ts';

type Line = Omit<Decision, 'configHash'>;

/**
 * A decision is stored if it differs from the pool's last one in kind, sizes, reason, config or actor. Reasons are
 * compared by code, since their texts contain times. Waiting for our own change is remembered without a line in the
 * history (ADR 46): the change has its own lines when claimed and when ended.
 */
export function keepHistory(
  { record, pools: seen, decisions: settled }: ClusterPlan,
  holds: readonly Hold[],
  action: Action | undefined,
  { now, config }: { readonly now: EpochMs; readonly config: { readonly hash: string } },
): { readonly record: ClusterRecord; readonly decisions: readonly Decision[] } {
  // Fast path for most rounds: nothing is copied.
  if (holds.length === 0 && settled.length === 0 && action === undefined)
    return { record: rememberHolds(record, holds), decisions: [] };
  const decisions: Decision[] = [];
  const pools: { [poolId: string]: PoolMemory } = { ...record.pools };
  const isOurs = action !== undefined || record.change !== undefined;
  let isNews = false;
  const sent = action && lineOf(action, now);
  const lines: readonly Line[] = [...settled, ...holds.map((hold) => lineOf(hold, now)), ...(sent ? [sent] : [])];
  for (const line of lines) {
    const memory = pools[line.poolId];
    const fingerprint = [
      line.kind,
      line === sent && action?.size !== undefined ? `${line.code} with size ${action.size}` : line.code,
      describeSize(line.from),
      describeSize(line.to),
      line.who,
      config.hash,
    ].join('|');
    if (memory?.decision === fingerprint) continue;
    isNews = true;
    if (memory) pools[line.poolId] = remember(memory, { decision: fingerprint });
    const nodes = seen.find(({ poolId }) => poolId === line.poolId)?.nodes;
    const decision = { ...line, configHash: config.hash };
    const isLine = !isOurs || !waitsForOurs.has(line.code);
    if (isLine) decisions.push(nodes === undefined ? decision : { ...decision, nodes });
  }
  return { record: rememberHolds(isNews ? { ...record, pools } : record, holds), decisions };
}

/** Holds that end with the cluster's change in flight. */
const waitsForOurs: ReadonlySet<string> = new Set<HoldCode>(['slot', 'in-flight']);

/** Each pool's hold of this round, for commands between rounds; absent if there is none. */
function rememberHolds(record: ClusterRecord, holds: readonly Hold[]): ClusterRecord {
  let pools: { [poolId: string]: PoolMemory } | undefined;
  for (const poolId in record.pools) {
    const memory = record.pools[poolId] as PoolMemory;
    const hold = holds.find((one) => one.poolId === poolId);
    if (hold === undefined && memory.held === undefined) continue;
    const held = hold && { code: hold.code, reason: hold.reason, until: hold.until };
    const next = remember(memory, { held });
    if (next !== memory) pools = { ...(pools ?? record.pools), [poolId]: next };
  }
  return pools === undefined ? record : { ...record, pools };
}

function lineOf(entry: Action | Hold, at: EpochMs): Line {
  const { kind, region, clusterId, cluster, poolId, pool, from, to, reason, who } = entry;
  const code = entry.kind === 'hold' ? entry.code : 'scale';
  return { schema: 1, at, region, clusterId, cluster, poolId, pool, kind, code, from, to, reason, who };
}
