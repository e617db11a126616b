import * as Instant from 'temporal-polyfill/fns/Instant';
import type { Template } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';

/** One incoming event: its body as text, and over HTTP its headers (names in lower case). */
export type Incoming = {
  readonly body: string;
  readonly headers?: { readonly [name: string]: string };
  /** Why its bytes are no text, in words that follow "it is". JSON is UTF-8 (RFC 8259, 8.1). */
  readonly notText?: string | undefined;
};

/** What an event asks for, before permissions are checked: "at least N until T for this pool", or a release. */
export type EventAsk = {
  readonly kind: 'ask';
  /** The event's own id: the same id twice counts once. undefined if the format has none (Alertmanager). */
  readonly eventId: string | undefined;
  /** The caller's key of the lease. */
  readonly key: string;
  /** As written: "cluster/pool" or "region:cluster/pool". */
  readonly pool: string;
  /** Of one lease's asks, the latest wins. */
  readonly time: EpochMs;
  readonly want: Hold | { readonly kind: 'release' };
  readonly reason: string | undefined;
};

/** `from`: the instant from which the longest duration is counted. */
export type Hold = {
  readonly kind: 'hold';
  readonly atLeast: number;
  readonly until: EpochMs;
  readonly from: EpochMs;
  /** See Lease: a firing alert, which is repeated. */
  readonly isRepeated?: true;
};

/** `refused`: wrong, and would be refused again. `ignored`: valid, nothing to do. */
export type Declined = {
  readonly kind: 'refused' | 'ignored';
  readonly eventId: string | undefined;
  /** One sentence for people, without a trailing full stop. */
  readonly reason: string;
};

export type Reading = EventAsk | Declined;

export function refuse(reason: string, eventId?: string): Declined {
  return { kind: 'refused', eventId, reason };
}

export function ignore(reason: string, eventId?: string): Declined {
  return { kind: 'ignored', eventId, reason };
}

export type JsonObject = { readonly [key: string]: unknown };

/** A value, or a sentence that says what is wrong with it. */
export type Read<T> = { readonly value: T } | { readonly problem: string };

/** RFC 3339 with an offset, so that it means the same instant everywhere. */
const instantWithOffset = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)$/iu;
const instantWithoutOffset = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?$/iu;

/** An instant without an offset is refused, not guessed. */
export function readInstant(name: string, value: unknown): Read<EpochMs> {
  if (value === undefined) return { problem: `${name} is missing: write a date and time such as 2026-11-23T08:30:00Z` };
  if (typeof value === 'string' && instantWithoutOffset.test(value)) {
    return { problem: `${name} is ${show(value)}, which has no offset: end it with Z or +01:00` };
  }
  const at = typeof value === 'string' && instantWithOffset.test(value) ? instantOf(value) : undefined;
  if (at !== undefined) return { value: at };
  return { problem: `${name} is ${show(value)}, which is not a date and time: write one such as 2026-11-23T08:30:00Z` };
}

function instantOf(text: string): EpochMs | undefined {
  try {
    return Instant.fromString(text).epochMilliseconds;
  } catch {
    return undefined;
  }
}

const duration = /^(?=\d)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/u;

/** "90s", "2h", "1h30m": whole numbers with a unit, largest first, as everywhere in the config. */
export function readDuration(name: string, value: unknown): Read<number> {
  const found = typeof value === 'string' ? duration.exec(value) : null;
  if (!found)
    return { problem: `${name} is ${show(value)}, which is not a duration: write one such as 30m, 2h or 1h30m` };
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = found.slice(1).map((part) => Number(part ?? 0));
  const ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return ms > 0 ? { value: ms } : { problem: `${name} is ${show(value)}: it must be longer than 0` };
}

/** Nodes are whole numbers from 1: "at least 0" would ask for nothing. */
export function readAtLeast(value: unknown): Read<number> {
  if (value === undefined) return { problem: 'atLeast is missing: it says how many nodes are asked for' };
  if (Number.isSafeInteger(value) && (value as number) >= 1) return { value: value as number };
  return { problem: `atLeast is ${show(value)}: it must be a whole number from 1` };
}

/** Keeps record keys short, and texts for people on one line. */
export function readText(name: string, value: unknown, most: number): Read<string> {
  if (value === undefined) return { problem: `${name} is missing` };
  if (typeof value !== 'string') return { problem: `${name} is ${show(value)}: it must be text` };
  if (value === '') return { problem: `${name} is empty` };
  if (value.length > most) return { problem: `${name} has ${value.length} characters: the limit is ${most}` };
  if (/[\p{Cc}\p{Cs}]/u.test(value)) return { problem: `${name} contains a character that cannot be printed` };
  return { value };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value for a message: short and on one line, whatever was sent. */
export function show(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isObject(value)) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text.toWellFormed();
}

/**
 * A value in a template fills one part of a pool's name and cannot contain "/" or ":". Only a template that consists of
 * one label can give a whole name. Labels are looked up as written, then as a dotted path.
 */
export function fillTemplate(template: Template, values: JsonObject): Read<string> {
  const isWholeName = template.length === 1;
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = lookUp(values, part.label);
    if (typeof value !== 'string' || value === '') {
      return { problem: `the event has no ${part.label}, from which the pool's name is made` };
    }
    if (!isWholeName && /[/:]/u.test(value)) {
      return { problem: `${part.label} is ${show(value)}: a value in a pool's name must not contain "/" or ":"` };
    }
    text += value;
  }
  return { value: text };
}

/** The value at a key, or at a dotted path such as detail.bucket.name; own properties only. */
function lookUp(values: JsonObject, path: string): unknown {
  if (Object.hasOwn(values, path)) return values[path];
  let value: unknown = values;
  for (const key of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = value[key];
  }
  return value;
}
