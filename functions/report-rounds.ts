import { sha256 } from '../lib/app.ts';
import { metricNames as names } from '../lib/io/metric-names.ts';
import type { DeliverReport } from '../lib/jobs/deliver/deliver-round.ts';
import { loadWaiting } from '../lib/jobs/records/delivery-records.ts';
import type { ScaleReport } from '../lib/jobs/scale/scale-round.ts';
import type { WatchReport } from '../lib/jobs/watch/watch-round.ts';
import type { Container } from './container.ts';

/**
 * Logs the problems, the metrics and a short answer. Only a complete round, or part of one, counts as "a round ended".
 */
export function reportScaling({ app, log, report }: Container, round: ScaleReport, isRound: boolean) {
  const { plan, problems, results, clusters, pools } = round;
  for (const { region, reason } of problems) log.warn(reason, { region });
  const changes = results.filter(({ result }) => result === 'sent').length;
  const summary = { clusters, pools, changes, holds: plan.holds.length, problems: problems.length };
  log.info('round done', summary);
  report('scale-pools', {
    ...(isRound ? { [names.lastRound]: app.parts.clock.now() / 1000 } : {}),
    [names.problems]: problems.length,
    [names.changes]: changes,
    [names.clusters]: clusters,
  });
  return summary;
}

export function reportWatching({ report }: Container, { at, clusters, problems, ...rest }: WatchReport) {
  report('watch-clusters', {
    [names.lastRound]: at / 1000,
    [names.problems]: problems.length,
    [names.clusters]: clusters,
  });
  return { clusters, problems: problems.length, opened: rest.opened, resolved: rest.resolved };
}

/** The age of the oldest waiting message: 0 = the outbox is empty, no value = it was not checked. */
export async function reportDelivering({ app, config, report }: Container, { problems }: DeliverReport) {
  const { store, clock } = app.parts;
  const waiting = await loadWaiting(store, config.destinations, sha256);
  const now = clock.now();
  const count = waiting.reduce((sum, one) => sum + one.count, 0);
  const oldest = Math.min(now, ...waiting.map((one) => one.oldest));
  report('deliver-alerts', {
    [names.lastRound]: now / 1000,
    [names.problems]: problems.length,
    [names.waitingDeliveries]: count,
    [names.oldestDeliveryAge]: (now - oldest) / 1000,
  });
  return { waiting: count, problems: problems.length };
}
