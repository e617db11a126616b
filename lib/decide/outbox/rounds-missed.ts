import type { EpochMs, Finding } from '../model.ts';
import type { LastRounds } from './last-rounds.ts';

const minuteMs = 60_000;
const leastMs = 15 * minuteMs;
const ticks = 3;

/**
 * Is anybody still looking? Judged by the deliver job, since a round cannot miss itself: the oldest of the last rounds
 * is older than three ticks and at least 15 minutes. Where there never was a round there is nothing to judge yet.
 */
export function findMissedRounds(last: LastRounds, everyMs: number, now: EpochMs): Finding | undefined {
  const limitMs = Math.max(ticks * everyMs, leastMs);
  const isOld = (at: EpochMs | undefined) => at !== undefined && now - at > limitMs;
  const late = [...(isOld(last.watchedAt) ? ['watching'] : []), ...(isOld(last.scaledAt) ? ['scaling'] : [])];
  if (late.length === 0) return undefined;
  const oldest = Math.min(last.watchedAt ?? now, last.scaledAt ?? now);
  return {
    kind: 'rounds.missed',
    subject: { kind: 'fleet' },
    severity: 'critical',
    text: `no round of ${late.join(' and ')} for ${Math.floor((now - oldest) / minuteMs)} min; nobody looks after the fleet`,
    fix: 'look at the logs of the functions or of the process, and at their schedules',
    since: oldest,
  };
}
