import type { Command } from 'commander';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { writeJson } from '../text/table.ts';
import { readingZone } from '../text/instant.ts';

type PlanOptions = ConfigOption & JsonOption & { readonly detailedExitcode?: true };

export function addPlan(program: Command, parts: CliParts): void {
  const command = program
    .command('plan')
    .description('Say what a round would do now, and why it would not. Only reads: a token that may list is enough.')
    .option('--detailed-exitcode', 'exit code 3 when something would change')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: PlanOptions) => plan(parts, options));
  examples(command, [
    ['lamplighter plan', 'every change and every hold, with its reason'],
    ['lamplighter plan --config new.yml --detailed-exitcode', 'for pipelines: 0 nothing to do, 3 changes'],
  ]);
}

async function plan(parts: CliParts, options: PlanOptions): Promise<void> {
  const [{ planOnce }, { roundJson, roundText }] = await Promise.all([
    import('../run/run-command.ts'),
    import('../run/report.ts'),
  ]);
  const { config, report } = await planOnce({ ...parts, log: makeCliLog(parts, 'error') }, options.config);
  if (options.json) writeJson(parts.stdout, roundJson(report, config));
  else
    parts.stdout.write(roundText(report, config, false, { zone: readingZone(config, parts), now: parts.clock.now() }));
  if (report.problems.length > 0) parts.exitWith(1);
  else if (options.detailedExitcode && report.plan.actions.length > 0) parts.exitWith(3);
}
