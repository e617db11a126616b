import type { EpochMs } from './model.ts';

const dayMs = 86_400_000;

/** From date to date (UTC), as one counts on a calendar whatever the hour. */
export function calendarDays(from: EpochMs, to: EpochMs): number {
  return Math.floor(to / dayMs) - Math.floor(from / dayMs);
}
