import type { Notice } from '../../model/finding.ts';
import { asPoolSize, describeSize, equalSize, isZero, type Size, saysLeave } from '../../model/size.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { everSaysBase, lastEdge, lookMs, saysAt, saysBetween, type Timeline } from '../schedule/timeline.ts';
import { type BaseView, findBase, isSaidAlone, observedSize, observedSizeDuring, rememberedBase } from './base.ts';
import { isLateEffect, isPersonsChange, noticeOfBase, takePersonsChange } from './manual-changes.ts';
import { type PoolMemory, remember } from './memory.ts';
import type { PoolInput, PoolView } from './pool-view.ts';
import { refreshMemory } from './refresh-memory.ts';
import { resolveSays } from './scheduled-size.ts';
import { blockedView, blockOf, isLateSuppressed, type PoolBlock } from './unclear-pool.ts';
import { findWanted, type Wanted } from './wanted-size.ts';

/**
 * One pool's wanted size, and what to remember about it. First what cannot be read or judged (changed form, unknown
 * status, absent size), then whether the schedule's size or a person's counts, then the size.
 */
export function evaluatePool(input: PoolInput): PoolView {
  const memory = refreshMemory(input);
  const underWay = input.inFlight ?? memory.stuck;
  const size = underWay ? observedSizeDuring(input.pool, memory, underWay) : observedSize(input.pool, memory);
  const block = blockOf(input, memory, size);
  const current = block?.code === 'stale' ? undefined : size;
  const isSettled = input.inFlight === undefined && memory.stuck === undefined;
  const running = input.pool.status === 'Running' && isSettled && block === undefined ? current : undefined;
  if (
    current === undefined ||
    block?.code === 'base-unknown' ||
    block?.code === 'mismatch' ||
    block?.code === 'unknown-status' ||
    block?.code === 'unreadable'
  )
    return blockedView(input, memory, current, block);
  return judge(input, memory, current, running, block);
}

/**
 * If no base is known and the pool's first change leaves its size, its current size is taken as the base. That is
 * reported.
 */
function reasonOf({ wanted, base, memory }: Judged, current: Size): string {
  const isTaken = base.from === 'observed' && memory.away === undefined && equalSize(base.base, current);
  if (!isTaken || wanted.target === undefined || equalSize(wanted.target, current)) return wanted.reason;
  return `${wanted.reason}; its size now, ${describeSize(current)}, is taken as its base`;
}

type Judged = { memory: PoolMemory; base: BaseView; wanted: Wanted; notices: readonly Notice[] };

function judge(
  input: PoolInput,
  before: PoolMemory,
  current: Size,
  running: Size | undefined,
  block: PoolBlock | undefined,
): PoolView {
  const seen = judgeSize(input, before, current, running);
  const remembered = running === undefined ? seen.memory : rememberSeen(input, seen, running);
  const { wanted, base } = seen;
  return {
    names: input.names,
    cluster: input.cluster,
    pool: input.pool,
    rule: input.rule,
    memory: remembered,
    current,
    running,
    target: wanted.target,
    withoutAsks: wanted.isByLeaseOrOverride ? wanted.scheduled : undefined,
    base: base.base,
    baseFrom: base.from,
    who: wanted.who,
    reason: reasonOf(seen, current),
    aheadOf: wanted.aheadOf,
    until: wanted.until,
    upFor: wanted.upFor,
    isLeft: wanted.isLeft && remembered.ahead === undefined,
    boundary: wanted.aheadOf ?? lastEdge(input.timeline, input.now),
    lastEdgeAt: lastEdge(input.timeline, input.now) ?? Number.NEGATIVE_INFINITY,
    leadMs: input.leadMs,
    isLateSuppressed: isLateSuppressed(input, remembered, remembered.kept !== undefined && !wanted.isByLeaseOrOverride),
    pause: input.asks.pause,
    isOverridden: input.asks.override !== undefined,
    block,
    findings: block?.findings ?? [],
    notices: seen.notices,
    decisions: keptDecision(input, before, remembered, current),
  };
}

/** Base and wanted size. After a manual change, both are computed again with its effect. */
function judgeSize(input: PoolInput, before: PoolMemory, current: Size, running: Size | undefined): Judged {
  const first = judgeOnce(input, before, current, running);
  const isPaused = input.asks.pause !== undefined;
  if (running === undefined || isPaused || !isPersonsChange(input, before, running))
    return { ...first, memory: before, notices: [] };
  if (isNewBase(input, running)) {
    const memory = remember(before, { base: running, away: undefined, kept: undefined });
    const notices = [noticeOfBase(input, before, running)];
    return { ...judgeOnce(input, memory, current, running), memory, notices };
  }
  const alone = judgeOnce(input, { ...before, kept: undefined }, current, undefined).wanted;
  // While the schedule says leave, only an asked-for size can be restored.
  const scheduled = saysLeave(saysAt(input.timeline, input.now)) ? alone.target : alone.scheduled;
  if (equalSize(running, first.wanted.target) && input.evidence === undefined)
    return { ...first, memory: before, notices: [] };
  const change = takePersonsChange(input, before, running, scheduled);
  return { ...judgeOnce(input, change.memory, current, running), memory: change.memory, notices: [change.notice] };
}

/**
 * At base time, with a remembered base and no lease or override, a size set by a person is the new base (never 0 or
 * idle).
 */
function isNewBase(input: PoolInput, running: Size): boolean {
  if (input.rule.base !== 'remembered' || input.evidence === 'undone') return false;
  if (input.asks.override || input.asks.leases.length > 0 || isNeverBase(input, running)) return false;
  return isSaidAlone(saysAt(input.timeline, input.now));
}

function isNeverBase(input: PoolInput, size: Size): boolean {
  const idle = input.rule.idle === undefined ? undefined : asPoolSize(input.rule.idle, input.pool.autoscale);
  return isZero(size) || equalSize(size, idle);
}

function judgeOnce(input: PoolInput, memory: PoolMemory, current: Size, running: Size | undefined) {
  const { now, rule, asks, timeline } = input;
  const autoscale = input.pool.autoscale;
  const says = saysAt(timeline, now);
  const scheduledWithoutBase = resolveSays(says, { rule, autoscale, base: undefined }).size;
  const isQuiet = asks.override === undefined && asks.leases.length === 0 && memory.kept === undefined;
  const isOwnTime = saysLeave(says) && !everSaysBase(timeline);
  const wasLeft = () => wasLeftSince(timeline, memory.seen?.at ?? now, now);
  const learns = { running, says, scheduledWithoutBase, isQuiet, isOwnTime, wasLeft };
  const base = findBase({ rule, memory, autoscale, ...learns });
  const wanted = findWanted({
    now,
    timeline,
    scheduleName: input.scheduleName,
    leadMs: input.leadMs,
    asks,
    kept: memory.kept,
    current,
    resolver: { rule, autoscale, base: base.base },
  });
  return { base, wanted };
}

function wasLeftSince(timeline: Timeline, since: EpochMs, now: EpochMs): boolean {
  return saysBetween(timeline, Math.max(since, now - lookMs), now).some(saysLeave);
}

/** What to remember of a Running pool: its size, its base, and that it is at its base again. */
function rememberSeen(input: PoolInput, judged: Judged, running: Size): PoolMemory {
  const { base, memory } = judged;
  const isSame = memory.seen !== undefined && equalSize(memory.seen.size, running);
  const isHome = isAtBase(input, judged, running);
  const isTheirs = isLeftToOthers(input, judged, running);
  const away = isHome || isTheirs || (base.isLearnt && base.from === 'person') ? undefined : memory.away;
  const isRemembered = input.rule.base === 'remembered';
  const isUnknown = isRemembered && away === undefined && !isHome && base.base === undefined;
  const isUnknownNow = isUnknown && !saysLeave(saysAt(input.timeline, input.now));
  const known = isTheirs ? rememberedBase(memory) : memory.base;
  return remember(memory, {
    seen: isSame ? memory.seen : { size: running, at: input.now, updatedAt: input.pool.updatedAt },
    unseenSince: undefined,
    ...ruleThatActed(input, memory, running),
    lastSet: isOurs(memory, running, input) ? running : undefined,
    base: isRemembered && (base.isLearnt || isHome) ? base.base : isRemembered ? known : undefined,
    away: isUnknownNow ? { base: 'unknown', from: 'observed', since: input.now } : away,
  });
}

/**
 * Somebody set this size while the schedule says leave: it is no longer below base, and its base is not restored. The
 * remembered base is kept.
 */
function isLeftToOthers(input: PoolInput, { wanted, memory }: Judged, running: Size): boolean {
  if (!wanted.isLeft || input.asks.override !== undefined || input.asks.leases.length > 0) return false;
  return memory.away !== undefined && memory.away.base !== 'unknown' && !isOurs(memory, running, input);
}

/** The size that we set last, or sent and did not see applied at first. */
function isOurs(memory: PoolMemory, running: Size, { pool }: PoolInput): boolean {
  return equalSize(running, memory.lastSet) || isLateEffect(memory, running, pool);
}

/**
 * A change that was given up has acted after all once its size shows. If the pool came under another rule meanwhile, an
 * approval of that one still counts.
 */
function ruleThatActed(
  { pool }: PoolInput,
  memory: PoolMemory,
  running: Size,
): Pick<PoolMemory, 'actedRule' | 'ruledSince'> {
  const { actedRule, ruledSince, notApplied, ruleHash, metAt } = memory;
  const byRule = notApplied?.byRule;
  if (byRule === undefined || !isLateEffect(memory, running, pool)) return { actedRule, ruledSince };
  const isMetLater = actedRule === undefined && byRule !== ruleHash;
  return { actedRule: byRule, ruledSince: isMetLater ? metAt : ruledSince };
}

/** At its base while the schedule (lead included) says base, with no kept size, lease or override in force. */
function isAtBase(input: PoolInput, { base, wanted, memory }: Judged, running: Size): boolean {
  if (base.base === undefined || memory.kept || wanted.isByLeaseOrOverride) return false;
  if (!equalSize(running, base.base) || !equalSize(wanted.target, running)) return false;
  return saysAt(input.timeline, input.now).includes('base') || wanted.aheadOf !== undefined;
}

function keptDecision(input: PoolInput, before: PoolMemory, after: PoolMemory, current: Size): PoolView['decisions'] {
  const common = { schema: 1 as const, ...input.names, at: input.now, who: 'somebody else' };
  if (after.kept && after.kept.since === input.now)
    return [
      {
        ...common,
        kind: 'kept',
        code: 'kept',
        from: before.seen?.size,
        to: after.kept.size,
        reason: `set by hand, kept until ${iso(after.kept.until)}`,
      },
    ];
  const isNewBase = after.base !== undefined && before.base !== undefined && !equalSize(before.base, after.base);
  return isNewBase
    ? [
        {
          ...common,
          kind: 'base',
          code: 'base',
          from: before.base,
          to: after.base,
          reason: `the remembered base is now ${describeSize(current)}`,
        },
      ]
    : [];
}
