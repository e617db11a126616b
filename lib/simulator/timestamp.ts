import type { EpochMs } from '../decide/model.ts';
import { drawInteger } from './chance.ts';

/**
 * A protobuf timestamp as JSON: what the database read back carries microseconds, what was just made nanoseconds, and
 * a whole second no fraction at all. The digits below the millisecond belong to the instant and never change.
 */
export function timestamp(at: EpochMs, digits: 0 | 6 | 9 = 6): string {
  const iso = new Date(at).toISOString();
  if (digits === 0) return `${iso.slice(0, 19)}Z`;
  const below = drawInteger(0, String(at), 1, 999_999);
  return `${iso.slice(0, 23)}${String(below)
    .padStart(6, '0')
    .slice(0, digits - 3)}Z`;
}
