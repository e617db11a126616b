import { parseDayAndTime } from '../../decide/schedule/parse-time.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import { parseTerseWindows } from '../../decide/schedule/terse-window.ts';
import { makeWindow, type WrittenWindow } from '../../decide/schedule/window.ts';
import type { Window } from '../../model/config.ts';
import type { Term } from '../../model/size.ts';
import { cronProblem, isCron } from '../cron-window.ts';
import type { Path } from '../problem.ts';
import type { Report } from '../report.ts';
import { checkZone } from '../time-zones.ts';
import type { Context } from './context.ts';

const timeKeys = ['from', 'to'] as const;
/** Where one of these was wrong, a window that says nothing more is no further mistake. */
const tellingKeys = ['days', 'nth', 'dayOfMonth', 'workday', 'months', 'every', 'for'] as const;

type WindowInput = WrittenWindow & { readonly window?: string | undefined };

/** Windows as keys, whatever form they were written in; what is wrong with a line is reported, and the zones it names. */
export function spellOut(
  { window: line, ...written }: WindowInput,
  zone: string | undefined,
  path: Path,
  report: Report,
): readonly WrittenWindow[] {
  if (line === undefined) return [written];
  const other = Object.entries(written).find(([, value]) => value !== undefined)?.[0];
  if (other !== undefined) {
    report.error(
      [...path, other],
      `\`${other}\` does not go with \`window\``,
      'write it into the line, or write all keys',
    );
    return [];
  }
  return spellLine(line, zone, [...path, 'window'], report);
}

/** The same of a line by itself. */
export function spellLine(
  line: string,
  zone: string | undefined,
  path: Path,
  report: Report,
): readonly WrittenWindow[] {
  const parsed = isCron(line) ? cronProblem(line) : parseTerseWindows(line);
  if (isScheduleProblem(parsed)) {
    report.error(path, parsed.problem, parsed.fix);
    return [];
  }
  return parsed.map((one) => {
    if (one.zone !== undefined && zone !== undefined && one.zone !== zone)
      report.error(
        path,
        `the window is in ${one.zone}, and what it belongs to is in ${zone}`,
        `all windows of a schedule share one zone: make it a schedule of its own, or write timezone: ${one.zone}`,
      );
    return one.written;
  });
}

type OneLine = { readonly window?: string | undefined };
type ZoneInput = {
  readonly timezone?: string | undefined;
  readonly windows?: string | readonly (string | OneLine | undefined)[] | undefined;
};

/** A schedule's `timezone`, else the one that every window names on its own line. */
export function writtenZone({ timezone, windows = [] }: ZoneInput): string | undefined {
  if (timezone !== undefined) return timezone;
  const items = typeof windows === 'string' ? [windows] : windows;
  const lines = items.map((item) => (typeof item === 'object' ? item.window : item));
  const written = lines.filter((line) => line !== undefined);
  return written.length > 0 && written.length === lines.length ? zoneOfLines(written) : undefined;
}

/** A silence's own zone, or that of its line. */
export function zoneOfSilence({ timezone, window }: OneLine & Pick<ZoneInput, 'timezone'>): string | undefined {
  return writtenZone({ timezone, windows: window === undefined ? [] : [window] });
}

/** The zone that all of these lines name; undefined = they name none, several, or not all of them one. */
function zoneOfLines(lines: readonly string[]): string | undefined {
  const zones = lines.flatMap((line) => {
    const parsed = parseTerseWindows(line);
    return isScheduleProblem(parsed) ? [undefined] : parsed.map((one) => one.zone);
  });
  return zones.every((one) => one === zones[0]) ? zones[0] : undefined;
}

/**
 * The window, or undefined after everything that is wrong with it was reported: makeWindow names one problem at a
 * time, so what it objects to is taken out and the rest is asked for again.
 */
export function readWindow(written: WrittenWindow, size: Term, path: Path, report: Report): Window | undefined {
  if (Object.values(written).some((value) => Array.isArray(value) && value.includes(undefined))) {
    const rest = withoutHoles(written);
    if (hasAny(rest)) readWindow(rest, size, path, report);
    return undefined;
  }
  const isWhole = timeKeys.every((key) => !report.isTold([...path, key]));
  const window = makeWindow(isWhole ? written : withoutTimes(written), size);
  if (!isScheduleProblem(window)) return isWhole ? window : undefined;
  const { key, problem, fix } = window;
  if (key === undefined) {
    if (isWhole && !tellingKeys.some((one) => report.isTold([...path, one]))) report.error(path, problem, fix);
    return undefined;
  }
  report.error([...path, key], problem, fix);
  if (key === 'from') reportOtherTime(written.to, [...path, 'to'], report);
  const rest = restOf(written, key);
  if (hasAny(rest)) readWindow(rest, size, path, report);
  return undefined;
}

/** What can still be judged without this key: times go together, and so do a step and its length. */
function restOf(written: WrittenWindow, key: keyof WrittenWindow): WrittenWindow {
  if (key === 'from' || key === 'to') return withoutTimes({ ...written, every: undefined, for: undefined });
  return key === 'every' || key === 'for'
    ? { ...written, every: undefined, for: undefined }
    : { ...written, [key]: undefined };
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
