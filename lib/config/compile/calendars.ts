import { resolve } from 'node:path';
import { dayNumber } from '../../decide/schedule/local-time.ts';
import { FileError } from '../../errors.ts';
import type { RemoteCalendar } from '../../model/config.ts';
import type { CalendarDay } from '../../model/schedule.ts';
import type { Weekday } from '../../model/time.ts';
import { readIcs as expandIcs } from '../ics/read-ics.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import { weekdays } from '../schema/fleet.ts';
import { checkZone } from '../time-zones.ts';
import type { Salvaged } from '../validate.ts';
import { compileAddress } from './addresses.ts';
import { type Context, entriesOf, itemsOf } from './context.ts';
import { findHolidays } from './holidays.ts';
import { writtenZone, zoneOfSilence } from './windows.ts';

/** A calendar with everything that does not depend on a zone resolved. */
export type ResolvedCalendar = {
  /** undefined only where no schedule uses it: a silence wants nothing but its dates. */
  readonly meaning: { readonly actLike: Weekday } | { readonly size: 'base' | 'idle' | 'leave' } | undefined;
  readonly dates: readonly string[];
  readonly holidays: readonly string[] | undefined;
  /** Its dates per zone of the config, and of UTC; `endless`: they go on beyond the horizon. */
  readonly ics:
    | {
        readonly text: string;
        readonly dates: { readonly [zone: string]: readonly string[] };
        readonly endless: boolean;
      }
    | undefined;
  /** It lives at an address. */
  readonly remote: RemoteCalendar | undefined;
};

type CalendarInput = Salvaged<NonNullable<ConfigInput['calendars']>[string]>;

/** From the start of last year to the end of the year after next: never less than two years ahead. */
function horizonOf(now: number): { readonly first: string; readonly last: string } {
  const year = new Date(now).getUTCFullYear();
  return { first: `${year - 1}-01-01`, last: `${year + 2}-12-31` };
}

export async function resolveCalendars(context: Context): Promise<ReadonlyMap<string, ResolvedCalendar>> {
  const resolved = new Map<string, ResolvedCalendar>();
  for (const [name, calendar] of entriesOf(context.input.calendars)) {
    const one = await resolveCalendar(calendar, ['calendars', name], context);
    if (one !== undefined) resolved.set(name, one);
  }
  return resolved;
}

async function resolveCalendar(
  calendar: CalendarInput,
  path: Path,
  context: Context,
): Promise<ResolvedCalendar | undefined> {
  const { report } = context;
  const meaning = readMeaning(calendar, path, context);
  const sources = ['holidays', 'dates', 'ics'] as const;
  if (!sources.some((key) => calendar[key] !== undefined || report.isTold([...path, key]))) {
    report.error(path, 'a calendar without dates', 'add dates, holidays or ics');
  }
  const dates = readDates(calendar.dates ?? [], path, context);
  const holidays = calendar.holidays === undefined ? undefined : await readHolidays(calendar.holidays, path, context);
  if (calendar.insecure !== undefined && !isRemote(calendar.ics))
    report.error([...path, 'insecure'], 'insecure is for an address, and ics is not one', 'remove it');
  const { ics, remote } = await readSource(calendar, path, context);
  return { meaning, dates, holidays, ics, remote };
}

/** What a calendar's days are: another weekday, or one size all day; exactly one of the two. */
function readMeaning(calendar: CalendarInput, path: Path, { report, input }: Context): ResolvedCalendar['meaning'] {
  const { actLike, size } = calendar;
  if (report.isTold([...path, 'actLike']) || report.isTold([...path, 'size'])) return undefined;
  if (actLike !== undefined && size === undefined) return { actLike: (weekdays.indexOf(actLike) + 1) as Weekday };
  if (size !== undefined && actLike === undefined) return { size };
  const [, name] = path;
  const isOf = (one: { readonly calendar?: string | undefined }) => one.calendar === name;
  const isForSilences = itemsOf(input.silences).some(([, silence]) => isOf(silence));
  const isForSchedules = entriesOf(input.schedules).some(([, schedule]) => isOf(schedule));
  if (size === undefined && actLike === undefined && isForSilences && !isForSchedules) return undefined;
  const found = size === undefined ? 'says neither' : 'says both';
  report.error(
    path,
    `a calendar's days either act like a weekday or have a size; this one ${found}`,
    'write actLike: sunday, or size: idle',
  );
  return undefined;
}

function readDates(dates: readonly (string | undefined)[], calendar: Path, { report }: Context): readonly string[] {
  return dates.flatMap((date, index) => {
    if (date === undefined) return [];
    if (dayNumber(date) !== undefined) return [date];
    report.error([...calendar, 'dates', index], `"${date}" is not a date`, 'write YYYY-MM-DD');
    return [];
  });
}

async function readHolidays(code: string, calendar: Path, context: Context): Promise<readonly string[] | undefined> {
  const { first, last } = horizonOf(context.now);
  const outcome = await findHolidays(code, Number(first.slice(0, 4)), Number(last.slice(0, 4)));
  if (outcome.ok) return outcome.dates;
  context.report.error([...calendar, 'holidays'], outcome.message, outcome.fix);
  return undefined;
}

type Source = Pick<ResolvedCalendar, 'ics' | 'remote'>;

/** An address, or a reference to one; everything else is a path. */
function isRemote(ics: CalendarInput['ics']): boolean {
  return typeof ics === 'object' || (ics !== undefined && /^[a-z][a-z0-9+.-]+:\/\//iu.test(ics));
}

async function readSource(calendar: CalendarInput, path: Path, context: Context): Promise<Source> {
  const place = [...path, 'ics'];
  const { ics: written } = calendar;
  if (written === undefined) return { ics: undefined, remote: undefined };
  if (typeof written === 'string' && !isRemote(written))
    return { ics: await readIcs(written, place, context), remote: undefined };
  return readRemote(String(path[1]), written, calendar.insecure === true, place, context);
}

/**
 * The copy of a calendar at an address. That there is none, or none that can be used, is a matter of the network and no
 * mistake in the config: its days are then unknown, and the watch says so. Wherever the config is compiled for, the address
 * is read on this machine.
 */
async function readRemote(
  name: string,
  written: NonNullable<CalendarInput['ics']>,
  insecure: boolean,
  place: Path,
  context: Context,
): Promise<Source> {
  if (typeof written === 'string' && /^webcal/iu.test(written)) {
    context.report.error(place, 'webcal: is another name for https:', 'write https: instead');
    return { ics: undefined, remote: undefined };
  }
  const address = compileAddress(written, insecure, true, place, { ...context, target: 'local' });
  if (address === undefined) return { ics: undefined, remote: undefined };
  const { text, at, problem } = await context.readCalendar({ name, address, insecure });
  const known = { name, ...(context.target === 'local' && { address }), insecure };
  const failed = problem === undefined ? {} : { problem };
  if (text === undefined || at === undefined) return { ics: undefined, remote: { ...known, ...failed } };
  const { first, last } = horizonOf(context.now);
  const outcome = await expandIcs({ text, zones: zonesOf(context), first, last });
  if (!outcome.ok) return { ics: undefined, remote: { ...known, problem: `it cannot be used: ${outcome.message}` } };
  const ics = { text, dates: outcome.dates, endless: outcome.endless };
  return { ics, remote: { ...known, fetchedAt: at, ...failed } };
}

/** Nothing is known of its days: it lives at an address, has no copy, and names no other. */
export function isMissing({ remote, ics, dates, holidays }: ResolvedCalendar): boolean {
  return remote !== undefined && ics === undefined && holidays === undefined && dates.length === 0;
}

async function readIcs(file: string, path: Path, context: Context): Promise<ResolvedCalendar['ics']> {
  try {
    const text = await context.readFile(resolve(context.directoryOf(path), file));
    const { first, last } = horizonOf(context.now);
    const outcome = await expandIcs({ text, zones: zonesOf(context), first, last });
    if (outcome.ok) {
      for (const zone of outcome.unknownZones.slice(0, 5))
        context.report.warning(
          path,
          `the calendar file names the time zone "${zone.slice(0, 100)}", which is neither known nor defined in it`,
          'its times are read as local times of the schedule; export the calendar with its time zones',
        );
      if (Object.values(outcome.dates).every((dates) => dates.length === 0))
        context.report.warning(
          path,
          `the calendar file has no event from ${first} to ${last}, so no day of it counts`,
          'is this the right file? Export the calendar again, or remove it',
        );
      return { text, dates: outcome.dates, endless: outcome.endless };
    }
    const fix = 'correct that event, or export the calendar again, as .ics';
    context.report.error(path, `the calendar file cannot be used: ${outcome.message}`, fix);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    const own = error instanceof FileError ? error.fix : undefined;
    context.report.error(
      path,
      `the calendar file cannot be read: ${reason}`,
      own ?? 'give a path relative to this file',
    );
  }
  return undefined;
}

/** Every zone that a schedule or a silence may ask for. */
function zonesOf({ input }: Context): readonly string[] {
  const ofSchedules = entriesOf(input.schedules).map(([, schedule]) => writtenZone(schedule));
  const ofSilences = itemsOf(input.silences).map(([, silence]) => writtenZone(zoneOfSilence(silence)));
  const written = [input.timezone, ...ofSchedules, ...ofSilences];
  const zones = written.flatMap((zone) => (zone === undefined ? [] : checkZone(zone)));
  return [...new Set(['UTC', ...zones.filter((zone) => typeof zone === 'string')])];
}

/** The calendar's days for a schedule in `zone`, each date once, in order. */
export function daysIn(calendar: ResolvedCalendar, zone: string): readonly CalendarDay[] {
  const { meaning } = calendar;
  return meaning === undefined ? [] : datesIn(calendar, zone).map((date) => ({ date, ...meaning }));
}

/** Its dates alone. */
export function datesIn({ dates, holidays, ics }: ResolvedCalendar, zone: string): readonly string[] {
  return [...new Set([...dates, ...(holidays ?? []), ...(ics?.dates[zone] ?? [])])].sort();
}

/**
 * The last date up to which nothing can be missing. A list of dates ends with its last one; a file or a list without a
 * date has no end: null.
 */
export function endOf(calendar: ResolvedCalendar, now: number): string | null {
  const { last } = horizonOf(now);
  const ends: string[] = [];
  if (calendar.holidays !== undefined) ends.push(last);
  if (calendar.ics !== undefined) {
    const ofFile = calendar.ics.endless ? last : calendar.ics.dates['UTC']?.at(-1);
    if (ofFile === undefined) return null;
    ends.push(ofFile);
  }
  if (ends.length === 0) return [...calendar.dates].sort().at(-1) ?? null;
  return ends.sort()[0] ?? null;
}
