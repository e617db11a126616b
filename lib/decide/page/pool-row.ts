import { type Ask, isAskFor, isLive } from '../../model/asks.ts';
import type { Rule } from '../../model/config.ts';
import { equalSize, lower, type Size, saysLeave, upper } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { type PastStep, pastSteps, type RegionPast } from '../past/pool-past.ts';
import { pastName } from '../past/size-changes.ts';
import { baseOf } from '../scaling/base.ts';
import type { Change, Held, PoolMemory } from '../scaling/memory.ts';
import type { PoolName } from '../scaling/plan.ts';
import type { AppliedRule } from '../scaling/rule-book.ts';
import { longestLeadMs, ownLeadMs } from '../scaling/scheduled-size.ts';
import { everSaysBase, saysAt } from '../schedule/timeline.ts';
import { baseFor, type PlannedChange, plannedChanges } from './planned-sizes.ts';

/** A lease, override or other ask, drawn above a pool's nodes. */
export type Mark = {
  readonly kind: 'lease' | 'override' | 'pause' | 'kept';
  readonly from: EpochMs;
  readonly to: EpochMs;
};

/** The least and the most nodes a pool has from this instant on. */
export type PlanStep = { readonly from: EpochMs; readonly least: number; readonly most: number };

export type PoolRow = PoolName & {
  readonly rule: Rule;
  readonly scheduleName: string;
  readonly applied: AppliedRule;
  readonly memory: PoolMemory;
  readonly change: Change | undefined;
  readonly held: Held | undefined;
  readonly isObserved: boolean;
  readonly base: Size | undefined;
  readonly size: Size | undefined;
  /** Nodes now, as last counted. */
  readonly nodes: number;
  readonly past: readonly PastStep[];
  readonly plan: readonly PlanStep[];
  /** The planned size if the rule acted; set while the rule only observes. */
  readonly would: readonly PlanStep[];
  /** Changes, made or only observed, in order of time. */
  readonly changes: readonly PlannedChange[];
  readonly marks: readonly Mark[];
  readonly oddity: Oddity | undefined;
};

/** Why a pool differs from its schedule now. With many pools, those with an equal `key` share one row. */
type Oddity = { readonly key: string; readonly text: string; readonly tone: 'warn' | 'note' };

export type RowInput = {
  readonly pool: PoolName & { readonly memory: PoolMemory; readonly change: Change | undefined };
  readonly applied: AppliedRule;
  readonly held: Held | undefined;
  readonly past: RegionPast;
  /** All asks of the region, ended ones included. */
  readonly asks: readonly Ask[];
  /** Leads of raises that are queued before this one in its cluster. */
  readonly queuedMs: number;
  readonly now: EpochMs;
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly tick: EpochMs;
  readonly everyMs: number;
  /** How to write an instant for the reader. */
  readonly tell: (at: EpochMs) => string;
};

/** Holds that end by themselves within the next rounds. */
const passing: ReadonlySet<string> = new Set([
  'next-round',
  'in-flight',
  'slot',
  'max-changes',
  'observe',
  'paused',
  'ahead',
  'stale',
]);

/** One pool over time: its past and planned sizes, and the asks that change its schedule. */
export function poolRow(input: RowInput): PoolRow {
  const { pool, applied, now, from } = input;
  const { region, clusterId, cluster, poolId, pool: name, memory, change } = pool;
  const { rule, scheduleName } = applied;
  const base = baseFor(baseOf(rule, memory), memory.autoscale);
  const past = pastSteps(input.past, pastName(pool), { memory, change }, from);
  const last = past.at(-1);
  const size = last?.size ?? memory.seen?.size;
  const isObserved = rule.mode === 'observe';
  const changes = size === undefined ? [] : changesOf(input, size, base);
  const steps = size === undefined ? [] : stepsOf(size, now, changes);
  const still = size === undefined ? [] : stepsOf(size, now, []);
  return {
    region,
    clusterId,
    cluster,
    poolId,
    pool: name,
    rule,
    scheduleName,
    applied,
    memory,
    change,
    held: input.held,
    isObserved,
    base,
    size,
    nodes: last?.nodes ?? (size === undefined ? 0 : lower(size)),
    past,
    plan: isObserved ? still : steps,
    would: isObserved ? steps : [],
    changes,
    marks: marksOf(input),
    oddity: oddityOf(input, base, size, changes, isObserved),
  };
}

function changesOf(input: RowInput, current: Size, base: Size | undefined): readonly PlannedChange[] {
  const { pool, applied, asks, tick, everyMs, until, held, queuedMs } = input;
  const { memory } = pool;
  const { lead } = applied.rule;
  const own = ownLeadMs(lead, memory, everyMs);
  const leadMs = lead.kind === 'auto' ? Math.min(own + queuedMs, longestLeadMs) : own;
  const isHeld = held !== undefined && !passing.has(held.code);
  return plannedChanges({ names: pool, applied, memory, current, base, leadMs, asks, isHeld, tick, everyMs, until });
}

function stepsOf(size: Size, now: EpochMs, changes: readonly PlannedChange[]): readonly PlanStep[] {
  const step = (from: EpochMs, { size: to }: { readonly size: Size }) => ({ from, least: lower(to), most: upper(to) });
  return [step(now, { size }), ...changes.map(({ at, to }) => step(at, { size: to }))];
}

function marksOf({ pool, asks, from, until }: RowInput): readonly Mark[] {
  const { kept } = pool.memory;
  const asked = asks.flatMap((ask): readonly Mark[] => {
    return isAskFor(ask, pool) ? [{ kind: ask.kind, from: ask.askedAt, to: ask.until }] : [];
  });
  const all = kept === undefined ? asked : [...asked, { kind: 'kept', from: kept.since, to: kept.until } as const];
  return all.filter((mark) => mark.to > from && mark.from < until && mark.to > mark.from);
}

/** Most important reason first: a hold, then an ask, then a rule that only observes. */
function oddityOf(
  { pool, applied, asks, now, held, tell }: RowInput,
  base: Size | undefined,
  size: Size | undefined,
  changes: readonly PlannedChange[],
  isObserved: boolean,
): Oddity | undefined {
  const odd = (tone: Oddity['tone'], text: string): Oddity => ({ key: text, text, tone });
  const live = asks.filter((ask) => isLive(ask, now) && isAskFor(ask, pool));
  const longest = <K extends Ask['kind']>(kind: K) =>
    live.filter((ask): ask is Extract<Ask, { kind: K }> => ask.kind === kind).toSorted((a, b) => b.until - a.until)[0];
  const pause = longest('pause');
  if (pause) return odd('warn', `paused until ${tell(pause.until)}`);
  if (pool.memory.stuck) return odd('warn', `stuck on the way to ${sizeText(pool.memory.stuck.to)}`);
  if (held !== undefined && !passing.has(held.code)) return odd('warn', `held: ${held.code}`);
  if (base === undefined && !isLeftAlone(applied, now)) return odd('warn', 'its base is not known');
  const override = longest('override');
  if (override) return odd('note', `exactly ${sizeText(override.exactly)} until ${tell(override.until)}`);
  const { kept } = pool.memory;
  if (kept !== undefined && kept.until > now) return odd('note', `set by hand, kept until ${tell(kept.until)}`);
  const lease = longest('lease');
  if (lease) return odd('note', `at least ${lease.atLeast} until ${tell(lease.until)}`);
  const first = changes[0];
  if (isObserved) {
    const differs =
      size !== undefined && first !== undefined && first.at <= now + 60_000 * 15 && !equalSize(first.to, size);
    return odd('note', differs ? `would be ${sizeText(first.to)}; observed only` : 'observed only');
  }
  return undefined;
}

/** An unknown base is no problem while the schedule wants no size now and never says base. */
function isLeftAlone({ timeline }: AppliedRule, now: EpochMs): boolean {
  return !everSaysBase(timeline) && saysLeave(saysAt(timeline, now));
}

/** "3", "1–4". */
export function sizeText(size: Size): string {
  const [least, most] = [lower(size), upper(size)];
  return least === most ? String(least) : `${least}–${most}`;
}
