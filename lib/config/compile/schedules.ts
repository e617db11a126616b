import type { WrittenWindow } from '../../decide/schedule/window.ts';
import { windowWarnings } from '../../decide/schedule/window-warnings.ts';
import type { Lead, Schedule, Window } from '../../model/schedule.ts';
import type { Term } from '../../model/size.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { daysIn, type ResolvedCalendar } from './calendars.ts';
import { type Context, entriesOf, isDefined, itemsOf, toMs } from './context.ts';
import { readTerm } from './sizes.ts';
import { readWindow, spellLine, spellOut, zoneFor } from './windows.ts';

type ScheduleInput = Salvaged<NonNullable<ConfigInput['schedules']>[string]>;

/**
 * `meaning` is what a rule's hash covers: the schedule as written, with its calendar as written. The calendar's days
 * themselves are left out: they grow by a year each New Year, which changes nobody's rule.
 */
export type CompiledSchedule = { readonly schedule: Schedule; readonly meaning: unknown };

export function compileSchedules(
  calendars: ReadonlyMap<string, ResolvedCalendar>,
  context: Context,
): ReadonlyMap<string, CompiledSchedule> {
  const compiled = new Map<string, CompiledSchedule>();
  for (const [name, schedule] of entriesOf(context.input.schedules)) {
    const one = compileSchedule(name, schedule, calendars, context);
    if (one !== undefined) compiled.set(name, one);
  }
  return compiled;
}

function compileSchedule(
  name: string,
  input: ScheduleInput,
  calendars: ReadonlyMap<string, ResolvedCalendar>,
  context: Context,
): CompiledSchedule | undefined {
  const { report } = context;
  const path = ['schedules', name];
  if (name === 'none')
    report.error(path, 'a schedule cannot be called none: that word means no schedule', 'give it another name');
  const zone = zoneFor(input, path, `the schedule "${name}"`, context);
  const placed = readWindows(input, zone, path, context);
  const windows = placed.map(({ window }) => window);
  const otherwise =
    input.otherwise === undefined ? undefined : readTerm(input.otherwise, [...path, 'otherwise'], report);
  const calendar = readCalendar(input, path, calendars, context);
  if (zone === undefined || otherwise === undefined) return undefined;
  const lead = toLead(input.lead);
  const written = input.calendar === undefined ? undefined : context.input.calendars?.[input.calendar];
  const calendarDays = calendar ? daysIn(calendar, zone) : [];
  const schedule: Schedule = { name, zone, windows, otherwise, lead, calendarDays };
  if (!report.hasErrors()) warnOfWindows(schedule, placed, calendar === undefined, context);
  return {
    schedule,
    meaning: { zone, windows, otherwise, lead, calendar: written, ics: calendar?.ics?.text },
  };
}

type WindowItem = Exclude<NonNullable<ScheduleInput['windows']>, string>[number];

type PlacedWindow = { readonly window: Window; readonly place: Path };

/** In their order, each with where it stands: one line may hold several. */
function readWindows(
  { windows }: ScheduleInput,
  zone: string | undefined,
  path: Path,
  { report }: Context,
): readonly PlacedWindow[] {
  const read = (written: readonly WrittenWindow[], size: Term, place: Path) =>
    written.flatMap((one): readonly PlacedWindow[] => {
      const window = readWindow(one, size, place, report);
      return window === undefined ? [] : [{ window, place }];
    });
  const own = [...path, 'windows'];
  if (typeof windows === 'string') return read(spellLine(windows, zone, own, report), 'base', own);
  return itemsOf<WindowItem>(windows).flatMap(([index, item]) => {
    const place = [...own, index];
    if (item === undefined) return [];
    if (typeof item === 'string') return read(spellLine(item, zone, place, report), 'base', place);
    const { size, ...written } = item;
    const term = readTerm(size ?? 'base', [...place, 'size'], report) ?? 'base';
    return read(spellOut(written, zone, place, report), term, place);
  });
}

/** Only for a config without errors so far: with a window missing, the others would be judged wrongly. */
function warnOfWindows(
  schedule: Schedule,
  placed: readonly PlacedWindow[],
  hasNoCalendar: boolean,
  { report, now }: Context,
): void {
  const found = windowWarnings(schedule, now);
  for (const { window, problem, fix } of found) report.warning(placed[window]?.place ?? [], problem, fix);
  if (!hasNoCalendar) return;
  for (const { window, place } of placed) {
    if (!window.pieces.some(({ workday }) => workday !== undefined)) continue;
    const problem = 'holidays count as working days, since the schedule has no calendar';
    report.warning([...place, 'workday'], problem, 'add calendar: and the name of one with your holidays');
  }
}

function readCalendar(
  { calendar }: ScheduleInput,
  path: Path,
  calendars: ReadonlyMap<string, ResolvedCalendar>,
  { input, report }: Context,
): ResolvedCalendar | undefined {
  if (calendar === undefined) return undefined;
  isDefined(calendar, input.calendars, 'calendar', [...path, 'calendar'], report);
  return calendars.get(calendar);
}

function toLead(lead: string | undefined): Lead {
  if (lead === undefined || lead === 'none') return { kind: 'none' };
  return lead === 'auto' ? { kind: 'auto' } : { kind: 'fixed', ms: toMs(lead, '0s') };
}
