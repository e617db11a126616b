import { makeTroubleLog } from '../../io/event-log.ts';
import type { EventSourceConfig } from '../../model/config.ts';
import { type AcceptParts, acceptEvents, type EventOutcome } from './accept-events.ts';

/** One message of a queue. `queue`: its name, the last part of its ARN. */
export type QueueMessage = { readonly id: string; readonly queue: string; readonly body: string };

export type MessagesOutcome = {
  /** Ids of messages to receive again. All others are done, including refused ones, which would be refused again. */
  readonly failed: readonly string[];
  readonly outcomes: ReadonlyMap<string, EventOutcome>;
};

/**
 * Messages of any queues, each on its own. A message from a queue without a source is received again until the queue
 * parks it: the config may be behind.
 */
export async function acceptMessages(
  parts: AcceptParts,
  sources: readonly EventSourceConfig[],
  messages: readonly QueueMessage[],
): Promise<MessagesOutcome> {
  const outcomes = new Map<string, EventOutcome>();
  for (const [queue, group] of Map.groupBy(messages, (message) => message.queue)) {
    const source = sources.find((one) => one.queue === queue);
    if (source === undefined) tellUnknown(parts, queue, group);
    const found = source && (await acceptEvents(parts, source, group));
    group.forEach(({ id }, at) => outcomes.set(id, found?.[at] ?? fromNowhere));
  }
  const failed = messages.filter(({ id }) => outcomes.get(id)?.kind === 'failed').map(({ id }) => id);
  return { failed, outcomes };
}

function tellUnknown(parts: AcceptParts, queue: string, messages: readonly QueueMessage[]): void {
  const { count, tell = makeTroubleLog(parts) } = parts;
  for (const { id } of messages) {
    count?.('failed', 'unknown');
    const reason = `no source of the config has the queue "${queue}"`;
    tell({ what: 'event not stored', source: undefined, event: id, reason });
  }
}

const fromNowhere: EventOutcome = { kind: 'failed', reason: 'no source of the config has this queue', parts: [] };

/**
 * One event directly from an event bus, for every source of that kind without a queue whose pattern matches. Resolves
 * to the outcome per source; `failed` ones must be sent again.
 */
export async function acceptBusEvent(
  parts: AcceptParts,
  sources: readonly EventSourceConfig[],
  body: string,
): Promise<ReadonlyMap<string, EventOutcome>> {
  const outcomes = new Map<string, EventOutcome>();
  for (const source of sources) {
    if (source.kind !== 'eventbridge' || source.queue !== undefined) continue;
    const [outcome] = await acceptEvents(parts, source, [{ body }]);
    if (outcome) outcomes.set(source.name, outcome);
  }
  return outcomes;
}
