import { StoreError } from '../lib/errors.ts';
import { acceptBusEvent, acceptMessages } from '../lib/jobs/accept/accept-messages.ts';
import { readDelivered, wakeBy } from './aws-events.ts';
import { type OpenContainer, openContainer } from './container.ts';
import { answerRequest } from './http-events.ts';
import { jobHandler } from './job-handler.ts';

/** Queue, event bus, HTTP: writes a lease down, then wakes the job that acts on it. What is not stored comes again. */
export const makeHandler = (open: OpenContainer) =>
  jobHandler<unknown>('accept-events', open, async (container, event) => {
    const { app, config, invoke } = container;
    const delivered = readDelivered(event);
    if (delivered.kind === 'request') return answerRequest(container, delivered.event);
    const parts = app.acceptParts(config, wakeBy(invoke));
    if (delivered.kind === 'messages') {
      const { failed } = await acceptMessages(parts, config.events, delivered.messages);
      return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
    }
    const outcomes = await acceptBusEvent(parts, config.events, delivered.body);
    const kinds = [...outcomes].map(([source, { kind }]) => [source, kind] as const);
    if (kinds.some(([, kind]) => kind === 'failed')) throw new StoreError('an event of the bus was not stored');
    return Object.fromEntries(kinds);
  });

export const handler = makeHandler(openContainer);
