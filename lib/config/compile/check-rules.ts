/** What only shows when rules, schedules, exceptions and event sources are laid side by side. */
import type { EventSourceConfig, Exception } from '../../model/config.ts';
import type { Size } from '../../model/size.ts';
import { mayOverlap } from '../compile-match.ts';
import { type MatchIndex, makeMatchIndex } from '../match-index.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { type Context, inLine } from './context.ts';
import type { RuleDraft } from './rules.ts';
import { maxOf, minOf, renderSize } from './sizes.ts';

export function checkRules(
  drafts: readonly RuleDraft[],
  exceptions: readonly Exception[],
  events: readonly EventSourceConfig[],
  context: Context,
): void {
  const earlier = makeMatchIndex<RuleDraft>(({ rule }) => rule.match);
  const idle = makeMatchIndex<Exception>(({ match }) => match);
  for (const exception of exceptions) if (exception.size === 'idle') idle.add(exception);
  const zero = makeMatchIndex<Exception>(({ match }) => match);
  for (const exception of exceptions) if (isSize(exception.size) && minOf(exception.size) === 0) zero.add(exception);
  for (const draft of drafts) {
    const wasSpent = earlier.isSpent();
    checkShadowed(draft, earlier, context);
    if (earlier.isSpent() && !wasSpent) tellSpent(draft, context);
    earlier.add(draft);
    if (draft.rule.schedule === undefined) continue;
    checkIdleIsGiven(draft, idle, context);
    checkSaidSizes(draft, context);
    checkExceptionZero(draft, zero, context);
    checkLeaseCap(draft, events, context);
  }
}

/** First match wins, so a rule whose every pool an earlier one takes never counts. */
function checkShadowed({ rule, path }: RuleDraft, earlier: MatchIndex<RuleDraft>, { report }: Context): void {
  const winner = earlier.firstCovering(rule.match);
  if (winner === undefined) return;
  report.warning(
    [...path, 'match'],
    `this rule has no effect: every pool it matches is already matched by "${winner.rule.match.text}" ${inLine(winner.rule.position, rule.position)}`,
    'move it up, or remove it',
  );
}

/** What follows from it is only that a warning may be missing. */
function tellSpent({ path }: RuleDraft, { report }: Context): void {
  report.warning(
    [...path, 'match'],
    'there are too many patterns to compare: from here on, rules without effect are not found',
    'write fewer matches with a * at their beginning',
  );
}

type ScheduleInput = Salvaged<NonNullable<ConfigInput['schedules']>[string]>;

/** A rule must know its idle size as soon as anything can ask for it. */
function checkIdleIsGiven({ rule, path }: RuleDraft, idle: MatchIndex<Exception>, context: Context): void {
  if (rule.idle !== undefined || context.report.isTold(['defaults', 'idle'])) return;
  const schedule = context.input.schedules?.[rule.schedule ?? ''];
  const [exception] = idle.overlapping(rule.match);
  const asker =
    schedule !== undefined && saysIdle(schedule, context)
      ? `its schedule "${rule.schedule}"`
      : exception && `the exception ${inLine(exception.position, rule.position)}`;
  if (asker === undefined) return;
  context.report.missing(path, 'idle', `the rule has no idle size, and ${asker} says idle`, 'add idle: and a size');
}

function saysIdle(schedule: ScheduleInput, { input }: Context): boolean {
  const calendar = schedule.calendar === undefined ? undefined : input.calendars?.[schedule.calendar];
  return schedule.otherwise === 'idle' || calendar?.size === 'idle' || sizesOf(schedule).includes('idle');
}

/** The sizes of the windows; a window on one line means base. */
function sizesOf({ windows }: ScheduleInput): readonly unknown[] {
  if (windows === undefined || typeof windows === 'string') return [];
  return windows.map((window) => (typeof window === 'string' ? 'base' : window?.size));
}

/** Sizes that the schedule itself names must suit the rule: within its limits, and of the kind of its base. */
function checkSaidSizes({ rule, path }: RuleDraft, { input, report }: Context): void {
  const schedule = input.schedules?.[rule.schedule ?? ''];
  const said = [schedule?.otherwise, ...(schedule === undefined ? [] : sizesOf(schedule))];
  for (const size of said.filter(isSize)) {
    const { min, max } = rule.limits;
    if (minOf(size) === 0 && min > 0) {
      report.error(
        [...path, 'schedule'],
        `the schedule "${rule.schedule}" says ${renderSize(size)}, and this rule does not allow 0`,
        permission,
      );
    } else if (minOf(size) < min || (max !== undefined && maxOf(size) > max)) {
      const bounds = max === undefined ? `limits.min ${min}` : `limits ${min} to ${max}`;
      report.warning(
        [...path, 'schedule'],
        `the schedule "${rule.schedule}" says ${renderSize(size)}, which is outside ${bounds} and is limited to it`,
        'widen the limits, or change the schedule',
      );
    }
    if (typeof size !== 'number' && typeof rule.base === 'number') {
      report.warning(
        [...path, 'schedule'],
        `the schedule "${rule.schedule}" says a range, which only autoscaled pools have, but base is a number`,
        `if the pool is autoscaled, write base: { min: ${rule.base}, max: ${rule.base} }`,
      );
    }
  }
}

const permission = 'to allow 0, add limits: { min: 0 } to the rule';

/** An exception that says 0 would be lifted to limits.min in silence. */
function checkExceptionZero({ rule, path }: RuleDraft, zero: MatchIndex<Exception>, { report }: Context): void {
  const [exception] = rule.limits.min > 0 ? zero.overlapping(rule.match) : [];
  if (exception === undefined) return;
  const { match, position, size } = exception;
  report.error(
    path,
    `the exception for "${match.text}" ${inLine(position, rule.position)} says ${renderSize(size as Size)}, and this rule does not allow 0`,
    permission,
  );
}

function isSize(term: unknown): term is Size {
  return typeof term === 'number' || (typeof term === 'object' && term !== null && 'min' in term && 'max' in term);
}

/** A lease is capped by leases.max, limits.max or the base; with none of them known it will be refused. */
function checkLeaseCap(
  { rule, path }: RuleDraft,
  events: readonly EventSourceConfig[],
  { input, report }: Context,
): void {
  if (rule.base !== 'remembered' || rule.leases.max !== undefined || rule.limits.max !== undefined) return;
  const index = path[1];
  const asks = typeof index === 'number' && input.pools?.[index]?.leases !== undefined;
  const source = events.find((one) => one.may.some((match) => mayOverlap(match, rule.match)));
  if (!asks && source === undefined) return;
  const who = source === undefined ? 'leases are' : `events of "${source.name}" are`;
  report.warning(
    path,
    `${who} refused while the base of such a pool is not known: nothing limits them`,
    'add leases: { max: … } or limits: { max: … }',
  );
}
