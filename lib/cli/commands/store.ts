import type { Command } from 'commander';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';

type Options = ConfigOption & JsonOption;

const load = () => import('../store/store-command.ts');

export function addStore(program: Command, parts: CliParts): void {
  const command = program.command('store').description('Back up, restore, verify or copy what Lamplighter remembers.');
  addBackup(command, parts);
  addRestore(command, parts);
  addVerify(command, parts);
  addCopy(command, parts);
  examples(command, [
    ['lamplighter store backup /backups/lamplighter-$(date +%F).db', 'while it runs'],
    ['lamplighter store verify /backups/lamplighter-2026-11-24.db', 'is the backup good?'],
    ['lamplighter store restore /backups/lamplighter-2026-11-24.db', 'stop the process first'],
    ['lamplighter store copy lamplighter.db dynamodb:lamplighter', 'from one process to functions'],
  ]);
}

function addBackup(store: Command, parts: CliParts): void {
  store
    .command('backup')
    .description('Copy the store to a new file while Lamplighter runs. The copy is of one instant.')
    .argument('<file>', 'a file that does not exist yet')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (file: string, options: Options) => (await load()).backUpStore(parts, file, options));
}

function addRestore(store: Command, parts: CliParts): void {
  store
    .command('restore')
    .description('Replace the store with a backup. The old store is kept beside it. Stop Lamplighter first.')
    .argument('<file>', 'a backup')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (file: string, options: Options) => (await load()).restoreStore(parts, file, options));
}

function addVerify(store: Command, parts: CliParts): void {
  store
    .command('verify')
    .description('Check that a store is intact, and that its schema and every record have a known format.')
    .argument('[store]', "a file, or dynamodb:<table> (default: the config's store)")
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (address: string | undefined, options: Options) =>
      (await load()).verifyStore(parts, address, options),
    );
}

function addCopy(store: Command, parts: CliParts): void {
  store
    .command('copy')
    .description('Copy everything from one store into another, empty one: from a file to a table, or back.')
    .argument('<from>', 'a file, or dynamodb:<table>')
    .argument('<to>', 'a file that does not exist yet, or dynamodb:<table>')
    .addOption(jsonOption())
    .action(async (from: string, to: string, options: JsonOption) =>
      (await load()).copyStore(parts, from, to, options),
    );
}
