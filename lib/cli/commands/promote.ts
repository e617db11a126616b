import { type Command, Option } from 'commander';
import { configOption, examples } from '../options.ts';
import type { CliParts } from '../parts.ts';
import type { PromoteOptions } from '../promote/promote.ts';
import { readDays } from './rehearse.ts';

export function addPromote(program: Command, parts: CliParts): void {
  const command = program
    .command('promote')
    .description(
      'Print the config lines that switch rules from observe to act, and rehearse their effect. Changes nothing.',
    )
    .argument('<match>', 'cluster, or cluster/pool, with *, ?, [ab] and {a,b}')
    .addOption(new Option('--days <number>', 'how many days to rehearse').argParser(readDays).default(7))
    .option('--offline', 'do not call the API: take the pools from the store, else from the config')
    .addOption(configOption())
    .action(async (match: string, options: PromoteOptions) => {
      const { promote } = await import('../promote/promote.ts');
      return promote(parts, match, options);
    });
  examples(command, [
    ['lamplighter promote "dev-*"', 'first the development clusters'],
    ['lamplighter promote "r1:*"', 'then a whole region'],
  ]);
}
