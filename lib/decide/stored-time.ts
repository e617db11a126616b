import type { EpochMs } from '../model/time.ts';
import { clocksDifferMs } from './clock-skew.ts';

/**
 * A stored instant that lies in the past by its nature, as it is read: never later than now. A clock that ran ahead once
 * may have written a later one, and what has "not happened yet" would be waited for until that year.
 */
export function past(at: EpochMs, now: EpochMs): EpochMs {
  return Math.min(at, now);
}

/** Was it written by a clock that ran ahead, or did our own go back? Nobody knows then how long ago that was. */
export function isFromFuture(at: EpochMs, now: EpochMs): boolean {
  return at > now + clocksDifferMs;
}
