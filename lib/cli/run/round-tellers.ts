import type { Hold } from '../../decide/scaling/plan.ts';
import type { Log, LogFields } from '../../io/log.ts';
import type { ScaleReport } from '../../jobs/scale/scale-round.ts';
import { poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { describeSize } from '../../model/size.ts';
import { withConfig } from '../../model/text.ts';
import { iso } from '../../model/time.ts';

/** One line for a round, and one for each problem that it had. */
export function logReport(
  { log }: { readonly log: Log },
  { plan, problems, results, clusters, pools }: ScaleReport,
): void {
  for (const problem of problems) log.warn(problem.reason, { region: problem.region });
  const sent = results.filter(({ result }) => result === 'sent').length;
  log.info('round done', { clusters, pools, changes: sent, holds: plan.holds.length, problems: problems.length });
}

export type RoundTeller = (report: ScaleReport, config: Pick<CompiledConfig, 'file'>) => void;

/** What is other than after the round before: what would be done, what is held, and what the brake waits for. */
export function makeRoundTeller(log: Log): RoundTeller {
  const tellObserved = makeObservedTeller(log);
  const tellHolds = makeHoldTeller(log);
  const tellBrake = makeBrakeTeller(log);
  return (report, config) => {
    tellObserved(report);
    tellHolds(report);
    tellBrake(report, config);
  };
}

/** What `mode: observe` keeps back, in one line per pool when it first would be done, and again when it is another size. */
export function makeObservedTeller(log: Log): (report: ScaleReport) => void {
  let told = new Map<string, string>();
  return ({ plan }) => {
    const observed = plan.holds.filter(({ code }) => code === 'observe');
    const now = new Map(observed.map((hold) => [poolKey(hold), describeSize(hold.to)] as const));
    for (const hold of observed) {
      const { region, cluster, pool, from, to, reason } = hold;
      if (told.get(poolKey(hold)) === now.get(poolKey(hold))) continue;
      log.info(`would scale ${cluster}/${pool} ${describeSize(from)} → ${describeSize(to)}`, { region, reason });
    }
    told = now;
  };
}

/** Of more pools than this at once only their number is said. */
const mostTold = 20;

/** A hold by its pool's name when it begins, again for another reason, and when it ends; and what somebody changed by hand. */
export function makeHoldTeller(log: Log): (report: ScaleReport) => void {
  let told: ReadonlyMap<string, Hold> = new Map();
  return ({ plan }) => {
    const held = plan.holds.filter(({ code }) => code !== 'observe' && code !== 'in-flight');
    const now = new Map(held.map((hold) => [poolKey(hold), hold] as const));
    const begun = held.filter((hold) => told.get(poolKey(hold))?.code !== hold.code);
    const ended = [...told.values()].filter((hold) => !now.has(poolKey(hold)));
    if (begun.length > mostTold) log.info(`${begun.length} pools are held`, { codes: countsOf(begun) });
    else for (const hold of begun) log.info(`holds ${hold.cluster}/${hold.pool}`, saidOf(hold));
    if (ended.length > mostTold) log.info(`${ended.length} pools are no longer held`);
    else for (const { cluster, pool, region } of ended) log.info(`${cluster}/${pool} is no longer held`, { region });
    for (const { kind, text, subject } of plan.notices)
      if (kind === 'pool.changed-by-hand') log.info(text, 'region' in subject ? { region: subject.region } : {});
    told = now;
  };
}

function saidOf({ region, code, reason, until }: Hold): LogFields {
  return { region, code, reason, ...(until === undefined ? {} : { until: iso(until) }) };
}

function countsOf(holds: readonly Hold[]): string {
  const groups = Map.groupBy(holds, ({ code }) => code);
  return [...groups].map(([code, some]) => `${some.length} ${code}`).join(', ');
}

/** What the brake holds, and what to type: said when it begins, and again when it holds something else. */
function makeBrakeTeller(log: Log): RoundTeller {
  let told: string | undefined;
  return ({ plan }, config) => {
    const brake = plan.findings.find(({ kind }) => kind === 'config.brake');
    const what = brake && plan.holds.flatMap(({ code, poolId, to }) => (code === 'brake' ? [[poolId, to]] : []));
    const now = what && JSON.stringify(what);
    if (brake && now !== told)
      log.warn(`the brake waits for your approval: ${brake.text}; ${withConfig(config, brake.fix ?? '')}`, {
        kind: brake.kind,
      });
    told = now;
  };
}
