import type { Exception, Rule } from '../../model/config.ts';
import type { CalendarDay, Schedule } from '../../model/schedule.ts';
import {
  describeSize,
  equalSize,
  isRange,
  type Range,
  type Says,
  type Size,
  saysLeave,
  type Term,
} from '../../model/size.ts';
import { because } from '../../model/text.ts';
import { iso, type Weekday } from '../../model/time.ts';
import { tellDuration } from '../messages/message.ts';
import type { AppliedRule } from '../scaling/rule-book.ts';
import { type Resolver, resolveSays, resolveTerm } from '../scaling/scheduled-size.ts';
import type { OpenWindows } from '../schedule/timeline.ts';

export type ScheduleSaid = {
  readonly applied: AppliedRule;
  readonly schedule: Schedule;
  readonly open: OpenWindows;
  readonly says: Says;
  readonly isOwnPool: boolean;
};

/** The rule, the calendar day, what decides, and the limits, in the order in which they apply. */
export function explainSchedule({ applied, schedule, open, says, isOwnPool }: ScheduleSaid): readonly string[] {
  const { rule } = applied;
  const where = `${rule.position.file}:${rule.position.line}`;
  return [
    `rule "${rule.match.text}"${rule.match.labelText === undefined ? '' : ` with ${rule.match.labelText}`} (${where}) is the first that matches; its schedule is ${schedule.name}, in ${schedule.zone}`,
    ...explainCalendarDay(open.calendarDay, open.decidedBy === 'calendar', rule),
    ...explainDecision(open, schedule, rule),
    ...(says.length > 1 ? ['the largest of these counts'] : []),
    ...explainBase(says, rule),
    ...says.flatMap((term) => explainLimits(term, rule, isOwnPool)),
    ...explainAnnounce(rule),
    ...(rule.mode === 'observe'
      ? ['mode is observe: nothing is changed, Lamplighter only shows what it would do']
      : []),
  ];
}

/** Who gets announcements of the pool's changes, and how early. */
function explainAnnounce({ announce, mode }: Rule): readonly string[] {
  if (announce === undefined || mode === 'observe') return [];
  const what = announce.raises ? 'scale-downs and scale-ups are' : 'a scale-down is';
  return [`${what} announced ${tellDuration(announce.beforeMs)} before, to ${announce.to.join(', ')}`];
}

const weekdayNames = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

function explainCalendarDay(day: CalendarDay | undefined, decides: boolean, rule: Rule): readonly string[] {
  if (day === undefined) return [];
  if ('actLike' in day) return [`${day.date} is a calendar day: it counts as a ${nameOf(day.actLike)}`];
  const rest = decides ? '' : ', but an exception overrides it';
  return [`${day.date} is a calendar day: ${describeTerm(day.size, rule)} for the whole local day${rest}`];
}

function nameOf(weekday: Weekday): string {
  return weekdayNames[weekday - 1] as string;
}

function explainDecision(open: OpenWindows, schedule: Schedule, rule: Rule): readonly string[] {
  switch (open.decidedBy) {
    case 'exception':
      return open.exceptions.map((exception) => explainException(exception, rule));
    case 'calendar':
      return [];
    case 'windows':
      return schedule.windows
        .filter(({ text }) => open.windows.includes(text))
        .map(({ text, size }) => `the window "${text}" is open: ${describeTerm(size, rule)}`);
    case 'otherwise':
      return [`no window is open: otherwise ${describeTerm(schedule.otherwise, rule)}`];
  }
}

function explainException({ position, start, end, size, reason }: Exception, rule: Rule): string {
  const where = `${position.file}:${position.line}`;
  return `the exception at ${where} holds from ${moment(start)} to ${moment(end)}: ${describeTerm(size, rule)}${because(reason)}`;
}

/** As a local time if written so, else absolute. */
function moment(written: string | number): string {
  return typeof written === 'string' ? written : iso(written);
}

function explainBase(says: Says, rule: Rule): readonly string[] {
  if (!says.includes('base') || rule.base !== 'remembered') return [];
  const beside = says.filter((term) => term !== 'base').map((term) => describeSize(termSize(term, rule)));
  const least = beside.length === 0 ? '' : `, and at least ${beside.join(' and ')}`;
  return [`the base is remembered: it is the last size seen while the schedule says base${least}`];
}

function explainLimits(term: Term, rule: Rule, isOwnPool: boolean): readonly string[] {
  const [asked, limited] = [unlimitedSize(term, rule), termSize(term, rule)];
  if (asked === undefined || equalSize(asked, limited)) return [];
  const { min, max } = rule.limits;
  const own = isOwnPool ? ' (Lamplighter runs on this pool: safety.runsOn)' : '';
  const limits = `limits { min: ${min}${max === undefined ? '' : `, max: ${max}`} }`;
  return [`${limits} make ${describeSize(limited)} of ${describeSize(asked)}${own}`];
}

/** "base (3)", "idle (0)", "base (remembered)", "leave (it stays as it is)", "2". */
function describeTerm(term: Term, rule: Rule): string {
  if (term === 'leave') return 'leave (it stays as it is)';
  if (typeof term !== 'string') return describeSize(term);
  const size = unlimitedSize(term, rule);
  return `${term} (${size === undefined && term === 'base' ? 'remembered' : describeSize(size)})`;
}

/**
 * A pool's scheduled size after limits, without reading the pool: a number or bounds from the rule, `observed base` if
 * the base is remembered, `leave` if the schedule wants no size, `untouched` if no rule with a schedule matches.
 */
export type Desired = { readonly size: number } | Range | 'observed base' | 'leave' | 'untouched';

/**
 * The size of several terms under a rule: the largest, per part. A remembered base wins over any number beside it,
 * since it is the pool's full size and is only known by reading the pool.
 */
export function resolveDesired(says: Says, rule: Rule): Desired {
  if (saysLeave(says)) return 'leave';
  if (says.includes('base') && rule.base === 'remembered') return 'observed base';
  const { size } = resolveSays(says, asWritten(rule));
  return size === undefined ? 'untouched' : toDesired(size);
}

/** One term in numbers, after limits; undefined for a remembered base. */
function termSize(term: Term, rule: Rule): Size | undefined {
  return resolveTerm(term, asWritten(rule));
}

/** Without reading the pool: sizes that need it are left out. */
function asWritten(rule: Rule): Resolver {
  return { rule, autoscale: undefined, base: unlimitedSize('base', rule) };
}

/** One term in numbers as the rule writes it. */
function unlimitedSize(term: Term, rule: Rule): Size | undefined {
  if (term === 'base') return rule.base === 'remembered' ? undefined : rule.base;
  if (term === 'leave') return undefined;
  return term === 'idle' ? rule.idle : term;
}

export function toDesired(size: Size): Exclude<Desired, string> {
  return isRange(size) ? { min: size.min, max: size.max } : { size };
}

export function isSameDesired(a: Desired, b: Desired): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return equalSize(sizeOf(a), sizeOf(b));
}

export function sizeOf(desired: Exclude<Desired, string>): Size {
  return 'size' in desired ? desired.size : desired;
}
