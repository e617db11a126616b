import ICAL from 'ical.js';
import { Temporal } from 'temporal-polyfill';
import { boundary, dayNumber, renderDate } from '../../decide/schedule/local-time.ts';
import { dayMs } from '../../model/time.ts';
import { hasUnusableRule } from './ics-rules.ts';

export type IcsOutcome =
  | { readonly ok: true; readonly dates: readonly string[]; readonly endless: boolean }
  | { readonly ok: false; readonly message: string };

const tooOften = 'an event in it recurs too often, or never, to be a calendar of days';

/** More occurrences than this of one event up to the horizon: not a calendar of days. */
const mostOccurrences = 20_000;

/**
 * Every local date in `zone`, between `first` and `last` (YYYY-MM-DD), that an event of the iCalendar text touches;
 * recurrence, its exceptions and moved occurrences included, cancelled events not. `endless`: an event recurs beyond
 * `last`. A time without a zone is local (RFC 5545, 3.3.5, form 1).
 */
export function findIcsDates(text: string, zone: string, first: string, last: string): IcsOutcome {
  try {
    const calendar = new ICAL.Component(ICAL.parse(text) as unknown[]);
    if (calendar.name !== 'vcalendar') return { ok: false, message: 'it is not an iCalendar file' };
    return collect(calendar, zone, first, last);
  } catch {
    return { ok: false, message: 'it is not an iCalendar file' };
  }
}

function collect(calendar: ICAL.Component, zone: string, first: string, last: string): IcsOutcome {
  const events = calendar
    .getAllSubcomponents('vevent')
    .filter(isHeld)
    .map((part) => new ICAL.Event(part));
  if (events.some((event) => hasUnusableRule(event.component))) return { ok: false, message: tooOften };
  const dates = new Set<string>();
  let endless = false;
  for (const event of events.filter((one) => !one.isRecurrenceException())) {
    for (const moved of events)
      if (moved.isRecurrenceException() && moved.uid === event.uid) event.relateException(moved);
    const outcome = occurrencesOf(event, last);
    if (outcome === undefined) return { ok: false, message: tooOften };
    endless ||= outcome.endless;
    for (const [start, end] of outcome.spans) addDates(dates, event, start, end, zone);
  }
  return { ok: true, dates: [...dates].filter((date) => date >= first && date <= last).sort(), endless };
}

function isHeld(event: ICAL.Component): boolean {
  return String(event.getFirstPropertyValue('status') ?? '').toUpperCase() !== 'CANCELLED';
}

type Span = readonly [start: ICAL.Time, end: ICAL.Time];

function occurrencesOf(
  event: ICAL.Event,
  last: string,
): { readonly spans: readonly Span[]; readonly endless: boolean } | undefined {
  if (!event.isRecurring()) return { spans: [[event.startDate, event.endDate]], endless: false };
  const spans: Span[] = [];
  const iterator = event.iterator();
  for (let next = iterator.next(); next; next = iterator.next()) {
    if (dateOf(next) > last) return { spans, endless: true };
    if (spans.length >= mostOccurrences) return undefined;
    const { startDate, endDate } = event.getOccurrenceDetails(next);
    spans.push([startDate, endDate]);
  }
  return { spans, endless: false };
}

function addDates(dates: Set<string>, event: ICAL.Event, start: ICAL.Time, end: ICAL.Time, zone: string): void {
  const isEmpty = end.compare(start) <= 0;
  const from = dayNumber(localDate(event, start, zone, 0));
  const to = dayNumber(isEmpty ? localDate(event, start, zone, 0) : localDate(event, end, zone, 1));
  if (from === undefined || to === undefined) return;
  for (let day = from; day <= to && day - from < mostOccurrences; day += 1) dates.add(renderDate(day));
}

/** The local date of a time, or of the last moment before it (`back` 1): an end is not included. */
function localDate(event: ICAL.Event, time: ICAL.Time, zone: string, back: 0 | 1): string {
  const at = instantOf(event, time);
  if (at !== undefined) {
    return Temporal.Instant.fromEpochMilliseconds(at - back)
      .toZonedDateTimeISO(zone)
      .toPlainDate()
      .toString();
  }
  const wallMs = Date.parse(`${dateOf(time)}T00:00:00Z`) + secondsOf(time) * 1000 - back;
  return renderDate(Math.floor(wallMs / dayMs));
}

/** undefined for dates and for times without a zone, which are local wherever they are read. */
function instantOf(event: ICAL.Event, time: ICAL.Time): number | undefined {
  if (time.isDate) return undefined;
  if (time.zone && time.zone !== ICAL.Timezone.localTimezone) return time.toUnixTime() * 1000;
  const name: unknown = event.component.getFirstProperty('dtstart')?.getParameter('tzid');
  return typeof name === 'string' && isZone(name) ? boundary(dateOf(time), secondsOf(time), name) : undefined;
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== '';
  } catch {
    return false;
  }
}

function dateOf(time: ICAL.Time): string {
  return time.toString().slice(0, 10);
}

function secondsOf(time: ICAL.Time): number {
  return time.isDate ? 0 : time.hour * 3600 + time.minute * 60 + time.second;
}
