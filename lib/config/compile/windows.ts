import { parseDayAndTime } from '../../decide/schedule/parse-time.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import { parseTerseWindows } from '../../decide/schedule/terse-window.ts';
import { makeWindow, type WrittenWindow } from '../../decide/schedule/window.ts';
import type { Window } from '../../model/schedule.ts';
import type { Term } from '../../model/size.ts';
import type { Report } from '../collect-problems.ts';
import { cronProblem, isCron } from '../cron-window.ts';
import type { Path } from '../problem.ts';
import { checkZone } from '../time-zones.ts';
import type { Context } from './context.ts';

const timeKeys = ['from', 'to'] as const;
/** If one of these was wrong, the window's missing parts are no further mistake. */
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
      `\`${other}\` cannot be combined with \`window\``,
      'put it into the line, or write all as keys',
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
  const parsed = isCron(line) ? cronProblem(line, path) : parseTerseWindows(line);
  if (isScheduleProblem(parsed)) {
    report.error(path, parsed.problem, parsed.fix);
    return [];
  }
  for (const named of new Set(parsed.flatMap((one) => one.zone ?? []))) reportOtherZone(named, zone, path, report);
  return parsed.map((one) => one.written);
}

function reportOtherZone(named: string, zone: string | undefined, path: Path, report: Report): void {
  const checked = checkZone(named);
  if (isScheduleProblem(checked)) report.error(path, checked.problem, checked.fix);
  else if (zone !== undefined && named !== zone)
    report.error(
      path,
      `the window is in ${named}, but its schedule or silence is in ${zone}`,
      `all windows of a schedule share one zone: give it its own schedule, or write timezone: ${named}`,
    );
}

type OneLine = { readonly window?: string | undefined };
type ZoneInput = {
  readonly timezone?: string | undefined;
  readonly windows?: string | readonly (string | OneLine | undefined)[] | undefined;
};

/** A schedule's `timezone`, else the one that every window names on its own line. */
export function writtenZone(input: ZoneInput): string | undefined {
  if (input.timezone !== undefined) return input.timezone;
  const zones = zonesOfLines(input);
  const isUsable = zones[0] !== undefined && !isScheduleProblem(checkZone(zones[0]));
  return isUsable && zones.every((one) => one === zones[0]) ? zones[0] : undefined;
}

/** What a silence says about its zone, as a schedule says it. */
export function zoneOfSilence({ timezone, window }: OneLine & Pick<ZoneInput, 'timezone'>): ZoneInput {
  return { timezone, windows: window === undefined ? [] : [window] };
}

/** The zone of each window: undefined where it names none, or is none of one line. */
function zonesOfLines({ windows = [] }: ZoneInput): readonly (string | undefined)[] {
  const items = typeof windows === 'string' ? [windows] : windows;
  return items.flatMap((item) => {
    const line = typeof item === 'object' ? item.window : item;
    const parsed = line === undefined ? undefined : parseTerseWindows(line);
    return parsed === undefined || isScheduleProblem(parsed) ? [undefined] : parsed.map((one) => one.zone);
  });
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
export function zoneFor(written: ZoneInput, owner: Path, what: string, context: Context): string | undefined {
  const { input, report } = context;
  const own = writtenZone(written);
  if (own !== undefined) return readZone(own, [...owner, 'timezone'], context);
  if (input.timezone !== undefined) return readZone(input.timezone, ['timezone'], context);
  if (report.isTold(['timezone'])) return undefined;
  const named = [...new Set(zonesOfLines(written).filter((zone) => zone !== undefined))];
  // What a line names and is no zone is said of that line.
  if (named.some((zone) => isScheduleProblem(checkZone(zone)))) return undefined;
  const [problem, fix] = zoneWanted(named, what);
  report.missing(owner, 'timezone', problem, fix);
  return undefined;
}

function zoneWanted(named: readonly string[], what: string): readonly [string, string] {
  if (named.length > 1)
    return [`the windows of ${what} name several zones: ${named.join(', ')}`, 'give each zone its own schedule'];
  const [one] = named;
  return one === undefined
    ? [`${what} has no time zone`, 'add timezone: Europe/Berlin (or yours) at the top of the config']
    : [
        `not every window of ${what} names its time zone`,
        `add timezone: ${one} to it, or name the zone in each of them`,
      ];
}
