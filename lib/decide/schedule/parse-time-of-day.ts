import { parseWeekday } from './parse-days.ts';
import { isScheduleProblem, quote, type ScheduleProblem } from './schedule-problem.ts';
import type { Weekday } from '../model.ts';

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
