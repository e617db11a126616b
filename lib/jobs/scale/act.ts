import { apartText, type ClockReading, isApart, readingOnArrival } from '../../decide/clock-skew.ts';
import { claimLastsMs, type Dropped, dropClaim } from '../../decide/scaling/claim.ts';
import type { Action, Decision, RecordUpdate } from '../../decide/scaling/plan.ts';
import { sizeWithin } from '../../decide/scaling/refusal.ts';
import type { FreshPool, OwnedFields } from '../../io/mks/mks.ts';
import type { Version } from '../../io/stores/store.ts';
import { type Answer, describeAnswer, saidBy } from '../../model/answer.ts';
import type { ObservedPool } from '../../model/cluster.ts';
import { describeSize, isRange } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { clusterWrite, decisionWrite, decisionWrites } from '../records/cluster-records.ts';
import type { ActionResult, ScaleParts, ScaleProblem } from './scale-round.ts';

export type Acted = {
  readonly result: ActionResult | undefined;
  readonly problem: ScaleProblem | undefined;
  /** The cluster's record was not stored. */
  readonly isLost?: boolean;
};

/** The least time that a claim with its GET and PUT needs. */
const actNeedsMs = 50_000;

/**
 * Stores one cluster's record and, if there is a change, makes it: claim (compare-and-set), fresh GET, comparison with
 * the plan, PUT. Losing the compare-and-set means that another process has this cluster.
 */
export async function actOnCluster(
  parts: ScaleParts,
  update: RecordUpdate,
  version: Version | undefined,
  planned: ObservedPool | undefined,
): Promise<Acted> {
  const { action } = update;
  if (action && parts.timeLeftMs && parts.timeLeftMs() < actNeedsMs)
    return { result: 'no-time', problem: undefined, isLost: true };
  const claimedAt = parts.clock.now();
  const record =
    update.record.change && action
      ? { ...update.record, change: { ...update.record.change, claimedAt } }
      : update.record;
  const writes = decisionWrites(update.decisions, parts.newId, parts.config.keepMs);
  const outcome = await parts.store.commit([clusterWrite(update.region, update.clusterId, record, version), ...writes]);
  if (outcome.kind === 'conflict') return { result: action && 'claimed-elsewhere', problem: undefined, isLost: true };
  if (action === undefined) return { result: undefined, problem: undefined };
  const claim = { update: { ...update, record }, action, version: outcome.versions[0], planned, claimedAt };
  return resize(parts, claim);
}

/** A change that only this process may send now. */
type Claim = {
  /** As it was stored. */
  readonly update: RecordUpdate;
  readonly version: Version | undefined;
  readonly action: Action;
  /** The pool as the plan knows it. */
  readonly planned: ObservedPool | undefined;
  readonly claimedAt: EpochMs;
};

async function resize(parts: ScaleParts, claim: Claim): Promise<Acted> {
  const { action, planned, claimedAt } = claim;
  const { clusterId, poolId } = action;
  const mks = parts.mksOf(action.region);
  const fresh = await mks.getNodePool(clusterId, poolId);
  if (fresh.kind !== 'ok')
    return drop(parts, claim, `could not be read again: ${describeAnswer(fresh)}`, ofRead(fresh));
  const reading = readingOnArrival(fresh);
  if (reading && isApart(reading)) return drop(parts, claim, wrongClockReason(reading));
  if (planned && !isAsPlanned(fresh.value, planned)) return drop(parts, claim, undefined);
  const fields = ownedFields(action, fresh.value);
  const answer = await mks.putNodePool(clusterId, fresh.value, fields, claimedAt + claimLastsMs);
  return conclude(parts, claim, answer);
}

/** A PUT that may have been applied keeps its claim: later rounds find out. */
async function conclude(parts: ScaleParts, claim: Claim, answer: Answer<unknown>): Promise<Acted> {
  const { action } = claim;
  const { region, cluster, pool, reason: why } = action;
  const [from, to] = [describeSize(action.from), describeSize(action.to)];
  if (answer.kind === 'ok') {
    parts.log.info('pool scaled', { region, cluster, pool, from, to, reason: why });
    return { result: 'sent', problem: undefined };
  }
  const reason = `could not be set to ${to}: ${describeAnswer(answer)}`;
  if (answer.kind !== 'unknown' || !answer.maybeApplied) return drop(parts, claim, reason, endingOf(answer));
  const problem = problemOf(action, `${reason}; the next round will show whether it was applied`);
  return { result: 'outcome-unknown', problem };
}

/** The last check of the clock before a PUT: it may have jumped since the round began. */
function wrongClockReason(reading: ClockReading): string {
  return `was not changed: the clocks of this machine and of the API are ${apartText(reading)} apart`;
}

/**
 * Only our own fields: bounds of an autoscaled pool, size of a fixed one. If the plan also sends an autoscaled pool's
 * size, the freshly read size is moved into the bounds, since the autoscaler may have changed it.
 */
function ownedFields(action: Action, fresh: FreshPool): OwnedFields {
  const { to } = action;
  if (!isRange(to)) return { size: to };
  if (to.min > to.max) throw new RangeError(`size_min ${to.min} is above size_max ${to.max}`);
  const size = action.size === undefined ? undefined : sizeWithin(fresh.observed, action);
  return { ...(size === undefined ? {} : { size }), size_min: to.min, size_max: to.max };
}

/** The pool has not changed since the plan was made. */
function isAsPlanned({ observed }: FreshPool, planned: ObservedPool): boolean {
  if (observed.status !== planned.status || observed.autoscale !== planned.autoscale) return false;
  if (!observed.autoscale) return observed.size === planned.size;
  return observed.sizeMin === planned.sizeMin && observed.sizeMax === planned.sizeMax;
}

type NotOk = Exclude<Answer<unknown>, { kind: 'ok' }>;

/** Cancels the claim. If that fails too, the claim settles by later observations. */
async function drop(
  parts: ScaleParts,
  claim: Claim,
  reason: string | undefined,
  { how, result }: Ending = unsent,
): Promise<Acted> {
  const { update, action, version, planned } = claim;
  const now = parts.clock.now();
  const record = dropClaim(update.record, how, planned?.updatedAt, now);
  const decision = decisionOf(action, how, reason, now, parts.config.hash);
  await parts.store.commit([
    clusterWrite(action.region, action.clusterId, record, version),
    decisionWrite(decision, `999-${parts.newId()}`, parts.config.keepMs),
  ]);
  return { result, problem: reason === undefined || how.kind === 'busy' ? undefined : problemOf(action, reason) };
}

type Ending = { readonly how: Dropped; readonly result: ActionResult };

/** There was no reason to send it any more. */
const unsent: Ending = { how: { kind: 'dropped' }, result: 'dropped' };
const failed: Ending = { how: { kind: 'dropped' }, result: 'failed' };

/** A read refused as invalid is a failed read: it says nothing about a size that was not sent yet. */
function ofRead(answer: NotOk): Ending {
  return answer.kind === 'refused' ? failed : endingOf(answer);
}

function endingOf(answer: NotOk): Ending {
  if (answer.kind === 'busy') return { how: { kind: 'busy' }, result: 'busy' };
  if (answer.kind !== 'refused' && answer.kind !== 'forbidden') return failed;
  const why = answer.kind === 'refused' ? answer.reason : 'forbidden';
  return { how: { kind: 'refused', why, detail: saidBy(answer) }, result: 'refused' };
}

function decisionOf(
  action: Action,
  how: Dropped,
  reason: string | undefined,
  at: number,
  configHash: string,
): Decision {
  const { region, clusterId, cluster, poolId, pool, from, to, who } = action;
  const kind = how.kind === 'refused' ? 'refused' : 'dropped';
  const why = reason ?? 'the pool has changed since it was read';
  return {
    schema: 1,
    at,
    region,
    clusterId,
    cluster,
    poolId,
    pool,
    kind,
    code: how.kind,
    from,
    to,
    reason: why,
    who,
    configHash,
  };
}

function problemOf(action: Action, reason: string): ScaleProblem {
  return {
    region: action.region,
    cluster: action.cluster,
    pool: action.pool,
    reason: `${action.cluster}/${action.pool} ${reason}`,
  };
}
