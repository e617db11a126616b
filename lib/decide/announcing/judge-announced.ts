import { clusterKey, isDeleting, poolKey } from '../../model/cluster.ts';
import { equalSize, isLower, isRaise, type Size } from '../../model/size.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';
import type { ObservedFleetCluster } from '../scaling/memory.ts';
import type { Action, Hold, HoldCode, Plan, PoolName, PoolState, RoundInput } from '../scaling/plan.ts';
import { isUnread } from '../scaling/plan-round.ts';
import { makeRuleBook } from '../scaling/rule-book.ts';
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
  const states = new Map(plan.pools.map((state) => [poolKey(state), state]));
  const holds = new Map(plan.holds.map((hold) => [poolKey(hold), hold]));
  const actions = new Map(plan.actions.map((action) => [poolKey(action), action]));
  const clusters = new Map(input.clusters.map((seen) => [clusterKey(seen.cluster.region, seen.cluster.id), seen]));
  const happened = new Map(before.filter(({ how }) => how === 'done').map((one) => [nameOf(one), one]));
  const book = input.book ?? makeRuleBook(input.config, input.now);
  return open.flatMap((one): readonly Verdict[] => {
    const { region, clusterId, poolId, boundary, saidAt } = one;
    const seen = clusters.get(clusterKey(region, clusterId));
    const key = poolKey(one);
    const verdict = (how: Verdict['how'], why: string): readonly Verdict[] => [
      { region, clusterId, poolId, boundary, saidAt, how, why },
    ];
    const known = happened.get(nameOf(one));
    const isUnseen = seen?.pools === undefined || input.wrongClocks?.has(region) === true;
    if (known !== undefined && (isUnseen || boundary <= input.now)) return [known];
    if (seen === undefined || input.wrongClocks?.has(region)) return [];
    if (seen.pools === undefined) return isUnread(book, seen) ? [] : verdict('changed', whyUnread(seen));
    if (!seen.pools.some(({ id }) => id === poolId)) return verdict('changed', 'the pool is gone');
    if (equalSize(changes.get(changeKey(one, boundary))?.to, one.to)) return [];
    const state = states.get(key);
    if (state !== undefined && isThere(one, state.seen)) return verdict('done', '');
    const hold = holds.get(key);
    // It may still happen in this very round.
    if (isOnItsWay(one, actions.get(key), hold))
      return input.now - boundary < lateAfterMs ? [] : verdict('late', hold?.reason ?? 'it is tried again');
    const instead = actions.get(key)?.to ?? hold?.to;
    if (boundary <= input.now && goesElsewhere(one, state?.seen, actions.get(key), hold) && instead !== undefined)
      return verdict('changed', state?.reason ?? '').map((found) => ({ ...found, instead }));
    if (boundary > input.now) return verdict('changed', reasons.get(changeKey(one, boundary)) ?? whyNot(state, hold));
    const mayPass = state?.seen === undefined || (hold !== undefined && passing.includes(hold.code));
    return mayPass && input.now - boundary < patienceMs ? [] : verdict('changed', whyNot(state, hold));
  });
}

function nameOf(one: Pick<Verdict, 'region' | 'clusterId' | 'poolId' | 'boundary' | 'saidAt'>): string {
  return `${changeKey(one, one.boundary)}\n${one.saidAt}`;
}

/** Its pools need not be read: nothing is done with them, and nothing is to be restored. */
function whyUnread({ cluster }: ObservedFleetCluster): string {
  return isDeleting(cluster) ? 'the cluster is being deleted' : noRule;
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
