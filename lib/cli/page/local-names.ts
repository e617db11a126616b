import { timeIn } from '../../decide/schedule/local-time.ts';
import { dayMs, type EpochMs, minuteMs } from '../../model/time.ts';
import { type WallClock, wallClock } from '../../model/wall-clock.ts';

/** Instants as the page tells them, all in one zone. */
export type LocalNames = {
  readonly dateOf: (at: EpochMs) => string;
  readonly weekdayOf: (at: EpochMs) => string;
  readonly timeOf: (at: EpochMs) => string;
  /** "21:40" on the day of the page, "Wed 06:37" within a week of it, else "2026-12-24 18:00". */
  readonly short: (at: EpochMs) => string;
  /** A sentence with its instants told so. */
  readonly inText: (text: string) => string;
};

const written = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/gu;

/** A formatter is dear to ask as well: the same few instants are told over and over. */
export function localNames(zone: string, now: EpochMs): LocalNames {
  const read = wallClock(zone);
  const known = new Map<number, WallClock>();
  const partsOf = (at: EpochMs): WallClock => {
    const minute = Math.floor(at / minuteMs);
    let parts = known.get(minute);
    if (parts === undefined) {
      parts = { ...read(at), time: timeIn(at, zone) };
      known.set(minute, parts);
    }
    return parts;
  };
  const today = partsOf(now).date;
  const short = (at: EpochMs) => {
    const { date, weekday, time } = partsOf(at);
    if (date === today) return time;
    return Math.abs(at - now) < 6.5 * dayMs ? `${weekday} ${time}` : `${date} ${time}`;
  };
  return {
    dateOf: (at) => partsOf(at).date,
    weekdayOf: (at) => partsOf(at).weekday,
    timeOf: (at) => partsOf(at).time,
    short,
    inText: (text) =>
      text.replace(written, (instant) => (Number.isNaN(Date.parse(instant)) ? instant : short(Date.parse(instant)))),
  };
}
