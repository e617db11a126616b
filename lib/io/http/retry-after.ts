import type { EpochMs } from '../../model/time.ts';

/**
 * `Retry-After` in every spelling seen: whole seconds, seconds with a fraction (rounded up: early is what was refused),
 * a date (RFC 9110 section 10.2.3; measured from the server's own `Date`, where it sent one). Milliseconds from now;
 * undefined = absent or unreadable.
 */
export function readRetryAfterMs(headers: Headers, now: EpochMs): number | undefined {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Math.ceil(Number(text)) * 1000, Number.MAX_SAFE_INTEGER);
  const at = readHttpDate(text);
  return at === undefined ? undefined : Math.max(0, at - (readServerDate(headers) ?? now));
}

/** The answer's `Date` header. */
function readServerDate(headers: Headers): EpochMs | undefined {
  return readHttpDate(headers.get('date')?.trim() ?? '');
}

/**
 * What time it is at the server now: its `Date`, and for an answer out of a cache its `Age` in seconds added, RFC 9111
 * section 5.1. undefined = no `Date`, or none that can be read.
 */
export function readServerNow(headers: Headers): EpochMs | undefined {
  const date = readServerDate(headers);
  const age = headers.get('age')?.trim() ?? '';
  return date === undefined || !/^\d{1,9}$/.test(age) ? date : date + Number(age) * 1000;
}

/**
 * RFC 9110's three forms of a date (section 5.6.7) all begin with the name of a weekday; anything else that Date.parse
 * takes ("-5" is a month of 2001 to it) is none. The form of asctime has no zone and is in GMT.
 */
function readHttpDate(text: string): EpochMs | undefined {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /.test(text)) return undefined;
  const at = Date.parse(text.includes('GMT') ? text : `${text} GMT`);
  return Number.isNaN(at) ? undefined : at;
}
