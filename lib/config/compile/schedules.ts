import { windowWarnings } from '../../decide/schedule/window-warnings.ts';
import type { Lead, Schedule } from '../../model/config.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { daysIn, type ResolvedCalendar } from './calendars.ts';
import { type Context, entriesOf, isDefined, itemsOf, toMs } from './context.ts';
import { readTerm } from './sizes.ts';
import { readWindow, zoneFor } from './windows.ts';

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
  const zone = zoneFor(input.timezone, path, `the schedule "${name}"`, context);
  const windows = readWindows(input, path, context);
  const otherwise =
    input.otherwise === undefined ? undefined : readTerm(input.otherwise, [...path, 'otherwise'], report);
  const calendar = readCalendar(input, path, calendars, context);
  if (zone === undefined || otherwise === undefined) return undefined;
  const lead = toLead(input.lead);
  const written = input.calendar === undefined ? undefined : context.input.calendars?.[input.calendar];
  const calendarDays = calendar ? daysIn(calendar, zone) : [];
  const schedule: Schedule = { name, zone, windows, otherwise, lead, calendarDays };
  if (!report.hasErrors()) warnOfWindows(schedule, path, context);
  return {
    schedule,
    meaning: { zone, windows, otherwise, lead, calendar: written, ics: calendar?.ics?.text },
  };
}

function readWindows(input: ScheduleInput, path: Path, { report }: Context): Schedule['windows'] {
  return itemsOf(input.windows).flatMap(([index, { size, ...written }]) => {
    const place = [...path, 'windows', index];
    const term = readTerm(size ?? 'base', [...place, 'size'], report) ?? 'base';
    const window = readWindow(written, term, place, report);
    return window === undefined ? [] : [window];
  });
}

/** Only for a config without errors so far: with a window missing, the others would be judged wrongly. */
function warnOfWindows(schedule: Schedule, path: Path, { report, now }: Context): void {
  for (const { window, problem, fix } of windowWarnings(schedule, now)) {
    report.warning([...path, 'windows', window], problem, fix);
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
