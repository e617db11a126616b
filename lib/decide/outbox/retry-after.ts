import type { EpochMs } from '../model.ts';

/**
 * `Retry-After` in every spelling seen: whole seconds, seconds with a fraction (rounded up: early is what was refused),
 * a date (RFC 9110 section 10.2.3; measured from the server's own `Date`, where it sent one). Milliseconds from now;
 * undefined = absent or unreadable.
 */
export function parseRetryAfter(
  text: string | null | undefined,
  now: EpochMs,
  serverDate?: string | null,
): number | undefined {
  const trimmed = text?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(trimmed)) return Math.min(Math.ceil(Number(trimmed)) * 1000, Number.MAX_SAFE_INTEGER);
  const at = parseHttpDate(trimmed);
  if (at === undefined) return undefined;
  return Math.max(0, at - (parseHttpDate(serverDate?.trim() ?? '') ?? now));
}

/** RFC 9110's three forms of a date all begin with the name of a weekday; anything else Date.parse takes is none. */
export function parseHttpDate(text: string): EpochMs | undefined {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return undefined;
  const at = Date.parse(text.includes('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}
