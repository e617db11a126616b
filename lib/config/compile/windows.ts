import { parseDayAndTime } from '../../decide/schedule/parse-time.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import { makeWindow, type WrittenWindow } from '../../decide/schedule/window.ts';
import type { Window } from '../../model/config.ts';
import type { Term } from '../../model/size.ts';
import type { Path } from '../problem.ts';
import type { Report } from '../report.ts';
import { checkZone } from '../time-zones.ts';
import type { Context } from './context.ts';

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

/** The zone written at this place; undefined when it is none, which is then reported. */
export function readZone(written: string | undefined, path: Path, { report }: Context): string | undefined {
  if (written === undefined) return undefined;
  const zone = checkZone(written);
  if (!isScheduleProblem(zone)) return zone;
  if (!report.isTold(path)) report.error(path, zone.problem, zone.fix);
  return undefined;
}

/** Its own zone, else the config's. There is no default zone: a silent UTC would be wrong for nearly everybody. */
export function zoneFor(own: string | undefined, owner: Path, what: string, context: Context): string | undefined {
  const { input, report } = context;
  if (own !== undefined) return readZone(own, [...owner, 'timezone'], context);
  if (input.timezone !== undefined) return readZone(input.timezone, ['timezone'], context);
  if (!report.isTold(['timezone'])) {
    report.missing(
      owner,
      'timezone',
      `${what} has no time zone`,
      'add timezone: Europe/Berlin (or yours) at the top of the config',
    );
  }
  return undefined;
}
