import type { Rule } from '../compiled-config.ts';
import type { EpochMs, Says, Size, Term } from '../model.ts';
import { nextChange, saysAt, saysBetween, type Timeline } from '../schedule/timeline.ts';
import type { Kept } from './memory.ts';
import { asPoolSize, clampSize, equalSize, largest } from './size.ts';

/** A lower looks this much further ahead than a raise: two equal looks made pools dip shortly before they are needed. */
const lowerLooksFurtherMs = 15 * 60_000;

export type Resolver = {
  readonly rule: Rule;
  readonly autoscale: boolean;
  readonly base: Size | undefined;
};

/** One term as a size of this pool after limits. A remembered base is a person's size, which limits never clamp. */
export function resolveTerm(term: Term, { rule, autoscale, base }: Resolver): Size | undefined {
  if (term === 'base') return rule.base === 'remembered' || base === undefined ? base : clampSize(base, rule.limits);
  const size = term === 'idle' ? rule.idle : term;
  const own = size === undefined ? undefined : asPoolSize(size, autoscale);
  return own === undefined ? undefined : clampSize(own, rule.limits);
}

/** The largest of what is said; `isWhole` is false when a term could not be resolved (an unknown base). */
export function resolveSays(says: Says, resolver: Resolver): { size: Size | undefined; isWhole: boolean } {
  let size: Size | undefined;
  let isWhole = true;
  for (const term of says) {
    const own = resolveTerm(term, resolver);
    if (own === undefined) isWhole = false;
    else size = size === undefined ? own : largest(size, own);
  }
  return { size, isWhole };
}

export type ScheduledViews = {
  /** What the schedule says at this instant; undefined while a base is unknown. */
  readonly now: Size | undefined;
  /** Raises go up to this: the largest over [now, now + lead]. */
  readonly up: Size | undefined;
  /** Lowers go down to this: the largest over [now, now + lead + 15 min]; undefined = unknown, do not lower. */
  readonly down: Size | undefined;
  /** The boundary for which `up` is more than what is said now. */
  readonly aheadOf: EpochMs | undefined;
};

/** The schedule's sizes as a pool needs them, with a kept size standing in until it ends. */
export function scheduledViews(
  timeline: Timeline,
  now: EpochMs,
  leadMs: number,
  kept: Kept | undefined,
  resolver: Resolver,
): ScheduledViews {
  const look = (untilMs: number) => resolveSays(saysWithin(timeline, now, now + untilMs, kept), resolver);
  const withKept = (size: Size | undefined) =>
    kept === undefined ? size : size === undefined ? kept.size : largest(size, kept.size);
  const current =
    kept === undefined ? resolveSays(saysAt(timeline, now), resolver) : { size: kept.size, isWhole: true };
  const ahead = look(leadMs);
  const further = look(leadMs + lowerLooksFurtherMs);
  const up = withKept(ahead.size);
  const sizeNow = current.isWhole ? current.size : undefined;
  return {
    now: sizeNow,
    up,
    down: further.isWhole ? withKept(further.size) : undefined,
    aheadOf: equalSize(up, sizeNow) ? undefined : boundaryOf(up, timeline, now, leadMs, kept, resolver),
  };
}

/** What is said over [from, to], both ends included; while a size is kept, only what follows it. */
function saysWithin(timeline: Timeline, from: EpochMs, to: EpochMs, kept: Kept | undefined): Says {
  const start = kept === undefined ? from : kept.until;
  if (start > to) return [];
  const found = saysBetween(timeline, start, to + 1);
  return found.length === 1 ? (found[0] as Says) : found.flat();
}

function boundaryOf(
  up: Size | undefined,
  timeline: Timeline,
  now: EpochMs,
  leadMs: number,
  kept: Kept | undefined,
  resolver: Resolver,
): EpochMs | undefined {
  let at = now;
  for (;;) {
    const edge = kept !== undefined && at < kept.until ? kept.until : nextChange(timeline, at)?.at;
    if (edge === undefined || edge > now + leadMs) return undefined;
    const size = resolveSays(saysWithin(timeline, now, edge, kept), resolver).size;
    if (equalSize(size === undefined || kept === undefined ? size : largest(size, kept.size), up)) return edge;
    at = edge;
  }
}
