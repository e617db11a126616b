import type { Severity } from '../../model/finding.ts';
import { counted } from '../../model/text.ts';
import { calendarDays, dayMs, type EpochMs } from '../../model/time.ts';
import { type IncidentRecord, type Ladder, type Told, worse } from './incident.ts';
import type { Due, Watched } from './observation.ts';
import { end } from './open-and-resolve.ts';

const steps = [0, 1, 3, 7, 14, 30, 60, 90] as const;

/** The step that a date stands on: the smallest whose days it is within; undefined above 90 days. No step comes after 0. */
export function stepOf(date: EpochMs, now: EpochMs): number | undefined {
  return steps.find((days) => date - now <= days * dayMs);
}

/** 90, 60, 30 and 14 days are worth knowing, 7 and 3 are a warning, 1 and 0 are critical. */
export function severityOf(step: number): Severity {
  if (step <= 1) return 'critical';
  return step <= 7 ? 'warning' : 'info';
}

/**
 * A date within 90 days is open on the step it stands on; it resolves above 90 days, and when it belongs to something
 * else than before (an upgrade). What is told of it, and where, is `stepToTell`'s.
 */
export function climb(
  before: IncidentRecord | undefined,
  watched: Watched,
  due: Due,
  key: string,
  now: EpochMs,
): IncidentRecord | undefined {
  const step = stepOf(due.date, now);
  const isOpen = before?.phase === 'open';
  if (isOpen && before.ladder?.of !== due.of) return end(before, due.ifReplaced, now, now);
  if (step === undefined) return isOpen ? end(before, `the date is now ${asDate(due.date)}`, now, now) : before;
  const start = isOpen ? before : opened(before, watched, key, now);
  const severity = severityOf(step);
  return { ...start, ...words(due, now), severity, worst: worse(start.worst, severity), ladder: ladderOf(due, step) };
}

/** Each step once per destination; after a date was moved, only the steps that were still ahead of it then. */
export function stepToTell(ladder: Ladder, told: Told | undefined): number | undefined {
  if (ladder.below !== undefined && ladder.step >= ladder.below) return undefined;
  const lastStep = told?.armedAt === ladder.armedAt ? told.step : undefined;
  return lastStep === undefined || ladder.step < lastStep ? ladder.step : undefined;
}

function opened(before: IncidentRecord | undefined, watched: Watched, key: string, now: EpochMs): IncidentRecord {
  const { kind, subject } = watched;
  const run = { seen: 'bad', since: now, count: 1 } as const;
  const past = { resolved: before?.resolved ?? [], sequence: before?.sequence ?? 0, why: before?.why ?? [] };
  const life = { phase: 'open', run, changes: [], episode: now, openedAt: now, flapping: false, reminded: 0 } as const;
  return { schema: 1, key, kind, subject, ...life, ...past, severity: 'info', worst: 'info', text: '', told: {} };
}

function ladderOf(due: Due, step: number): Ladder {
  const ladder = { date: due.date, of: due.of, armedAt: due.armedAt, step };
  return due.below === undefined ? ladder : { ...ladder, below: due.below };
}

function words(due: Due, now: EpochMs): Pick<IncidentRecord, 'text' | 'fix' | 'facts'> {
  const facts = { ...due.facts, date: asDate(due.date), daysLeft: calendarDays(now, due.date) };
  const text = `${due.what.charAt(0).toUpperCase()}${due.what.slice(1)} ${passes(due.date, now)}`;
  return due.fix === undefined ? { text, facts } : { text, facts, fix: due.fix };
}

/** Told by the date, though the steps count by the hour. */
function passes(date: EpochMs, now: EpochMs): string {
  const days = calendarDays(now, date);
  if (date <= now) return `ended on ${asDate(date)}`;
  if (days === 0) return `ends within a day, on ${asDate(date)}`;
  return `ends in ${counted(days, 'day')}, on ${asDate(date)}`;
}

/** Dates of the provider carry no zone of ours: they are told in UTC. */
function asDate(at: EpochMs): string {
  return new Date(at).toISOString().slice(0, 10);
}
