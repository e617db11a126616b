import type { Severity } from '../../model/finding.ts';
import { counted } from '../../model/text.ts';
import { dayMs, type EpochMs, iso, isoDate } from '../../model/time.ts';
import { dayIn } from '../schedule/local-time.ts';
import { type IncidentRecord, type Ladder, type Told, worse } from './incident.ts';
import type { Due, Watched } from './observation.ts';
import { end } from './open-and-resolve.ts';

const steps = [0, 1, 3, 7, 14, 30, 60, 90] as const;

/** When a step counts: whole days on a calendar for a date, days by the hour for an instant. */
export type Dated = Pick<Due, 'date' | 'zone' | 'isDay'>;

/** The step that a date stands on: the smallest whose days it is within; undefined above 90 days. No step comes after 0. */
export function stepOf(dated: Dated, now: EpochMs): number | undefined {
  const days = isDay(dated) ? daysTo(dated, now) : (dated.date - now) / dayMs;
  return steps.find((step) => days <= step);
}

/** 90 and 60 days are worth knowing, 30, 14 and 7 are a warning, 3, 1 and 0 are critical. */
export function severityOf(step: number): Severity {
  if (step <= 3) return 'critical';
  return step <= 30 ? 'warning' : 'info';
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
  const step = stepOf(due, now);
  const isOpen = before?.phase === 'open';
  if (isOpen && before.ladder?.of !== due.of) return end(before, due.ifReplaced, now, now);
  if (step === undefined) return isOpen ? end(before, `the date is now ${written(due)}`, now, now) : before;
  // What is to be done may not be known any more: the old advice goes.
  const { fix: _fix, ...start } = isOpen ? before : opened(before, watched, key, now);
  const severity = severityOf(step);
  return {
    ...start,
    ...words(before, due, now),
    severity,
    worst: worse(start.worst, severity),
    ladder: ladderOf(due, step),
  };
}

/** Each step once per destination; after a date was moved, only the steps that were still ahead of it then. */
export function stepToTell(ladder: Ladder, told: Told | undefined): number | undefined {
  if (ladder.step >= (ladder.below ?? Number.POSITIVE_INFINITY)) return undefined;
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

function words(
  before: IncidentRecord | undefined,
  due: Due,
  now: EpochMs,
): Pick<IncidentRecord, 'text' | 'fix' | 'facts'> {
  const known = before?.ladder?.of === due.of ? before.facts?.offers : undefined;
  const offers = due.offers?.join(', ') ?? (known === undefined ? '' : String(known));
  const told = offers === '' ? {} : { offers };
  const facts = { ...due.facts, ...told, date: written(due), daysLeft: daysTo(due, now) };
  const text = `${due.what.charAt(0).toUpperCase()}${due.what.slice(1)} ${passes(due, now)}`;
  if (due.fix === undefined) return { text, facts };
  return { text, facts, fix: offers === '' ? due.fix : `${due.fix}; the region offers ${offers}` };
}

function passes(due: Due, now: EpochMs): string {
  const days = daysTo(due, now);
  const isOver = isDay(due) ? days < 0 : due.date <= now;
  if (isOver) return `ended on ${written(due)}`;
  return days <= 0 ? `ends today, on ${written(due)}` : `ends in ${counted(days, 'day')}, on ${written(due)}`;
}

/** From today to the date, as one counts on a calendar in that zone. */
function daysTo(due: Dated, now: EpochMs): number {
  const day = isDay(due) ? Math.floor(due.date / dayMs) : dayIn(due.zone, due.date);
  return day - dayIn(due.zone, now);
}

/** A date of the provider is a day in no zone; an instant is told in the zone of whoever reads it. */
function written(due: Dated): string {
  return isDay(due) ? isoDate(due.date) : iso(due.date);
}

function isDay({ date, isDay: isGiven }: Dated): boolean {
  return isGiven === true || date % dayMs === 0;
}
