import { longestName } from '../../model/cluster.ts';
import type { EpochMs } from '../../model/time.ts';
import {
  type Hold,
  type Incoming,
  isObject,
  type JsonObject,
  type Read,
  type Reading,
  readAtLeast,
  readDuration,
  readInstant,
  readText,
  refuse,
  show,
} from './reading.ts';

/** Room for both names and the region; longer values are not parsed. */
const longestPool = 2 * longestName + 100;

/** CloudEvents 1.0 (cloudevents.io): the event's attributes, and its data in Lamplighter's own form. */
export type CloudEvent = { readonly attributes: JsonObject; readonly data: unknown };

/** Structured mode: attributes and data in one JSON object. */
export function structuredCloudEvent(body: unknown): CloudEvent | undefined {
  if (!isObject(body) || body.specversion === undefined) return undefined;
  const { data, data_base64: encoded, ...attributes } = body;
  return { attributes, data: data ?? (encoded === undefined ? undefined : parseBase64(encoded)) };
}

/** Binary mode over HTTP: attributes in headers "ce-…", percent-encoded; the body is the data. */
export function binaryCloudEvent(headers: Incoming['headers'], body: unknown): CloudEvent | undefined {
  if (headers?.['ce-specversion'] === undefined) return undefined;
  const named = Object.entries(headers).filter(([name]) => name.startsWith('ce-'));
  return { attributes: Object.fromEntries(named.map(([name, value]) => [name.slice(3), decode(value)])), data: body };
}

/** The data's own id and time count; where it has none, the event's do. */
export function readCloudEvent({ attributes, data }: CloudEvent): Reading {
  const id = readText('id', attributes.id, 200);
  if ('problem' in id) return refuse(id.problem);
  const no = (problem: string) => refuse(problem, id.value);
  if (attributes.specversion !== '1.0') {
    return no(`specversion is ${show(attributes.specversion)}: only CloudEvents 1.0 is supported`);
  }
  for (const name of ['source', 'type']) {
    const text = readText(name, attributes[name], 1000);
    if ('problem' in text) return no(`${text.problem}: a CloudEvent has id, source, specversion and type`);
  }
  if (data === undefined) return no('data is missing, or is not JSON: put the event there');
  if (!isObject(data)) return no(`data is ${show(data)}: it must be an event as a JSON object`);
  return readNative(data, { id: attributes.id, time: attributes.time });
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** `data_base64` of an event whose data is JSON all the same. */
function parseBase64(encoded: unknown): unknown {
  if (typeof encoded !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/u.test(encoded)) return undefined;
  let bits = '';
  for (const character of encoded.replaceAll('=', '')) bits += alphabet.indexOf(character).toString(2).padStart(6, '0');
  const bytes = bits.match(/.{8}/gu) ?? [];
  try {
    const text = decodeURIComponent(
      bytes.map((byte) => `%${parseInt(byte, 2).toString(16).padStart(2, '0')}`).join(''),
    );
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const keys = ['id', 'lease', 'time', 'pool', 'atLeast', 'for', 'until', 'reason', 'release'];

/** The id and time of an envelope, used if the event inside has none. */
export type Envelope = { readonly id?: unknown; readonly time?: unknown };

/**
 * Lamplighter's own format: `{ id, lease, time, pool, atLeast, for | until, reason }` or `{ id, lease, time, pool,
 * release: true }`. Id and time may come from an envelope instead.
 */
export function readNative(event: JsonObject, envelope: Envelope = {}): Reading {
  const id = readText('id', event.id ?? envelope.id, 200);
  if ('problem' in id) return refuse(id.problem);
  const no = (problem: string) => refuse(problem, id.value);
  const unknown = Object.keys(event).find((key) => !keys.includes(key));
  if (unknown !== undefined) return no(`${show(unknown)} is not a key of an event: the keys are ${keys.join(', ')}`);
  const key = readText('lease', event.lease, 128);
  if ('problem' in key) return no(key.problem);
  const time = readInstant('time', event.time ?? envelope.time);
  if ('problem' in time) return no(time.problem);
  const pool = readText('pool', event.pool, longestPool);
  if ('problem' in pool) return no(pool.problem);
  const want = readWant(event, time.value);
  if ('problem' in want) return no(want.problem);
  const reason = event.reason === undefined ? { value: undefined } : readText('reason', event.reason, 500);
  if ('problem' in reason) return no(reason.problem);
  return {
    kind: 'ask',
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
  if (extra !== undefined) return { problem: `release: true ends the lease: leave out ${extra}` };
  return { value: { kind: 'release' } };
}

function readHold(event: JsonObject, time: EpochMs): Read<Hold> {
  const atLeast = readAtLeast(event.atLeast);
  if ('problem' in atLeast) return atLeast;
  const until = readUntil(event, time);
  if ('problem' in until) return until;
  return { value: { kind: 'hold', atLeast: atLeast.value, until: until.value, from: time } };
}

/** The end is absolute: `for` counts from the event's own time, so a redelivered event ends at the same time. */
function readUntil(event: JsonObject, time: EpochMs): Read<EpochMs> {
  if (event.for !== undefined && event.until !== undefined)
    return { problem: 'for and until are both given: write one' };
  if (event.until !== undefined) return readInstant('until', event.until);
  if (event.for === undefined) return { problem: 'for and until are both missing: a lease must end' };
  const forMs = readDuration('for', event.for);
  return 'problem' in forMs ? forMs : { value: time + forMs.value };
}
