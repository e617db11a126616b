import type { EpochMs, Finding } from '../../lib/decide/model.ts';
import type { ScaleReport } from '../../lib/jobs/scale/scale-parts.ts';
import type { ClusterView, PoolView } from '../../lib/simulator/views.ts';
import { ruleFor } from './meaning.ts';
import type { Round } from './process.ts';
import { hourMs, minuteMs } from './scenario.ts';
import { resolve } from './schedule-oracle.ts';
import type { Simulation } from './simulation.ts';
import { refuseSecrets } from './store-of-run.ts';
import { basesOf, isSame, type PoolStory, sizeOf, wasDeceived, when } from './story.ts';

/** After each round that ended: what it saw truly is noted, its budget counted, and darkness without a word refused. */
export function judgeRound(sim: Simulation, round: Round, report: ScaleReport): void {
  judgeBudget(sim, round, report);
  judgeWords(sim, round, report);
  refuseSecrets(
    sim,
    JSON.stringify([report.problems, report.plan.findings, report.plan.holds]),
    'the report of a round',
  );
  const isPart = round.options.only !== undefined || round.options.isDryRun;
  if (round.isFrozen() || isPart) return;
  for (const cluster of sim.world.clusters()) {
    if (!sawTruly(sim, round, report, cluster)) continue;
    for (const view of cluster.pools) {
      const pool = sim.story.pools.get(view.id);
      if (pool === undefined) continue;
      noteArrival(sim, round, pool, view);
      judgeDarkness(sim, round, report, pool, { view, siblings: cluster.pools.length - 1 });
    }
  }
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
    if (kind === 'config.brake' && sim.configs.length === 1) sim.violate('braked', `no config has changed: ${text}`);
    const [, path] = /names the pool (\S+), which does not exist/.exec(text) ?? [];
    const isLeftOut = sim.story.lies.some(({ at }) => at >= round.startedAt);
    if (path !== undefined && exists(path) && !isLeftOut)
      sim.violate('untrue', `it is said that ${path} does not exist`);
  }
  for (const { kind, subject, text } of report.plan.notices) {
    if (kind === 'pool.changed-by-hand' && subject.kind === 'pool' && isNobodyThere(sim, subject.poolId))
      sim.violate('untrue', text);
  }
  if (wasDeceived(sim, round.startedAt - minuteMs) || !isTokenGood(sim, round)) return;
  const refused = report.problems.find(({ reason }) => reason.includes('401'));
  if (refused) sim.violate('good token refused', refused.reason);
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

function sawTruly(sim: Simulation, round: Round, report: ScaleReport, cluster: ClusterView): boolean {
  if (wasDeceived(sim, round.startedAt, cluster.id)) return false;
  return report.plan.pools.some(({ clusterId }) => clusterId === cluster.id);
}

function noteArrival(sim: Simulation, round: Round, pool: PoolStory, view: PoolView): void {
  const rule = ruleFor(round.config.meaning, pool.path);
  const oracle = sim.story.schedule(round.config.meaning, pool.path);
  if (rule === undefined || oracle === undefined || view.status !== 'Running') return;
  const wanted = oracle
    .termsAt(round.startedAt)
    .flatMap((term) => (term === 'base' ? basesOf(rule, pool) : (resolve(term, rule, undefined) ?? [])));
  // Where several bases are possible, it is not known which one it had arrived at.
  if (wanted.length === 1 && wanted[0] && isSame(wanted[0], sizeOf(view))) pool.arrivedAt = round.startedAt;
}

/** In the hours of its base no pool stands at 0 past its deadline without a critical word about it. */
function judgeDarkness(
  sim: Simulation,
  round: Round,
  report: ScaleReport,
  pool: PoolStory,
  { view, siblings }: { readonly view: PoolView; readonly siblings: number },
): void {
  const darkFrom = darkSince(sim, round, pool);
  // Nobody can be late for what nobody has looked at: the time runs from the first round that saw it.
  if (darkFrom === undefined || pool.darkSeen?.since !== darkFrom) {
    pool.darkSeen = darkFrom === undefined ? undefined : { since: darkFrom, at: round.startedAt };
    return;
  }
  const since = Math.max(darkFrom, pool.darkSeen.at);
  const deadline = since + (45 + 17 * siblings + 15) * minuteMs + 2 * sim.scenario.tickMs;
  if (round.startedAt <= deadline || sizeOf(view).max > 0) return;
  const findings = report.plan.findings.filter((finding) => isAbout(finding, pool.id));
  if (findings.some(({ severity }) => severity === 'critical')) return;
  const said = findings.map(({ kind }) => kind).join(', ') || 'nothing';
  const held = report.plan.holds
    .filter(({ poolId }) => poolId === pool.id)
    .map(({ code, reason }) => `${code} (${reason})`);
  const text = `${pool.path} is ${view.status} at 0 since ${when(since)} and nothing critical is said; said: ${said}; held: ${held.join(', ')}`;
  sim.violate('dark', text);
}

/** Since when it should be at its base and is not, for all that people can know; undefined = somebody wanted that. */
function darkSince(sim: Simulation, round: Round, pool: PoolStory): EpochMs | undefined {
  const { meaning, at: configAt } = round.config;
  const rule = ruleFor(meaning, pool.path);
  const oracle = sim.story.schedule(meaning, pool.path);
  const now = round.startedAt;
  if (rule === undefined || oracle === undefined || rule.mode === 'observe' || pool.zeroSince === undefined)
    return undefined;
  if (oracle.termsAt(now).some((term) => term !== 'base')) return undefined;
  if (basesOf(rule, pool).every(({ max }) => max === 0)) return undefined;
  const edge = oracle.edges(now - 24 * hourMs, now).at(-1) ?? now - 24 * hourMs;
  if (pool.hands.some((hand) => hand.at > now - 25 * hourMs)) return undefined;
  const asks = sim.story.asks
    .filter((told) => told.pools(pool.path))
    .map(({ ask, at }) => (at < now ? Math.min(ask.until, now) : 0));
  const lastLoss = sim.story.losses.at(-1) ?? 0;
  return Math.max(edge, pool.zeroSince, configAt, lastLoss, pool.bornAt + 30 * minuteMs, ...asks);
}

export function isAbout(finding: Finding, poolId: string): boolean {
  return finding.subject.kind === 'pool' && finding.subject.poolId === poolId;
}
