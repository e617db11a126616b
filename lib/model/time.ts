export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** The nouns that every part shares. Instants are epoch milliseconds, always; a duration's name ends in Ms. */

export type EpochMs = number;

/** ISO weekday: 1 = Monday … 7 = Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** From date to date (UTC), as one counts on a calendar whatever the hour. */
export function calendarDays(from: EpochMs, to: EpochMs): number {
  return Math.floor(to / dayMs) - Math.floor(from / dayMs);
}

/** RFC 3339 in UTC, as machines want it. */
export function isoTime(at: EpochMs): string {
  return new Date(at).toISOString();
}

/** An instant for a sentence: to the second, in UTC. */
export function iso(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
