import { boundary } from '../../decide/schedule/local-time.ts';
import { parseInstant, parseMoment } from '../../decide/schedule/parse-time.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import type { ConfiguredSilence } from '../../model/config.ts';
import type { Window } from '../../model/schedule.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { datesIn, type ResolvedCalendar } from './calendars.ts';
import { type Context, isDefined, itemsOf } from './context.ts';
import { readMatch } from './matches.ts';
import { readWindow, readZone, spellOut, zoneFor, zoneOfSilence } from './windows.ts';

type SilenceInput = Salvaged<NonNullable<ConfigInput['silences']>[number]>;
type Calendars = ReadonlyMap<string, ResolvedCalendar>;

/** A silence: always, in a recurring window, on the days of a calendar, or between two dates. */
export function compileSilences(calendars: Calendars, context: Context): readonly ConfiguredSilence[] {
  return itemsOf(context.input.silences).flatMap(([index, silence]) => {
    const path = ['silences', index];
    const match =
      silence.match === undefined
        ? undefined
        : readMatch(silence.match, 'either', 'any region', [...path, 'match'], context);
    const times = readTimes(silence, path, calendars, context);
    if (match === undefined || times === undefined) return [];
    const kinds = silence.kinds?.filter((kind) => kind !== undefined);
    const common = { match, kinds, reason: silence.reason, position: context.position(path) };
    return times.map((time) => ({ ...common, ...time }));
  });
}

type Times = Pick<ConfiguredSilence, 'zone' | 'window' | 'dates' | 'from' | 'until'>;

const filterKeys = ['window', 'days', 'nth', 'dayOfMonth', 'workday', 'months', 'every', 'for'] as const;

/** One line may hold several windows. */
function readTimes(
  silence: SilenceInput,
  path: Path,
  calendars: Calendars,
  context: Context,
): readonly Times[] | undefined {
  const { from, to, calendar } = silence;
  const isFromDated = isDated(from);
  if ((from !== undefined || isDated(to)) && to !== undefined && isFromDated !== isDated(to))
    return mixed(isFromDated, from, path, context);
  const timeKeys = isFromDated ? [] : (['from', 'to'] as const);
  const recurs = [...filterKeys, ...timeKeys].some((key) => silence[key] !== undefined);
  const zone = readZoneOf(silence, recurs || isFromDated || calendar !== undefined, path, context);
  const dated = readDates(silence, isFromDated, zone, path, context);
  const dates = readCalendar(calendar, zone, path, calendars, context);
  const written = Object.fromEntries([...filterKeys, ...timeKeys].map((key) => [key, silence[key]]));
  const spelt = recurs ? spellOut(written, zone, path, context.report) : [];
  const read = spelt.map((one) => readWindow(one, 'base', path, context.report));
  const windows = recurs ? read.filter((window) => window !== undefined) : [wholeDays(calendar)];
  if (zone === undefined || dated === undefined || windows.length < Math.max(1, spelt.length)) return undefined;
  const isEndTold = (['to', 'until'] as const).some((key) => context.report.isTold([...path, key]));
  if (isFromDated && dated.until === undefined && windows[0] === undefined && !isEndTold)
    context.report.error([...path, 'from'], 'the silence begins on a date and never ends', 'add to: and a date');
  return windows.map((window) => {
    const shown = window && recurs && calendar !== undefined ? withCalendar(window, calendar) : window;
    return { zone, window: shown, ...(dates && { dates }), ...dated };
  });
}

/** A date and time, and not a time of day. */
function isDated(written: string | undefined): boolean {
  return written !== undefined && /^\s*\d{4}-/u.test(written);
}

function mixed(isFromDated: boolean, from: string | undefined, path: Path, { report }: Context): undefined {
  if (isFromDated)
    report.error([...path, 'to'], 'from is a date, but to is not', 'write the date too: to: 2026-12-02T06:00');
  else if (from === undefined)
    report.error([...path, 'to'], 'to is a date and from is missing', 'add from:, or write until:');
  else report.error([...path, 'to'], 'to is a date, but from is not', 'to end it on that date, write until:');
  return undefined;
}

/** Where nothing has a time, its zone is only shown. */
function readZoneOf(silence: SilenceInput, hasTimes: boolean, path: Path, context: Context): string | undefined {
  if (hasTimes) return zoneFor(zoneOfSilence(silence), path, 'a silence with times', context);
  const own = readZone(silence.timezone, [...path, 'timezone'], context);
  return own ?? readZone(context.input.timezone, ['timezone'], context) ?? 'UTC';
}

/** When it begins and ends. undefined = a problem was reported. */
function readDates(
  { from, to, until }: SilenceInput,
  isFromDated: boolean,
  zone: string | undefined,
  path: Path,
  context: Context,
): Pick<ConfiguredSilence, 'from' | 'until'> | undefined {
  const { report } = context;
  const start = isFromDated ? readLocal(from, zone, [...path, 'from'], context) : undefined;
  const last = isFromDated ? readLocal(to, zone, [...path, 'to'], context) : undefined;
  const end = readUntil(until, [...path, 'until'], context);
  if (isFromDated && to !== undefined && until !== undefined)
    report.error([...path, 'until'], 'to and until both say when it ends', 'keep one of them');
  const [ends, key] = last === undefined ? [end, 'until'] : [last, 'to'];
  if (isFromDated && start === undefined) return undefined;
  if (start !== undefined && ends === start)
    report.error([...path, key], 'the silence ends at the moment it begins', sameMoment);
  else if (start !== undefined && ends !== undefined && ends < start)
    report.error([...path, key], 'the silence ends before it begins', 'swap the two, or correct one of them');
  else if (ends !== undefined && ends <= context.now)
    report.warning([...path, key], 'the silence is over and has no effect', 'remove it');
  return { ...(start !== undefined && { from: start }), until: ends };
}

/** Also of two times that the clocks skip. */
const sameMoment = 'write a later end; a time that the clocks skip is the moment at which they go forward';

function readLocal(
  written: string | undefined,
  zone: string | undefined,
  path: Path,
  { report }: Context,
): EpochMs | undefined {
  if (written === undefined) return undefined;
  const usual = 'write 2026-12-01T20:00 (in its zone), or with an offset: 2026-12-01T20:00+01:00';
  const moment = parseMoment(written, usual);
  if (isScheduleProblem(moment)) {
    report.error(path, moment.problem, moment.fix);
    return undefined;
  }
  if (typeof moment === 'number' || zone === undefined) return typeof moment === 'number' ? moment : undefined;
  const [hours = 0, minutes = 0, seconds = 0] = moment.slice(11).split(':').map(Number);
  return boundary(moment.slice(0, 10), hours * 3600 + minutes * 60 + seconds, zone);
}

function readUntil(written: string | undefined, path: Path, { report }: Context): EpochMs | undefined {
  if (written === undefined) return undefined;
  const at = parseInstant(written);
  if (!isScheduleProblem(at)) return at;
  report.error(path, at.problem, at.fix);
  return undefined;
}

function readCalendar(
  name: string | undefined,
  zone: string | undefined,
  path: Path,
  calendars: Calendars,
  { input, report }: Context,
): readonly string[] | undefined {
  if (name === undefined || !isDefined(name, input.calendars, 'calendar', [...path, 'calendar'], report))
    return undefined;
  const calendar = calendars.get(name);
  return calendar === undefined || zone === undefined ? undefined : datesIn(calendar, zone);
}

function wholeDays(calendar: string | undefined): Window | undefined {
  if (calendar === undefined) return undefined;
  return { text: `on days of ${calendar}`, size: 'base', pieces: [{ from: 0, to: 86_400 }] };
}

function withCalendar(window: Window, calendar: string): Window {
  return { ...window, text: `${window.text} on days of ${calendar}` };
}
