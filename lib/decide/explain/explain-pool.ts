import type { CompiledConfig, Rule, SourcePosition } from '../../model/config.ts';
import { matchesPool, type Names } from '../../model/match.ts';
import { describeSize } from '../../model/size.ts';
import { commandHint } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import type { Refusal } from '../scaling/memory.ts';
import type { HoldCode } from '../scaling/plan.ts';
import { poolLabel } from '../scaling/pool-evaluation.ts';
import { isCoolingDown, refusalOf } from '../scaling/refusal.ts';
import type { AppliedRule, RuleBook } from '../scaling/rule-book.ts';
import { lookMs, nextChange, openWindowsAt, saysAt } from '../schedule/timeline.ts';
import { type Desired, explainSchedule, isSameDesired, resolveDesired } from './explain-schedule.ts';
import { explainState, type KnownPool } from './explain-state.ts';

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

/** Why the last round left the pool at another size than the wanted one, and what can be done about it. */
export function explainHold(
  config: Pick<CompiledConfig, 'file'>,
  names: Names,
  hold: HoldCode | undefined,
): readonly string[] {
  if (hold === undefined) return [];
  const run = (command: string) => commandHint(config, command);
  return [`the last round held it: ${wordsOf(hold, poolLabel(names), run)}`];
}

function wordsOf(hold: HoldCode, label: string, run: (command: string) => string): string {
  switch (hold) {
    case 'paused':
      return 'it was paused then; once it is not, the next round acts';
    case 'observe':
      return 'mode was observe; once it is act, the next round acts';
    case 'brake':
      return `the brake waits, since only the changed config explains this lower; if this is what you want, run: ${run('approve')}`;
    case 'max-changes':
      return 'safety.maxChangesPerRound was reached; the next round goes on';
    case 'min-nodes':
      return 'its cluster keeps the nodes of safety.minNodesPerCluster; lower that, or raise another pool of it';
    case 'in-flight':
      return 'a change of it was under way; the next round looks again';
    case 'stuck':
      return 'a change of it does not settle; look at the pool in the console';
    case 'slot':
      return 'another pool of its cluster comes first, one change per cluster at a time; its turn comes by itself';
    case 'cluster-not-running':
      return 'its cluster was not Running (in Error, pools are raised and never lowered); look at the cluster in the console';
    case 'pool-not-running':
      return 'it was not Running; the next round looks again, and the console says why';
    case 'unknown-status':
      return 'its status is not a known one, so it is left alone; look at the pool in the console';
    case 'absent-size':
      return 'the answer of the API held no size; the next round looks again';
    case 'unreadable':
      return 'its name or id cannot be read, so it is left alone; rename it in the console';
    case 'stale':
      return 'the answer of the API was older than one seen before; the next round looks again';
    case 'ambiguous':
      return 'several pools have its name; rename one of them';
    case 'mismatch':
      return 'a range is asked for, and it is a fixed pool; give it a number, or switch its autoscaling on';
    case 'base-unknown':
      return `its base is unknown; give its rule a base, or run: ${run(`base "${label}" set <size>`)}`;
    case 'grace':
      return 'it is younger than the grace of its rule, and not lowered before that has passed';
    case 'ahead':
      return 'it was raised ahead of a boundary, and is not lowered before that';
    case 'contended':
      return 'somebody else changed its size three times within an hour, probably Terraform or another installation; see that only one of you does';
    case 'cool-down':
      return `the API refused the change, which is tried again after a while; to see why, run: ${run(`history "${label}"`)}`;
    case 'refused':
      return `the API refused the change three times; it is tried again once the rule or the pool changes; to see why, run: ${run(`history "${label}"`)}`;
  }
}

/** The API refused the size that is still to be reached: why, and when it is asked for again. */
export function explainRefusal(known: KnownPool | undefined, now: EpochMs): readonly string[] {
  const refusal = known?.memory && refusalOf(known.memory, known.memory.pending?.target);
  if (refusal === undefined || known?.inFlight !== undefined) return [];
  const times = refusal.count === 1 ? '' : ` ${refusal.count} times`;
  const what = `${describeSize(refusal.target)} was refused by the API${times} (${refusal.detail})`;
  return [`${what}${whenAgain(refusal, known?.hold, now)}`];
}

/** What else holds the pool is said by itself. */
function whenAgain(refusal: Refusal, hold: KnownPool['hold'], now: EpochMs): string {
  if (hold !== undefined && hold !== 'cool-down') return '';
  return isCoolingDown(refusal, now)
    ? `: it is tried again at ${iso(refusal.until)}`
    : ': the next round tries it again';
}
