import type { EventSourceConfig } from '../../model/config.ts';
import type { EpochMs } from '../../model/time.ts';
import { readAlertmanager } from './read-alertmanager.ts';
import { binaryCloudEvent, readCloudEvent, readNative, structuredCloudEvent } from './read-cloudevent.ts';
import { isEventBridge, readBusEnvelope, readEventBridge } from './read-eventbridge.ts';
import { type Incoming, ignore, isObject, type JsonObject, type Reading, refuse, show } from './reading.ts';

/** A larger batch is refused as a whole: its sender can split it. */
const mostInBatch = 1000;

/**
 * What one incoming event asks for, before permissions are checked. Envelopes are opened first (SNS, CloudEvents,
 * EventBridge), then the source's kind decides how to read the event inside. A list is a batch.
 */
export function readEvent(source: EventSourceConfig, incoming: Incoming, now: EpochMs): readonly Reading[] {
  if (incoming.notText !== undefined) return [refuse(`the event cannot be read: it is ${incoming.notText}`)];
  const parsed = parse(incoming.body);
  if ('problem' in parsed) return [refuse(parsed.problem)];
  const inner = openNotification(parsed.value);
  if ('problem' in inner) return [refuse(inner.problem)];
  const binary = binaryCloudEvent(incoming.headers, inner.value);
  if (binary) return takesCloudEvents(source) ? [readCloudEvent(binary)] : [otherKind(source)];
  if (!Array.isArray(inner.value)) return readOne(source, inner.value, now);
  const batch: readonly unknown[] = inner.value;
  if (batch.length > mostInBatch) return [refuse(`the batch has ${batch.length} events: the limit is ${mostInBatch}`)];
  if (batch.length === 0) return [ignore('the batch is empty')];
  return batch.flatMap((item) => readOne(source, item, now));
}

function readOne(source: EventSourceConfig, body: unknown, now: EpochMs): readonly Reading[] {
  if (!isObject(body)) return [refuse(`the event is ${show(body)}: it must be a JSON object`)];
  if (body.Event === 's3:TestEvent') return [ignore("this is S3's test message: the queue works")];
  if (Array.isArray(body.Records)) {
    return [refuse('this is a notification straight from S3: turn on EventBridge for the bucket and use its events')];
  }
  if (source.kind === 'alertmanager') return readAlertmanager(source, body, now);
  if (source.kind === 'eventbridge') return [isEventBridge(body) ? readEventBridge(source, body) : notFromBus];
  const event = structuredCloudEvent(body);
  if (event) return [readCloudEvent(event)];
  if (source.kind === 'cloudevents') return [refuse('this is not a CloudEvent: specversion is missing')];
  return [isEventBridge(body) ? readBusEnvelope(body) : readNative(body)];
}

const notFromBus = refuse('this is not an EventBridge event: detail-type, source and detail are missing');

function takesCloudEvents(source: EventSourceConfig): boolean {
  return source.kind === 'json' || source.kind === 'cloudevents';
}

function otherKind(source: EventSourceConfig): Reading {
  return refuse(`this is a CloudEvent: source ${source.name} expects ${source.kind}`);
}

/** SNS wraps a message as text inside { Type: "Notification", Message }, unless raw delivery is on. */
function openNotification(body: unknown): { value: unknown } | { problem: string } {
  if (!isObject(body) || body.Type !== 'Notification' || !isNotification(body)) return { value: body };
  return parse(String(body.Message));
}

function isNotification(body: JsonObject): boolean {
  return typeof body.TopicArn === 'string' && typeof body.Message === 'string';
}

function parse(text: string): { value: unknown } | { problem: string } {
  if (text.trim() === '') return { problem: 'the event is empty' };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return { problem: 'the event is not JSON' };
  }
}
