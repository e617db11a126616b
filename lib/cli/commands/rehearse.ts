import { type Command, InvalidArgumentError, Option } from 'commander';
import { configOption, examples, jsonOption, readInstant } from '../options.ts';
import type { CliParts } from '../parts.ts';
import type { RehearseOptions } from '../rehearse/rehearse-command.ts';

const mostDays = 366;

export function addRehearse(program: Command, parts: CliParts): void {
  const command = program
    .command('rehearse')
    .description('Simulate the coming days of the config, starting from the fleet as it is. Only reads.')
    .addOption(new Option('--days <number>', 'how many days').argParser(readDays).default(7))
    .addOption(new Option('--from <instant>', 'when it begins, with an offset (default: now)').argParser(readInstant))
    .option('--against <file>', 'another config: show only what differs from it')
    .option('--changes', 'list every change, not only their number (with --against: every change that differs)')
    .addOption(
      new Option(
        '--format <form>',
        'markdown: with --against, a comment for a merge request; exit code 3 when something changes',
      ).choices(['text', 'markdown']),
    )
    .option('--detailed-exitcode', 'with --against: exit code 3 when something changes')
    .option('--offline', 'do not call the API: take the pools from the store, else from the config')
    .option('--pool <cluster/pool...>', 'also rehearse these pools, which neither API nor store knows')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: RehearseOptions) => start(parts, options));
  examples(command, [
    ['lamplighter rehearse', 'the coming week: changes, readiness, node-hours, a picture'],
    ['lamplighter rehearse --config new.yml --against lamplighter.yml', 'what a new config would change'],
    [
      'lamplighter rehearse --against old.yml --format markdown',
      'a comment for a merge request (docs/merge-requests.md)',
    ],
    ['lamplighter rehearse --offline --pool dev-api/workers --from 2026-12-21T00:00+01:00', 'no token needed'],
  ]);
}

async function start(parts: CliParts, options: RehearseOptions): Promise<void> {
  const { rehearseDays } = await import('../rehearse/rehearse-command.ts');
  return rehearseDays(parts, options);
}

export function readDays(text: string): number {
  const days = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (days >= 1 && days <= mostDays) return days;
  throw new InvalidArgumentError(`not a number of days; write 1 to ${mostDays}`);
}
