import type { Exception } from '../../../lib/model/config.ts';
import type { DailyPiece, Schedule } from '../../../lib/model/schedule.ts';
import type { Term } from '../../../lib/model/size.ts';

const dayMs = 86_400_000;

/** What a schedule says when the wall clock has reached `reading` (local time as if it were UTC): every rule, asked. */
export function bruteForceSays(schedule: Schedule, exceptions: readonly Exception[], reading: number): string {
  const held = exceptions.filter((one) => readingOf(one.start) <= reading && reading < readingOf(one.end));
  if (held.length > 0) return keyOf(held.map(({ size }) => size));
  const today = Math.floor(reading / dayMs);
  const special = specialDay(schedule, today);
  if (special !== undefined && 'size' in special) return special.size;
  const open = schedule.windows.filter((window) =>
    window.pieces.some(
      (piece) => isOpen(schedule, piece, today, reading) || isOpen(schedule, piece, today - 1, reading),
    ),
  );
  return open.length > 0 ? keyOf(open.map(({ size }) => size)) : keyOf([schedule.otherwise]);
}

/** What is open together, without order; leave adds nothing to anything else. */
export function keyOf(terms: readonly Term[]): string {
  const sizes = new Set(terms.map((term) => JSON.stringify(term)));
  if (sizes.size > 1) sizes.delete('"leave"');
  return [...sizes].sort().join('|').replaceAll('"', '');
}

function isOpen(schedule: Schedule, piece: DailyPiece, day: number, reading: number): boolean {
  const since = (reading - day * dayMs) / 1000;
  return since >= piece.from && since < piece.to && starts(schedule, piece, day);
}

function starts(schedule: Schedule, piece: DailyPiece, day: number): boolean {
  const special = specialDay(schedule, day);
  if (special !== undefined && 'size' in special) return false;
  const date = new Date(day * dayMs);
  const weekday = (at: number) => ((new Date(at * dayMs).getUTCDay() + 6) % 7) + 1;
  const month = (at: number) => new Date(at * dayMs).getUTCMonth() + 1;
  const isNth = ({ weekday: wanted, n }: NonNullable<DailyPiece['nth']>[number]) =>
    weekday(day) === wanted &&
    (n === 'L'
      ? month(day + 7) !== month(day)
      : month(day - 7 * n) !== month(day) && month(day - 7 * (n - 1)) === month(day));
  return (
    (piece.days?.some((one) => one === (special?.actLike ?? weekday(day))) ?? true) &&
    (piece.nth?.some(isNth) ?? true) &&
    (piece.dayOfMonth?.some((one) => (one === 'L' ? month(day + 1) !== month(day) : one === date.getUTCDate())) ??
      true) &&
    (piece.months?.includes(month(day)) ?? true)
  );
}

function specialDay(schedule: Schedule, day: number) {
  const text = new Date(day * dayMs).toISOString().slice(0, 10);
  return schedule.calendarDays.find(({ date }) => date === text);
}

function readingOf(written: string | number): number {
  if (typeof written === 'number') throw new Error('the oracle reads local times only');
  return Date.parse(`${written}Z`);
}
