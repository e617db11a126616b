import { dayMs, type EpochMs, minuteMs, type Weekday } from '../../model/time.ts';
import { dayNumber } from './local-time.ts';
import { parseWeekday } from './parse-days.ts';
import { isScheduleProblem, quote, type ScheduleProblem } from './schedule-problem.ts';

/** `07:00`, `01:23:45` or `24:00` → seconds since the day's 00:00, 0 … 86400. */
export function parseTimeOfDay(written: unknown): number | ScheduleProblem {
  if (typeof written !== 'string') return notATime(written, 'write it in quotes, such as "07:00"');
  const [, hours, minutes, seconds = '00'] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(written.trim()) ?? [];
  if (hours === undefined) return notATime(written, 'write HH:MM or HH:MM:SS, such as "07:00"');
  if (hours.length === 1) return notATime(written, `write "0${written.trim()}"`);
  const total = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  const isOnClock = Number(minutes) < 60 && Number(seconds) < 60 && total <= 86_400;
  return isOnClock ? total : notATime(written, 'times go from "00:00" to "24:00"');
}

/** `10m`, `1h` or `1h30m` → seconds, never 0. */
export function parseLength(written: unknown): number | ScheduleProblem {
  const text = typeof written === 'string' ? written.trim() : '';
  const [all, hours = 0, minutes = 0] = /^(?:(\d{1,3})h)?(?:(\d{1,4})m)?$/.exec(text) ?? [];
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  if (all !== undefined && seconds > 0) return seconds;
  return { problem: `${quote(written)} is not a duration in hours and minutes`, fix: 'write 10m, 1h or 1h30m' };
}

/** `fri 20:00` → its weekday and seconds; a time without a day has no weekday. */
export function parseDayAndTime(written: unknown): { weekday: Weekday | undefined; seconds: number } | ScheduleProblem {
  const [day, time, ...rest] = typeof written === 'string' ? written.trim().split(/\s+/) : [];
  if (day === undefined || time === undefined || rest.length > 0) {
    const seconds = parseTimeOfDay(written);
    return isScheduleProblem(seconds) ? seconds : { weekday: undefined, seconds };
  }
  const weekday = parseWeekday(day);
  if (isScheduleProblem(weekday)) return weekday;
  const seconds = parseTimeOfDay(time);
  return isScheduleProblem(seconds) ? seconds : { weekday, seconds };
}

function notATime(written: unknown, fix: string): ScheduleProblem {
  return { problem: `${quote(written)} is not a time of day`, fix };
}

const clock = /^(\d{4}-\d{2}-\d{2})[tT]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3})\d*)?)?/;
const offset = /([zZ]|[+-]([01]\d|2[0-3]):([0-5]\d))$/;

type Written = { readonly day: number; readonly date: string; readonly ms: number; readonly rest: string };

/**
 * An instant needs a date, a time and an offset or Z (RFC 3339; seconds are optional). Without an offset it would mean
 * a different instant on each machine, so it is refused.
 */
export function parseInstant(written: unknown): EpochMs | ScheduleProblem {
  const local = parseClock(written);
  if (local === undefined) return whatIsMeant(written, 'Z', usual);
  const [all, zone = '', hours = 0, minutes = 0] = offset.exec(local.rest) ?? [];
  if (local.rest === '') return withoutOffset(written);
  if (all !== local.rest) return notAnInstant(written);
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * minuteMs;
  return local.day * dayMs + local.ms - (zone.startsWith('-') ? -offsetMs : offsetMs);
}

/**
 * A moment of a schedule: with an offset an absolute instant, without one a local time (YYYY-MM-DDTHH:MM:SS) that is
 * read in the schedule's zone. `fix`: what to write where nothing tells what was meant.
 */
export function parseMoment(written: unknown, fix: string): EpochMs | string | ScheduleProblem {
  const local = parseClock(written);
  if (local === undefined) return whatIsMeant(written, '', fix);
  if (local.rest !== '') {
    const at = parseInstant(written);
    return isScheduleProblem(at) ? { ...at, fix } : at;
  }
  return `${local.date}T${new Date(local.ms).toISOString().slice(11, 19)}`;
}

function parseClock(written: unknown): Written | undefined {
  const text = typeof written === 'string' ? written.trim() : '';
  const [all = '', date = '', hours, minutes, seconds = 0, fraction = ''] = clock.exec(text) ?? [];
  const day = dayNumber(date);
  if (day === undefined) return undefined;
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 + Number(fraction.padEnd(3, '0'));
  return { day, date, ms, rest: text.slice(all.length) };
}

/** What people write in place of a date and time; `zone`: what follows where they wrote none. */
function whatIsMeant(written: unknown, zone: '' | 'Z', fix: string): ScheduleProblem {
  const text = typeof written === 'string' ? written.trim() : '';
  const [, dayFirst = '', month = '', year = '', afterIt = ''] =
    /^(\d{1,2})\.(\d{1,2})\.(\d{4})(?:[ ,T]+(\d.{0,20}))?$/u.exec(text) ?? [];
  const turned = `${year}-${month.padStart(2, '0')}-${dayFirst.padStart(2, '0')}`;
  const [, date = turned, rest = afterIt] = /^(\d{4}-\d{2}-\d{2})(?:[tT ](.{0,20}))?$/u.exec(text) ?? [];
  const no = `${quote(written)} is not a date and time`;
  if (!/^\d{4}-\d{2}-\d{2}$/u.test(date)) return { problem: no, fix };
  const day = dayNumber(date);
  if (day === undefined) return { problem: `${no}: there is no day ${date}`, fix };
  const next = new Date((day + 1) * dayMs).toISOString().slice(0, 10);
  if (rest === '')
    return {
      problem: `${no}: it has no time of day`,
      fix: `write ${date}T00:00${zone} for its start, or ${next}T00:00${zone} for its end`,
    };
  const [, end = zone] = /^24:00(?::00)?(.*)$/u.exec(rest) ?? [];
  if (rest.startsWith('24:00')) return { problem: no, fix: `write ${next}T00:00${end || zone}` };
  const instead = `${date}T${rest}${offset.test(rest) ? '' : zone}`;
  if (instead === text || parseClock(instead) === undefined) return { problem: no, fix };
  return { problem: no, fix: `write ${instead}` };
}

function withoutOffset(written: unknown): ScheduleProblem {
  const text = String(written).trim();
  return {
    problem: `${quote(written)} has no offset from UTC`,
    fix: `write ${text}Z, or ${text}+01:00`,
  };
}

const usual = 'write it like 2026-12-24T18:00:00Z or 2026-12-24T18:00+01:00';

function notAnInstant(written: unknown): ScheduleProblem {
  return {
    problem: `${quote(written)} is not a date and time`,
    fix: usual,
  };
}
