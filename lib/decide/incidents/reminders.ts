import type { EpochMs } from '../model.ts';
import type { IncidentRecord } from './incident.ts';
import { isLadder } from './kinds.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A daily reminder takes along everything that is due soon, so that a day brings one batch and not a trickle. */
const alongMs = 6 * hourMs;

/** Reminders are due 1 h, 4 h, 24 h, 48 h, … after opening: the time of the n-th, counted from 1. */
export function reminderAt(openedAt: EpochMs, n: number): EpochMs {
  if (n === 1) return openedAt + hourMs;
  if (n === 2) return openedAt + 4 * hourMs;
  return openedAt + (n - 2) * dayMs;
}

/** How many reminder times have passed: those missed are made up for by one. */
export function remindersDue(record: IncidentRecord, now: EpochMs): number {
  const age = now - (record.openedAt ?? now);
  if (age < hourMs) return 0;
  return age < 4 * hourMs ? 1 : 2 + Math.floor(age / dayMs);
}

/** Is a daily reminder of this incident due now? Then others go along. */
export function isDailyDue(record: IncidentRecord, now: EpochMs): boolean {
  const due = remindersDue(record, now);
  return isRemindable(record) && due > record.reminded && due >= 3;
}

/** How many reminders count as told after this pass; more than `reminded` means: remind now. */
export function reminded(record: IncidentRecord, now: EpochMs, isDailyRound: boolean): number {
  if (!isRemindable(record)) return record.reminded;
  const due = Math.max(remindersDue(record, now), record.reminded);
  const next = due + 1;
  const goesAlong = isDailyRound && due === record.reminded && next >= 3;
  return goesAlong && reminderAt(record.openedAt ?? now, next) <= now + alongMs ? next : due;
}

function isRemindable(record: IncidentRecord): boolean {
  return record.phase === 'open' && record.run.seen === 'bad' && !isLadder(record.kind);
}
