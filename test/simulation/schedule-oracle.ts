import type { EpochMs } from '../../lib/model/time.ts';
import { firstInstant, localDay, weekdayOf } from './berlin-time.ts';
import {
  type Bounds,
  bounds,
  type ExceptionMeaning,
  type RuleMeaning,
  type ScheduleMeaning,
  type TermMeaning,
  type WindowMeaning,
} from './meaning.ts';

/**
 * What a config says about a pool, asked at each step of time by looking at every window of the days around: slow,
 * plain, and sharing nothing with the code under test. Windows here begin and end at full ten minutes.
 */
export type ScheduleOracle = {
  /** Terms in force, in a fixed order. */
  readonly termsAt: (at: EpochMs) => readonly TermMeaning[];
  /** Instants in (from, to] at which it says something else. */
  readonly edges: (from: EpochMs, to: EpochMs) => readonly EpochMs[];
};

const stepMs = 600_000;
const dayMs = 86_400_000;

export function makeScheduleOracle(schedule: ScheduleMeaning, exceptions: readonly ExceptionMeaning[]): ScheduleOracle {
  const known = new Map<number, readonly TermMeaning[]>();
  const edgesByDay = new Map<number, readonly number[]>();
  const dated = exceptions.map(({ start, end, size }) => ({ size, from: instantOf(start), until: instantOf(end) }));
  const termsAt = (step: number) => {
    const terms = known.get(step) ?? termsOf(schedule, dated, step * stepMs);
    known.set(step, terms);
    return terms;
  };
  const edgesOn = (day: number) => {
    const edges =
      edgesByDay.get(day) ?? stepsOf(day).filter((step) => termsAt(step).join() !== termsAt(step - 1).join());
    edgesByDay.set(day, edges);
    return edges.map((step) => step * stepMs);
  };
  return {
    termsAt: (at) => termsAt(Math.floor(at / stepMs)),
    edges: (from, to) => {
      const found: EpochMs[] = [];
      for (let day = Math.floor(from / dayMs); day * dayMs <= to; day += 1) {
        for (const edge of edgesOn(day)) if (edge > from && edge <= to) found.push(edge);
      }
      return found;
    },
  };
}

/** The steps of one day of UTC. */
function stepsOf(day: number): readonly number[] {
  const perDay = dayMs / stepMs;
  return Array.from({ length: perDay }, (_, index) => day * perDay + index);
}

type Dated = { readonly size: TermMeaning; readonly from: EpochMs; readonly until: EpochMs };

function termsOf(schedule: ScheduleMeaning, exceptions: readonly Dated[], at: EpochMs): readonly TermMeaning[] {
  const inForce = exceptions.filter(({ from, until }) => at >= from && at < until);
  if (inForce.length > 0) return together(inForce.map(({ size }) => size));
  const open = schedule.windows.filter((window) => isOpen(window, at)).map(({ size }) => size);
  return together(open.length > 0 ? open : [schedule.otherwise]);
}

function instantOf(local: string): EpochMs {
  return firstInstant(Date.parse(`${local}:00Z`));
}

function isOpen(window: WindowMeaning, at: EpochMs): boolean {
  const { days, to, workday } = window;
  const today = localDay(at);
  for (let back = 0; back <= Math.ceil(to / 1440); back += 1) {
    const day = today - back * dayMs;
    if (!days.includes(weekdayOf(day)) || (workday !== undefined && !workday.some((n) => isWorkday(day, n)))) continue;
    if (openings(window).some(([a, b]) => at >= firstInstant(day + a * 60_000) && at < firstInstant(day + b * 60_000)))
      return true;
  }
  return false;
}

function openings({
  from,
  to,
  every = to - from,
  lasts = every,
}: WindowMeaning): readonly (readonly [number, number])[] {
  const starts = Array.from({ length: Math.ceil((to - from) / every) }, (_, i) => from + i * every);
  return starts.map((start) => [start, Math.min(start + lasts, to)]);
}

/** Is this day the n-th of the Mondays to Fridays of its month; from the end, where n is below 0? */
function isWorkday(day: EpochMs, n: number): boolean {
  if (weekdayOf(day) > 5) return false;
  const month = new Date(day).getUTCMonth();
  let others = 0;
  for (let one = day - Math.sign(n) * dayMs; new Date(one).getUTCMonth() === month; one -= Math.sign(n) * dayMs)
    if (weekdayOf(one) <= 5) others += 1;
  return others === Math.abs(n) - 1;
}

/** Who wants a size is heard before who wants none. */
function together(terms: readonly TermMeaning[]): readonly TermMeaning[] {
  if (terms.length === 1) return terms;
  const sizes = terms.filter((term) => term !== 'leave');
  if (sizes.length === 0) return ['leave'];
  return [...new Set(sizes)].sort((a, b) => String(a).localeCompare(String(b)));
}

/** A term as bounds of a pool; limits clamp all but a remembered base. undefined = the base, which is not known, or leave. */
export function resolve(term: TermMeaning, rule: RuleMeaning, base: Bounds | undefined): Bounds | undefined {
  if (term === 'leave') return undefined;
  if (term === 'base') return rule.base === 'remembered' ? base : clamp(bounds(rule.base), rule);
  return clamp(bounds(term === 'idle' ? rule.idle : term), rule);
}

export function clamp({ min, max }: Bounds, { limits }: Pick<RuleMeaning, 'limits'>): Bounds {
  const one = (n: number) => Math.min(Math.max(n, limits.min), limits.max ?? Number.POSITIVE_INFINITY);
  return { min: one(min), max: one(max) };
}

export function largestOf(all: readonly Bounds[]): Bounds {
  return { min: Math.max(...all.map(({ min }) => min)), max: Math.max(...all.map(({ max }) => max)) };
}
