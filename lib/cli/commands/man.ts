import type { Command } from 'commander';
import { manPage } from '../completion/man-page.ts';
import { examples } from '../options.ts';
import type { CliParts } from '../parts.ts';

export function addMan(program: Command, parts: CliParts): void {
  const command = program
    .command('man')
    .description('Print the manual page: every command with its options.')
    .action(() => parts.stdout.writeLines(manPage(program)));
  examples(command, [
    ['lamplighter man | man -l -', 'read it'],
    ['lamplighter man > /usr/local/share/man/man1/lamplighter.1', 'install it'],
  ]);
}
