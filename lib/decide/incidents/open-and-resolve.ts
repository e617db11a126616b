import { type Finding, worse } from '../../model/finding.ts';
import { dayMs, type EpochMs, hourMs, minuteMs } from '../../model/time.ts';
import { type IncidentRecord, type KindRules, withWhy } from './incident.ts';
import type { Observation } from './observation.ts';

const flappingClearMs = 20 * minuteMs;
const oftenClearMs = hourMs;
const oftenWindowMs = 6 * hourMs;

/** Opens what was bad for long enough and resolves what was ok for long enough, on new observations only. */
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

/** Ends the episode. `until` is when it was first seen ok, which may be before it was certain. */
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

/** Flapping incidents need 20 minutes of ok; those with three episodes in six hours need an hour. */
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

/** Two observations further apart than this show nothing about the time between them. */
const gapMs = 30 * minuteMs;
/** Two observations count as two only if at least this far apart: a duplicated tick is one. */
const apartMs = 30_000;
const changesWindowMs = hourMs;

export type Tracked = {
  readonly record: IncidentRecord;
  /** What this round newly observed; `none` if unknown, or no newer than the last observation. */
  readonly news: 'bad' | 'ok' | 'none';
  /** When it was seen; durations are measured between observations, not between rounds. */
  readonly at: EpochMs;
};

/**
 * Continues the run of equal observations. A change starts a new run. A gap of more than 30 minutes restarts a pending
 * `for` or `clear`, and never affects an open incident that is still bad.
 */
export function track(
  before: IncidentRecord | undefined,
  observation: Observation,
  key: string,
  lastKnownAt: EpochMs | undefined,
): Tracked | undefined {
  if (observation.state !== 'bad' && observation.state !== 'ok')
    return before && { record: before, news: 'none', at: before.run.since };
  if (before === undefined) {
    if (observation.state === 'ok') return undefined;
    return { record: firstBad(observation.finding, key, observation.at), news: 'bad', at: observation.at };
  }
  const { at } = observation;
  const last = Math.max(lastKnownAt ?? 0, before.run.since);
  if (at <= last) return { record: before, news: 'none', at };
  const record = observation.state === 'bad' ? withFinding(before, observation.finding) : before;
  const isTurn = observation.state !== before.run.seen;
  return {
    record: isTurn ? turn(record, observation.state, at, last) : carryOn(record, at, last),
    news: observation.state,
    at,
  };
}

function firstBad(finding: Finding, key: string, at: EpochMs): IncidentRecord {
  const { kind, subject, severity, text } = finding;
  const life = { phase: 'pending', run: { seen: 'bad', since: at, count: 1 }, changes: [at], resolved: [] } as const;
  const words = { severity, worst: severity, text, ...optionalWords(finding) };
  const nobody = { flapping: false, sequence: 0, reminded: 0, told: {}, why: [] };
  return { schema: 1, key, kind, subject, ...life, episode: at, ...words, ...nobody };
}

/** The record keeps the newest text; `settle` keeps the worst severity of the episode. */
function withFinding(record: IncidentRecord, finding: Finding): IncidentRecord {
  const { fix: _fix, since: _since, facts: _facts, ...rest } = record;
  const { severity, text, subject } = finding;
  return { ...rest, subject, severity, text, ...optionalWords(finding) };
}

function optionalWords(finding: Finding): Pick<IncidentRecord, 'fix' | 'since' | 'facts'> {
  return {
    ...(finding.fix !== undefined && { fix: finding.fix }),
    ...(finding.since !== undefined && { since: finding.since }),
    ...(finding.facts !== undefined && { facts: finding.facts }),
  };
}

function turn(record: IncidentRecord, seen: 'bad' | 'ok', at: EpochMs, last: EpochMs): IncidentRecord {
  const changes = [...record.changes.filter((change) => at - change < changesWindowMs), at];
  const turned = { ...record, changes, run: { seen, since: at, count: 1 } };
  if (seen === 'ok') return { ...turned, lastBadAt: last, phase: record.phase === 'open' ? 'open' : 'quiet' };
  if (record.phase === 'open') return turned;
  return { ...turned, phase: 'pending', episode: at, worst: record.severity };
}

function carryOn(record: IncidentRecord, at: EpochMs, last: EpochMs): IncidentRecord {
  const isSteady = record.phase === 'quiet' || (record.phase === 'open' && record.run.seen === 'bad');
  if (isSteady) return record;
  if (at - last > gapMs) {
    const anew = { ...record, run: { ...record.run, since: at, count: 1 } };
    return record.phase === 'pending' ? { ...anew, episode: at } : anew;
  }
  const counts = record.run.count < 2 && at - record.run.since >= apartMs;
  return counts ? { ...record, run: { ...record.run, count: 2 } } : record;
}

/** An open incident whose observation changed at least four times within an hour is flapping. */
function isFlapping(record: IncidentRecord, now: EpochMs): boolean {
  return recent(record, now).length >= 4;
}

/**
 * Opens what is bad again and again but never as long as `for`: at least six changes within an hour, and bad for twice
 * `for` (at least ten minutes) of it.
 */
function opensByFlapping(record: IncidentRecord, now: EpochMs, forMs: number): boolean {
  const enough = Math.max(2 * forMs, 10 * minuteMs);
  return recent(record, now).length >= 6 && badTimeMs(record, now) >= enough;
}

/** The first bad observation among the changes of the last hour, of a record that is seen bad. */
function firstBadOf(record: IncidentRecord, now: EpochMs): EpochMs {
  const changes = recent(record, now);
  return changes.find((_, index) => isBadAfter(changes, index)) ?? record.run.since;
}

function badTimeMs(record: IncidentRecord, now: EpochMs): number {
  const changes = recent(record, now);
  const ends = [...changes.slice(1), now];
  return changes.reduce((sum, change, index) => {
    return isBadAfter(changes, index) ? sum + (ends[index] ?? now) - change : sum;
  }, 0);
}

/** Changes alternate, and the last one was to bad. */
function isBadAfter(changes: readonly EpochMs[], index: number): boolean {
  return (changes.length - 1 - index) % 2 === 0;
}

function recent(record: IncidentRecord, now: EpochMs): readonly EpochMs[] {
  return record.changes.filter((change) => now - change < changesWindowMs);
}

/** A resolved incident stays readable for a week, for `incidents --why` the next morning. */
const readableMs = 7 * dayMs;

/** Can this record be deleted? Nothing is open, no resolve is due, and its past has no more effect. */
export function isForgettable(record: IncidentRecord, now: EpochMs): boolean {
  if (record.phase !== 'quiet' || Object.keys(record.told).length > 0) return false;
  if (now - (record.changes.at(-1) ?? 0) < changesWindowMs) return false;
  if (now - (record.resolved.at(-1) ?? 0) < oftenWindowMs) return false;
  return record.endedAt === undefined || now - record.endedAt >= readableMs;
}
