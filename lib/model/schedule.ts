/** Schedules of the config: which size when, by the wall clock of their zone. */

import type { Term } from './size.ts';
import type { Weekday } from './time.ts';

/** `none`: no lead; `fixed`; `auto`: learnt from the pool's last raises. */
export type Lead =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed'; readonly ms: number }
  | { readonly kind: 'auto' };

export type Schedule = {
  readonly name: string;
  /** IANA zone. */
  readonly zone: string;
  readonly windows: readonly Window[];
  readonly otherwise: Term;
  readonly lead: Lead;
  /** The dates that the schedule's calendar names, sorted by date, one entry per date. */
  readonly calendarDays: readonly CalendarDay[];
};

/** Acts like another weekday (for `days` and weekly windows), or has one size for the whole local day. */
export type CalendarDay =
  | { readonly date: string; readonly actLike: Weekday }
  | { readonly date: string; readonly size: 'base' | 'idle' | 'leave' };

export type Window = {
  /** As written, for people: "mon-fri 07:00-19:00". */
  readonly text: string;
  readonly size: Term;
  /** It opens several times between its start and its end: `every`. */
  readonly repeats?: true;
  /**
   * A daily window has one piece; a weekly one is cut at midnights (the last, shorter piece belongs to the day before);
   * one that repeats has a piece for each opening.
   */
  readonly pieces: readonly DailyPiece[];
};

/** A stretch that starts on every local date that passes all the filters given. Half-open. */
export type DailyPiece = {
  /** Seconds after the start date's 00:00, by the wall clock; above 86400 = a wall time of the next date. */
  readonly from: number;
  /** The same, from < to ≤ 172800. */
  readonly to: number;
  /**
   * Absent filter = every day. `days` and `workday` use the weekday that the date acts like; the others use the date
   * itself.
   */
  readonly days?: readonly Weekday[];
  readonly nth?: readonly { readonly weekday: Weekday; readonly n: 1 | 2 | 3 | 4 | 5 | 'L' }[];
  readonly dayOfMonth?: readonly (number | 'L')[];
  /** The n-th working day of the month: 1 = the first, -1 = the last (ADR 38). */
  readonly workday?: readonly number[];
  readonly months?: readonly number[];
};
