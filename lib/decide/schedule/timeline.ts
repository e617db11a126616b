import type { Exception } from '../../model/config.ts';
import type { CalendarDay, Schedule } from '../../model/schedule.ts';
import type { Says, Term } from '../../model/size.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { type DayNumber, type OffsetStretch, offsetsAround } from './local-time.ts';
import {
  type CalendarByDay,
  calendarByDay,
  exceptionOpenings,
  type LayeredOpening,
  makeOpenTally,
  type OpenChange,
  type Opening,
  wholeDay,
  windowsFrom,
} from './openings.ts';

/** How far ahead and back edges are searched: a window on 29 February opens every 1,461 days. */
export const lookMs = 1500 * dayMs;

/** Enough for most rounds: the last edge, the present and the next edge, even over long weekends. */
const firstReachMs = 8 * dayMs;

/** Beyond this distance, a new table is made instead of extending the old one. */
const farMs = 2 * lookMs;

/**
 * What one schedule says at every instant, with a pool's exceptions. It caches the edges of the stretch asked for so
 * far; the cache never changes an answer.
 */
export type Timeline = { readonly source: ScheduleSource; known: EdgeTable };

/** `exceptions`: those whose `match` names the pool. `around`: where questions are expected, usually now. */
export function makeTimeline(schedule: Schedule, exceptions: readonly Exception[], around: EpochMs): Timeline {
  const source = readySource(schedule, exceptions);
  return { source, known: tableOver(source, around - firstReachMs, around + firstReachMs) };
}

/** What the schedule says at an instant: terms in canonical order, at least one. */
export function saysAt(timeline: Timeline, at: EpochMs): Says {
  const table = tableWith(timeline, at, at);
  return table.says[stretchAt(table, at)] as Says;
}

/** Does the schedule ever say base? Dated exceptions do not count. */
export function everSaysBase({ source: { schedule } }: Timeline): boolean {
  return sizesIn(schedule).includes('base');
}

/** Does it ever say leave, exceptions included? A leave that always has another size beside it is not found. */
export function everSaysLeave({ source: { schedule, exceptions } }: Timeline): boolean {
  return sizesIn(schedule).includes('leave') || exceptions.some(({ term }) => term === 'leave');
}

function sizesIn({ otherwise, windows, calendarDays }: Schedule): readonly Term[] {
  const ofDays = calendarDays.flatMap((day) => ('size' in day ? [day.size] : []));
  return [otherwise, ...windows.map(({ size }) => size), ...ofDays];
}

/** When it next changes after `at`, and to what; undefined = not within `lookMs`. */
export function nextChange(timeline: Timeline, at: EpochMs): { at: EpochMs; says: Says } | undefined {
  const until = at + lookMs;
  let table = tableWith(timeline, at, at);
  while (stretchAt(table, at) === table.says.length - 1 && endOf(table) <= until) {
    table = tableWith(timeline, at, endOf(table));
  }
  const next = stretchAt(table, at) + 1;
  const edge = table.edges[next] as EpochMs;
  return next < table.says.length && edge <= until ? { at: edge, says: table.says[next] as Says } : undefined;
}

/** When it last changed, `at` included; undefined = not within `lookMs`. */
export function lastEdge(timeline: Timeline, at: EpochMs): EpochMs | undefined {
  const since = at - lookMs;
  let table = tableWith(timeline, at, at);
  while (stretchAt(table, at) === 0 && startOf(table) >= since) {
    table = tableWith(timeline, startOf(table) - 1, at);
  }
  const last = stretchAt(table, at);
  const edge = table.edges[last] as EpochMs;
  return last > 0 && edge >= since ? edge : undefined;
}

/** All different values in [from, to), in order of time; empty if the stretch is empty. */
export function saysBetween(timeline: Timeline, from: EpochMs, to: EpochMs): readonly Says[] {
  if (!(from < to)) return [];
  const table = tableWith(timeline, from, to);
  const first = stretchAt(table, from);
  if (to <= (table.edges[first + 1] as EpochMs)) return [table.says[first] as Says];
  const found = new Set<Says>();
  for (let i = first; i < table.says.length && (table.edges[i] as EpochMs) < to; i += 1) {
    found.add(table.says[i] as Says);
  }
  return [...found];
}

/** The times in [from, to) at which the test holds, as half-open stretches in order of time. */
export function timesWhen(
  timeline: Timeline,
  isSuch: (says: Says) => boolean,
  from: EpochMs,
  to: EpochMs,
): readonly (readonly [EpochMs, EpochMs])[] {
  const times: [EpochMs, EpochMs][] = [];
  for (let at = from; at < to; ) {
    const end = Math.min(nextChange(timeline, at)?.at ?? to, to);
    const last = times.at(-1);
    const isNow = isSuch(saysAt(timeline, at));
    if (isNow && last?.[1] === at) last[1] = end;
    else if (isNow) times.push([at, end]);
    at = end;
  }
  return times;
}

/** The table, extended if needed. It at least doubles, so that repeated extension stays cheap. */
function tableWith(timeline: Timeline, from: EpochMs, to: EpochMs): EdgeTable {
  const { known } = timeline;
  const edges = known.edges;
  if (from >= (edges[0] as EpochMs) && to < (edges[edges.length - 1] as EpochMs)) return known;
  timeline.known = stretchTable(timeline, from, to);
  return timeline.known;
}

function stretchTable({ source, known }: Timeline, from: EpochMs, to: EpochMs): EdgeTable {
  const start = startOf(known);
  const end = endOf(known);
  if (from > end + farMs || to < start - farMs) return tableOver(source, from - firstReachMs, to + firstReachMs);
  const newStart = from < start ? Math.min(from, 2 * start - end) : start;
  return tableOver(source, newStart, to >= end ? Math.max(to + 1, 2 * end - start) : end);
}

function startOf({ edges }: EdgeTable): EpochMs {
  return edges[0] as EpochMs;
}

function endOf({ edges }: EdgeTable): EpochMs {
  return edges.at(-1) as EpochMs;
}

/** A schedule and its exceptions, ready to be computed for any stretch of time. */
type ScheduleSource = {
  readonly schedule: Schedule;
  readonly calendar: CalendarByDay;
  readonly exceptions: readonly LayeredOpening[];
};

function readySource(schedule: Schedule, exceptions: readonly Exception[]): ScheduleSource {
  const openings = exceptionOpenings(exceptions, schedule.zone);
  return {
    schedule,
    calendar: calendarByDay(schedule),
    exceptions: openings.map(({ from, to, exception }) => ({ from, to, layer: 0, term: exception.size })),
  };
}

/** Computes the table over [from, to). Both are whole milliseconds. */
function tableOver(source: ScheduleSource, from: EpochMs, to: EpochMs): EdgeTable {
  const [first, last] = datesOpenIn(from, to);
  const offsets = offsetsAround(source.schedule.zone, first, last);
  const openings = [...source.exceptions];
  for (let day = first; day <= last; day += 1) openings.push(...openingsFrom(source, day, offsets));
  return buildEdgeTable(openings, source.schedule.otherwise, { from, to });
}

/**
 * The dates on which a window that is open in [from, to) can have started: a local date is at most one day off the date
 * in UTC, and a piece ends by the end of the next date.
 */
export function datesOpenIn(from: EpochMs, to: EpochMs): readonly [first: DayNumber, last: DayNumber] {
  return [Math.floor(from / dayMs) - 3, Math.floor(to / dayMs) + 1];
}

function openingsFrom(
  { schedule, calendar }: ScheduleSource,
  day: DayNumber,
  offsets: readonly OffsetStretch[],
): readonly LayeredOpening[] {
  const special = calendar.get(day);
  if (special !== undefined && 'size' in special) {
    return [{ ...wholeDay(day, offsets), layer: 1, term: special.size }];
  }
  const opened = windowsFrom(schedule, calendar, day, offsets);
  return opened.map(({ from, to, window }) => ({ from, to, layer: 2, term: window.size }));
}

/**
 * The values over [start, end): `says[i]` holds from `edges[i]` to `edges[i + 1]`. Neighbours differ; equal values are
 * the same array. `edges` begins with the start and ends with the end.
 */
type EdgeTable = {
  readonly edges: Float64Array;
  readonly says: readonly Says[];
  /** For each slot of time since the start: the index in `edges` at which to begin the search. */
  readonly firstOfSlot: Uint32Array;
};

/** A quarter of a day rarely holds more than two edges, so a lookup needs no search. */
const slotMs = dayMs / 4;

/** One sweep over all openings: at each instant the first layer with anything open decides, else `otherwise`. */
function buildEdgeTable(openings: readonly LayeredOpening[], otherwise: Term, span: Opening): EdgeTable {
  const changes = changesIn(openings, span);
  const open = makeOpenTally(openings, otherwise);
  const edges: EpochMs[] = [];
  const says: Says[] = [];
  for (let i = 0, at = span.from; at < span.to; at = changes[i]?.at ?? span.to) {
    for (; changes[i]?.at === at; i += 1) open.apply(changes[i] as OpenChange);
    const said = open.says();
    if (said === says.at(-1)) continue;
    edges.push(at);
    says.push(said);
  }
  return { edges: Float64Array.from([...edges, span.to]), says, firstOfSlot: indexSlots(edges, span) };
}

/** The index of the stretch that holds `at`, which must lie within the table. */
function stretchAt({ edges, firstOfSlot }: EdgeTable, at: EpochMs): number {
  let i = firstOfSlot[Math.floor((at - (edges[0] as number)) / slotMs)] as number;
  while ((edges[i + 1] as number) <= at) i += 1;
  return i;
}

type Change = OpenChange & { readonly at: EpochMs };

function changesIn(openings: readonly LayeredOpening[], span: Opening): readonly Change[] {
  const changes: Change[] = [];
  for (const opening of openings) {
    if (opening.to <= span.from || opening.from >= span.to) continue;
    changes.push({ at: Math.max(opening.from, span.from), by: 1, opening });
    if (opening.to < span.to) changes.push({ at: opening.to, by: -1, opening });
  }
  return changes.sort((a, b) => a.at - b.at);
}

/** For each slot the last stretch that has begun when the slot begins. */
function indexSlots(edges: readonly EpochMs[], span: Opening): Uint32Array {
  const firstOfSlot = new Uint32Array(Math.ceil((span.to - span.from) / slotMs));
  let i = 0;
  for (let slot = 0; slot < firstOfSlot.length; slot += 1) {
    while ((edges[i + 1] ?? span.to) <= span.from + slot * slotMs) i += 1;
    firstOfSlot[slot] = i;
  }
  return firstOfSlot;
}

/** Why a schedule says what it says at an instant. */
export type OpenWindows = {
  /** Open windows as written, in the order of the schedule, even if something else decides. */
  readonly windows: readonly string[];
  /** What decides: everything of the highest layer that is open. */
  readonly decidedBy: 'exception' | 'calendar' | 'windows' | 'otherwise';
  /** The exceptions in force; of several, the largest counts. */
  readonly exceptions: readonly Exception[];
  /** What the schedule's calendar says about this local date, if it names it. */
  readonly calendarDay: CalendarDay | undefined;
};

/** What is open at `at`, and what decides; `exceptions` are those whose `match` names the pool. */
export function openWindowsAt(schedule: Schedule, exceptions: readonly Exception[], at: EpochMs): OpenWindows {
  const calendar = calendarByDay(schedule);
  const [first, last] = datesOpenIn(at, at);
  const offsets = offsetsAround(schedule.zone, first, last);
  const days = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const holds = ({ from, to }: Opening) => from <= at && at < to;
  const opened = new Set(
    days
      .flatMap((day) => windowsFrom(schedule, calendar, day, offsets))
      .filter(holds)
      .map(({ window }) => window),
  );
  const held = exceptionOpenings(exceptions, schedule.zone)
    .filter(holds)
    .map(({ exception }) => exception);
  const calendarDay = calendar.get(days.find((day) => holds(wholeDay(day, offsets))) as DayNumber);
  const windows = schedule.windows.filter((window) => opened.has(window)).map(({ text }) => text);
  return { windows, decidedBy: whatDecides(held, calendarDay, windows), exceptions: held, calendarDay };
}

function whatDecides(
  held: readonly Exception[],
  calendarDay: CalendarDay | undefined,
  windows: readonly string[],
): OpenWindows['decidedBy'] {
  if (held.length > 0) return 'exception';
  if (calendarDay !== undefined && 'size' in calendarDay) return 'calendar';
  return windows.length > 0 ? 'windows' : 'otherwise';
}
