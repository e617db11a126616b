import type { DailyPiece } from '../compiled-config.ts';
import type { Weekday } from '../model.ts';
import type { LocalDate } from './local-date.ts';

/**
 * A piece opens on a date that passes all of its filters: `days` looks at the weekday that the date acts like, all
 * others at the date itself.
 */
export function opensOn(piece: DailyPiece, date: LocalDate, actsLike: Weekday): boolean {
  const { days, nth, dayOfMonth, months } = piece;
  return (
    (days === undefined || days.includes(actsLike)) &&
    (nth === undefined || nth.some((one) => isNth(one, date))) &&
    (dayOfMonth === undefined || dayOfMonth.some((one) => isDayOfMonth(one, date))) &&
    (months === undefined || months.includes(date.month))
  );
}

function isNth({ weekday, n }: NonNullable<DailyPiece['nth']>[number], date: LocalDate): boolean {
  if (weekday !== date.weekday) return false;
  return n === 'L' ? date.dayOfMonth + 7 > date.daysInMonth : Math.ceil(date.dayOfMonth / 7) === n;
}

function isDayOfMonth(wanted: number | 'L', date: LocalDate): boolean {
  return date.dayOfMonth === (wanted === 'L' ? date.daysInMonth : wanted);
}
