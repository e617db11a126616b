import * as ZonedDateTime from 'temporal-polyfill/fns/ZonedDateTime';
import { dayMs, type EpochMs, isoDate, type Weekday } from '../../model/time.ts';
import { clockOf, offsetNameOf } from '../../model/wall-clock.ts';

/**
 * No zone has ever been further from UTC than 15 h 14 min (tz database, America/Juneau before 1867), and none has
 * jumped by more than a day; so one day before and two after a wall time hold its instant.
 */
const beforeMs = dayMs;
const afterMs = 2 * dayMs;

/**
 * The first instant whose local date-time in a zone is at or after this date and wall time. A time that the clocks skip
 * becomes the instant of the change; a time that comes twice is the first one. `date` is YYYY-MM-DD, `secondsOfDay`
 * counts from its 00:00 (0 … 172800; above 86400 = a time of the next date).
 */
export function boundary(date: string, secondsOfDay: number, zone: string): EpochMs {
  const day = dayNumber(date);
  if (day === undefined) throw new RangeError(`"${date}" is not a date; write YYYY-MM-DD`);
  return boundaryOf(day, secondsOfDay, offsetsAround(zone, day, day));
}

/** The same with offsets fetched once for many boundaries: `offsetsAround` their dates. */
export function boundaryOf(day: DayNumber, secondsOfDay: number, offsets: readonly OffsetStretch[]): EpochMs {
  const wallMs = day * dayMs + secondsOfDay * 1000;
  let first = Number.NaN;
  for (let i = 0; i < offsets.length; i += 1) {
    const stretch = offsets[i] as OffsetStretch;
    first = Math.max(stretch.from, wallMs - stretch.offsetMs);
    if (first < (offsets[i + 1]?.from ?? Number.POSITIVE_INFINITY)) return first;
  }
  return first;
}

/** "02:30"; "02:30 CEST" on a night on which the clocks show that time twice, since they are set back. */
export function timeIn(at: EpochMs, zone: string): string {
  const { time } = clockOf(at, zone);
  return comesTwice(at, zone) ? `${time} ${offsetNameOf(at, zone)}` : time;
}

function comesTwice(at: EpochMs, zone: string): boolean {
  const offsets = offsetsNear(at, zone);
  if (offsets.length === 1) return false;
  const wallMs = at + (offsets.findLast(({ from }) => from <= at)?.offsetMs ?? 0);
  return offsets.some(({ from, offsetMs }, index) => {
    const other = wallMs - offsetMs;
    return other !== at && other >= from && other < (offsets[index + 1]?.from ?? Number.POSITIVE_INFINITY);
  });
}

const near = new Map<string, readonly OffsetStretch[]>();
const mostNear = 1000;

/** From the day before to the day after, in UTC: lists tell many instants of few days. */
function offsetsNear(at: EpochMs, zone: string): readonly OffsetStretch[] {
  const day = Math.floor(at / dayMs);
  const key = `${day} ${zone}`;
  const offsets = near.get(key) ?? zoneOffsets(zone, (day - 1) * dayMs, (day + 2) * dayMs);
  if (near.size >= mostNear) near.clear();
  near.set(key, offsets);
  return offsets;
}

/** The offsets that every boundary of the dates `first` … `last` (and of the date after each) needs. */
export function offsetsAround(zone: string, first: DayNumber, last: DayNumber): readonly OffsetStretch[] {
  return zoneOffsets(zone, first * dayMs - beforeMs, (last + 1) * dayMs + afterMs);
}

/** From `from` on (until the next one begins), local time = UTC + offsetMs. */
export type OffsetStretch = { readonly from: EpochMs; readonly offsetMs: number };

/** Precomputed offsets by zone, over [from, to]. */
export type LaidOutOffsets = {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly zones: { readonly [zone: string]: readonly OffsetStretch[] };
};

let laidOut: LaidOutOffsets = { from: 0, to: 0, zones: {} };

/**
 * Functions start a new process often, and computing a zone takes longer than a round, so zones are precomputed when
 * functions are built.
 */
export function useOffsets(offsets: LaidOutOffsets): void {
  laidOut = offsets;
}

/** The zone's offsets over [from, to], in order; the first one counts from `from`. `zone` is an IANA name. */
export function zoneOffsets(zone: string, from: EpochMs, to: EpochMs): readonly OffsetStretch[] {
  const known = from >= laidOut.from && to <= laidOut.to ? laidOut.zones[zone] : undefined;
  return known === undefined ? findOffsets(zone, from, to) : cutOffsets(known, from, to);
}

function cutOffsets(known: readonly OffsetStretch[], from: EpochMs, to: EpochMs): readonly OffsetStretch[] {
  const first = known.findLastIndex((stretch) => stretch.from <= from);
  const inside = known.slice(first).filter((stretch) => stretch.from <= to);
  return inside.map((stretch, index) => (index === 0 ? { ...stretch, from } : stretch));
}

function findOffsets(zone: string, from: EpochMs, to: EpochMs): readonly OffsetStretch[] {
  let moment = ZonedDateTime.create(BigInt(from) * 1_000_000n, zone);
  const stretches = [offsetFrom(moment)];
  for (;;) {
    const next = ZonedDateTime.getTimeZoneTransition(moment, 'next');
    if (next === null || next.epochMilliseconds > to) return stretches;
    moment = next;
    stretches.push(offsetFrom(moment));
  }
}

function offsetFrom(moment: ReturnType<typeof ZonedDateTime.create>): OffsetStretch {
  return { from: moment.epochMilliseconds, offsetMs: ZonedDateTime.offsetNanoseconds(moment) / 1_000_000 };
}

/** A date of the calendar without a zone, counted in days since 1970-01-01. */
export type DayNumber = number;

const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** The local calendar day at an instant. */
export function dayIn(zone: string, at: EpochMs): DayNumber {
  const known = dateFormats.get(zone);
  // The Swedish locale writes dates as ISO 8601 does.
  const format = known ?? new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' });
  if (known === undefined) dateFormats.set(zone, format);
  return Date.parse(format.format(at)) / dayMs;
}

export type LocalDate = {
  readonly day: DayNumber;
  readonly weekday: Weekday;
  /** 1 … 12. */
  readonly month: number;
  readonly dayOfMonth: number;
  readonly daysInMonth: number;
};

/** `YYYY-MM-DD` → its day number; undefined for a date that does not exist. */
export function dayNumber(date: string): DayNumber | undefined {
  const [, year, month, dayOfMonth] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date)?.map(Number) ?? [];
  if (year === undefined || month === undefined || dayOfMonth === undefined) return undefined;
  const day = Date.UTC(year, month - 1, dayOfMonth) / dayMs;
  return renderDate(day) === date ? day : undefined;
}

/** A day number → `YYYY-MM-DD`. */
export function renderDate(day: DayNumber): string {
  return isoDate(day * dayMs);
}

export function localDate(day: DayNumber): LocalDate {
  const date = new Date(day * dayMs);
  const month = date.getUTCMonth();
  const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  return { day, weekday: weekdayOf(day), month: month + 1, dayOfMonth: date.getUTCDate(), daysInMonth };
}

/** 1970-01-01 was a Thursday. */
export function weekdayOf(day: DayNumber): Weekday {
  return (((((day + 3) % 7) + 7) % 7) + 1) as Weekday;
}
