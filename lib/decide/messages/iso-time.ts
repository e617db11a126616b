import type { EpochMs } from '../model.ts';

/** RFC 3339 in UTC, as machines want it. */
export function isoTime(at: EpochMs): string {
  return new Date(at).toISOString();
}
