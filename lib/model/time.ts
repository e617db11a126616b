export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** The nouns that every part shares. Instants are epoch milliseconds, always; a duration's name ends in Ms. */

export type EpochMs = number;

/** ISO weekday: 1 = Monday … 7 = Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/**
 * Rounds are missed when none has ended for three ticks, and for 15 minutes at least: a slow round or a restart is no
 * alarm. Of a round that never was there is nothing to say: `last` is then −∞, and overdue.
 */
export function isOverdue(last: EpochMs, everyMs: number, now: EpochMs): boolean {
  return now - last > Math.max(3 * everyMs, 15 * minuteMs);
}

/** From date to date (UTC), as one counts on a calendar whatever the hour. */
export function calendarDays(from: EpochMs, to: EpochMs): number {
  return Math.floor(to / dayMs) - Math.floor(from / dayMs);
}

/** The day, in UTC: 2026-12-24. */
export function isoDate(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10);
}

/** RFC 3339 in UTC, as machines want it. */
export function isoTime(at: EpochMs): string {
  return new Date(at).toISOString();
}

/** As a sentence that is kept holds it, with or without seconds; what is to be typed (`--until …`) stays as it is. */
const inSentence = /(?<!--[a-z-]+[ =])\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})/gu;

/** Sentences keep their instants as facts, in UTC; whoever shows one to people puts them into the zone of its readers. */
export function replaceInstants(text: string, tell: (at: EpochMs) => string): string {
  return text.replace(inSentence, (written) => {
    const at = Date.parse(written);
    return Number.isNaN(at) ? written : tell(at);
  });
}

/** An instant for a sentence: to the second, in UTC. */
export function iso(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
