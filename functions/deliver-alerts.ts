import { sendHeartbeat } from '../lib/jobs/deliver/heartbeat.ts';
import { type OpenContainer, openContainer } from './container.ts';
import { jobHandler } from './job-handler.ts';
import { reportDelivering } from './report-rounds.ts';
// Loaded at container start, not during a request.
import '../lib/jobs/deliver/deliver-alerts.ts';
import '../lib/io/secrets/secrets-manager.ts';

/**
 * Sends what waits in the outbox: at once after something was put there, and every minute. Then it makes the heartbeat
 * call.
 */
export const makeHandler = (open: OpenContainer) =>
  jobHandler('deliver-alerts', open, async (container, _event, timeLeftMs) => {
    const { app, config } = container;
    const report = await app.deliver(config, timeLeftMs);
    await sendHeartbeat(app.deliverParts(config, timeLeftMs));
    return reportDelivering(container, report);
  });

export const handler = makeHandler(openContainer);
