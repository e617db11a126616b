import type { EpochMs } from '../model.ts';
import { type Hold, type Reading, refuse } from './reading.ts';
import { type JsonObject, type Read, readAtLeast, readDuration, readInstant, readText, show } from './read-values.ts';

const keys = ['id', 'lease', 'time', 'pool', 'atLeast', 'for', 'until', 'reason', 'release'];

/** What an envelope says about the event inside it, where the event does not say it itself. */
export type Envelope = { readonly id?: unknown; readonly time?: unknown };

/**
 * Lamplighter's own form: `{ id, lease, time, pool, atLeast, for | until, reason }` or
 * `{ id, lease, time, pool, release: true }`. An envelope around it may say id and time instead.
 */
export function readNative(event: JsonObject, envelope: Envelope = {}): Reading {
  const id = readText('id', event.id ?? envelope.id, 200);
  if ('problem' in id) return refuse(id.problem);
  const no = (problem: string) => refuse(problem, id.value);
  const unknown = Object.keys(event).find((key) => !keys.includes(key));
  if (unknown !== undefined) return no(`${show(unknown)} is no key of an event: the keys are ${keys.join(', ')}`);
  const key = readText('lease', event.lease, 128);
  if ('problem' in key) return no(key.problem);
  const time = readInstant('time', event.time ?? envelope.time);
  if ('problem' in time) return no(time.problem);
  const pool = readText('pool', event.pool, 300);
  if ('problem' in pool) return no(pool.problem);
  const want = readWant(event, time.value);
  if ('problem' in want) return no(want.problem);
  const reason = event.reason === undefined ? { value: undefined } : readText('reason', event.reason, 500);
  if ('problem' in reason) return no(reason.problem);
  return {
    kind: 'wish',
    eventId: id.value,
    key: key.value,
    pool: pool.value,
    time: time.value,
    want: want.value,
    reason: reason.value,
  };
}

function readWant(event: JsonObject, time: EpochMs): Read<Hold | { kind: 'release' }> {
  if (event.release === undefined) return readHold(event, time);
  if (event.release !== true) return { problem: `release is ${show(event.release)}: it must be true, or absent` };
  const extra = ['atLeast', 'for', 'until'].find((key) => event[key] !== undefined);
  if (extra !== undefined) return { problem: `release: true lets the lease go: it goes without ${extra}` };
  return { value: { kind: 'release' } };
}

function readHold(event: JsonObject, time: EpochMs): Read<Hold> {
  const atLeast = readAtLeast(event.atLeast);
  if ('problem' in atLeast) return atLeast;
  const until = readUntil(event, time);
  if ('problem' in until) return until;
  return { value: { kind: 'hold', atLeast: atLeast.value, until: until.value, from: time } };
}

/** The end is absolute: `for` counts from the event's own time, so an event delivered again ends when it always did. */
function readUntil(event: JsonObject, time: EpochMs): Read<EpochMs> {
  if (event.for !== undefined && event.until !== undefined)
    return { problem: 'for and until are both given: write one' };
  if (event.until !== undefined) return readInstant('until', event.until);
  if (event.for === undefined) return { problem: 'for and until are both missing: a lease must end' };
  const forMs = readDuration('for', event.for);
  return 'problem' in forMs ? forMs : { value: time + forMs.value };
}
