import type { EpochMs, ObservedPool } from '../model.ts';
import { type Change, type ClusterRecord, type NotApplied, type PoolMemory, type Refusal, remember } from './memory.ts';
import { observedSizeDuring } from './observed-size.ts';
import type { Decision, PoolName } from './plan.ts';
import { addRefusal } from './refusal.ts';
import { type Settlement, settleChange } from './settle.ts';
import { describeSize, equalSize, isRaise, lower } from './size.ts';
import { isStale } from './stale.ts';

/** `claimedAt`: the claim was a look, too; what somebody did came after it. */
export type Evidence = { readonly kind: 'superseded' | 'undone'; readonly claimedAt: EpochMs };

export type Settled = {
  readonly change: Change | undefined;
  readonly pools: { readonly [poolId: string]: PoolMemory };
  /** What settling showed about people's hands, by pool id. */
  readonly evidence: { readonly [poolId: string]: Evidence };
  readonly decisions: readonly Omit<Decision, 'configHash'>[];
};

export type SettleInput = {
  readonly record: ClusterRecord;
  readonly region: string;
  readonly clusterId: string;
  readonly pools: readonly ObservedPool[];
  readonly now: EpochMs;
  readonly stuckAfterMs: number;
};

/** Every mark of the cluster (the change in flight, and changes that got stuck) against what is seen now. */
export function settleRecord(input: SettleInput): Settled {
  const { record } = input;
  let settled: Settled = { change: undefined, pools: record.pools, evidence: {}, decisions: [] };
  const stuck = Object.entries(record.pools).flatMap(([, memory]) => (memory.stuck ? [memory.stuck] : []));
  for (const change of stuck) settled = settleOne(input, settled, change, true);
  return record.change ? settleOne(input, settled, record.change, false) : settled;
}

function settleOne(input: SettleInput, settled: Settled, change: Change, wasStuck: boolean): Settled {
  const pool = input.pools.find((candidate) => candidate.id === change.poolId);
  const memory = settled.pools[change.poolId];
  if (pool && memory && isStale(memory, pool, input.now)) return wasStuck ? settled : { ...settled, change };
  const size = pool && observedSizeDuring(pool, memory, change);
  const running = pool?.status === 'Running' ? size : undefined;
  const missingSince = memory === undefined ? change.claimedAt : memory.missingSince;
  const settlement = settleChange(change, pool, running, input.now, input.stuckAfterMs, missingSince);
  if (settlement.kind === 'wait' || (settlement.kind === 'stuck' && wasStuck))
    return wasStuck ? settled : { ...settled, change };
  if (memory === undefined) return settled;
  const next = afterSettlement(memory, change, settlement, pool, input.now);
  const isPersons = settlement.kind === 'superseded' || settlement.kind === 'undone';
  return {
    change: settled.change,
    pools: { ...settled.pools, [change.poolId]: next },
    evidence: isPersons
      ? { ...settled.evidence, [change.poolId]: { kind: settlement.kind, claimedAt: change.claimedAt } }
      : settled.evidence,
    decisions: [...settled.decisions, ...decisionOf(input, memory, change, settlement)],
  };
}

function afterSettlement(
  memory: PoolMemory,
  change: Change,
  settlement: Settlement,
  pool: ObservedPool | undefined,
  now: EpochMs,
): PoolMemory {
  const free = remember(memory, { stuck: undefined });
  switch (settlement.kind) {
    case 'done': {
      const raises = isRaise(change.from, change.to)
        ? [...(memory.raisesMs ?? []), settlement.tookMs].slice(-10)
        : memory.raisesMs;
      const seen = { size: change.to, at: now, updatedAt: pool?.updatedAt };
      return remember(free, {
        seen,
        lastSet: change.to,
        raisesMs: raises,
        notApplied: undefined,
        refusals: undefined,
        busySince: undefined,
      });
    }
    case 'superseded':
    case 'undone':
      return remember(free, { notApplied: undefined, ahead: undefined, busySince: undefined });
    case 'not-applied':
      return notApplied(free, change, pool, now);
    case 'stuck':
      return remember(memory, { stuck: change, busySince: undefined });
    case 'vanished':
      return remember(free, { lastSet: lastAsked(memory, change), notApplied: perhapsApplied(memory, change, now) });
    case 'wait':
      return free;
  }
}

/** What was asked for may be applied after nobody waits for it any more: a size that is absent then is our 0. */
function lastAsked(memory: PoolMemory, change: Change): PoolMemory['lastSet'] {
  return lower(change.to) === 0 ? change.to : memory.lastSet;
}

/** Nobody saw what came of it. Shows the pool that size when it is back, it was us. */
function perhapsApplied({ notApplied: known }: PoolMemory, { to }: Change, at: EpochMs): NotApplied {
  // A size is only left out where it is 0: the 0 that was given up on before explains that, and this change does not.
  if (known !== undefined && lower(known.target) === 0 && lower(to) !== 0) return known;
  const isSame = known !== undefined && equalSize(known.target, to);
  return { target: to, count: isSame ? known.count : 0, at };
}

/** A server may say 2xx and ignore what it was sent: the third time in a row for one target counts as a refusal. */
function notApplied(memory: PoolMemory, change: Change, pool: ObservedPool | undefined, now: EpochMs): PoolMemory {
  const isSame = memory.notApplied !== undefined && describeSize(memory.notApplied.target) === describeSize(change.to);
  const count = isSame ? (memory.notApplied?.count ?? 0) + 1 : 1;
  const lastSet = lastAsked(memory, change);
  const counted = remember(memory, {
    notApplied: { target: change.to, count, at: now },
    lastSet,
    busySince: undefined,
  });
  if (count < 3) return counted;
  const why: Refusal['why'] = 'ignored';
  return addRefusal(
    counted,
    { target: change.to, why, detail: 'accepted and not applied', poolUpdatedAt: pool?.updatedAt },
    now,
  );
}

function decisionOf(
  input: SettleInput,
  memory: PoolMemory,
  change: Change,
  settlement: Settlement,
): Settled['decisions'] {
  if (settlement.kind === 'wait' || settlement.kind === 'vanished' || settlement.kind === 'stuck') return [];
  const names: PoolName = {
    region: input.region,
    clusterId: input.clusterId,
    cluster: input.record.cluster,
    poolId: change.poolId,
    pool: memory.name,
  };
  const reasons = {
    done: () => `done after ${Math.round((input.now - change.claimedAt) / 1000)} s`,
    superseded: () => 'somebody else set another size meanwhile',
    undone: () => 'it was put back to the old size',
    'not-applied': () => 'the change was not applied; it is planned again',
  };
  const reason = reasons[settlement.kind]();
  return [
    {
      schema: 1,
      ...names,
      at: input.now,
      kind: settlement.kind,
      code: settlement.kind,
      from: change.from,
      to: change.to,
      reason,
      who: 'lamplighter',
    },
  ];
}
