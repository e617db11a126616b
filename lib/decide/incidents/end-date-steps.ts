import { type Severity, worse } from '../../model/finding.ts';
import { counted } from '../../model/text.ts';
import { dayMs, type EpochMs, iso, isoDate } from '../../model/time.ts';
import { dayIn } from '../schedule/local-time.ts';
import type { EndDateStep, IncidentRecord, Told } from './incident.ts';
import type { EndDate, Watched } from './observation.ts';
import { end } from './open-and-resolve.ts';

const steps = [0, 1, 3, 7, 14, 30, 60, 90] as const;

/** When a step is reached: calendar days for a date, 24-hour days for an instant. */
export type Dated = Pick<EndDate, 'date' | 'zone' | 'isDay'>;

/**
 * The current step of a date: the smallest number of days it is within; undefined above 90 days. 0 is the last step.
 */
export function stepOf(dated: Dated, now: EpochMs): number | undefined {
  const days = isDay(dated) ? daysTo(dated, now) : (dated.date - now) / dayMs;
  return steps.find((step) => days <= step);
}

/** 90 and 60 days are info, 30, 14 and 7 a warning, 3, 1 and 0 critical. */
export function severityOf(step: number): Severity {
  if (step <= 3) return 'critical';
  return step <= 30 ? 'warning' : 'info';
}

/**
 * A date within 90 days opens an incident at its step. It resolves above 90 days, or when the date belongs to something
 * else (an upgrade). `stepToTell` decides what is sent where.
 */
export function stepTowardsEnd(
  before: IncidentRecord | undefined,
  watched: Watched,
  ends: EndDate,
  key: string,
  now: EpochMs,
): IncidentRecord | undefined {
  const step = stepOf(ends, now);
  const isOpen = before?.phase === 'open';
  if (isOpen && before.ladder?.of !== ends.of) return end(before, ends.ifReplaced, now, now);
  if (step === undefined) return isOpen ? end(before, `the date is now ${written(ends)}`, now, now) : before;
  // The possible upgrades may be unknown now, so the old advice is dropped.
  const { fix: _fix, ...start } = isOpen ? before : opened(before, watched, key, now);
  const severity = severityOf(step);
  return {
    ...start,
    ...words(before, ends, now),
    severity,
    worst: worse(start.worst, severity),
    ladder: ladderOf(ends, step),
  };
}

/** Each step once per destination; after the date was moved, only the steps that were still ahead then. */
export function stepToTell(ladder: EndDateStep, told: Told | undefined): number | undefined {
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

function ladderOf(ends: EndDate, step: number): EndDateStep {
  const ladder = { date: ends.date, of: ends.of, armedAt: ends.armedAt, step };
  return ends.below === undefined ? ladder : { ...ladder, below: ends.below };
}

function words(
  before: IncidentRecord | undefined,
  ends: EndDate,
  now: EpochMs,
): Pick<IncidentRecord, 'text' | 'fix' | 'facts'> {
  const known = before?.ladder?.of === ends.of ? before.facts?.offers : undefined;
  const offers = ends.offers?.join(', ') ?? (known === undefined ? '' : String(known));
  const told = offers === '' ? {} : { offers };
  const facts = { ...ends.facts, ...told, date: written(ends), daysLeft: daysTo(ends, now) };
  const text = `${ends.what.charAt(0).toUpperCase()}${ends.what.slice(1)} ${passes(ends, now)}`;
  if (ends.fix === undefined) return { text, facts };
  return { text, facts, fix: offers === '' ? ends.fix : `${ends.fix}; the region offers ${offers}` };
}

function passes(ends: EndDate, now: EpochMs): string {
  const days = daysTo(ends, now);
  const isOver = isDay(ends) ? days < 0 : ends.date <= now;
  if (isOver) return `ended on ${written(ends)}`;
  return days <= 0 ? `ends today, on ${written(ends)}` : `ends in ${counted(days, 'day')}, on ${written(ends)}`;
}

/** Calendar days from today to the date, in that zone. */
function daysTo(ends: Dated, now: EpochMs): number {
  const day = isDay(ends) ? Math.floor(ends.date / dayMs) : dayIn(ends.zone, ends.date);
  return day - dayIn(ends.zone, now);
}

/** The provider's dates are days without a zone; instants are shown in the reader's zone. */
function written(ends: Dated): string {
  return isDay(ends) ? isoDate(ends.date) : iso(ends.date);
}

function isDay({ date, isDay: isGiven }: Dated): boolean {
  return isGiven === true || date % dayMs === 0;
}
