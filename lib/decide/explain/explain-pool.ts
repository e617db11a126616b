import type { CompiledConfig, Rule, SourcePosition } from '../../model/config.ts';
import { matchesNames, matchesPool, type Names } from '../../model/match.ts';
import { clampSize, describeSize, isRange, largest, type Size } from '../../model/size.ts';
import { commandHint, withConfig } from '../../model/text.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { baseOf } from '../scaling/base.ts';
import type { Held, Refusal } from '../scaling/memory.ts';
import { poolLabel } from '../scaling/pool-view.ts';
import { isCoolingDown, refusalOf } from '../scaling/refusal.ts';
import type { AppliedRule, RuleBook } from '../scaling/rule-book.ts';
import { leaseCap } from '../scaling/wanted-size.ts';
import { lookMs, nextChange, openWindowsAt, saysAt } from '../schedule/timeline.ts';
import { type Desired, explainSchedule, isSameDesired, resolveDesired, sizeOf, toDesired } from './explain-schedule.ts';
import { explainState, type KnownPool } from './explain-state.ts';

export type Explanation = {
  readonly at: EpochMs;
  readonly names: Names;
  readonly desired: Desired;
  /** Open windows as written, even if an exception or a calendar day decides. */
  readonly openWindows: readonly string[];
  /** One sentence each, without a full stop. */
  readonly because: readonly string[];
  /** When `desired` next changes; undefined = not within four years. */
  readonly nextChange: { readonly at: EpochMs; readonly desired: Desired } | undefined;
  readonly rule: SourcePosition | undefined;
};

/**
 * What the config wants for a pool at one instant, and why. It needs only the config; `known` adds the pool's stored
 * state to the reasons.
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
  const passed = explainLabels(config, rule, names);
  if (applied === undefined) {
    const told = untouched(config, names, at, rule, known);
    return { ...told, because: [...passed, ...told.because] };
  }
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
      ...passed,
      ...explainSchedule({ applied, schedule, open, says, isOwnPool: isOwnPool(config, names) }),
      ...explainState(config, applied.rule, known, at),
      ...explainHeld(config, names, known, at),
    ],
    nextChange: nextWanted(applied, known, at),
    rule: applied.rule.position,
  };
}

/** Earlier rules that match the pool's name but ask for labels that are not known. */
function explainLabels({ rules }: CompiledConfig, own: Rule | undefined, names: Names): readonly string[] {
  const above = own === undefined ? rules : rules.slice(0, rules.indexOf(own));
  return above
    .filter(({ match }) => match.labels !== undefined && matchesNames(match, names))
    .map(({ match, position: { file, line } }) => {
      const where = `the rule "${match.text}" (${file}:${line})`;
      return `${where} asks for ${match.labelText ?? 'labels'}, which the pool is not known to have`;
    });
}

/** A refusal has its own sentence, unless it is what holds the pool. A pause or a change in flight comes first. */
function explainHeld(
  config: CompiledConfig,
  names: Names,
  known: KnownPool | undefined,
  at: EpochMs,
): readonly string[] {
  const held = known?.held;
  const isRefusal = held?.code === 'cool-down' || held?.code === 'refused';
  const refusal = isRefusal ? [] : explainRefusal(known, at);
  if (held === undefined || isSaidBefore(known)) return refusal;
  return [...refusal, `nothing is done now: ${holdText(config, names, held)}`];
}

function isSaidBefore(known: KnownPool | undefined): boolean {
  if (known?.held?.code === 'in-flight') return known.inFlight !== undefined;
  return known?.held?.code === 'paused' && known.asks.pause !== undefined;
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
      ? 'no rule matches this name, so the pool is never changed'
      : `rule "${rule.match.text}" says schedule: none, so the pool is watched, but never changed`;
  const away =
    known?.memory?.away === undefined
      ? []
      : [
          'the pool is still below the base of a rule that was removed: it will be restored',
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

/** The schedule's next size, or the size after an override, lease or kept size ends: whichever comes first. */
function nextWanted(applied: AppliedRule, known: KnownPool | undefined, at: EpochMs): Explanation['nextChange'] {
  const ends = known === undefined ? [] : endsOf(known, at);
  if (known === undefined || ends.length === 0) return nextDesired(applied, at);
  const now = desiredAt(applied, known, at);
  let moment = at;
  for (;;) {
    const edge = nextChange(applied.timeline, moment)?.at ?? Number.POSITIVE_INFINITY;
    moment = Math.min(edge, ...ends.filter((end) => end > moment));
    if (moment > at + lookMs) return undefined;
    const desired = desiredAt(applied, known, moment);
    if (!isSameDesired(desired, now)) return { at: moment, desired };
  }
}

function endsOf({ asks, memory }: KnownPool, at: EpochMs): readonly EpochMs[] {
  const { override, leases } = asks;
  return [override?.until, memory?.kept?.until, ...leases.map(({ until }) => until)].filter(
    (end) => end !== undefined && end > at,
  ) as EpochMs[];
}

/** override ?? max(kept size ?? scheduled size, live leases), of the current asks that are still in force then. */
function desiredAt({ timeline, rule }: AppliedRule, { asks, memory }: KnownPool, at: EpochMs): Desired {
  const { override } = asks;
  if (override !== undefined && at < override.until) return toDesired(clampSize(override.exactly, rule.limits));
  const kept = memory?.kept !== undefined && at < memory.kept.until ? memory.kept : undefined;
  const scheduled = kept === undefined ? resolveDesired(saysAt(timeline, at), rule) : toDesired(kept.size);
  const base = baseOf(rule, memory);
  const cap = leaseCap(rule, base);
  const live = asks.leases.filter(({ until, askedAt }) => at < until && (kept === undefined || askedAt > kept.since));
  if (live.length === 0 || cap === undefined) return scheduled;
  const least = Math.min(Math.max(...live.map(({ atLeast }) => atLeast)), cap);
  const beside = scheduled === 'leave' ? memory?.seen?.size : besideLeases(scheduled, base);
  if (beside === undefined) return scheduled;
  const own = isRange(beside) ? { min: least, max: least } : least;
  return toDesired(largest(beside, clampSize(own, rule.limits)));
}

function besideLeases(scheduled: Desired, base: Size | undefined): Size | undefined {
  if (scheduled === 'observed base') return base;
  return typeof scheduled === 'string' ? 0 : sizeOf(scheduled);
}

/** An edge of the schedule to the same size is no change. */
function nextDesired({ timeline, rule }: AppliedRule, at: EpochMs): Explanation['nextChange'] {
  const now = resolveDesired(saysAt(timeline, at), rule);
  for (let edge = nextChange(timeline, at); edge !== undefined; edge = nextChange(timeline, edge.at)) {
    if (edge.at > at + lookMs) return undefined;
    const desired = resolveDesired(edge.says, rule);
    if (!isSameDesired(desired, now)) return { at: edge.at, desired };
  }
  return undefined;
}

type InUse = Pick<CompiledConfig, 'file'>;

/** Why nothing is done to a pool, and until when or what: one sentence, without a full stop. */
export function holdText(config: InUse, names: Pick<Names, 'cluster' | 'pool'>, held: Held): string {
  const end = holdEnds(config, names, held);
  return `${withConfig(config, held.reason)}${end === undefined ? '' : `; ${end}`}`;
}

/** How the hold ends, if its reason does not say so. */
export function holdEnds(
  config: InUse,
  names: Pick<Names, 'cluster' | 'pool'>,
  { code, until }: Held,
): string | undefined {
  switch (code) {
    case 'unread':
      return `it waits until a round can read it; to see why, run: ${commandHint(config, 'doctor')}`;
    case 'stale':
      return `it waits for a newer answer${until === undefined ? '' : `, until ${iso(until)} at most`}`;
    case 'base-unknown':
      return `give its rule a base, or run: ${commandHint(config, `base "${poolLabel(names)}" set <size>`)}`;
    case 'refused':
      return until === undefined ? undefined : `it is next tried at ${iso(until)}`;
    case 'next-round':
      return until === undefined ? undefined : `by ${iso(until)}`;
    default:
      return plainEnds.get(code);
  }
}

/** By the code of the hold: what ends it, whatever the pool. */
const plainEnds: ReadonlyMap<string, string> = new Map([
  ['wrong-clock', 'correct the clock of this machine'],
  ['observe', 'set mode: act to let it happen'],
  ['in-flight', 'it has to settle first'],
  ['stuck', 'it waits until the pool is Running again: look at it in the console'],
  ['cluster-not-running', 'it waits until the cluster is Running: look at it in the console'],
  ['pool-not-running', 'it waits until the pool is Running: the console may show why it is not'],
  ['unknown-status', 'it waits for a known status: look at it in the console'],
  ['absent-size', 'it waits until the API gives it'],
  ['missing', 'it waits until the API shows it again'],
  ['unreadable', 'rename it in the console'],
  ['min-nodes', 'it waits until another pool of its cluster has more nodes; or lower safety.minNodesPerCluster'],
  ['mismatch', 'give the rule a number, or turn on autoscaling for the pool'],
]);

/** The API refused the wanted size: why, and when Lamplighter tries again. */
function explainRefusal(known: KnownPool | undefined, now: EpochMs): readonly string[] {
  const refusal = known?.memory && refusalOf(known.memory, known.memory.pending?.target);
  if (refusal === undefined || known?.inFlight !== undefined) return [];
  const times = refusal.count === 1 ? '' : ` ${refusal.count} times`;
  const what = `${describeSize(refusal.target)} was refused by the API${times} (${refusal.detail})`;
  return [`${what}${whenAgain(refusal, known?.held?.code, now)}`];
}

/** Any other hold has its own sentence. */
function whenAgain(refusal: Refusal, hold: string | undefined, now: EpochMs): string {
  if (hold !== undefined && hold !== 'cool-down' && hold !== 'next-round') return '';
  return isCoolingDown(refusal, now)
    ? `: it is tried again at ${iso(refusal.until)}`
    : ': the next round tries it again';
}
