import type { Weekday } from '../model.ts';

export const dayMs = 86_400_000;

/** A date of the calendar without a zone, counted in days since 1970-01-01. */
export type DayNumber = number;

export type LocalDate = {
  readonly day: DayNumber;
  readonly weekday: Weekday;
  /** 1 … 12. */
  readonly month: number;
  readonly dayOfMonth: number;
  readonly daysInMonth: number;
};

/** `YYYY-MM-DD` → its day number; undefined for a date that does not exist. */
export function dayNumber(date: string): DayNumber | undefined {
  const [, year, month, dayOfMonth] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date)?.map(Number) ?? [];
  if (year === undefined || month === undefined || dayOfMonth === undefined) return undefined;
  const day = Date.UTC(year, month - 1, dayOfMonth) / dayMs;
  return renderDate(day) === date ? day : undefined;
}

/** A day number → `YYYY-MM-DD`. */
export function renderDate(day: DayNumber): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

export function localDate(day: DayNumber): LocalDate {
  const date = new Date(day * dayMs);
  const month = date.getUTCMonth();
  const daysInMonth = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  return { day, weekday: weekdayOf(day), month: month + 1, dayOfMonth: date.getUTCDate(), daysInMonth };
}

/** 1970-01-01 was a Thursday. */
function weekdayOf(day: DayNumber): Weekday {
  return (((((day + 3) % 7) + 7) % 7) + 1) as Weekday;
}
