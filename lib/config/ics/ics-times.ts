import ICAL from 'ical.js';
import { Temporal } from 'temporal-polyfill';
import { findIana } from 'windows-iana';
import { boundary, dayNumber, renderDate } from '../../decide/schedule/local-time.ts';
import { dayMs } from '../../model/time.ts';

/**
 * Whose clock a time of a calendar file is of: `floating` is local wherever it is read (RFC 5545, 3.3.5, form 1), a name
 * is a zone of the IANA, and anything else is what the file itself defines.
 */
export type IcsZone = 'floating' | { readonly name: string } | { readonly defined: ICAL.Timezone };

/** What a clock on the wall shows, as ms since 1970 if that clock were UTC, and whose wall it is. A date is its midnight. */
export type IcsTime = { readonly wall: number; readonly isDate: boolean; readonly zone: IcsZone };

export type ZoneOf = (tzid: string | undefined) => IcsZone;

/**
 * Each name as known everywhere, by its Windows name, or as the file defines it, looked up once. One that nobody knows
 * floats; `onUnknown` is told.
 */
export function makeZoneOf(calendar: ICAL.Component, onUnknown: (tzid: string) => void): ZoneOf {
  const parts = calendar.getAllSubcomponents('vtimezone');
  const defined = new Map(parts.map((part) => [String(part.getFirstPropertyValue('tzid')), part]));
  const known = new Map<string, IcsZone>();
  return (tzid) => {
    if (tzid === undefined) return 'floating';
    const zone = known.get(tzid) ?? findZone(tzid, defined.get(tzid));
    if (zone === 'floating') onUnknown(tzid);
    known.set(tzid, zone);
    return zone;
  };
}

function findZone(tzid: string, component: ICAL.Component | undefined): IcsZone {
  // "/freeassociation.sourceforge.net/Europe/Berlin": globally unique names, as Evolution and Mozilla write them.
  const names = [tzid, ...(/^\/.*?\/([A-Z][A-Za-z_]+\/[\w+/-]+)$/u.exec(tzid)?.slice(1) ?? []), ...findIana(tzid)];
  const name = names.find(isZone);
  if (name !== undefined) return { name };
  if (component) return { defined: new ICAL.Timezone(component) };
  const guessed = namesMeant(tzid).find(isZone);
  return guessed === undefined ? 'floating' : { name: guessed };
}

/**
 * Zones that Exchange names without defining them: tzone://Microsoft/Utc, UTC+01:00, and what Windows shows people:
 * (UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna.
 */
function namesMeant(tzid: string): readonly string[] {
  if (/^tzone:\/\/Microsoft\/Utc$/iu.test(tzid)) return ['UTC'];
  const [, sign = '', hours = '', minutes = '00'] = /^(?:UTC|GMT)([+-])(\d{1,2}):?(\d\d)?$/iu.exec(tzid) ?? [];
  if (sign !== '') return [`${sign}${hours.padStart(2, '0')}:${minutes}`];
  const [, cities] = /^\((?:UTC|GMT)[^)]{0,9}\) ?(.{1,200})$/iu.exec(tzid) ?? [];
  const named = (cities ?? '').split(',').map((city) => `/${city.trim().replaceAll(' ', '_')}`);
  return named.flatMap((end) => Intl.supportedValuesOf('timeZone').filter((zone) => zone.endsWith(end)));
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

/** `tzid`: what the property says beside the time; a time in UTC says so itself. */
export function readIcsTime(time: ICAL.Time, tzid: string | undefined, zoneOf: ZoneOf): IcsTime {
  const { year, month, day, hour, minute, second, isDate } = time;
  const wall = isDate ? Date.UTC(year, month - 1, day) : Date.UTC(year, month - 1, day, hour, minute, second);
  if (isDate) return { wall, isDate, zone: 'floating' };
  return { wall, isDate, zone: time.zone === ICAL.Timezone.utcTimezone ? { name: 'UTC' } : zoneOf(tzid) };
}

/** The instant in ms; undefined for what is local wherever it is read. */
export function instantOf({ wall, zone }: Pick<IcsTime, 'wall' | 'zone'>): number | undefined {
  if (zone === 'floating') return undefined;
  if ('name' in zone) return boundary(dateOf(wall), secondsOf(wall), zone.name);
  return wall - zone.defined.utcOffset(timeOf(wall)) * 1000;
}

/** What the clock of `zone` shows at an instant; undefined = the clock of a zone that floats. */
export function wallAt(instant: number, zone: IcsZone): number | undefined {
  if (zone === 'floating') return undefined;
  if ('name' in zone) return wallIn(instant, zone.name);
  const guess = instant + zone.defined.utcOffset(timeOf(instant)) * 1000;
  return instant + zone.defined.utcOffset(timeOf(guess)) * 1000;
}

export function wallIn(instant: number, zone: string): number {
  const { offsetNanoseconds } = Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);
  return instant + offsetNanoseconds / 1e6;
}

/**
 * The day that a value about a series of whole days means. Exchange and Outlook write such days as midnights of a zone,
 * or as those midnights in UTC.
 */
export function dayMeant(time: IcsTime, home: IcsZone): number {
  if (time.isDate || isMidnight(time.wall)) return floorDay(time.wall);
  const instant = instantOf(time);
  const there = instant === undefined ? undefined : wallAt(instant, home);
  return floorDay(there !== undefined && isMidnight(there) ? there : time.wall);
}

export function floorDay(wall: number): number {
  return Math.floor(wall / dayMs) * dayMs;
}

export function dateOf(wall: number): string {
  return renderDate(Math.floor(wall / dayMs));
}

export function wallOfDate(date: string): number {
  return (dayNumber(date) ?? 0) * dayMs;
}

function isMidnight(wall: number): boolean {
  return wall % dayMs === 0;
}

function secondsOf(wall: number): number {
  return Math.floor((wall - floorDay(wall)) / 1000);
}

function timeOf(wall: number): ICAL.Time {
  const at = new Date(wall);
  const [hour, minute, second] = [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
  const data = { year: at.getUTCFullYear(), month: at.getUTCMonth() + 1, day: at.getUTCDate(), hour, minute, second };
  return new ICAL.Time({ ...data, isDate: false }, ICAL.Timezone.localTimezone);
}
