import type { CompiledConfig, Rule, SourcePosition } from '../compiled-config.ts';
import { matchesPool, type Names } from '../match.ts';
import type { EpochMs } from '../model.ts';
import type { AppliedRule } from '../scaling/plan-cluster.ts';
import type { RuleBook } from '../scaling/rule-book.ts';
import { openWindowsAt } from '../schedule/open-windows.ts';
import { lookMs, nextChange, saysAt } from '../schedule/timeline.ts';
import { type Desired, isSameDesired, resolveDesired } from './desired.ts';
import { explainHold } from './explain-hold.ts';
import { explainRefusal } from './explain-refusal.ts';
import { explainSchedule } from './explain-schedule.ts';
import { type KnownPool, explainState } from './explain-state.ts';

export type Explanation = {
  readonly at: EpochMs;
  readonly names: Names;
  readonly desired: Desired;
  /** Open windows as written, also where an exception or a calendar day decides. */
  readonly openWindows: readonly string[];
  /** Each one sentence, without a full stop. */
  readonly because: readonly string[];
  /** The next instant at which `desired` is something else; undefined = not within four years. */
  readonly nextChange: { readonly at: EpochMs; readonly desired: Desired } | undefined;
  readonly rule: SourcePosition | undefined;
};

/**
 * What the config wants of a pool at one instant, and why. Needs nothing but the config; `known` adds what the store
 * holds about the pool at this instant, to the reasons only.
 */
export function explainPool(
  config: CompiledConfig,
  book: RuleBook,
  names: Names,
  at: EpochMs,
  known?: KnownPool,
): Explanation {
  const rule = book.ruleOf(names);
  const applied = book.appliedRule(names);
  if (applied === undefined) return untouched(config, names, at, rule, known);
  const exceptions = config.exceptions.filter((exception) => matchesPool(exception.match, names));
  const schedule = config.schedules.find(({ name }) => name === applied.scheduleName)!;
  const open = openWindowsAt(schedule, exceptions, at);
  const says = saysAt(applied.timeline, at);
  return {
    at,
    names,
    desired: resolveDesired(says, applied.rule),
    openWindows: open.windows,
    because: [
      ...explainSchedule({ applied, schedule, open, says, isOwnPool: isOwnPool(config, names) }),
      ...explainState(config, applied.rule, known, at),
      ...explainHeld(config, names, known, at, applied.rule),
    ],
    nextChange: nextDesired(applied, at),
    rule: applied.rule.position,
  };
}

/** `rule`: what it and the state say was said before. */
function explainHeld(
  config: CompiledConfig,
  names: Names,
  known: KnownPool | undefined,
  at: EpochMs,
  rule?: Rule,
): readonly string[] {
  const refusal = explainRefusal(known, at);
  const isSaid = isSaidBefore(known, rule) || (known?.hold === 'cool-down' && refusal.length > 0);
  return [...refusal, ...explainHold(config, names, isSaid ? undefined : known?.hold)];
}

/** A pause, a change under way and `mode: observe` are said with the state and the rule. */
function isSaidBefore(known: KnownPool | undefined, rule: Rule | undefined): boolean {
  if (known?.inFlight !== undefined) return true;
  if (rule === undefined) return false;
  if (known?.hold === 'paused') return known.asks.pause !== undefined;
  return known?.hold === 'observe' && rule.mode === 'observe';
}

function untouched(
  config: CompiledConfig,
  names: Names,
  at: EpochMs,
  rule: Rule | undefined,
  known: KnownPool | undefined,
): Explanation {
  const why =
    rule === undefined
      ? 'no rule matches this name, so the pool is never touched'
      : `rule "${rule.match.text}" says schedule: none, so the pool is watched and never touched`;
  const away =
    known?.memory?.away === undefined
      ? []
      : [
          'the pool is still away from its base since a rule that is gone: it is given back',
          ...explainHeld(config, names, known, at),
        ];
  return {
    at,
    names,
    desired: 'untouched',
    openWindows: [],
    because: [why, ...away],
    nextChange: undefined,
    rule: rule?.position,
  };
}

function isOwnPool({ safety }: CompiledConfig, names: Names): boolean {
  return safety.runsOn !== undefined && matchesPool(safety.runsOn, names);
}

/** An edge of the schedule that comes to the same size is no change. */
function nextDesired({ timeline, rule }: AppliedRule, at: EpochMs): Explanation['nextChange'] {
  const now = resolveDesired(saysAt(timeline, at), rule);
  for (let edge = nextChange(timeline, at); edge !== undefined; edge = nextChange(timeline, edge.at)) {
    if (edge.at > at + lookMs) return undefined;
    const desired = resolveDesired(edge.says, rule);
    if (!isSameDesired(desired, now)) return { at: edge.at, desired };
  }
  return undefined;
}
