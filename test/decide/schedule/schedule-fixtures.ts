import { isScheduleProblem } from '../../../lib/decide/schedule/schedule-problem.ts';
import { makeWindow, type WrittenWindow } from '../../../lib/decide/schedule/window.ts';
import type { Exception } from '../../../lib/model/config.ts';
import type { Schedule, Window } from '../../../lib/model/schedule.ts';
import type { Term } from '../../../lib/model/size.ts';

/** A schedule of no windows that says idle, with what matters to the test put over it. */
export function scheduleOf(parts: Partial<Schedule>): Schedule {
  return { name: 's', zone: 'UTC', windows: [], otherwise: 'idle', lead: { kind: 'none' }, calendarDays: [], ...parts };
}

export function windowOf(written: WrittenWindow, size: Term = 'base'): Window {
  const window = makeWindow(written, size);
  if (isScheduleProblem(window)) throw new Error(window.problem);
  return window;
}

export function exceptionOf(start: string | number, end: string | number, size: Term): Exception {
  const match = { text: '*', region: undefined, cluster: '.*', pool: undefined, exactPool: false };
  return { match, start, end, size, reason: undefined, position: { file: 'lamplighter.yml', line: 1 } };
}
