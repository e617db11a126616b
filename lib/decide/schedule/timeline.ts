import type { Exception, Schedule } from '../compiled-config.ts';
import type { EpochMs, Says } from '../model.ts';
import { dayMs } from './local-date.ts';
import { type EdgeTable, stretchAt } from './edge-table.ts';
import { compileSayings, type Sayings, tableOver } from './sayings.ts';

/** How far ahead and back an edge is looked for: a window on 29 February opens every 1,461 days. */
export const lookMs = 1500 * dayMs;

/** Enough for most rounds: the last edge, the present and the next edge, long weekends included. */
const firstReachMs = 8 * dayMs;

/** Beyond this distance a table is begun anew where it is asked for, instead of being stretched that far. */
const farMs = 2 * lookMs;

/**
 * What one schedule says, with the exceptions that apply to a pool, at every instant. It remembers the edges of the
 * stretch of time asked for so far and nothing else: the same question always has the same answer.
 */
export type Timeline = { readonly sayings: Sayings; known: EdgeTable };

/** `exceptions`: those whose `match` names the pool. `around`: where questions are expected, usually now. */
export function makeTimeline(schedule: Schedule, exceptions: readonly Exception[], around: EpochMs): Timeline {
  const sayings = compileSayings(schedule, exceptions);
  return { sayings, known: tableOver(sayings, around - firstReachMs, around + firstReachMs) };
}

/** What the schedule says at an instant: terms in canonical order, never none. */
export function saysAt(timeline: Timeline, at: EpochMs): Says {
  const table = tableWith(timeline, at, at);
  return table.says[stretchAt(table, at)] as Says;
}

/** The first instant after `at` at which it says something else, and what; undefined = not within `lookMs`. */
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

/** The last instant, `at` included, at which it began to say something else; undefined = not within `lookMs`. */
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

/** Everything it says in [from, to), each once, in the order of time; nothing where the stretch is empty. */
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

/** The table, stretched where it does not reach. It doubles at least, so that asking on and on costs little. */
function tableWith(timeline: Timeline, from: EpochMs, to: EpochMs): EdgeTable {
  const { known } = timeline;
  const edges = known.edges;
  if (from >= (edges[0] as EpochMs) && to < (edges[edges.length - 1] as EpochMs)) return known;
  timeline.known = stretchTable(timeline, from, to);
  return timeline.known;
}

function stretchTable({ sayings, known }: Timeline, from: EpochMs, to: EpochMs): EdgeTable {
  const start = startOf(known);
  const end = endOf(known);
  if (from > end + farMs || to < start - farMs) return tableOver(sayings, from - firstReachMs, to + firstReachMs);
  const newStart = from < start ? Math.min(from, 2 * start - end) : start;
  return tableOver(sayings, newStart, to >= end ? Math.max(to + 1, 2 * end - start) : end);
}

function startOf({ edges }: EdgeTable): EpochMs {
  return edges[0] as EpochMs;
}

function endOf({ edges }: EdgeTable): EpochMs {
  return edges.at(-1) as EpochMs;
}
