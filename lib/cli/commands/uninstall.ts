import { type Command, Option } from 'commander';
import { configOption, examples, jsonOption, readDuration, reasonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';
import type { UninstallOptions } from '../uninstall/uninstall.ts';

const usualWaitMs = 2 * 60 * 60_000;

export function addUninstall(program: Command, parts: CliParts): void {
  const command = program
    .command('uninstall')
    .description(
      'Give every pool that is away its base back, then stop acting on the fleet, whatever still runs. Run it before you remove Lamplighter.',
    )
    .option('-y, --yes', 'do not ask')
    .option('--dry-run', 'only say which pools would get what back')
    .option('--undo', 'keep the fleet again, as the config says')
    .addOption(
      new Option('--wait <duration>', 'how long to wait for pools to be back')
        .argParser(readDuration)
        .default(usualWaitMs, '2h'),
    )
    .addOption(reasonOption())
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: UninstallOptions) => fromTerminal(parts, options));
  examples(command, [
    ['lamplighter uninstall --dry-run', 'which pools are away, and from what'],
    ['lamplighter uninstall', 'gives them back, one change per cluster at a time; may be run again'],
    ['lamplighter uninstall --undo', 'after a change of mind'],
  ]);
}

async function fromTerminal(parts: CliParts, options: UninstallOptions): Promise<void> {
  const { uninstall } = await import('../uninstall/uninstall.ts');
  return uninstall(parts, options, async (message) => {
    const { confirm } = await import('@clack/prompts');
    return (await confirm({ message, initialValue: false })) === true;
  });
}
