import type { EpochMs } from '../model.ts';
import { firstBadOf, isFlapping, opensByFlapping } from './flapping.ts';
import { type IncidentRecord, withWhy, worse } from './incident.ts';
import type { KindRules } from './kinds.ts';
import type { Tracked } from './track.ts';

const minuteMs = 60_000;
const flappingClearMs = 20 * minuteMs;
const oftenClearMs = 60 * minuteMs;
export const oftenWindowMs = 6 * 60 * minuteMs;

/** Opens what was bad for long enough and resolves what was ok for long enough; only on something newly known. */
export function settle(
  tracked: Tracked,
  rules: KindRules,
  inhibited: string | undefined,
  now: EpochMs,
): IncidentRecord {
  const { record, news, at } = tracked;
  if (news === 'bad' && record.phase === 'pending') return openIfDue(tracked, rules, inhibited, now);
  if (record.phase !== 'open') return record;
  if (news === 'ok' && isClear(record, rules, at)) return end(record, 'recovered', record.run.since, now);
  const flapping = record.flapping || isFlapping(record, at);
  return { ...record, flapping, worst: worse(record.worst, record.severity) };
}

/** Ends the episode: `until` is when it was first seen over, which may be before it was certain. */
export function end(record: IncidentRecord, cause: string, until: EpochMs, now: EpochMs): IncidentRecord {
  const { silenced: _silenced, ...rest } = record;
  const resolved = [...record.resolved.filter((at) => now - at < oftenWindowMs), now];
  const run = { seen: 'ok', since: until, count: 1 } as const;
  return { ...rest, phase: 'quiet', endedAt: until, cause, resolved, run, changes: [], flapping: false };
}

function openIfDue(
  { record, at }: Tracked,
  rules: KindRules,
  inhibited: string | undefined,
  now: EpochMs,
): IncidentRecord {
  const steady = at - record.run.since >= rules.forMs && record.run.count >= rules.badSightings;
  if (!steady && !opensByFlapping(record, at, rules.forMs)) {
    return withWhy(record, { at: now, what: 'open', reason: notYet(rules) });
  }
  if (inhibited !== undefined) return withWhy(record, { at: now, what: 'open', reason: inhibited });
  return open(record, steady ? record.run.since : firstBadOf(record, at), now);
}

function open(record: IncidentRecord, episode: EpochMs, now: EpochMs): IncidentRecord {
  const { endedAt: _endedAt, cause: _cause, lastBadAt: _lastBadAt, ...rest } = record;
  const start = { phase: 'open', episode, openedAt: now, reminded: 0, told: {} } as const;
  return { ...rest, ...start, worst: record.severity, flapping: isFlapping(record, now) };
}

/** A longer calm is asked of what came and went: 20 minutes when flapping, an hour after three episodes in six hours. */
function isClear(record: IncidentRecord, rules: KindRules, at: EpochMs): boolean {
  const often = record.resolved.filter((earlier) => at - earlier < oftenWindowMs).length >= 3;
  const flapping = record.flapping || isFlapping(record, at);
  const needed = Math.max(rules.clearMs, flapping ? flappingClearMs : 0, often ? oftenClearMs : 0);
  return at - record.run.since >= needed && record.run.count >= rules.okSightings;
}

function notYet(rules: KindRules): string {
  const minutes = Math.round(rules.forMs / minuteMs);
  return minutes > 0 ? `not bad for ${minutes} min yet` : `seen bad fewer than ${rules.badSightings} times`;
}
