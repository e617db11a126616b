import ICAL from 'ical.js';
import { RRuleTemporal } from 'rrule-temporal';
import { dayMs } from '../../model/time.ts';
import { type IcsAsked, type IcsDates, type IcsOutcome, lineOfEvent } from './ics.ts';
import { type IcsEvent, readIcsEvent, Unusable } from './ics-event.ts';
import {
  dateOf,
  dayMeant,
  floorDay,
  type IcsTime,
  type IcsZone,
  instantOf,
  makeZoneOf,
  readIcsTime,
  wallAt,
  wallIn,
  wallOfDate,
  type ZoneOf,
} from './ics-times.ts';
import { reduceIcs } from './reduce-ics.ts';

/** Told which event (counted in the order of the file) is looked at now, for whoever has to say which one takes too long. */
export type OnEvent = (index: number) => void;

/** Steps of one rule, from its start over the horizon: 60 years of days, more of what is longer. None is finer than hours. */
const mostSteps: { readonly [frequency: string]: number } = {
  HOURLY: 20_000,
  DAILY: 22_000,
  WEEKLY: 6000,
  MONTHLY: 2000,
  YEARLY: 400,
};
/** Candidates that a rule may try within its steps. */
const mostCandidates = 50_000;
/** Days that one file may name, each time it names them. */
const mostDays = 500_000;
/** A rule whose next day is later never comes again. */
const lastYear = 9999;

/**
 * Every local date, between `first` and `last`, that an event of the iCalendar text touches (RFC 5545): recurrence, days
 * taken out, moved and cancelled ones, as Exchange, Outlook, Google and Nextcloud write them. Cancelled events are none.
 */
export function findIcsDates(asked: IcsAsked, onEvent: OnEvent = () => {}): IcsOutcome {
  const text = reduceIcs(asked.text);
  const unusable = whyUnusable(asked.text, text);
  if (unusable !== undefined) return { ok: false, message: unusable };
  const calendar = parse(text)!;
  const events = calendar.getAllSubcomponents('vevent');
  let at = 0;
  try {
    const unknown = new Set<string>();
    const zoneOf = makeZoneOf(calendar, (tzid) => unknown.add(tzid));
    const read = events.map((event, index) => {
      onEvent((at = index));
      return readIcsEvent(event, index, zoneOf);
    });
    const unknownZones = [...unknown].sort();
    const home = homeOf(calendar, zoneOf);
    return { ...collect(read, home, asked, (index) => onEvent((at = index))), unknownZones };
  } catch (error) {
    const reason = error instanceof Unusable ? error.message : 'cannot be read';
    return { ok: false, message: `the event at its line ${lineOfEvent(asked.text, at)} ${reason}` };
  }
}

const tooOften = 'recurs too often, or never, to be a calendar of days';

/** Why it is no calendar at all; else the first event, by its line, that cannot be read. */
function whyUnusable(written: string, reduced: string): string | undefined {
  if (!/^[ \t\uFEFF]*BEGIN:[ \t]*VCALENDAR[ \t]*$/imu.test(written)) return 'it is not an iCalendar file';
  if (!reduced.endsWith('END:VCALENDAR\r\n')) return 'it is cut off: END:VCALENDAR is missing';
  if (parse(reduced) !== undefined) return undefined;
  const events = reduced.split(/^(?=BEGIN:VEVENT)/imu).slice(1);
  const bad = events.findIndex(
    (event) => parse(`BEGIN:VCALENDAR\r\n${event.split(/^END:VEVENT/imu)[0]}END:VEVENT\r\nEND:VCALENDAR`) === undefined,
  );
  return bad < 0
    ? 'a zone that it defines cannot be read'
    : `the event at its line ${lineOfEvent(written, bad)} cannot be read`;
}

function parse(text: string): ICAL.Component | undefined {
  try {
    const calendar = new ICAL.Component(ICAL.parse(text) as unknown[]);
    return calendar.name === 'vcalendar' ? calendar : undefined;
  } catch {
    return undefined;
  }
}

/** The zone of whoever wrote the file, as far as it can be told: Google says it, others define it. */
function homeOf(calendar: ICAL.Component, zoneOf: ZoneOf): IcsZone {
  const said = calendar.getFirstPropertyValue('x-wr-timezone');
  const defined = calendar.getFirstSubcomponent('vtimezone')?.getFirstPropertyValue('tzid');
  return zoneOf(typeof said === 'string' ? said : typeof defined === 'string' ? defined : undefined);
}

type Occurrence = { readonly start: IcsTime; readonly lastsMs: number };
/** Walls in ms. */
type Window = { readonly from: number; readonly to: number };

function collect(
  events: readonly IcsEvent[],
  home: IcsZone,
  asked: IcsAsked,
  onEvent: OnEvent,
): Omit<IcsDates, 'unknownZones'> {
  const days = new Map(asked.zones.map((zone) => [zone, new Set<number>()]));
  // Two days on each side: no zone is further from another.
  const window = { from: wallOfDate(asked.first) - 2 * dayMs, to: wallOfDate(asked.last) + 3 * dayMs };
  let [endless, left] = [false, mostDays];
  for (const series of Map.groupBy(events, ({ uid }) => uid).values()) {
    const found = occurrencesOf(series, home, window, onEvent);
    endless ||= found.endless;
    for (const occurrence of found.occurrences) {
      for (const [zone, set] of days) left -= addDays(set, occurrence, zone, window);
      if (left < 0) throw new Unusable(tooOften);
    }
  }
  const isAsked = (date: string) => date >= asked.first && date <= asked.last;
  const inOrder = ([zone, set]: readonly [string, ReadonlySet<number>]) =>
    [
      zone,
      [...set]
        .sort((a, b) => a - b)
        .map(dateOf)
        .filter(isAsked),
    ] as const;
  return { ok: true, endless, dates: Object.fromEntries([...days].map(inOrder)) };
}

/** The end is not included. Returns how many days it came to. */
function addDays(days: Set<number>, { start, lastsMs }: Occurrence, zone: string, window: Window): number {
  if (start.wall > window.to || start.wall + lastsMs < window.from - dayMs) return 1;
  const instant = instantOf(start);
  const from = instant === undefined ? start.wall : wallIn(instant, zone);
  const to = instant === undefined ? start.wall + lastsMs : wallIn(instant + lastsMs, zone);
  const last = Math.min(floorDay(Math.max(from, to - 1)), window.to);
  let count = 1;
  for (let day = Math.max(floorDay(from), floorDay(window.from)); day <= last; day += dayMs, count += 1) days.add(day);
  return count;
}

type Occurrences = { readonly occurrences: Iterable<Occurrence>; readonly endless: boolean };

/** One series with its changed days: of each the newest version counts. A cancelled series has none. */
function occurrencesOf(series: readonly IcsEvent[], home: IcsZone, window: Window, onEvent: OnEvent): Occurrences {
  const newest = (a: IcsEvent, b: IcsEvent) => a.sequence - b.sequence || a.index - b.index;
  const master = series
    .filter(({ replaces }) => replaces === undefined)
    .sort(newest)
    .at(-1);
  if (master?.isCancelled) return { occurrences: [], endless: false };
  const changes = series.filter(({ replaces }) => replaces !== undefined).sort(newest);
  onEvent((master ?? series[0]!).index);
  const keyOf = (time: IcsTime) => keyOfDay(time, master?.start ?? time, home);
  const { starts: occurrences, endless } = master ? startsOf(master, home, window) : noStarts();
  for (const change of changes) if (change.replaces!.andLater) moveLater(occurrences, change, keyOf);
  for (const change of changes) {
    const key = keyOf(change.replaces!.time);
    if (change.isCancelled) occurrences.delete(key);
    else occurrences.set(key, change);
  }
  // A day that was moved and then deleted stays in some files in both ways.
  for (const { time } of master?.takenOut ?? []) occurrences.delete(keyOf(time));
  return { occurrences: occurrences.values(), endless };
}

/** RANGE=THISANDFUTURE: what comes later is moved by as much, lasts as long, or is cancelled with it. */
function moveLater(occurrences: Map<number, Occurrence>, change: IcsEvent, keyOf: (time: IcsTime) => number): void {
  const from = keyOf(change.replaces!.time);
  const by = keyOf(change.start) - from;
  for (const [key, { start }] of occurrences) {
    if (key < from) continue;
    if (change.isCancelled) occurrences.delete(key);
    else occurrences.set(key, { start: { ...start, wall: start.wall + by }, lastsMs: change.lastsMs });
  }
}

/** What tells the days of a series apart: what the clock of the series shows when each begins. */
function keyOfDay(time: IcsTime, start: IcsTime, home: IcsZone): number {
  if (start.isDate) return dayMeant(time, home);
  // A date alone means the one of that day, which begins when all do.
  if (time.isDate) return time.wall + (start.wall - floorDay(start.wall));
  const instant = instantOf(time);
  return (instant === undefined ? undefined : wallAt(instant, start.zone)) ?? time.wall;
}

type Starts = { readonly starts: Map<number, Occurrence>; readonly endless: boolean };

function noStarts(): Starts {
  return { starts: new Map(), endless: false };
}

/** Where the days of a series begin, by their key. */
function startsOf({ start, lastsMs, rules, exceptRules, added }: IcsEvent, home: IcsZone, window: Window): Starts {
  const starts = new Map<number, Occurrence>();
  const add = (wall: number, lasts = lastsMs) => void starts.set(wall, { start: { ...start, wall }, lastsMs: lasts });
  const span = { from: window.from - lastsMs, to: window.to };
  const unrolled = rules.map((rule) => unroll(rule, start, home, span));
  if (!unrolled.some(({ isOver }) => isOver)) add(start.wall);
  for (const { walls } of unrolled) for (const wall of walls) add(wall);
  for (const one of added) add(keyOfDay(one.time, start, home), one.lastsMs);
  for (const rule of exceptRules) for (const wall of unroll(rule, start, home, span).walls) starts.delete(wall);
  return { starts, endless: unrolled.some(({ endless }) => endless) };
}

type Unrolled = { readonly walls: readonly number[]; readonly endless: boolean; readonly isOver: boolean };

/** On the clock of the series, where no hour is missing or comes twice. `isOver`: it ended before it began. */
function unroll(rule: ICAL.Recur, start: IcsTime, home: IcsZone, { from, to }: Window): Unrolled {
  const until = rule.until ? untilOf(rule.until, start, home) : undefined;
  if (until !== undefined && until < start.wall) return { walls: [], endless: false, isOver: true };
  const recurrence = makeRule(rule, start, until);
  try {
    const found = recurrence.between(new Date(Math.max(from, start.wall)), new Date(to), true);
    const walls = found.map(({ epochMilliseconds }) => epochMilliseconds);
    const next = recurrence.next(new Date(to));
    const endless = next !== null && next.year <= lastYear;
    // A rule without an end whose day never comes again is a mistake, not a calendar.
    if (!endless && until === undefined && rule.count === null) throw new Unusable(tooOften);
    return { walls, endless, isOver: false };
  } catch {
    throw new Unusable(tooOften);
  }
}

function makeRule(rule: ICAL.Recur, start: IcsTime, until: number | undefined): RRuleTemporal {
  const maxIterations = mostSteps[rule.freq];
  if (maxIterations === undefined) throw new Unusable(tooOften);
  const parts = rule.toString().split(';');
  const kept = parts.filter((part) => !part.startsWith('UNTIL='));
  const text = [...kept, ...(until === undefined ? [] : [`UNTIL=${compact(until)}`])].join(';');
  try {
    return new RRuleTemporal({
      rruleString: `DTSTART:${compact(start.wall)}\nRRULE:${text}`,
      maxIterations,
      maxCandidateEvaluations: mostCandidates,
      cache: false,
    });
  } catch {
    throw new Unusable('has a rule that cannot be read');
  }
}

/** On the clock of the series. A date includes its whole day. */
function untilOf(until: ICAL.Time, start: IcsTime, home: IcsZone): number {
  const time = readIcsTime(until, undefined, () => start.zone);
  if (start.isDate) return dayMeant(time, home);
  return time.isDate ? time.wall + dayMs - 1000 : keyOfDay(time, start, home);
}

/** 20270215T000000Z */
function compact(wall: number): string {
  return `${new Date(wall).toISOString().slice(0, 19).replaceAll(/[-:]/gu, '')}Z`;
}
