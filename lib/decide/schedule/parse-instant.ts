import type { EpochMs } from '../model.ts';
import { dayMs, dayNumber } from './local-date.ts';
import { quote, type ScheduleProblem } from './schedule-problem.ts';

const clock = /^(\d{4}-\d{2}-\d{2})[tT]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3})\d*)?)?/;
const offset = /([zZ]|[+-]([01]\d|2[0-3]):([0-5]\d))$/;

type Written = { readonly day: number; readonly date: string; readonly ms: number; readonly rest: string };

/**
 * An instant needs a date, a time and an offset or Z (RFC 3339; seconds may be left out). Without an offset it would
 * mean another instant on every machine, so it is refused.
 */
export function parseInstant(written: unknown): EpochMs | ScheduleProblem {
  const local = parseClock(written);
  if (local === undefined) return notAnInstant(written);
  const [all, zone = '', hours = 0, minutes = 0] = offset.exec(local.rest) ?? [];
  if (local.rest === '') return withoutOffset(written);
  if (all !== local.rest) return notAnInstant(written);
  const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return local.day * dayMs + local.ms - (zone.startsWith('-') ? -offsetMs : offsetMs);
}

/**
 * A moment of a schedule: with an offset an absolute instant, without one a local time (YYYY-MM-DDTHH:MM:SS) that is
 * read in the schedule's zone.
 */
export function parseMoment(written: unknown): EpochMs | string | ScheduleProblem {
  const local = parseClock(written);
  if (local === undefined || local.rest !== '') return parseInstant(written);
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

function withoutOffset(written: unknown): ScheduleProblem {
  const text = String(written).trim();
  return {
    problem: `${quote(written)} has no offset, so its instant is unknown`,
    fix: `write ${text}Z, or ${text}+01:00`,
  };
}

function notAnInstant(written: unknown): ScheduleProblem {
  return {
    problem: `${quote(written)} is not a date and time`,
    fix: 'write it like 2026-12-24T18:00:00Z or 2026-12-24T18:00+01:00',
  };
}
