import type { Window } from '../../decide/compiled-config.ts';
import type { Term } from '../../decide/model.ts';
import { makeWindow, type WrittenWindow } from '../../decide/schedule/make-window.ts';
import { parseDayAndTime } from '../../decide/schedule/parse-time-of-day.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import type { Path } from '../problem.ts';
import type { Report } from '../report.ts';

const timeKeys = ['from', 'to'] as const;

/**
 * The window, or undefined after everything that is wrong with it was reported: makeWindow names one problem at a
 * time, so what it objects to is taken out and the rest is asked for again.
 */
export function readWindow(written: WrittenWindow, size: Term, path: Path, report: Report): Window | undefined {
  if (Object.values(written).some((value) => Array.isArray(value) && value.includes(undefined))) {
    readWindow(withoutHoles(written), size, path, report);
    return undefined;
  }
  const isWhole = timeKeys.every((key) => !report.isTold([...path, key]));
  const window = makeWindow(isWhole ? written : withoutTimes(written), size);
  if (!isScheduleProblem(window)) return isWhole ? window : undefined;
  const { key, problem, fix } = window;
  if (key === undefined) {
    if (isWhole) report.error(path, problem, fix);
    return undefined;
  }
  report.error([...path, key], problem, fix);
  if (key === 'from') reportOtherTime(written.to, [...path, 'to'], report);
  const rest = key === 'from' || key === 'to' ? withoutTimes(written) : { ...written, [key]: undefined };
  if (hasAny(rest)) readWindow(rest, size, path, report);
  return undefined;
}

function reportOtherTime(to: unknown, path: Path, report: Report): void {
  const parsed = to === undefined ? undefined : parseDayAndTime(to);
  if (isScheduleProblem(parsed)) report.error(path, parsed.problem, parsed.fix);
}

function withoutTimes(written: WrittenWindow): WrittenWindow {
  return { ...written, from: undefined, to: undefined };
}

function hasAny(written: WrittenWindow): boolean {
  return Object.values(written).some((value) => value !== undefined);
}

/** Lists without the items that were already refused. */
function withoutHoles(written: WrittenWindow): WrittenWindow {
  const entries = Object.entries(written).map(([key, value]) => [key, withoutHole(value)] as const);
  return Object.fromEntries(entries.filter(([, value]) => !Array.isArray(value) || value.length > 0));
}

function withoutHole(value: unknown): unknown {
  return Array.isArray(value) ? value.filter((item) => item !== undefined) : value;
}
