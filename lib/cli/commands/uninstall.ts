import { type Command, Option } from 'commander';
import { hourMs } from '../../model/time.ts';
import { addAskOptions, examples, readDuration } from '../options.ts';
import type { CliParts } from '../parts.ts';
import type { UninstallOptions } from '../uninstall/uninstall.ts';

const usualWaitMs = 2 * hourMs;

export function addUninstall(program: Command, parts: CliParts): void {
  const command = addAskOptions(
    program
      .command('uninstall')
      .description(
        'Restore every pool to its base, then stop scaling, even if a process still runs. Run it before you remove Lamplighter.',
      )
      .option('-y, --yes', 'do not ask')
      .option('--dry-run', 'only show which pools would be restored, and to which size')
      .addOption(
        new Option('--undo', 'undo an uninstall: act on the fleet again, as the config says').conflicts([
          'dryRun',
          'wait',
        ]),
      )
      .addOption(
        new Option('--wait <duration>', 'how long to wait until the pools are at their base')
          .argParser(readDuration)
          .default(usualWaitMs, '2h'),
      ),
  ).action((options: UninstallOptions) => fromTerminal(parts, options));
  examples(command, [
    ['lamplighter uninstall --dry-run', 'which pools are below their base'],
    ['lamplighter uninstall', 'restores them, one change per cluster at a time; can be run again'],
    ['lamplighter uninstall --undo', 'act on the fleet again'],
  ]);
}

async function fromTerminal(parts: CliParts, options: UninstallOptions): Promise<void> {
  const { uninstall } = await import('../uninstall/uninstall.ts');
  return uninstall(parts, options, async (message) => {
    const { confirm } = await import('@clack/prompts');
    return (await confirm({ message, initialValue: false })) === true;
  });
}
