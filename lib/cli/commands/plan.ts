import type { Command } from 'commander';
import type { ScaleReport } from '../../jobs/scale/scale-round.ts';
import type { CompiledConfig, Match } from '../../model/config.ts';
import { matchesCluster, type Names } from '../../model/match.ts';
import type { EpochMs } from '../../model/time.ts';
import { failUnseen, readAskedMatch } from '../asks/asked-match.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { isMatched } from '../pools.ts';
import { readingZone } from '../text/instant.ts';
import { writeJson } from '../text/table.ts';

type PlanOptions = ConfigOption & JsonOption & { readonly detailedExitcode?: true };

export function addPlan(program: Command, parts: CliParts): void {
  const command = program
    .command('plan')
    .description('Show what a round would change now, what not, and why. Only reads; a read-only token is enough.')
    .argument('[match]', 'cluster, or cluster/pool, with *, ?, [ab] and {a,b} (default: all)')
    .option('--detailed-exitcode', 'exit with 3 when something would change')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((match: string | undefined, options: PlanOptions) => plan(parts, match, options));
  examples(command, [
    ['lamplighter plan', 'all changes and holds, with their reasons'],
    ['lamplighter plan "dev-*/*"', 'only some pools'],
    ['lamplighter plan --config new.yml --detailed-exitcode', 'for pipelines: 0 nothing to do, 3 changes'],
  ]);
}

async function plan(parts: CliParts, text: string | undefined, options: PlanOptions): Promise<void> {
  const [{ planOnce }, { roundJson, roundText }] = await Promise.all([
    import('../run/run-command.ts'),
    import('../run/round-output.ts'),
  ]);
  const { config, report: whole } = await planOnce({ ...parts, log: makeCliLog(parts, 'error') }, options.config);
  const match = text === undefined ? undefined : readAskedMatch(text, config);
  const report = match === undefined ? whole : onlyMatched(whole, match);
  const { actions, holds, pools } = report.plan;
  if (actions.length + holds.length + pools.length === 0) await failUnseen(parts, config, match);
  if (options.json) writeJson(parts.stdout, roundJson(report, config));
  else
    parts.stdout.write(roundText(report, config, false, { ...readingOf(config, parts), isWhole: match === undefined }));
  if (report.problems.length > 0) parts.exitWith(1);
  else if (options.detailedExitcode && report.plan.actions.length > 0) parts.exitWith(3);
}

function readingOf(config: CompiledConfig, parts: CliParts): { readonly zone: string; readonly now: EpochMs } {
  return { zone: readingZone(config, parts), now: parts.clock.now() };
}

/** Planned over the whole fleet all the same: the brake and the limits of a round count all of it. */
function onlyMatched(report: ScaleReport, match: Match): ScaleReport {
  const isIn = (pool: Names) => isMatched(match, pool);
  const { plan, problems } = report;
  const own = {
    ...plan,
    actions: plan.actions.filter(isIn),
    holds: plan.holds.filter(isIn),
    pools: plan.pools.filter(isIn),
  };
  const isAbout = ({ region, cluster }: (typeof problems)[number]) =>
    cluster === undefined || matchesCluster(match, { region, cluster });
  return { ...report, plan: own, problems: problems.filter(isAbout) };
}
