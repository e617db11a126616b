import type { Json } from '../model/json.ts';
import { type EpochMs, hourMs, minuteMs } from '../model/time.ts';
import { clocksDifferMs } from './clock-skew.ts';

/** True if the time was written by a clock that ran ahead, or our own clock went back. Its age is then unknown. */
export function isFromFuture(at: EpochMs, now: EpochMs): boolean {
  return at > now + clocksDifferMs;
}

/**
 * A stored record, corrected for a clock that ran ahead: no past time in it may lie in the future, or jobs would wait
 * for it. Such times count as now, and durations that follow from them start now. Fields are told by name: `at`,
 * `since`, `time`, `…At` and `…Since` are in the past; `until`, `ahead` and `nextAt` are not. Returns the same object
 * if nothing changes.
 */
export function boundedByNow(value: Json, now: EpochMs): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return eachPart(value, (part) => boundedByNow(part, now));
  const record = value as Fields;
  const shiftMs = aheadMs(record, now);
  return eachField(record, (part, name) =>
    name === 'doubt'
      ? boundedDoubt(part, record, now)
      : boundedField(name, part, { now, shiftMs, isLock: record.owner !== undefined }),
  );
}

/**
 * A message that may have been accepted waits from its last attempt on (attempt.ts), and never longer than such waits
 * are.
 */
function boundedDoubt(doubt: Json, { lastAttemptAt }: Fields, now: EpochMs): Json {
  if (typeof doubt !== 'object' || doubt === null || Array.isArray(doubt)) return doubt;
  const fields = doubt as Fields;
  const { until } = fields;
  if (typeof until !== 'number') return doubt;
  const end = until - aheadMs({ since: lastAttemptAt ?? null }, now);
  const bounded = end > now + longestDoubtMs ? now : end;
  return bounded === until ? doubt : { ...fields, until: bounded };
}

type Bound = {
  readonly now: EpochMs;
  /** How far ahead the clock was that wrote the record. */
  readonly shiftMs: number;
  readonly isLock: boolean;
};

function boundedField(name: string, part: Json, { now, shiftMs, isLock }: Bound): Json {
  if (untouched.has(name)) return part;
  if (typeof part !== 'number') return typeof part === 'object' && part !== null ? parts(name, part, now) : part;
  if (name === 'until' && shiftMs > 0) return part - shiftMs;
  // A sender whose last attempt lies in the future tries at once.
  if (name === 'nextAt' && shiftMs > 0) return Math.min(part, now);
  const longestMs = name === 'until' && isLock ? clocksDifferMs : longest[name];
  if (longestMs !== undefined) return part > now + longestMs ? now : part;
  return isPast(name) ? pastOr(part, now) : part;
}

type Fields = { readonly [name: string]: Json };

/**
 * Not corrected: times of the service (`updatedAt`, `createdAt`), names that are times (`armedAt`, `episode`), what
 * people and configs say, and `claimedAt`: a claim from the future settles at once (settle.ts).
 */
const untouched = new Set(
  'updatedAt createdAt armedAt claimedAt expiresAt facts destination rule schedule exceptions'.split(' '),
);
/** Fields that may lie in the future, and how far. */
const longest: { readonly [name: string]: number | undefined } = { nextAt: 3 * hourMs, ahead: 90 * minuteMs };
const longestDoubtMs = 3 * hourMs;
/** Lists and tables of past times; a gap is a pair of them. */
const ofInstants = new Set(['changes', 'resolved', 'foreign', 'times', 'gaps']);

function isPast(name: string): boolean {
  return name === 'at' || name === 'since' || name === 'time' || name.endsWith('At') || name.endsWith('Since');
}

function pastOr(at: EpochMs, now: EpochMs): EpochMs {
  return isFromFuture(at, now) ? now : at;
}

function parts(name: string, part: object, now: EpochMs): Json {
  if (!ofInstants.has(name)) return boundedByNow(part as Json, now);
  const bounded = (at: Json): Json => {
    if (Array.isArray(at)) return eachPart(at, bounded);
    return typeof at === 'number' ? pastOr(at, now) : at;
  };
  return Array.isArray(part) ? eachPart(part, bounded) : eachField(part as Fields, bounded);
}

/** Returns the same list if no item changes, which is nearly always: every record of every round passes here. */
function eachPart(list: readonly Json[], change: (part: Json) => Json): Json {
  let changed: Json[] | undefined;
  for (let i = 0; i < list.length; i += 1) {
    const part = list[i] as Json;
    const next = change(part);
    if (next !== part) (changed ??= [...list])[i] = next;
  }
  return changed ?? list;
}

function eachField(fields: Fields, change: (part: Json, name: string) => Json): Json {
  let changed: { [name: string]: Json } | undefined;
  for (const name in fields) {
    const part = fields[name] as Json;
    const next = change(part, name);
    if (next !== part) (changed ??= { ...fields })[name] = next;
  }
  return changed ?? fields;
}

/** How far ahead the clock was when it wrote the start (a sender's: its last attempt); 0 = not ahead, or there is no start. */
function aheadMs({ since, askedAt, bucket }: Fields, now: EpochMs): number {
  const began = [askedAt, since, (bucket as Fields | null | undefined)?.at].find((at) => typeof at === 'number');
  return began !== undefined && isFromFuture(began, now) ? began - now : 0;
}
