import type { EpochMs } from '../../decide/model.ts';

const dayMs = 86_400_000;

/** "in 2 days", from date to date (UTC), as one counts on a calendar whatever the hour. */
export function daysFrom(now: EpochMs, then: EpochMs): string {
  const days = dateNumber(then) - dateNumber(now);
  if (days === 0) return 'today';
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}

function dateNumber(at: EpochMs): number {
  return Math.floor(at / dayMs);
}
