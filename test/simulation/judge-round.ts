import type { HoldCode } from '../../lib/decide/scaling/plan.ts';
import type { ScaleReport } from '../../lib/jobs/scale/scale-round.ts';
import type { EpochMs } from '../../lib/model/time.ts';
import { clockMayErrMs } from './judge-put.ts';
import { judgeSight } from './judge-sight.ts';
import type { Round } from './process.ts';
import { dayMs, hourMs, minuteMs } from './scenario.ts';
import type { Simulation } from './simulation.ts';
import { refuseSecrets } from './store-of-run.ts';
import { wasDeceived } from './story.ts';

type Held = Pick<ScaleReport['plan']['holds'][number], 'code' | 'poolId' | 'cluster' | 'pool'>;

/** After each round that ended: what it saw truly is noted, its budget counted, and darkness without a word refused. */
export function judgeRound(sim: Simulation, round: Round, report: ScaleReport): void {
  judgeBudget(sim, round, report);
  judgeClock(sim, round, report);
  judgeWords(sim, round, report);
  judgeBraked(sim, round.startedAt, report.plan.holds);
  judgeSlots(sim, round, report);
  refuseSecrets(
    sim,
    JSON.stringify([report.problems, report.plan.findings, report.plan.holds]),
    'the report of a round',
  );
  const isPart = round.options.only !== undefined || round.options.isDryRun;
  // It has said that it can judge nothing.
  const isClockWrong = report.plan.findings.some(({ kind }) => kind === 'clock.skewed');
  if (isBusy(report)) sim.busyAt = sim.kernel.now();
  if (round.isFrozen() || isPart) return;
  judgeSight(sim, {
    startedAt: round.startedAt,
    config: round.config,
    findings: report.plan.findings,
    holds: report.plan.holds,
    sees: (clusterId) => !isClockWrong && report.plan.pools.some((pool) => pool.clusterId === clusterId),
    isKept: !report.problems.some(({ reason }) => reason.includes('store')),
  });
}

/** A clock that is wrong is said, wherever the service answered; one that is right is not said to be wrong. */
function judgeClock(sim: Simulation, round: Round, { plan, problems }: ScaleReport): void {
  const isSaid = plan.findings.some(({ kind }) => kind === 'clock.skewed');
  const skewMs = Math.abs(round.skewMs());
  const isAnswered = !problems.some(({ reason }) => reason.includes('could not be listed'));
  if (skewMs > clockMayErrMs && isAnswered && !isSaid)
    sim.violate('wrong clock', `${skewMs} ms off, and nothing is said`);
  if (isSaid && !sim.scenario.classes.has('clock') && !round.isFrozen())
    sim.violate('untrue', 'the clock is said to be wrong');
}

/** What only a person or a schedule ends: looking at it every few minutes shows nothing new. */
const lasting = [
  'paused',
  'observe',
  'brake',
  'min-nodes',
  'base-unknown',
  'ahead',
  'grace',
  'stuck',
  'pool-not-running',
  'refused',
] as const satisfies readonly HoldCode[];
const restful: ReadonlySet<HoldCode> = new Set(lasting);

/** Something was done, or waits for more than a person. */
function isBusy({ plan, problems, results }: ScaleReport): boolean {
  return problems.length > 0 || results.length > 0 || plan.holds.some(({ code }) => !restful.has(code));
}

/** One list, one list per cluster concerned, a GET and a PUT per change; where nothing failed, not one call more. */
function judgeBudget(sim: Simulation, round: Round, report: ScaleReport): void {
  const lists = sim.world.clusters().length + 1;
  const isDisturbed = wasDeceived(sim, round.startedAt - minuteMs);
  const most = lists + 2 * report.results.length;
  const isOffBalance = isDisturbed || sim.scenario.classes.has('secrets');
  const slack = isOffBalance ? 3 : 1;
  if (round.calls() > most * slack) sim.violate('budget', `${round.calls()} calls where ${most} are enough`);
}

/** Nothing is said that is not so: of a token that is good, and of pools that are there. */
function judgeWords(sim: Simulation, round: Round, report: ScaleReport): void {
  const exists = (path: string) =>
    sim.world.clusters().some((one) => one.pools.some((pool) => `${one.name}/${pool.name}` === path));
  for (const { kind, text } of report.plan.findings) {
    if (kind === 'config.brake' && isApproved(sim, round)) sim.violate('braked', `it is approved: ${text}`);
    const [, path] = /names the pool (\S+), which does not exist/.exec(text) ?? [];
    if (path !== undefined && exists(path) && !wasMisled(sim, path, round.startedAt))
      sim.violate('untrue', `it is said that ${path} does not exist`);
  }
  for (const { kind, subject, text } of report.plan.notices) {
    if (kind === 'pool.changed-by-hand' && subject.kind === 'pool' && isNobodyThere(sim, subject.poolId))
      sim.violate('untrue', text);
  }
  if (wasDeceived(sim, round.startedAt - minuteMs) || !isTokenGood(sim, round)) return;
  const refused = report.problems.find(({ reason }) => reason.includes('answered 401'));
  if (refused) sim.violate('good token refused', refused.reason);
}

/** What a lie made a round say is not taken back before a round has seen the whole fleet. */
export function wasMisled(sim: Pick<Simulation, 'story'>, path: string, startedAt: number): boolean {
  const { lies, misled } = sim.story;
  const before = misled.get(path) ?? Number.NEGATIVE_INFINITY;
  const goesOn = before > startedAt - hourMs && wasDeceived(sim, before);
  if (!goesOn && !lies.some(({ at }) => at >= startedAt - 180 * minuteMs)) return false;
  misled.set(path, startedAt);
  return true;
}

/**
 * The only config there ever was has changed this pool before, and the store knows it: that evening is an ordinary one.
 * Bounds that were only raised (also of 2..2 to 2..3) may be the half of a change that the brake let through, and what people
 * ask for may be no act of the rule. What an old answer hides is not known yet.
 */
export function judgeBraked(sim: Simulation, startedAt: number, holds: readonly Held[]): void {
  if (sim.configs.length > 1) return;
  const lost = sim.story.losses.at(-1) ?? Number.NEGATIVE_INFINITY;
  for (const { code, poolId, cluster, pool } of holds) {
    const { puts = [], clusterId, path = '' } = sim.story.pools.get(poolId) ?? {};
    const isHalf = ({ from, to }: (typeof puts)[number]) =>
      (from.max > from.min || to.max > to.min) && to.min >= from.min && to.max >= from.max;
    const shownUntil = wasDeceived(sim, startedAt - minuteMs, clusterId) ? startedAt - oldestAnswerMs : startedAt;
    const isDone = (put: (typeof puts)[number]) =>
      put.at > lost &&
      put.at < shownUntil &&
      Math.floor((put.status ?? 0) / 100) === 2 &&
      !isHalf(put) &&
      !isAskedFor(sim, path, put.at);
    if (code === 'brake' && puts.some(isDone))
      sim.violate('braked', `${cluster}/${pool} was changed under this config before`);
  }
}

/** In force when the change was planned; when it ended by a clock that jumps is not known. */
function isAskedFor({ story, scenario }: Simulation, path: string, putAt: EpochMs): boolean {
  const slackMs = scenario.classes.has('clock') ? Number.POSITIVE_INFINITY : 15 * minuteMs;
  return story.asks.some(
    ({ ask, at, pools }) => ask.kind !== 'pause' && pools(path) && at <= putAt && putAt - ask.until <= slackMs,
  );
}

/** Answers are 25 minutes old at most. */
const oldestAnswerMs = 30 * minuteMs;

/** Nobody waits for a change that has failed, in a cluster that is Running and in which nothing moves. */
function judgeSlots(sim: Simulation, round: Round, { plan, results }: ScaleReport): void {
  const { classes } = sim.scenario;
  if (classes.has('clock') || classes.has('freeze') || wasDeceived(sim, round.startedAt - 10 * minuteMs)) return;
  for (const { code, cluster, pool, reason } of plan.holds) {
    if (code !== 'slot' || results.some((one) => one.cluster === cluster)) continue;
    const seen = sim.world.clusters().find(({ name }) => name === cluster);
    if (seen?.status !== 'Running' || !seen.pools.every(({ status }) => status === 'Running' || status === 'Error'))
      continue;
    const puts = seen.pools.flatMap((view) =>
      (sim.story.pools.get(view.id)?.puts ?? []).map(({ at, status }) => ({ view, at, status })),
    );
    const last = puts.toSorted((a, b) => b.at - a.at)[0];
    if (last?.status !== 200 || last.view.status !== 'Error') continue;
    // Another process may have claimed the next change a moment ago.
    if (!reason.includes(last.view.name)) continue;
    if (last.view.updatedAt > last.at && last.view.updatedAt < round.startedAt)
      sim.violate('held up', `${cluster}/${pool} waits for ${last.view.name}, whose resize has failed`);
  }
}

/** A person approved this very config, a day ago at most and in this store. */
function isApproved({ story, kernel }: Simulation, { startedAt, config }: Round): boolean {
  const lost = story.losses.at(-1) ?? Number.NEGATIVE_INFINITY;
  return story.approvals.some(
    ({ at, meaning }) =>
      meaning === config.meaning && at < startedAt && at > lost && kernel.now() < at + dayMs - 5 * minuteMs,
  );
}

/** Nobody but us has ever set a size, and no PUT of ours met a fault that could look like somebody. */
function isNobodyThere(sim: Simulation, poolId: string): boolean {
  const { classes } = sim.scenario;
  const isMasked = (
    ['late', 'crash', 'loss', 'resizes', 'errors', 'terraform', 'clock', 'freeze', 'refusals', 'store'] as const
  ).some((kind) => classes.has(kind));
  return !isMasked && sim.story.pools.get(poolId)?.hands.length === 0;
}

/** Known to the service and kept where it is read, for longer than a look at it is spared. */
function isTokenGood({ vault, world }: Simulation, round: Round): boolean {
  if (vault.isDown || round.startedAt < vault.changedAt + minuteMs) return false;
  return world.state.tokens.get(vault.current)?.has('cluster:list') ?? false;
}
