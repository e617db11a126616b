import { StoreError } from '../lib/errors.ts';
import { acceptBusEvent, acceptMessages } from '../lib/jobs/accept/accept-messages.ts';
import { readDelivered, wakeBy } from './aws-events.ts';
import { type Container, type OpenContainer, openContainer } from './container.ts';
import { reportTroubles, troublesOf } from './event-troubles.ts';
import { answerRequest } from './http-events.ts';
import { jobHandler } from './job-handler.ts';

/** Queue, event bus, HTTP: stores a lease, then starts the scaling job. Events that were not stored come again. */
export const makeHandler = (open: OpenContainer) =>
  jobHandler<unknown>('accept-events', open, (container, event) =>
    accept(container, event).finally(() => reportTroubles(container)),
  );

async function accept(container: Container, event: unknown): Promise<unknown> {
  const { app, config, invoke } = container;
  const delivered = readDelivered(event);
  if (delivered.kind === 'request') return answerRequest(container, delivered.event);
  const parts = app.acceptParts(config, wakeBy(invoke), { tell: troublesOf(container).tell });
  if (delivered.kind === 'messages') {
    const { failed } = await acceptMessages(parts, config.events, delivered.messages);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  }
  const kinds = [...(await acceptBusEvent(parts, config.events, delivered.body))].map(([at, { kind }]) => [at, kind]);
  if (kinds.some(([, kind]) => kind === 'failed')) throw new StoreError('an event of the bus was not stored');
  return Object.fromEntries(kinds);
}

export const handler = makeHandler(openContainer);
