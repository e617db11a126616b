import type { Lead, Schedule, Window } from '../../model/config.ts';
import { type Range, saysKey, type Term } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { offsetsAround } from './local-time.ts';
import { calendarByDay, joinOpenings, type Opening, type WindowOpening, windowsFrom } from './openings.ts';
import type { ScheduleProblem } from './schedule-problem.ts';
import { datesOpenIn, lookMs } from './timeline.ts';

/** A likely mistake in a schedule. `window`: index in `schedule.windows`, from 0. */
export type WindowWarning = ScheduleProblem & {
  readonly kind: 'never-opens' | 'never-wins' | 'hole' | 'short';
  readonly window: number;
};

/** A resize takes up to 15 minutes: a shorter window may close before its nodes are there. */
const resizeMinutes = 15;

/** Windows that are probably mistakes, judged by every time they open in the four years from `now`. */
export function windowWarnings(schedule: Schedule, now: EpochMs): readonly WindowWarning[] {
  const openings = openingsFrom(schedule, now);
  return schedule.windows.flatMap((window, i) => {
    const own = openings.filter((opening) => opening.window === window);
    if (own.length === 0) return [neverOpens(window, i)];
    return [
      ...neverWins(schedule, i, own, openings),
      ...tooShort(window, i, schedule.lead),
      ...holesAfter(schedule, i, own, openings),
    ];
  });
}

function openingsFrom(schedule: Schedule, now: EpochMs): readonly WindowOpening[] {
  const [first, last] = datesOpenIn(now, now + lookMs);
  const offsets = offsetsAround(schedule.zone, first, last);
  const calendar = calendarByDay(schedule);
  const days = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  return days.flatMap((day) => windowsFrom(schedule, calendar, day, offsets)).sort((a, b) => a.from - b.from);
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

/** A gap this short is probably a mistake ("to 23:59"). */
const holeMinutes = 5;

/** `otherwise` counts between two windows. For a few minutes that means two useless resizes, unless it says leave. */
function holesAfter(
  schedule: Schedule,
  window: number,
  own: readonly WindowOpening[],
  openings: readonly WindowOpening[],
): readonly WindowWarning[] {
  const { text, size } = schedule.windows[window] as Window;
  const otherwise = saysKey([schedule.otherwise]);
  if (saysKey([size]) === otherwise || schedule.otherwise === 'leave' || size === 'leave') return [];
  const next = new Set<Window>();
  const covered = joinOpenings(openings);
  const byEnd = new Map(covered.map(({ to }, index) => [to, index]));
  const byStart = Map.groupBy(openings, ({ from }) => from);
  for (const { to } of own) {
    const hole = holeBetween(to, covered[(byEnd.get(to) ?? Number.NaN) + 1]);
    if (hole !== undefined) for (const one of byStart.get(hole.to) ?? []) next.add(one.window);
  }
  return [...next]
    .filter((other) => saysKey([other.size]) !== otherwise && other.size !== 'leave')
    .map((other) => ({
      kind: 'hole',
      window,
      problem: `between the windows "${text}" and "${other.text}" there is a gap of at most ${holeMinutes} min`,
      fix: `let the first end when the second begins ("24:00" is the end of a day)`,
    }));
}

/** `next` = the next window to open after all windows closed at `at`; undefined = none, or one was still open. */
function holeBetween(at: EpochMs, next: Opening | undefined): Opening | undefined {
  if (next === undefined || next.from - at > holeMinutes * 60_000) return undefined;
  return { from: at, to: next.from };
}
