import ICAL from 'ical.js';
import { dayMs } from '../../model/time.ts';
import { type IcsTime, instantOf, readIcsTime, type ZoneOf } from './ics-times.ts';

/** What makes a calendar file unfit; its message goes on from "the event at its line 7". */
export class Unusable extends Error {
  override name = 'Unusable';
}

/** A time of the file; `lastsMs`: how long, where it says so itself (a period). */
type Said = { readonly time: IcsTime; readonly lastsMs: number | undefined };

/** One event of a calendar file, as far as its days go. */
export type IcsEvent = {
  readonly index: number;
  readonly uid: string;
  readonly sequence: number;
  readonly isCancelled: boolean;
  readonly start: IcsTime;
  readonly lastsMs: number;
  readonly rules: readonly ICAL.Recur[];
  /** Series of days that are left out (EXRULE, RFC 2445). */
  readonly exceptRules: readonly ICAL.Recur[];
  readonly added: readonly Said[];
  readonly takenOut: readonly Said[];
  /** Of which day of its series this is the changed one. */
  readonly replaces: { readonly time: IcsTime; readonly andLater: boolean } | undefined;
};

/** `index`: its number in the file, from 0. What is written but cannot be understood is thrown as `Unusable`. */
export function readIcsEvent(component: ICAL.Component, index: number, zoneOf: ZoneOf): IcsEvent {
  const [start] = timesOf(component, 'dtstart', zoneOf);
  if (start === undefined) throw new Unusable('has no DTSTART');
  const [replaced] = timesOf(component, 'recurrence-id', zoneOf);
  const andLater = component.getFirstProperty('recurrence-id')?.getParameter('range') === 'THISANDFUTURE';
  const text = (name: string) => String(component.getFirstPropertyValue(name) ?? '');
  return {
    index,
    uid: text('uid') || `without ${index}`,
    sequence: Number(text('sequence')) || 0,
    isCancelled: text('status').toUpperCase() === 'CANCELLED',
    start: start.time,
    lastsMs: lastsOf(component, start.time, zoneOf),
    rules: rulesOf(component, 'rrule'),
    exceptRules: rulesOf(component, 'exrule'),
    added: timesOf(component, 'rdate', zoneOf),
    takenOut: timesOf(component, 'exdate', zoneOf),
    replaces: replaced && { time: replaced.time, andLater },
  };
}

/** As written: what the library would pass over in silence (an unknown calendar system, no times at all) is refused. */
function rulesOf(component: ICAL.Component, name: string): readonly ICAL.Recur[] {
  return component.getAllProperties(name).map((property) => {
    const written = property.jCal[3] as {
      readonly count?: number;
      readonly [part: string]: string | number | undefined;
    };
    const unknown = ['rscale', 'skip'].find(
      (part) => written[part] !== undefined && !/^(?:GREGORIAN|OMIT)$/u.test(`${written[part]}`),
    );
    if (unknown !== undefined) throw new Unusable(`has a rule with ${unknown.toUpperCase()}, which is not understood`);
    if (written.count === 0) throw new Unusable('has a rule with COUNT=0, which is none');
    return property.getFirstValue() as ICAL.Recur;
  });
}

/** All times of a property, whichever lines they stand in. */
function timesOf(component: ICAL.Component, name: string, zoneOf: ZoneOf): readonly Said[] {
  return component.getAllProperties(name).flatMap((property) => {
    const tzid: unknown = property.getParameter('tzid');
    const values: readonly unknown[] = property.getValues();
    return values.flatMap((value, index): readonly Said[] => {
      const at = value instanceof ICAL.Period ? value.start : value;
      if (!(at instanceof ICAL.Time)) return [];
      const [written = ''] = [property.jCal[3 + index] as unknown].flat();
      if (!isDay(String(written)))
        throw new Unusable(`names a day that does not exist: ${String(written).slice(0, 10)}`);
      const time = readIcsTime(at, typeof tzid === 'string' ? tzid : undefined, zoneOf);
      return [{ time, lastsMs: value instanceof ICAL.Period ? value.getDuration().toSeconds() * 1000 : undefined }];
    });
  });
}

/** The library makes 2 March of 30 February. */
function isDay(written: string): boolean {
  const [year = 0, month = 0, day = 0] = written.slice(0, 10).split('-').map(Number);
  // Years of two digits are of another century to Date; 400 years later the days are the same.
  const date = new Date(Date.UTC(2000 + (year % 400), month - 1, day));
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
}

/** A whole day lasts at least one, a moment nothing. */
function lastsOf(component: ICAL.Component, start: IcsTime, zoneOf: ZoneOf): number {
  const end = timesOf(component, 'dtend', zoneOf)[0]?.time;
  const duration: unknown = component.getFirstPropertyValue('duration');
  if (start.isDate) {
    const toEnd = end ? end.wall - start.wall : duration instanceof ICAL.Duration ? duration.toSeconds() * 1000 : 0;
    return Math.max(1, Math.ceil(toEnd / dayMs)) * dayMs;
  }
  if (end === undefined) return duration instanceof ICAL.Duration ? Math.max(0, duration.toSeconds() * 1000) : 0;
  const [from, to] = [instantOf(start), instantOf(end)];
  return Math.max(0, from !== undefined && to !== undefined ? to - from : end.wall - start.wall);
}
