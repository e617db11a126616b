import type { EventSourceConfig } from '../../model/config.ts';
import { matchesPattern } from './event-pattern.ts';
import { readNative } from './read-cloudevent.ts';
import {
  fillTemplate,
  ignore,
  isObject,
  type JsonObject,
  type Reading,
  readInstant,
  readText,
  refuse,
} from './reading.ts';

/**
 * All events of one source about one pool are one lease: a later event extends it, so a thousand uploads make one
 * lease.
 */
const sharedLeaseKey = 'events';

/** An event of EventBridge: { version, id, "detail-type", source, account, time, region, resources, detail }. */
export function isEventBridge(body: JsonObject): boolean {
  return typeof body['detail-type'] === 'string' && typeof body.source === 'string' && isObject(body.detail);
}

/**
 * An event of EventBridge makes a lease for the source's pool, for the source's duration, from the event's own time.
 */
export function readEventBridge(source: EventSourceConfig, body: JsonObject): Reading {
  const id = readText('id', body.id, 200);
  if ('problem' in id) return refuse(id.problem);
  const no = (problem: string) => refuse(problem, id.value);
  if (source.when !== undefined && !matchesPattern(source.when, body)) {
    return ignore(`the event does not match the pattern of source ${source.name}`, id.value);
  }
  const time = readInstant('time', body.time);
  if ('problem' in time) return no(time.problem);
  const { atLeast, forMs } = source;
  if (source.pool === undefined || atLeast === undefined || forMs === undefined) {
    return no(`source ${source.name} of the config must say pool, atLeast and for: the event does not`);
  }
  const pool = fillTemplate(source.pool, body);
  if ('problem' in pool) return no(pool.problem);
  return {
    kind: 'ask',
    eventId: id.value,
    key: sharedLeaseKey,
    pool: pool.value,
    time: time.value,
    want: { kind: 'hold', atLeast, until: time.value + forMs, from: time.value },
    reason: reasonOf(body),
  };
}

/** An event in Lamplighter's own format on a bus: the format is in `detail`; id and time are the event's. */
export function readBusEnvelope(body: JsonObject): Reading {
  return readNative(isObject(body.detail) ? body.detail : {}, { id: body.id, time: body.time });
}

function reasonOf(body: JsonObject): string | undefined {
  const reason = readText('detail-type', `${String(body['detail-type'])} from ${String(body.source)}`, 200);
  return 'value' in reason ? reason.value : undefined;
}
