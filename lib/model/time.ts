export const secondMs = 1_000;
export const minuteMs = 60 * secondMs;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** Instants are always epoch milliseconds; the name of a duration ends in Ms. */

export type EpochMs = number;

/** ISO weekday: 1 = Monday … 7 = Sunday. */
export type Weekday = 1 | 2 | 3 | 4 | 5 | 6 | 7;

/**
 * A job is overdue if no round has ended for three ticks, and for at least 15 minutes: a slow round or a restart raises
 * no alarm. Without any round, `last` is −∞, and the job counts as overdue.
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

/** An instant in a stored sentence, with or without seconds. Instants in commands (`--until …`) do not match. */
const inSentence = /(?<!--[a-z-]+[ =])\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})/gu;

/** Stored sentences keep their instants in UTC; whatever shows one to people converts it to their zone. */
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
