import { calendarDays } from '../../decide/calendar-days.ts';
import type { EpochMs } from '../../decide/model.ts';

/** "in 2 days". */
export function daysFrom(now: EpochMs, then: EpochMs): string {
  const days = calendarDays(now, then);
  if (days === 0) return 'today';
  return days === 1 ? 'tomorrow' : `in ${days} days`;
}
