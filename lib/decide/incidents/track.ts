import type { EpochMs, Finding } from '../model.ts';
import type { IncidentRecord } from './incident.ts';
import type { Observation } from './observation.ts';

const minuteMs = 60_000;
/** Two known observations further apart than this say nothing about the time between them. */
export const gapMs = 30 * minuteMs;
/** A doubled tick is one look: two observations count as two only this far apart. */
const apartMs = 30_000;
export const changesWindowMs = 60 * minuteMs;

export type Tracked = {
  readonly record: IncidentRecord;
  /** What this pass newly knows; `none` when it is unknown, or no newer than what is known. */
  readonly news: 'bad' | 'ok' | 'none';
  /** When it was seen; durations are measured between observations, not between passes. */
  readonly at: EpochMs;
};

/**
 * Carries the run of equal observations on: a change starts a new run; a gap of more than 30 minutes starts a pending
 * `for` or `clear` anew, and never touches an open incident that is still bad.
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

/** The newest words stand in the record; the worst severity of the episode is remembered by `settle`. */
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
