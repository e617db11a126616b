/**
 * What a schedule says at every minute, worked out from the words of its config and from Intl's clocks alone: no code and no
 * form of the program is used. Slow in what it does once (a table of the local calendar), plain in what it asks of it.
 */
import { highestReadings, minuteMs } from './intl-oracle.ts';

export type WordsOfWindow = {
  readonly days?: string;
  readonly nth?: readonly string[];
  readonly dayOfMonth?: readonly (number | 'L')[];
  readonly workday?: readonly (number | string)[];
  readonly months?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly every?: string;
  readonly for?: string;
  readonly size: string;
};

export type WordsOfSchedule = {
  readonly zone: string;
  readonly windows: readonly WordsOfWindow[];
  readonly otherwise: string;
  readonly actLikeSunday: readonly string[];
  readonly actLikeMonday: readonly string[];
};

const dayMs = 86_400_000;
const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** One answer per minute from `from` on: the sizes that count, joined, in the order of the alphabet. */
export function saidEachMinute(words: WordsOfSchedule, from: number, to: number): (minute: number) => string {
  const start = from - 3 * dayMs;
  const readings = readingsOf(words.zone, start, to);
  const firstDay = Math.floor(start / dayMs) - 2;
  const days = Math.ceil((to - start) / dayMs) + 6;
  const open = words.windows.map((window) => openMinutes(window, words, firstDay, days));
  const texts = new Map<number, string>();
  return (minute) => {
    const reading = readings[minute + (from - start) / minuteMs] as number;
    const place = reading / minuteMs - firstDay * 1440;
    let mask = 0;
    open.forEach((minutes, i) => {
      if (minutes[place] === 1) mask |= 1 << i;
    });
    const known = texts.get(mask);
    if (known !== undefined) return known;
    const sizes =
      mask === 0 ? [words.otherwise] : words.windows.flatMap(({ size }, i) => (mask & (1 << i) ? [size] : []));
    const wanted = sizes.some((size) => size !== 'leave') ? sizes.filter((size) => size !== 'leave') : ['leave'];
    texts.set(mask, [...new Set(wanted)].sort().join('+'));
    return texts.get(mask) as string;
  };
}

const known = new Map<string, Float64Array>();

/** The clocks of a zone are the same for every schedule. */
function readingsOf(zone: string, from: number, to: number): Float64Array {
  const key = `${zone} ${from} ${to}`;
  const readings = known.get(key) ?? highestReadings(zone, from, to, minuteMs);
  known.clear();
  known.set(key, readings);
  return readings;
}

/** Of every local minute of the calendar: is the window open then? */
function openMinutes(window: WordsOfWindow, words: WordsOfSchedule, firstDay: number, days: number): Uint8Array {
  const open = new Uint8Array((days + 9) * 1440);
  for (let i = 0; i < days; i += 1) {
    const day = firstDay + i;
    if (!startsOn(window, words, day)) continue;
    const [begins, ends] = spanOf(window);
    for (let minute = begins; minute < ends; minute += 1) {
      if (window.every !== undefined && (minute - begins) % minutesOf(window.every) >= minutesOf(window.for ?? ''))
        continue;
      const place = i * 1440 + minute;
      if (place < open.length) open[place] = 1;
    }
  }
  return open;
}

/** Minutes from the midnight of the day on which it starts. */
function spanOf({ from = '00:00', to = '24:00' }: WordsOfWindow): readonly [number, number] {
  const [begins, ends] = [clockOf(from), clockOf(to)];
  if (!from.includes(' ')) return [begins, ends > begins ? ends : ends + 1440];
  const days = dayNames.indexOf(to.slice(0, 3)) - dayNames.indexOf(from.slice(0, 3));
  const length = (((days * 1440 + ends - begins) % 10080) + 10080) % 10080;
  return [begins, begins + length];
}

function clockOf(text: string): number {
  const [hours, minutes] = text.slice(-5).split(':').map(Number) as [number, number];
  return hours * 60 + minutes;
}

function minutesOf(text: string): number {
  const hours = text.includes('h') ? Number(text.split('h')[0]) : 0;
  return hours * 60 + Number((text.split('h').at(-1) ?? '').replace('m', '') || 0);
}

function startsOn(window: WordsOfWindow, words: WordsOfSchedule, day: number): boolean {
  const own = new Date(day * dayMs);
  const month = own.getUTCMonth();
  const acts = actsLike(words, day);
  const sameMonth = (other: number) => new Date(other * dayMs).getUTCMonth() === month;
  const { days, nth, dayOfMonth, workday, months, from = '' } = window;
  if (from.includes(' ') && dayNames.indexOf(from.slice(0, 3)) !== acts) return false;
  if (days !== undefined && !daysOf(days).includes(acts)) return false;
  if (months !== undefined && !months.includes(monthNames[month] as string)) return false;
  if (dayOfMonth !== undefined && !dayOfMonth.some((n) => (n === 'L' ? !sameMonth(day + 1) : n === own.getUTCDate())))
    return false;
  if (nth !== undefined && !nth.some((one) => isNth(one, day, sameMonth))) return false;
  return workday === undefined || workday.some((one) => isWorkdayNumber(one, words, day, sameMonth));
}

/** 0 = Monday. */
function weekdayOf(day: number): number {
  return (new Date(day * dayMs).getUTCDay() + 6) % 7;
}

function actsLike({ actLikeSunday, actLikeMonday }: WordsOfSchedule, day: number): number {
  const date = new Date(day * dayMs).toISOString().slice(0, 10);
  if (actLikeSunday.includes(date)) return 6;
  return actLikeMonday.includes(date) ? 0 : weekdayOf(day);
}

function daysOf(text: string): readonly number[] {
  const [first, last = first] = text.split('-') as [string, string?];
  const found: number[] = [];
  for (let day = dayNames.indexOf(first); ; day = (day + 1) % 7) {
    found.push(day);
    if (dayNames[day] === last) return found;
  }
}

function isNth(text: string, day: number, sameMonth: (day: number) => boolean): boolean {
  if (weekdayOf(day) !== dayNames.indexOf(text.slice(0, 3))) return false;
  if (text.endsWith('L')) return !sameMonth(day + 7);
  const n = Number(text.at(-1));
  return sameMonth(day - 7 * (n - 1)) && !sameMonth(day - 7 * n);
}

/** Counted by walking: from the day to the start, or to the end, of its month. */
function isWorkdayNumber(
  wanted: number | string,
  words: WordsOfSchedule,
  day: number,
  sameMonth: (day: number) => boolean,
): boolean {
  if (actsLike(words, day) > 4) return false;
  const step = typeof wanted === 'number' ? -1 : 1;
  let others = 0;
  for (let other = day + step; sameMonth(other); other += step) if (actsLike(words, other) <= 4) others += 1;
  return typeof wanted === 'number' ? others === wanted - 1 : others === Number(wanted.split('-')[1] ?? 0);
}
