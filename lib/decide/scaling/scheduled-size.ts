import type { ObservedPool } from '../../model/cluster.ts';
import type { Rule } from '../../model/config.ts';
import type { Lead } from '../../model/schedule.ts';
import {
  asPoolSize,
  clampSize,
  equalSize,
  isRaise,
  largest,
  type Says,
  type Size,
  saysLeave,
  type Term,
} from '../../model/size.ts';
import { compareText } from '../../model/text.ts';
import { type EpochMs, hourMs, minuteMs } from '../../model/time.ts';
import { nextChange, saysAt, saysBetween, type Timeline } from '../schedule/timeline.ts';
import { observedSize, storedBase } from './base.ts';
import type { Kept, PoolMemory } from './memory.ts';
import type { ClusterInput } from './plan.ts';
import type { AppliedRule } from './rule-book.ts';
import type { Settled } from './settle.ts';

/**
 * A lower looks 15 min further ahead than a raise: with equal times, pools were lowered shortly before they were needed
 * (ADR 21).
 */
export function lowerLookMs(leadMs: number): number {
  return leadMs + 15 * minuteMs;
}

export type Resolver = {
  readonly rule: Rule;
  /** undefined = the pool was not read: sizes stay in the rule's form. */
  readonly autoscale: boolean | undefined;
  readonly base: Size | undefined;
};

/**
 * One term as a size of this pool, after limits. Limits never apply to a remembered base, since a person chose it;
 * leave is no size.
 */
export function resolveTerm(term: Term, { rule, autoscale, base }: Resolver): Size | undefined {
  if (term === 'leave') return undefined;
  if (term === 'base') return rule.base === 'remembered' || base === undefined ? base : clampSize(base, rule.limits);
  const size = term === 'idle' ? rule.idle : term;
  const own = size === undefined || autoscale === undefined ? size : asPoolSize(size, autoscale);
  return own === undefined ? undefined : clampSize(own, rule.limits);
}

/** The largest term; none if there is only leave. `isWhole` is false if a term is unknown (an unknown base). */
export function resolveSays(says: Says, resolver: Resolver): { size: Size | undefined; isWhole: boolean } {
  let size: Size | undefined;
  let isWhole = true;
  for (const term of says) {
    if (term === 'leave') continue;
    const own = resolveTerm(term, resolver);
    if (own === undefined) isWhole = false;
    else size = size === undefined ? own : largest(size, own);
  }
  return { size, isWhole };
}

export type ScheduledViews = {
  /** What the schedule says now; undefined while a base is unknown. */
  readonly now: Size | undefined;
  /** Raises go up to this: the largest size over [now, now + lead]. */
  readonly up: Size | undefined;
  /** Lowers go down to this: the largest size over [now, now + lead + 15 min]; undefined = unknown, do not lower. */
  readonly down: Size | undefined;
  /** The boundary that makes `up` larger than the size now. */
  readonly aheadOf: EpochMs | undefined;
  /** The boundary that makes `down` larger than the size now. */
  readonly keptFor: EpochMs | undefined;
};

/** A size used instead of the schedule's, until it ends. */
type Standing = Pick<Kept, 'size' | 'until'>;

/**
 * While the schedule says leave, the pool's size stays until the schedule next wants one (ADR 36), or as long as a size
 * is kept. That includes the results of later leases and overrides.
 */
function standingNow(timeline: Timeline, now: EpochMs, kept: Kept | undefined, size: Size): Standing | undefined {
  if (!saysLeave(saysAt(timeline, now))) return kept;
  return { size, until: kept?.until ?? nextChange(timeline, now)?.at ?? Number.POSITIVE_INFINITY };
}

/** The schedule's sizes for a pool of this size; a kept size replaces them until it ends. */
export function scheduledViews(
  timeline: Timeline,
  now: EpochMs,
  leadMs: number,
  kept: Kept | undefined,
  resolver: Resolver,
  current: Size,
): ScheduledViews {
  const stands = standingNow(timeline, now, kept, current);
  const look = (untilMs: number) => resolveSays(saysWithin(timeline, now, now + untilMs, stands), resolver);
  const withStanding = (size: Size | undefined) =>
    stands === undefined ? size : size === undefined ? stands.size : largest(size, stands.size);
  const said =
    stands === undefined ? resolveSays(saysAt(timeline, now), resolver) : { size: stands.size, isWhole: true };
  const sizeNow = said.isWhole ? said.size : undefined;
  const ahead = look(leadMs);
  const further = look(lowerLookMs(leadMs));
  const up = withStanding(ahead.size);
  const down = further.isWhole ? withStanding(further.size) : undefined;
  const boundary = (size: Size | undefined, withinMs: number) =>
    equalSize(size, sizeNow) ? undefined : boundaryOf(size, timeline, now, withinMs, stands, resolver);
  return {
    now: sizeNow,
    up,
    down,
    aheadOf: boundary(up, leadMs),
    keptFor: further.isWhole ? boundary(down, lowerLookMs(leadMs)) : nextChange(timeline, now)?.at,
  };
}

/** The sizes over [from, to], both included; while another size replaces the schedule, only those after it. */
function saysWithin(timeline: Timeline, from: EpochMs, to: EpochMs, stands: Standing | undefined): Says {
  const start = stands === undefined ? from : stands.until;
  if (start > to) return [];
  const found = saysBetween(timeline, start, to + 1);
  return found.length === 1 ? (found[0] as Says) : found.flat();
}

function boundaryOf(
  up: Size | undefined,
  timeline: Timeline,
  now: EpochMs,
  leadMs: number,
  stands: Standing | undefined,
  resolver: Resolver,
): EpochMs | undefined {
  let at = now;
  for (;;) {
    const edge = stands !== undefined && at < stands.until ? stands.until : nextChange(timeline, at)?.at;
    if (edge === undefined || edge > now + leadMs) return undefined;
    const size = resolveSays(saysWithin(timeline, now, edge, stands), resolver).size;
    if (equalSize(size === undefined || stands === undefined ? size : largest(size, stands.size), up)) return edge;
    at = edge;
  }
}

type Queued = {
  readonly pool: ObservedPool;
  readonly isAuto: boolean;
  readonly ownMs: number;
  readonly boundary: EpochMs;
};

/** The lead of each pool: its own, and with `auto` also the leads of raises queued before it for the same boundary. */
export function clusterLeads(
  input: ClusterInput,
  settled: Settled,
  applied: ReadonlyMap<string, AppliedRule | undefined>,
): ReadonlyMap<string, number> {
  const leads = new Map<string, number>();
  const queue: Queued[] = [];
  const hasAuto = [...applied.values()].some((rule) => rule?.rule.lead.kind === 'auto');
  for (const pool of input.pools) {
    const rule = applied.get(pool.id);
    if (rule === undefined) continue;
    const ownMs = ownLeadMs(rule.rule.lead, settled.pools[pool.id], input.everyMs);
    leads.set(pool.id, ownMs);
    const isAuto = rule.rule.lead.kind === 'auto';
    if (!hasAuto || ownMs === 0) continue;
    const boundary = nextRaise(input, settled, pool, rule);
    if (boundary !== undefined) queue.push({ pool, isAuto, ownMs, boundary });
  }
  queue.sort((a, b) => compareText(a.pool.name, b.pool.name));
  queue.forEach((entry, index) => {
    if (!entry.isAuto) return;
    const before = queue.slice(0, index).filter((other) => other.boundary === entry.boundary);
    leads.set(
      entry.pool.id,
      queuedLeadMs(
        entry.ownMs,
        before.map((other) => other.ownMs),
      ),
    );
  });
  return leads;
}

/** The first boundary within the longest lead at which the schedule wants more than the pool has now. */
function nextRaise(
  input: ClusterInput,
  settled: Settled,
  pool: ObservedPool,
  applied: AppliedRule,
): EpochMs | undefined {
  const memory = settled.pools[pool.id];
  const size = observedSize(pool, memory);
  if (size === undefined) return undefined;
  const { rule, timeline } = applied;
  const base = storedBase(rule, pool.autoscale, memory);
  for (let at = input.now; ; ) {
    const next = nextChange(timeline, at);
    if (next === undefined || next.at > input.now + longestLeadMs) return undefined;
    const wanted = resolveSays(next.says, { rule, autoscale: pool.autoscale, base }).size;
    if (wanted !== undefined && isRaise(size, wanted)) return next.at;
    at = next.at;
  }
}

/** No learnt lead is longer than this. */
export const longestLeadMs = hourMs;
/** Assumed until a raise was observed: MKS's own command-line tests allow a resize 15 minutes. */
const unknownRaiseMs = 15 * minuteMs;

/**
 * The lead of one pool on its own: fixed, none, or learnt as 1.25 × the slowest of its last 10 raises + 2 min + one
 * tick.
 */
export function ownLeadMs(lead: Lead, memory: PoolMemory | undefined, everyMs: number): number {
  if (lead.kind === 'none') return 0;
  if (lead.kind === 'fixed') return lead.ms;
  const raises = memory?.raisesMs ?? [];
  const learnt = raises.length === 0 ? unknownRaiseMs : 1.25 * Math.max(...raises) + 2 * minuteMs;
  return Math.min(learnt + everyMs, longestLeadMs);
}

/** A cluster changes one pool at a time, so a raise also waits for those queued before it for the same boundary. */
function queuedLeadMs(ownMs: number, before: readonly number[]): number {
  return Math.min(
    before.reduce((sum, ms) => sum + ms, ownMs),
    longestLeadMs,
  );
}
