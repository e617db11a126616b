import { readNative } from './read-native.ts';
import { type Incoming, type Reading, refuse } from './reading.ts';
import { isObject, type JsonObject, readText, show } from './read-values.ts';

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
    return no(`specversion is ${show(attributes.specversion)}: only CloudEvents 1.0 is known`);
  }
  for (const name of ['source', 'type']) {
    const text = readText(name, attributes[name], 1000);
    if ('problem' in text) return no(`${text.problem}: a CloudEvent has id, source, specversion and type`);
  }
  if (data === undefined) return no('data is missing, or is no JSON: it holds what is asked for');
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
