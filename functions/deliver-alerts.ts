import { type OpenContainer, openContainer } from './container.ts';
import { jobHandler } from './job-handler.ts';
import { reportDelivering } from './report.ts';

/** Sends what waits in the outbox: at once when something was put there, and every minute for what is left. */
export const makeHandler = (open: OpenContainer) =>
  jobHandler('deliver-alerts', open, async (container, _event, timeLeftMs) => {
    return reportDelivering(container, await container.app.deliver(container.config, {}, timeLeftMs));
  });

export const handler = makeHandler(openContainer);
