import { clusterKey, isDeleting, poolKey } from '../../model/cluster.ts';
import { equalSize, isLower, isRaise, type Size } from '../../model/size.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import { observedSize } from '../scaling/base.ts';
import type { ObservedFleetCluster } from '../scaling/memory.ts';
import type { Action, Hold, HoldCode, Plan, PoolName, PoolState, RoundInput } from '../scaling/plan.ts';
import { isUnread, withAskedLabels } from '../scaling/plan-round.ts';
import { labelledNames, makeRuleBook, type RuleBook } from '../scaling/rule-book.ts';
import { type AnnouncedPool, changeKey, lateAfterMs } from './announcement.ts';

/** The outcome of an announced change: it happened, or it will not (did not) happen as announced. */
export type Verdict = Pick<PoolName, 'region' | 'clusterId' | 'poolId'> & {
  readonly boundary: EpochMs;
  /** When the judged announcement was made; newer announcements of the same change are not judged by it. */
  readonly saidAt: EpochMs;
  readonly how: 'done' | 'changed' | 'late';
  readonly why: string;
  /** It changes in the announced direction, but to another size. */
  readonly instead?: Size;
};

/** Holds that end soon: the change will still come. */
export const soon: readonly HoldCode[] = ['slot', 'max-changes'];

/** Temporary holds: the change may still come. */
const passing: readonly HoldCode[] = [
  'in-flight',
  'stuck',
  'cluster-not-running',
  'pool-not-running',
  'unknown-status',
  'absent-size',
  'unreadable',
  'stale',
  'contended',
  'cool-down',
];
/** How long after its boundary a temporary hold may delay a change before it counts as not happening. */
const patienceMs = hourMs;

/** What a round knows of the coming changes, and what the rounds before it saw. */
type Judging = {
  /** What is still coming, by pool and boundary. */
  readonly changes: ReadonlyMap<string, { readonly to: Size }>;
  /** Why a pool has its size at an instant. */
  readonly reasons: ReadonlyMap<string, string>;
  /** Verdicts of the round before. */
  readonly before: readonly Verdict[];
};

type Open = AnnouncedPool & { readonly boundary: EpochMs };

/**
 * The outcome of each announced change. Each round judges all that are open, since the watch may see any of them; what
 * was seen to happen is carried on, whatever becomes of the pool later. There is no other verdict while our clock is
 * wrong, nor for clusters that were to be read and were not.
 */
export function judgeAnnounced(
  open: readonly Open[],
  input: RoundInput,
  plan: Plan,
  { changes, reasons, before }: Judging,
): readonly Verdict[] {
  if (open.length === 0) return [];
  const round: Round = {
    input,
    states: new Map(plan.pools.map((state) => [poolKey(state), state])),
    holds: new Map(plan.holds.map((hold) => [poolKey(hold), hold])),
    actions: new Map(plan.actions.map((action) => [poolKey(action), action])),
    changes,
    reasons,
  };
  const clusters = new Map(input.clusters.map((seen) => [clusterKey(seen.cluster.region, seen.cluster.id), seen]));
  const happened = new Map(before.filter(({ how }) => how === 'done').map((one) => [nameOf(one), one]));
  const book = input.book ?? makeRuleBook(input.config, input.now);
  return open.flatMap((one): readonly Verdict[] => {
    const { region, clusterId, poolId, boundary, saidAt } = one;
    const seen = clusters.get(clusterKey(region, clusterId));
    const isClockWrong = input.wrongClocks?.has(region) === true;
    const known = happened.get(nameOf(one));
    if (known !== undefined && (seen?.pools === undefined || isClockWrong || boundary <= input.now)) return [known];
    if (seen === undefined || isClockWrong) return [];
    const ended =
      seen.pools === undefined ? ofUnread(seen, book) : ofPool(one, withAskedLabels(seen, book), round, book);
    return ended === undefined ? [] : [{ region, clusterId, poolId, boundary, saidAt, ...ended }];
  });
}

type Round = Omit<Judging, 'before'> & {
  readonly input: RoundInput;
  readonly states: ReadonlyMap<string, PoolState>;
  readonly holds: ReadonlyMap<string, Hold>;
  readonly actions: ReadonlyMap<string, Action>;
};

type End = Pick<Verdict, 'how' | 'why' | 'instead'>;

/** Its pools need not be read where nothing is done with them, and nothing is to be restored. */
function ofUnread(seen: ObservedFleetCluster, book: RuleBook): End | undefined {
  if (isUnread(book, seen)) return undefined;
  return changed(isDeleting(seen.cluster) ? 'the cluster is being deleted' : noRule);
}

/** undefined = it may still happen. */
function ofPool(
  one: Open,
  { cluster, pools = [], record }: ObservedFleetCluster,
  { input, states, holds, actions, changes, reasons }: Round,
  book: RuleBook,
): End | undefined {
  const { boundary, poolId } = one;
  const sinceMs = input.now - boundary;
  const pool = pools.find(({ id }) => id === poolId);
  if (pool === undefined) return changed('the pool is gone');
  if (equalSize(changes.get(changeKey(one, boundary))?.to, one.to)) return undefined;
  const key = poolKey(one);
  const [state, hold, action] = [states.get(key), holds.get(key), actions.get(key)];
  const size =
    state === undefined && pool.status === 'Running' ? observedSize(pool, record?.pools[poolId]) : state?.seen;
  if (isThere(one, size)) return { how: 'done', why: '' };
  // It may still happen in this very round.
  if (isOnItsWay(one, action, hold))
    return sinceMs < lateAfterMs ? undefined : { how: 'late', why: hold?.reason ?? 'it is tried again' };
  if (book.appliedRule(labelledNames(cluster, pool)) === undefined) return changed(noRule);
  const instead = action?.to ?? hold?.to;
  if (sinceMs >= 0 && goesElsewhere(one, size, action, hold) && instead !== undefined)
    return { ...changed(state?.reason ?? ''), instead };
  if (sinceMs < 0) return changed(reasons.get(changeKey(one, boundary)) ?? whyNot(state, hold));
  const mayPass = state?.seen === undefined || (hold !== undefined && passing.includes(hold.code));
  return mayPass && sinceMs < patienceMs ? undefined : changed(whyNot(state, hold));
}

function changed(why: string): End {
  return { how: 'changed', why };
}

function nameOf(one: Pick<Verdict, 'region' | 'clusterId' | 'poolId' | 'boundary' | 'saidAt'>): string {
  return `${changeKey(one, one.boundary)}\n${one.saidAt}`;
}

const noRule = 'no rule with a schedule matches it any more';

function whyNot(state: PoolState | undefined, hold: Hold | undefined): string {
  return hold?.reason ?? state?.reason ?? noRule;
}

/** Does the pool have the announced size, or has it gone further in the same direction? */
function isThere({ by, to }: AnnouncedPool, seen: Size | undefined): boolean {
  if (seen === undefined) return false;
  return by < 0 ? !isLower(seen, to) : !isRaise(seen, to);
}

/** Lowered (or raised) as announced, but not to the announced size. */
function goesElsewhere(
  { by }: AnnouncedPool,
  seen: Size | undefined,
  action: Action | undefined,
  hold: Hold | undefined,
): boolean {
  const to = underWay(action, hold);
  if (to === undefined || seen === undefined) return false;
  return by < 0 ? isLower(seen, to) && !isRaise(seen, to) : isRaise(seen, to);
}

function isOnItsWay(one: AnnouncedPool, action: Action | undefined, hold: Hold | undefined): boolean {
  const wanted = underWay(action, hold);
  return wanted !== undefined && isThere(one, wanted);
}

/** The size a pool is certainly changing to. */
function underWay(action: Action | undefined, hold: Hold | undefined): Size | undefined {
  const isSoon = hold !== undefined && (soon.includes(hold.code) || hold.code === 'in-flight');
  return action?.to ?? (isSoon ? hold.to : undefined);
}
