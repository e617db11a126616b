import type { EpochMs } from '../../model/time.ts';

/**
 * `Retry-After` as milliseconds from now: seconds (fractions are seen in the wild) or a date, RFC 9110 section 10.2.3.
 * A date is measured from the server's own `Date`, where it sent one. undefined = absent or unreadable.
 */
export function readRetryAfterMs(headers: Headers, now: EpochMs): number | undefined {
  const text = headers.get('retry-after')?.trim();
  if (!text) return undefined;
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.round(Number(text) * 1000), Number.MAX_SAFE_INTEGER);
  const date = readHttpDate(text);
  return date === undefined ? undefined : Math.max(0, date - (readServerDate(headers) ?? now));
}

/** The answer's `Date` header. */
export function readServerDate(headers: Headers): EpochMs | undefined {
  return readHttpDate(headers.get('date') ?? '');
}

/** HTTP's dates are in GMT and say so; Date.parse alone would take "-5" for a month of 2001. */
function readHttpDate(text: string): EpochMs | undefined {
  const date = text.endsWith(' GMT') ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? undefined : date;
}
