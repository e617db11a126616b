import { readScaleRequest } from '../lib/io/lambda-invoke.ts';
import { countParts } from '../lib/jobs/records/count-parts.ts';
import { type OpenContainer, openContainer, openedEarly } from './container.ts';
import { jobHandler } from './job-handler.ts';
import { reportScaling } from './report-rounds.ts';
// Loaded at container start, not during a request.
import '../lib/jobs/scale/scale-pools.ts';
import '../lib/io/secrets/secrets-manager.ts';

/** Every few minutes, and when an event came: bring node pools to their sizes. A large fleet is cut into parts. */
export const makeHandler = (open: OpenContainer) =>
  jobHandler('scale-pools', open, async (container, event, timeLeftMs) => {
    const { app, config, invoke } = container;
    const { only, shard, isDryRun } = readScaleRequest(event);
    if (only) {
      const isIt = ({ region, name }: { region: string; name: string }) =>
        region === only.region && name === only.cluster;
      return reportScaling(container, await app.scale(config, { only: isIt, isDryRun }, timeLeftMs), false);
    }
    const { count, rounds } = shard ? { count: shard.count } : await countParts(app.parts.store, config);
    const others = shard ? [] : Array.from({ length: count - 1 }, (_, i) => ({ index: i + 1, count }));
    const how = isDryRun ? { dryRun: true as const } : {};
    await Promise.all(others.map((other) => invoke({ job: 'scale-pools', shard: other, ...how })));
    const own = shard ?? { index: 0, count };
    const options = { isDryRun, ...(own.count > 1 && { shard: own }), ...(rounds && { rounds }) };
    return reportScaling(container, await app.scale(config, options, timeLeftMs), !isDryRun);
  });

export const handler = makeHandler(openedEarly(openContainer));
