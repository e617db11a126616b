import type { Lead, Schedule, Window } from '../../model/schedule.ts';
import { type Range, saysKey, type Term } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import {
  type DayNumber,
  dayIn,
  type OffsetStretch,
  offsetsAround,
  renderDate,
  timeIn,
  zoneOffsets,
} from './local-time.ts';
import {
  type CalendarByDay,
  calendarByDay,
  isSkippedOn,
  joinOpenings,
  type WindowOpening,
  windowsFrom,
} from './openings.ts';
import type { ScheduleProblem } from './schedule-problem.ts';
import { datesOpenIn, lookMs } from './timeline.ts';

/** A likely mistake in a schedule. `window`: index in `schedule.windows`, from 0. */
export type WindowWarning = ScheduleProblem & {
  readonly kind: 'never-opens' | 'never-wins' | 'hole' | 'short' | 'skipped';
  readonly window: number;
};

/** A resize takes up to 15 minutes: a shorter window may close before its nodes are there. */
const resizeMinutes = 15;

/** Windows that are probably mistakes, judged by every time they open in the four years from `now`. */
export function windowWarnings(schedule: Schedule, now: EpochMs): readonly WindowWarning[] {
  const openings = openingsFrom(schedule, now);
  const byWindow = Map.groupBy(openings, ({ window }) => window);
  const gaps = gapsAfter(openings);
  const [calendar, hours] = [calendarByDay(schedule), skippedHours(schedule, now)];
  return schedule.windows.flatMap((window, i) => {
    const own = byWindow.get(window);
    if (own === undefined) return [neverOpens(window, i)];
    return [
      ...neverWins(schedule, i, own, openings),
      ...tooShort(window, i, schedule.lead),
      ...holesAfter(schedule, i, own, gaps),
      ...skippedNight(window, i, schedule, calendar, hours),
    ];
  });
}

function openingsFrom(schedule: Schedule, now: EpochMs): readonly WindowOpening[] {
  const [first, last] = datesOpenIn(now, now + lookMs);
  const offsets = offsetsAround(schedule.zone, first, last);
  const calendar = calendarByDay(schedule);
  const openings: WindowOpening[] = [];
  for (let day = first; day <= last; day += 1) openings.push(...windowsFrom(schedule, calendar, day, offsets));
  return openings.sort((a, b) => a.from - b.from);
}

function neverOpens({ text }: Window, window: number): WindowWarning {
  const fix =
    'check its days: not every month has a fifth Friday or a 31st, and calendar days with a size open no window';
  return {
    kind: 'never-opens',
    window,
    problem: `the window "${text}" does not open once in the next four years`,
    fix,
  };
}

/** The largest open window counts, so a window that is only open beside a larger one has no effect. */
function neverWins(
  { windows }: Schedule,
  window: number,
  own: readonly WindowOpening[],
  openings: readonly WindowOpening[],
): readonly WindowWarning[] {
  const { text, size } = windows[window] as Window;
  const larger = windows.filter((other, i) => i !== window && isAtLeast(other.size, size, i < window));
  if (larger.length === 0) return [];
  const covered = joinOpenings(openings.filter((opening) => larger.includes(opening.window)));
  if (!own.every(({ from, to }) => covered.some((other) => other.from <= from && to <= other.to))) return [];
  const names = larger.map((other) => `"${other.text}"`).join(', ');
  const problem = `the window "${text}" can never win: whenever it is open, so is ${names}, and the largest size counts`;
  return [{ kind: 'never-wins', window, problem, fix: 'remove its time from the other windows, or remove it' }];
}

/** Compared without a rule: base is at least idle, and any size beats leave; of two equal ones the earlier counts. */
function isAtLeast(a: Term, b: Term, isEarlier: boolean): boolean {
  if (saysKey([a]) === saysKey([b])) return isEarlier;
  if (a === 'leave' || b === 'leave') return b === 'leave';
  if (typeof a === 'string' || typeof b === 'string') return a === 'base' && b === 'idle';
  const [left, right] = [rangeOf(a), rangeOf(b)];
  return left.min >= right.min && left.max >= right.max;
}

function rangeOf(size: number | Range): Range {
  return typeof size === 'number' ? { min: size, max: size } : size;
}

/**
 * A window cut at midnights has several pieces and lasts longer than any of them. With a lead, the nodes are there when
 * it opens, so its length does not matter.
 */
function tooShort({ text, size, pieces, repeats }: Window, window: number, lead: Lead): readonly WindowWarning[] {
  const [piece, ...more] = pieces;
  if (size === 'leave' || lead.kind !== 'none' || piece === undefined) return [];
  if ((more.length > 0 && !repeats) || piece.to - piece.from >= resizeMinutes * 60) return [];
  const problem = `the window "${text}" is shorter than a resize may take (${resizeMinutes} min)`;
  return [{ kind: 'short', window, problem, fix: 'make it longer, give the schedule a lead, or leave it out' }];
}

type SkippedHour = { readonly day: DayNumber; readonly at: EpochMs; readonly offsets: readonly OffsetStretch[] };

/** The days on which the clocks of the zone go forward. */
function skippedHours({ zone }: Schedule, now: EpochMs): readonly SkippedHour[] {
  const stretches = zoneOffsets(zone, now, now + lookMs);
  return stretches.flatMap(({ from: at, offsetMs }, i) => {
    if (offsetMs <= (stretches[i - 1]?.offsetMs ?? offsetMs)) return [];
    const day = dayIn(zone, at);
    return [{ day, at, offsets: offsetsAround(zone, day, day) }];
  });
}

/** What repeats, or is part of a longer window, is not missed for one time. */
function skippedNight(
  window: Window,
  index: number,
  { zone }: Schedule,
  calendar: CalendarByDay,
  hours: readonly SkippedHour[],
): readonly WindowWarning[] {
  if (window.repeats || window.pieces.length > 1) return [];
  const hour = hours.find(({ day, offsets }) => isSkippedOn(window, calendar, day, offsets));
  if (hour === undefined) return [];
  const time = timeIn(hour.at, zone);
  const problem = `the window "${window.text}" does not open on ${renderDate(hour.day)}: the clocks skip this time, they go forward to ${time}`;
  return [{ kind: 'skipped', window: index, problem, fix: `if it must open on each night, let it end after ${time}` }];
}

/** A gap this short is probably a mistake ("to 23:59"). */
const holeMinutes = 5;

/** `otherwise` counts between two windows. For a few minutes that means two useless resizes, unless it says leave. */
function holesAfter(
  schedule: Schedule,
  window: number,
  own: readonly WindowOpening[],
  gaps: Gaps,
): readonly WindowWarning[] {
  const { text, size } = schedule.windows[window] as Window;
  const otherwise = saysKey([schedule.otherwise]);
  if (saysKey([size]) === otherwise || schedule.otherwise === 'leave' || size === 'leave') return [];
  const next = new Set<Window>();
  for (const { to } of own) for (const other of gaps.get(to) ?? []) next.add(other);
  return [...next]
    .filter((other) => saysKey([other.size]) !== otherwise && other.size !== 'leave')
    .map((other) => ({
      kind: 'hole',
      window,
      problem: `between the windows "${text}" and "${other.text}" there is a gap of at most ${holeMinutes} min`,
      fix: `let the first end when the second begins ("24:00" is the end of a day)`,
    }));
}

/** The instants at which all windows close for a few minutes only, and which windows open next. */
type Gaps = ReadonlyMap<EpochMs, readonly Window[]>;

function gapsAfter(openings: readonly WindowOpening[]): Gaps {
  const covered = joinOpenings(openings);
  const short = new Map<EpochMs, EpochMs>();
  covered.forEach(({ to }, i) => {
    const next = covered[i + 1]?.from;
    if (next !== undefined && next - to <= holeMinutes * 60_000) short.set(next, to);
  });
  const gaps = new Map<EpochMs, Window[]>();
  if (short.size === 0) return gaps;
  for (const { from, window } of openings) {
    const closed = short.get(from);
    if (closed !== undefined) gaps.set(closed, [...(gaps.get(closed) ?? []), window]);
  }
  return gaps;
}
