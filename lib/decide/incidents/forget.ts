import type { EpochMs } from '../model.ts';
import type { IncidentRecord } from './incident.ts';
import { oftenWindowMs } from './settle.ts';
import { changesWindowMs } from './track.ts';

/** An incident that was open stays readable for a week after its end: `incidents --why` is asked the next morning. */
const readableMs = 7 * 86_400_000;

/** Can this record be deleted? Nothing is open or owed, and its past no longer decides anything. */
export function isForgettable(record: IncidentRecord, now: EpochMs): boolean {
  if (record.phase !== 'quiet' || Object.keys(record.told).length > 0) return false;
  if (now - (record.changes.at(-1) ?? 0) < changesWindowMs) return false;
  if (now - (record.resolved.at(-1) ?? 0) < oftenWindowMs) return false;
  return record.endedAt === undefined || now - record.endedAt >= readableMs;
}
