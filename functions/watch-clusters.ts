import { StoreError } from '../lib/errors.ts';
import { type OpenContainer, openContainer } from './container.ts';
import { jobHandler } from './job-handler.ts';
import { reportWatching } from './report.ts';

/** Every few minutes: errors, stuck changes, versions and tokens near their end. What is to be told is sent at once. */
export const makeHandler = (open: OpenContainer) =>
  jobHandler('watch-clusters', open, async (container, _event, timeLeftMs) => {
    const report = await container.app.watch(container.config, undefined, timeLeftMs);
    if (report.deliveries + report.notices > 0) await container.invoke({ job: 'deliver-alerts' });
    if (!report.isKept) throw new StoreError(`the pass was not stored: ${report.problems.at(-1)}`);
    return reportWatching(container, report);
  });

export const handler = makeHandler(openContainer);
