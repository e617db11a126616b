/** How fast a schedule answers, and what evaluating many of them once costs. `node bench/schedule.ts` prints it. */

import { isScheduleProblem } from '../lib/decide/schedule/schedule-problem.ts';
import { lastEdge, makeTimeline, nextChange, saysAt, type Timeline } from '../lib/decide/schedule/timeline.ts';
import { makeWindow } from '../lib/decide/schedule/window.ts';
import type { Schedule } from '../lib/model/schedule.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';

const dayMs = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const instantCount = 4_000_000;

export async function bench(): Promise<readonly BenchResult[]> {
  const timeline = makeTimeline(officeHours('Europe/Berlin', 0), [], start);
  const inOrder = Float64Array.from({ length: instantCount }, (_, i) => start + ((i * 60_000) % (365 * dayMs)));
  const scattered = Float64Array.from(
    { length: instantCount },
    (_, i) => start + ((i * 7_919 * 60_000) % (365 * dayMs)),
  );
  const empty = perSecond(inOrder, (at) => Number(at > start));
  const minutes = perSecond(inOrder, askSchedule(timeline));
  const anywhere = perSecond(scattered, askSchedule(timeline));
  const intl = perSecond(inOrder.subarray(0, 100_000), askIntl('Europe/Berlin'));
  const goal = { atLeast: 20 };
  const compare = (rate: number) =>
    `1/${(empty / rate).toFixed(1)} of an empty loop, ${(rate / intl).toFixed(0)} × Intl`;
  return [
    benchResult('asking a schedule, minute by minute for a year', minutes / 1e6, 'million/s', goal, compare(minutes)),
    benchResult('asking a schedule, anywhere in a year', anywhere / 1e6, 'million/s', goal, compare(anywhere)),
    benchResult('an empty loop over the same instants', empty / 1e6, 'million/s'),
    benchResult('reading weekday and time with Intl', intl / 1e6, 'million/s'),
    benchResult('50 schedules: now, last edge and next change, once', evaluateMs(50), 'ms', { atMost: 100 }),
  ];
}

/** The best of five runs: the one the machine disturbed least. */
function perSecond(instants: Float64Array, ask: (at: number) => number): number {
  let best = 0;
  let sum = 0;
  for (let run = 0; run < 5; run += 1) {
    const began = performance.now();
    for (const at of instants) sum += ask(at);
    best = Math.max(best, (instants.length / (performance.now() - began)) * 1000);
  }
  if (Number.isNaN(sum)) throw new Error('the answers were lost');
  return best;
}

function askSchedule(timeline: Timeline): (at: number) => number {
  return (at) => saysAt(timeline, at).length;
}

function askIntl(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit' });
  return (at) => format.format(at).length;
}

/** Cold, in zones all over the world: what a round pays before it can decide anything. */
function evaluateMs(count: number): number {
  const zones = Intl.supportedValuesOf('timeZone');
  const schedules = Array.from({ length: count }, (_, i) =>
    officeHours(zones[(i * 8) % zones.length] ?? 'UTC', i % 12),
  );
  const began = performance.now();
  for (const schedule of schedules) {
    const timeline = makeTimeline(schedule, [], start);
    saysAt(timeline, start);
    lastEdge(timeline, start);
    nextChange(timeline, start);
  }
  return performance.now() - began;
}

function officeHours(zone: string, shift: number): Schedule {
  const windows = [
    makeWindow({ days: 'mon-fri', from: `${String(shift + 6).padStart(2, '0')}:00`, to: '19:00' }, 'base'),
    makeWindow({ from: 'fri 20:00', to: 'mon 06:30' }, 'idle'),
    makeWindow({ nth: ['sun#2', 'friL'], from: '00:00', to: '11:00' }, 3),
  ];
  const mistake = windows.find((window) => isScheduleProblem(window));
  if (mistake !== undefined) throw new Error(mistake.problem);
  const usable = windows.filter((window) => 'pieces' in window);
  return { name: 'office-hours', zone, windows: usable, otherwise: 'idle', lead: { kind: 'none' }, calendarDays: [] };
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
