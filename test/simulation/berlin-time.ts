import type { EpochMs } from '../../lib/model/time.ts';

/**
 * Europe/Berlin by hand, without any time-zone library: summer time from the last Sunday of March to the last Sunday
 * of October, both changes at 01:00 UTC (Directive 2000/84/EC).
 */
const hourMs = 3_600_000;
const dayMs = 86_400_000;

export function offsetAt(at: EpochMs): number {
  const { from, until } = summerOf(new Date(at).getUTCFullYear());
  return at >= from && at < until ? 2 * hourMs : hourMs;
}

const summers = new Map<number, { readonly from: EpochMs; readonly until: EpochMs }>();

function summerOf(year: number): { readonly from: EpochMs; readonly until: EpochMs } {
  const known = summers.get(year) ?? { from: lastSunday(year, 2) + hourMs, until: lastSunday(year, 9) + hourMs };
  summers.set(year, known);
  return known;
}

/** 00:00 UTC of the last Sunday of a month (0 = January). */
export function lastSunday(year: number, month: number): EpochMs {
  const last = Date.UTC(year, month + 1, 0);
  return last - new Date(last).getUTCDay() * dayMs;
}

/** The first instant whose wall clock reads the given local time or later; local time as if it were UTC. */
export function firstInstant(local: EpochMs): EpochMs {
  const early = local - 2 * hourMs;
  if (early + offsetAt(early) >= local) return early;
  const late = local - hourMs;
  if (late + offsetAt(late) === local) return late;
  return summerOf(new Date(local).getUTCFullYear()).from;
}

/** The local date at an instant, as its midnight read as if it were UTC. */
export function localDay(at: EpochMs): EpochMs {
  const local = at + offsetAt(at);
  return local - (((local % dayMs) + dayMs) % dayMs);
}

/** 1 = Monday … 7 = Sunday. */
export function weekdayOf(day: EpochMs): number {
  return ((new Date(day).getUTCDay() + 6) % 7) + 1;
}
