import type { Json } from '../../model/json.ts';
import type { Delivery } from '../incidents/delivery.ts';
import type { Batch, Member } from '../outbox/batch.ts';
import { batchMessageOf } from './batch-message.ts';
import { messageOf, withRegion, withRunbook } from './message.ts';
import type { Reader } from './target.ts';
import { chatOf, targetOf } from './targets.ts';

/**
 * The body of a delivery or batch for its destination: a JSON tree, never concatenated text; or a text for people, if
 * the config asks for one.
 */
export function render(item: Delivery | Batch, reader: Reader): string {
  if (!('members' in item)) return written(tree(placed(item, reader), reader));
  return JSON.stringify(batchTree({ ...item, members: item.members.map((one) => placed(one, reader)) }, reader));
}

/** A text body is sent unchanged. */
function written(body: Json): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function placed<T extends Delivery | Member>(item: T, { severalRegions, runbooks }: Reader): T {
  const facts = severalRegions ? withRegion(item.facts) : item.facts;
  return { ...item, facts: runbooks === undefined ? facts : withRunbook(facts, runbooks) };
}

function tree(delivery: Delivery, reader: Reader): Json {
  const { render: write } = targetOf(reader.kind);
  if (typeof write === 'function') return write(delivery, reader);
  return write[delivery.plain ? 'plain' : 'full'](messageOf(delivery, reader.zone));
}

function batchTree(batch: Batch, { kind, zone }: Reader): Json {
  return chatOf(kind).render[batch.plain ? 'plainBatch' : 'batch'](batchMessageOf(batch, zone));
}
