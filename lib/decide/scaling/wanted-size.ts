import { type Ask, isAskFor, isLive, type Lease, type Override, type Pause, type PoolAsks } from '../../model/asks.ts';
import type { Rule } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import {
  approach,
  asPoolSize,
  clampSize,
  describeSize,
  equalSize,
  isLower,
  largest,
  type Size,
  saysLeave,
  upper,
} from '../../model/size.ts';
import { because } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { saysAt, type Timeline } from '../schedule/timeline.ts';
import type { Kept } from './memory.ts';
import { type Resolver, type ScheduledViews, scheduledViews } from './scheduled-size.ts';

export type WantedInput = {
  readonly now: EpochMs;
  readonly timeline: Timeline;
  readonly scheduleName: string;
  readonly leadMs: number;
  readonly asks: PoolAsks;
  readonly kept: Kept | undefined;
  readonly current: Size;
  readonly resolver: Resolver & { readonly autoscale: boolean };
};

export type Wanted = {
  /** undefined = the base is wanted but unknown. */
  readonly target: Size | undefined;
  readonly who: string;
  readonly reason: string;
  /** The boundary the pool is raised for ahead of time. */
  readonly aheadOf: EpochMs | undefined;
  /** The schedule says leave and there is no ask: the pool stays as it is. */
  readonly isLeft: boolean;
  /** The schedule's own size now, or the kept size instead of it; with leave, the pool's current size. */
  readonly scheduled: Size | undefined;
  readonly isByLeaseOrOverride: boolean;
  /** When the override, lease or kept size that decides ends; undefined = the schedule decides. */
  readonly until: EpochMs | undefined;
  /** The boundary for which the pool is already raised, or no longer lowered, while the schedule still says less. */
  readonly upFor: EpochMs | undefined;
};

/** wanted = override ?? max(kept size ?? scheduled size, live leases). */
export function findWanted(input: WantedInput): Wanted {
  const { asks, kept, current, resolver } = input;
  const views = scheduledViews(input.timeline, input.now, input.leadMs, kept, resolver, current);
  const isLeft = !equalSize(kept?.size, current) && saysLeave(saysAt(input.timeline, input.now));
  if (asks.override) {
    const exactly = asPoolSize(asks.override.exactly, resolver.autoscale);
    if (exactly !== undefined) {
      const target = clampSize(exactly, resolver.rule.limits);
      const reason = `override: exactly ${describeSize(target)} until ${iso(asks.override.until)}${because(asks.override.reason)}`;
      return {
        target,
        who: asks.override.who,
        reason,
        aheadOf: undefined,
        isLeft: false,
        scheduled: views.now,
        isByLeaseOrOverride: true,
        until: asks.override.until,
        upFor: undefined,
      };
    }
  }
  const lease = largestLease(asks.leases, kept, resolver);
  return lease === undefined ? bySchedule(input, views, isLeft) : withLease(input, views, lease, isLeft);
}

/**
 * A lease is capped at `leases.max`, else `limits.max`, else the base (its max). Without any of them it has no effect.
 */
export function leaseCap(rule: Rule, base: Size | undefined): number | undefined {
  return rule.leases.max ?? rule.limits.max ?? (base === undefined ? undefined : upper(base));
}

type CappedLease = { readonly size: Size; readonly lease: Lease };

/** The largest live lease. While a size is kept, only leases that were asked for later count. */
function largestLease(
  leases: readonly Lease[],
  kept: Kept | undefined,
  resolver: WantedInput['resolver'],
): CappedLease | undefined {
  const cap = leaseCap(resolver.rule, resolver.base);
  const counting = leases.filter((lease) => kept === undefined || lease.askedAt > kept.since);
  const best = counting.reduce<Lease | undefined>(
    (most, lease) => (most === undefined || isLarger(lease, most) ? lease : most),
    undefined,
  );
  if (best === undefined || cap === undefined) return undefined;
  const size = asPoolSize(Math.min(best.atLeast, cap), resolver.autoscale);
  return size === undefined ? undefined : { size: clampSize(size, resolver.rule.limits), lease: best };
}

/** Of leases for the same size, the last to end. */
function isLarger(lease: Lease, than: Lease): boolean {
  return lease.atLeast === than.atLeast ? isLonger(lease, than) : lease.atLeast > than.atLeast;
}

function bySchedule(input: WantedInput, views: ScheduledViews, isLeft: boolean): Wanted {
  const { current, kept } = input;
  const common = {
    aheadOf: views.aheadOf,
    isLeft: false,
    scheduled: views.now,
    isByLeaseOrOverride: false,
    until: kept?.until,
    upFor: undefined,
  };
  const schedule = `schedule ${input.scheduleName}`;
  if (views.now === undefined) {
    return { ...common, target: undefined, who: schedule, reason: `${schedule} asks for the base, which is unknown` };
  }
  const target = approach(current, views.up ?? views.now, views.down ?? largest(current, views.now));
  if (kept && equalSize(target, kept.size)) {
    const reason = `size ${describeSize(kept.size)} was set by hand, kept until ${iso(kept.until)}`;
    return { ...common, target, who: 'a person', reason };
  }
  if (isLeft && equalSize(target, current))
    return { ...common, isLeft, target, who: schedule, reason: `${schedule} says leave: it stays as it is` };
  const upFor = isLower(target, views.now) ? (views.aheadOf ?? views.keptFor) : undefined;
  const readyBy = views.aheadOf === undefined ? '' : `, ready by ${iso(views.aheadOf)}`;
  const size = describeSize(equalSize(target, current) ? views.now : target);
  return { ...common, upFor, target, who: schedule, reason: `${schedule}: ${size}${readyBy}` };
}

/** A lease only raises: with an unknown base, the pool keeps its size unless the lease asks for more. */
function withLease(input: WantedInput, views: ScheduledViews, { size, lease }: CappedLease, isLeft: boolean): Wanted {
  const { current } = input;
  const up = views.up === undefined ? size : largest(views.up, size);
  const down = views.down === undefined || views.now === undefined ? largest(current, up) : largest(views.down, size);
  const target = approach(current, up, down);
  const least = views.now === undefined ? size : largest(views.now, size);
  const leaseDecides = !equalSize(least, views.now) || (isLeft && equalSize(size, current));
  const reason = `lease of ${lease.who}: at least ${lease.atLeast} until ${iso(lease.until)}${because(lease.reason)}`;
  if (leaseDecides) {
    const upFor = isLower(target, least) ? (views.aheadOf ?? views.keptFor) : undefined;
    const common = { target, aheadOf: views.aheadOf, isLeft: false, scheduled: views.now, until: lease.until, upFor };
    return { ...common, who: lease.who, reason, isByLeaseOrOverride: true };
  }
  return { ...bySchedule(input, views, isLeft), target };
}

const nothing: PoolAsks = { override: undefined, leases: [], pause: undefined, fingerprint: '' };

export function asksOfPool(asks: readonly Ask[], names: Names, now: EpochMs): PoolAsks {
  if (asks.length === 0) return nothing;
  let override: Override | undefined;
  let pause: Pause | undefined;
  const leases: Lease[] = [];
  for (const ask of asks) {
    if (!isLive(ask, now) || !isAskFor(ask, names)) continue;
    if (ask.kind === 'override' && isLater(ask, override)) override = ask;
    if (ask.kind === 'lease') leases.push(ask);
    if (ask.kind === 'pause' && isLonger(ask, pause)) pause = ask;
  }
  return { override, leases, pause, fingerprint: fingerprintOf(override, leases, pause) };
}

/** Of two asked for at the same instant, the greater id wins, so that their order does not matter. */
function isLater(ask: Override, than: Override | undefined): boolean {
  if (than === undefined || ask.askedAt !== than.askedAt) return ask.askedAt > (than?.askedAt ?? -1);
  return ask.id > than.id;
}

/** Of two that end at the same instant, the greater id wins. */
function isLonger(ask: Ask, than: Ask | undefined): boolean {
  if (than === undefined || ask.until !== than.until) return ask.until > (than?.until ?? -1);
  return ask.id > than.id;
}

/** Only the largest lease and its end count, so the fingerprint stays short however many leases there are. */
function fingerprintOf(override: Override | undefined, leases: readonly Lease[], pause: Pause | undefined): string {
  const parts: string[] = [];
  const most = Math.max(0, ...leases.map((lease) => lease.atLeast));
  const until = Math.max(0, ...leases.filter((lease) => lease.atLeast === most).map((lease) => lease.until));
  if (most > 0) parts.push(`lease ${most} until ${until}`);
  if (override) parts.push(`override ${describeSize(override.exactly)} until ${override.until}`);
  if (pause) parts.push(`pause until ${pause.until}`);
  return parts.join(', ');
}
