import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseInstant, parseMoment } from '../../../lib/decide/schedule/parse-time.ts';
import { isScheduleProblem, type ScheduleProblem } from '../../../lib/decide/schedule/schedule-problem.ts';
import { makeTimeline, nextChange, openWindowsAt, saysAt } from '../../../lib/decide/schedule/timeline.ts';
import { makeWindow, type WindowProblem } from '../../../lib/decide/schedule/window.ts';
import type { Exception } from '../../../lib/model/config.ts';
import type { Schedule, Window } from '../../../lib/model/schedule.ts';
import { exceptionOf, scheduleOf } from './schedule-fixtures.ts';

type VectorWindow = {
  readonly days?: readonly string[];
  readonly start?: string;
  readonly end?: string;
  readonly nth?: string;
  readonly monthdays?: readonly string[];
  readonly months?: readonly number[];
};

type Vector = {
  readonly spec:
    | { readonly model: 'windows'; readonly tz: string; readonly windows: readonly VectorWindow[] }
    | { readonly model: 'absolute'; readonly from: string; readonly to: string }
    | { readonly model: 'next-edge'; readonly tz: string; readonly start: string; readonly end: string };
  readonly now: string;
  readonly want: string;
  readonly why: string;
};

const file = new URL('../../vectors/windows.json', import.meta.url);
const vectors = JSON.parse(readFileSync(file, 'utf8')) as readonly Vector[];
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

describe('windows as other systems answer them', () => {
  test('there are as many as were collected', () => expect(vectors).toHaveLength(87));

  test.each(vectors.map((vector, i) => ({ name: `${i}: ${vector.why} at ${vector.now}`, vector })))(
    '$name',
    ({ vector }) => {
      expect(answer(vector)).toBe(vector.want);
    },
  );
});

function answer({ spec, now }: Vector): string {
  const at = parseInstant(now);
  if (isScheduleProblem(at)) return 'error';
  if (spec.model === 'absolute') return answerException(spec.from, spec.to, at);
  const written = spec.model === 'windows' ? spec.windows : [{ start: spec.start, end: spec.end }];
  const windows = written.map(translate);
  const problem = windows.find((window) => isScheduleProblem(window));
  if (problem !== undefined) return 'error';
  const schedule = scheduleOf({ zone: spec.tz, windows: windows as readonly Window[] });
  return spec.model === 'next-edge' ? answerNextEdge(schedule, at) : answerOpen(schedule, at);
}

function translate({ days, start, end, nth, monthdays, months }: VectorWindow): Window | WindowProblem {
  const dayOfMonth = monthdays?.map(Number);
  const named = months?.map((month) => monthNames[month - 1]);
  return makeWindow({ days, from: start, to: end, nth, dayOfMonth, months: named }, 'base');
}

/** Both ways of asking must agree. */
function answerOpen(schedule: Schedule, at: number): string {
  const isOpen = openWindowsAt(schedule, [], at).windows.length > 0;
  expect(saysAt(makeTimeline(schedule, [], at), at)).toEqual([isOpen ? 'base' : 'idle']);
  return isOpen ? 'on' : 'off';
}

function answerException(from: string, to: string, at: number): string {
  const exceptions: readonly Exception[] = [exceptionOf(momentOf(from), momentOf(to), 'base')];
  const says = saysAt(makeTimeline(scheduleOf({}), exceptions, at), at);
  return says[0] === 'base' ? 'on' : 'off';
}

function answerNextEdge(schedule: Schedule, at: number): string {
  const next = nextChange(makeTimeline(schedule, [], at), at);
  return next === undefined ? 'never' : new Date(next.at).toISOString().replace('.000', '');
}

function momentOf(written: string): string | number {
  const moment: string | number | ScheduleProblem = parseMoment(written, '');
  if (isScheduleProblem(moment)) throw new Error(moment.problem);
  return moment;
}
