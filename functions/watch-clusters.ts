import { StoreError } from '../lib/errors.ts';
import { readWatchRequest } from '../lib/io/lambda-invoke.ts';
import { countParts } from '../lib/jobs/records/count-parts.ts';
import { type OpenContainer, openContainer, openedEarly } from './container.ts';
import { jobHandler } from './job-handler.ts';
import { reportWatching } from './report-rounds.ts';
// Loaded at container start, not during a request.
import '../lib/jobs/watch/watch-clusters.ts';
import '../lib/io/secrets/secrets-manager.ts';

/**
 * Every few minutes: errors, stuck changes, versions and tokens near their end. What is to be told is sent at once. A large
 * fleet is cut into parts, as for scaling.
 */
export const makeHandler = (open: OpenContainer) =>
  jobHandler('watch-clusters', open, async (container, event, timeLeftMs) => {
    const { app, config, invoke } = container;
    const { shard } = readWatchRequest(event);
    const count = shard?.count ?? (await countParts(app.parts.store, config)).count;
    const others = shard ? [] : Array.from({ length: count - 1 }, (_, i) => ({ index: i + 1, count }));
    await Promise.all(others.map((other) => invoke({ job: 'watch-clusters', shard: other })));
    const own = shard ?? { index: 0, count };
    const report = await app.watch(config, undefined, timeLeftMs, { shard: own });
    if (report.deliveries + report.notices > 0) await invoke({ job: 'deliver-alerts' });
    if (!report.isKept) throw new StoreError(`the round was not stored: ${report.problems.at(-1)}`);
    return reportWatching(container, report);
  });

export const handler = makeHandler(openedEarly(openContainer));
