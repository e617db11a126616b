import { type EpochMs, hourMs, minuteMs } from '../../model/time.ts';
import { clampGaps, type Gap } from '../past/gaps.ts';
import { cutDays } from '../rehearsal/week-cells.ts';
import { dayNumber, localDate } from '../schedule/local-time.ts';

/** A week of local days around today, or a day and a half. */
export type ViewKind = 'week' | 'night';

/** The one time axis of all rows; minutes count from `from`. */
export type View = {
  readonly kind: ViewKind;
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly zone: string;
  readonly now: number;
  readonly minutes: number;
  /** Local days or hours: where each begins and ends, and what it is called. */
  readonly ticks: readonly Tick[];
  /** Weekends, in minutes. */
  readonly weekends: readonly Span[];
  /** Hours without any round, in minutes. */
  readonly gaps: readonly Span[];
};

export type Span = readonly [from: number, to: number];

type Tick = {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly isToday: boolean;
  readonly isDay: boolean;
};

type LocalNames = {
  /** YYYY-MM-DD in the zone. */
  readonly dateOf: (at: EpochMs) => string;
  /** "Sun". */
  readonly weekdayOf: (at: EpochMs) => string;
  /** "18:00". */
  readonly timeOf: (at: EpochMs) => string;
};

const daysBefore = 2;
export const usualDays = 7;
const nightBeforeMs = 12 * hourMs;
const nightShownMs = 36 * hourMs;

type Viewed = {
  readonly at: EpochMs;
  readonly zone: string;
  readonly names: LocalNames;
  readonly gaps: readonly Gap[];
};

/** Local days at their real length: the one on which the clocks change has 23 hours, or 25. */
export function makeView(kind: ViewKind, { at: now, zone, names, gaps }: Viewed, daysShown = usualDays): View {
  const today = dayNumber(names.dateOf(now)) ?? 0;
  const days = cutDays(zone, today - daysBefore, daysShown, 1);
  const [first, last] = [days[0]?.edges[0] ?? now, days.at(-1)?.edges[1] ?? now];
  const from = kind === 'week' ? first : Math.floor((now - nightBeforeMs) / hourMs) * hourMs;
  const to = kind === 'week' ? last : from + nightShownMs;
  const minute = (at: EpochMs) => Math.round((at - from) / minuteMs);
  const span = (begins: EpochMs, ends: EpochMs): Span => [minute(Math.max(begins, from)), minute(Math.min(ends, to))];
  const dayTicks = days.flatMap(({ date, edges: [begins = 0, ends = 0] }): readonly Tick[] => {
    if (ends <= from || begins >= to) return [];
    const [a, b] = span(begins, ends);
    const text = `${names.weekdayOf(begins + hourMs)} ${date.slice(8)}`;
    return [{ from: a, to: b, text, isToday: date === names.dateOf(now), isDay: true }];
  });
  const weekends = days.filter(({ date }) => localDate(dayNumber(date) ?? 0).weekday >= 6);
  return {
    kind,
    from,
    to,
    zone,
    now: minute(now),
    minutes: minute(to),
    ticks: kind === 'week' ? dayTicks : hourTicks(from, to, names, minute),
    weekends: weekends.map(({ edges: [begins = 0, ends = 0] }) => span(begins, ends)).filter(([a, b]) => b > a),
    gaps: clampGaps(gaps, from, Math.min(now, to)).map(([begins, ends]) => span(begins, ends)),
  };
}

function hourTicks(from: EpochMs, to: EpochMs, names: LocalNames, minute: (at: EpochMs) => number): readonly Tick[] {
  const ticks: Tick[] = [];
  for (let at = from; at < to; at += hourMs) {
    const hour = names.timeOf(at).slice(0, 2);
    if (Number(hour) % 3 !== 0) continue;
    const isDay = hour === '00';
    ticks.push({ from: minute(at), to: minute(at), text: isDay ? names.weekdayOf(at) : hour, isToday: isDay, isDay });
  }
  return ticks;
}
