import type { EpochMs } from '../model.ts';
import type { IncidentRecord } from './incident.ts';
import { changesWindowMs } from './track.ts';

const minuteMs = 60_000;

/** An open incident whose observation changed at least four times within an hour is flapping. */
export function isFlapping(record: IncidentRecord, now: EpochMs): boolean {
  return recent(record, now).length >= 4;
}

/**
 * What never stays bad for as long as `for` asks, but is bad again and again, opens all the same: at least six changes
 * within an hour, and bad for twice `for` (at least ten minutes) of it.
 */
export function opensByFlapping(record: IncidentRecord, now: EpochMs, forMs: number): boolean {
  const enough = Math.max(2 * forMs, 10 * minuteMs);
  return recent(record, now).length >= 6 && badTimeMs(record, now) >= enough;
}

/** The first bad observation among the changes of the last hour. */
export function firstBadOf(record: IncidentRecord, now: EpochMs): EpochMs {
  const changes = recent(record, now);
  return changes.find((_, index) => seenAfter(record, changes, index) === 'bad') ?? record.run.since;
}

function badTimeMs(record: IncidentRecord, now: EpochMs): number {
  const changes = recent(record, now);
  const ends = [...changes.slice(1), now];
  return changes.reduce((sum, change, index) => {
    const bad = seenAfter(record, changes, index) === 'bad';
    return bad ? sum + (ends[index] ?? now) - change : sum;
  }, 0);
}

/** Changes alternate, and after the last one it is what the record's run says. */
function seenAfter(record: IncidentRecord, changes: readonly EpochMs[], index: number): 'bad' | 'ok' {
  const isLikeLast = (changes.length - 1 - index) % 2 === 0;
  return isLikeLast === (record.run.seen === 'bad') ? 'bad' : 'ok';
}

function recent(record: IncidentRecord, now: EpochMs): readonly EpochMs[] {
  return record.changes.filter((change) => now - change < changesWindowMs);
}
