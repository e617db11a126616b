import type { DailyPiece } from '../compiled-config.ts';
import type { Weekday } from '../model.ts';

const daySeconds = 86_400;

/** A moment of the week: 24:00 is the end of its weekday. */
export type WeekMoment = { readonly weekday: Weekday; readonly seconds: number };

/**
 * A weekly window is cut at midnights into daily pieces, and the last, shorter piece belongs to the day before it; so
 * a calendar can swap any single day without leaving a hole. `from` and `to` differ, and `from` is before 24:00.
 * fri 20:00 → mon 06:30 is fri 20:00-24:00, sat 00:00-24:00, sun 00:00 to 06:30 of the next day.
 */
export function cutWeekly(from: WeekMoment, to: WeekMoment): readonly DailyPiece[] {
  const total = secondsBetween(from, to);
  const pieces: DailyPiece[] = [];
  for (let i = 0, start = from.seconds, left = total; left > 0; i += 1, start = 0) {
    const untilMidnight = daySeconds - start;
    const rest = left - untilMidnight;
    const isLast = rest < daySeconds;
    pieces.push({ days: [dayAfter(from.weekday, i)], from: start, to: isLast ? start + left : daySeconds });
    left = isLast ? 0 : rest;
  }
  return pieces;
}

/** At most a week; the same weekday with an earlier time is almost a week later. */
export function secondsBetween(from: WeekMoment, to: WeekMoment): number {
  const week = 7 * daySeconds;
  const seconds = (to.weekday - from.weekday) * daySeconds + to.seconds - from.seconds;
  return ((seconds % week) + week) % week;
}

function dayAfter(weekday: Weekday, days: number): Weekday {
  return (((weekday - 1 + days) % 7) + 1) as Weekday;
}
