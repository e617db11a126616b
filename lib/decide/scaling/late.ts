import type { Finding } from '../../model/finding.ts';
import { describeSize, equalSize, isBetween, isRaise, type Size } from '../../model/size.ts';
import { counted } from '../../model/text.ts';
import { type EpochMs, iso, minuteMs } from '../../model/time.ts';
import type { Pending, PoolMemory } from './memory.ts';
import type { Hold } from './plan.ts';
import { type PoolView, poolFinding, poolLabel } from './pool-view.ts';
import { refusalOf } from './refusal.ts';

const withLeadMs = 15 * minuteMs;
const withoutLeadMs = 45 * minuteMs;
/** Per other pool of the cluster before this one: a resize of up to 15 min, and two rounds. */
const perOtherPoolMs = 17 * minuteMs;

/**
 * A pool is late when it is not at its size by the later of the boundary and the instant the size became wanted, plus
 * 15 min with lead, else 45 min, plus 17 min for each other pool of its cluster that changes at the same boundary.
 */
export function deadlineOf(view: PoolView, memory: PoolMemory, siblings: readonly PoolView[]): EpochMs {
  const { pending, short } = memory;
  const since = pending ? owedSince(pending, view.current) : (short?.since ?? Number.NEGATIVE_INFINITY);
  const from = Math.max(view.boundary ?? Number.NEGATIVE_INFINITY, since);
  const others = siblings.filter(
    (other) =>
      other.names.poolId !== view.names.poolId && other.boundary !== undefined && other.boundary === view.boundary,
  );
  return from + (view.rule.lead.kind === 'none' ? withoutLeadMs : withLeadMs) + others.length * perOtherPoolMs;
}

export type Late = { readonly view: PoolView; readonly memory: PoolMemory };

/** A late pool is reported whatever holds it, unless a person asked for the hold. */
export function latePools(finished: readonly Late[], siblings: readonly PoolView[], now: EpochMs): readonly Late[] {
  return finished.flatMap((pool) => ifLate(pool, siblings, now) ?? []);
}

function ifLate({ view, memory }: Late, siblings: readonly PoolView[], now: EpochMs): Late | undefined {
  if (memory.pending === undefined && memory.short === undefined) return undefined;
  const deadline = deadlineOf(view, memory, siblings);
  if (view.isLateSuppressed || now <= deadline) return undefined;
  return { view, memory };
}

/** Reported when all holds are known: those of the slot, the brake and the limits come last in a round. */
export function lateFinding({ view, memory }: Late, siblings: readonly PoolView[], holds: readonly Hold[]): Finding {
  if (memory.pending === undefined && memory.short !== undefined) return shortFinding({ view, memory }, siblings);
  const target = memory.pending?.target ?? view.target ?? 0;
  const why = holds.find(({ poolId }) => poolId === view.names.poolId)?.reason ?? `${view.reason}; it is changed now`;
  const raise = mayBeTooSmall(view, target);
  const text = `${poolLabel(view.names)} should be at ${describeSize(target)}${whereItIs(view, target)}: ${why}`;
  const did = whatWasDone(memory, target);
  return poolFinding(view.names, 'pool.late', raise ? 'critical' : 'warning', text, {
    since: deadlineOf(view, memory, siblings),
    fix: `run: lamplighter explain "${poolLabel(view.names)}", and look at the pool in the console`,
    facts: {
      wanted: describeSize(target),
      seen: describeSize(view.current),
      status: view.pool.status,
      ...(did !== undefined && { did }),
    },
  });
}

function whereItIs({ current, pool }: PoolView, target: Size): string {
  return current !== undefined && equalSize(current, target)
    ? `, which is set, and is still ${pool.status}`
    : ` and is at ${describeSize(current)} (${pool.status})`;
}

/**
 * The bounds are set but the nodes are missing, so people still wait. An omitted node count may mean 0; for a pool that
 * never had one it is simply unknown (ADR 7).
 */
function shortFinding({ view, memory }: Late, siblings: readonly PoolView[]): Finding {
  const { names, pool, current, block } = view;
  const least = memory.short?.least ?? 0;
  const wanted = `${poolLabel(names)} should have at least ${counted(least, 'node')}`;
  const isTold = pool.size !== undefined || memory.tellsNodes === true;
  const nodes = current === undefined ? undefined : pool.size;
  const unknown = (current === undefined && block?.reason) || 'the API does not say how many it has';
  const text =
    nodes === undefined
      ? `${wanted}, and ${unknown} (${pool.status})`
      : `${wanted} and has ${nodes} (${pool.status}), though its bounds are ${describeSize(current)}`;
  const extra = {
    since: deadlineOf(view, memory, siblings),
    fix: `look at the pool in the console: its autoscaler should have added the nodes`,
    facts: { wanted: least, seen: nodes ?? 'unknown', status: pool.status },
  };
  return isTold
    ? poolFinding(names, 'pool.late', 'critical', text, extra)
    : poolFinding(names, 'pool.unclear', 'warning', text, extra);
}

/** An unknown size may be 0: at base time it counts as a raise that somebody waits for. */
function mayBeTooSmall(view: PoolView, target: Size): boolean {
  return view.current === undefined ? equalSize(view.base, target) : isRaise(view.current, target);
}

/** What Lamplighter did to reach the size, as far as it remembers: the worst outcome. */
export function whatWasDone(memory: PoolMemory, target: Size): string | undefined {
  const { stuck, notApplied, lastSet } = memory;
  const size = describeSize(target);
  const refusal = refusalOf(memory, target);
  if (refusal !== undefined) return `asked for ${size}, which was refused: ${refusal.detail}`;
  if (stuck !== undefined && equalSize(stuck.to, target)) {
    return `asked for ${size} at ${iso(stuck.claimedAt)}, not done yet`;
  }
  if (notApplied !== undefined && equalSize(notApplied.target, target)) {
    return `asked for ${size}${timesIn(notApplied.count)}`;
  }
  return lastSet !== undefined && equalSize(lastSet, target) ? `asked for ${size}, which the API accepted` : undefined;
}

function timesIn(count: number): string {
  if (count === 0) return ', then the API did not show the pool for a while';
  return `${count === 1 ? ' once' : ` ${count} times`}, and nothing changed`;
}

/**
 * The unreached target, and since when. Asking for more does not reset a pool's lateness: a smaller step in the same
 * direction stays due since it was first wanted.
 */
export function pendingFor(
  before: Pending | undefined,
  current: Size | undefined,
  target: Size,
  now: EpochMs,
): Pending {
  if (before === undefined || current === undefined || equalSize(current, target)) return { target, since: now };
  const { owed, ...last } = before;
  const earlier = owed === undefined ? [last] : [owed, last];
  const open = earlier.filter((wanted) => !equalSize(wanted.target, current));
  const beyond = open.find((wanted) => isBetween(target, current, wanted.target));
  const onTheWay = open.find((wanted) => isBetween(wanted.target, current, target) && wanted !== beyond);
  const since = beyond?.since ?? now;
  return onTheWay !== undefined && onTheWay.since < since ? { target, since, owed: onTheWay } : { target, since };
}

/** Since when the pool has been short: of the first step that is due, until it is reached. */
export function owedSince({ target, since, owed }: Pending, current: Size | undefined): EpochMs {
  if (owed === undefined || current === undefined || equalSize(owed.target, current)) return since;
  return isBetween(owed.target, current, target) ? owed.since : since;
}
