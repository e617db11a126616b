import type { ObservedPool } from '../../model/cluster.ts';
import type { Notice } from '../../model/finding.ts';
import { describeSize, equalSize, type Size, saysLeave } from '../../model/size.ts';
import { dayMs, type EpochMs, hourMs, iso, minuteMs } from '../../model/time.ts';
import { nextChange, saysAt } from '../schedule/timeline.ts';
import { isLeftOut } from './base.ts';
import { type Kept, type PoolMemory, remember } from './memory.ts';
import { type PoolInput, poolLabel } from './pool-view.ts';
import { isLookFresh, isReached } from './refresh-memory.ts';

/** A size set by hand replaces the schedule at most this long. */
const keptAtMostMs = dayMs;

/**
 * A pool that reached its size (or was read with no edge in between), is Running with no change in flight, and has
 * another size than last seen: a person or Terraform changed it.
 */
export function isPersonsChange(input: PoolInput, memory: PoolMemory, running: Size): boolean {
  // The end of a change is not newer than the last observation of the pool: a store restored from an hour ago brings
  // back a change of the evening before (ADR 20).
  if (input.evidence !== undefined) return isLookFresh(memory, input);
  if (memory.seen === undefined || equalSize(memory.seen.size, running)) return false;
  // A size that we asked for and gave up may appear late; then it was our change.
  if (isLateEffect(memory, running, input.pool)) return false;
  return isReached(memory, input) || isLookFresh(memory, input);
}

export type PersonsChange = { readonly memory: PoolMemory; readonly notice: Notice; readonly kept: Kept | undefined };

/** The effect of a manual change: kept until the schedule next changes, or reverted if the rule says so. */
export function takePersonsChange(
  input: PoolInput,
  memory: PoolMemory,
  running: Size,
  scheduled: Size | undefined,
): PersonsChange {
  const { now, rule } = input;
  const isPutBack = equalSize(running, scheduled);
  const isKept = rule.onHumanChange === 'respect' && !isPutBack && !isUnderOverrideAlone(input);
  const kept: Kept | undefined = isKept ? { size: running, since: now, until: keptUntil(input, memory) } : undefined;
  const patched = remember(memory, {
    kept,
    foreign: [...(memory.foreign ?? []), now].slice(-3),
    reachedAt: isKept || isPutBack ? now : memory.reachedAt,
  });
  const notice = noticeOf(input, memory.seen?.size, running, whatFollows(input, kept));
  return { memory: patched, kept, notice };
}

/** The schedule says leave: when the override ends, its size stays and nothing is restored (ADR 36). */
function isUnderOverrideAlone({ asks, timeline, now }: PoolInput): boolean {
  return asks.override !== undefined && saysLeave(saysAt(timeline, now));
}

/** The next change of the schedule; after a raise ahead of a boundary, the one after that boundary. */
function keptUntil(input: PoolInput, memory: PoolMemory): EpochMs {
  const from = Math.max(input.now, memory.ahead ?? input.now);
  const next = nextChange(input.timeline, from)?.at ?? Number.POSITIVE_INFINITY;
  return Math.min(next, input.now + keptAtMostMs);
}

/** A new base set by a person: it need not be kept, but is reported. */
export function noticeOfBase(input: PoolInput, memory: PoolMemory, running: Size): Notice {
  const isNew = !equalSize(memory.base, running);
  return noticeOf(input, memory.seen?.size, running, isNew ? 'that is its base from now on' : 'that is its base');
}

function whatFollows({ rule, asks: { override }, timeline, now }: PoolInput, kept: Kept | undefined): string {
  const above = override && `the override by ${override.who} beats it until ${iso(override.until)}`;
  if (kept === undefined) {
    if (rule.onHumanChange === 'enforce') return 'it is changed back, since its rule says enforce';
    if (!saysLeave(saysAt(timeline, now))) return 'that is what the schedule says';
    return above ? `${above}, and the size that it sets stays` : 'the schedule leaves it as it is';
  }
  const until = `kept until ${iso(kept.until)}`;
  if (override === undefined || above === undefined) return until;
  return override.until < kept.until ? `${above}, then it is ${until}` : above;
}

function noticeOf(input: PoolInput, before: Size | undefined, after: Size, then: string): Notice {
  const { region, clusterId, poolId, cluster, pool } = input.names;
  const was = before === undefined || equalSize(before, after) ? '' : ` from ${describeSize(before)}`;
  return {
    kind: 'pool.changed-by-hand',
    subject: { kind: 'pool', region, clusterId, poolId, cluster, pool },
    text: `${poolLabel(input.names)} was changed${was} to ${describeSize(after)} by somebody else; ${then}`,
    at: input.now,
    facts: { before: describeSize(before), after: describeSize(after) },
  };
}

/** A PUT may take effect minutes after everybody gave up on it; by then the pool is changing. */
const beginsWithinMs = 15 * minuteMs;
/** From then on, the longest time of a normal resize. */
const showsForMs = hourMs;

/**
 * Does the pool have a size that we asked for and gave up? The same size set much later is somebody else's, unless the
 * pool has been changing ever since. Otherwise an old Terraform plan is taken for our own raise, or our slow lower for
 * a manual change.
 */
export function isLateEffect(
  { notApplied, unseenSince }: Pick<PoolMemory, 'notApplied' | 'unseenSince'>,
  running: Size,
  pool: ObservedPool,
): boolean {
  if (notApplied === undefined || !equalSize(notApplied.target, running)) return false;
  const { at } = notApplied;
  const { updatedAt } = pool;
  if (at === undefined || updatedAt === undefined || isLeftOut(pool)) return true;
  return updatedAt - at <= showsForMs || (unseenSince !== undefined && unseenSince - at <= beginsWithinMs);
}
