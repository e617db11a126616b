import { Argument, type Command } from 'commander';
import { seenPools } from '../asks/asked-match.ts';
import { findCandidates, type KnownNames } from '../completion/candidates.ts';
import { completionScripts, type Shell, shells } from '../completion/scripts.ts';
import { readTypedLine } from '../completion/typed-line.ts';
import { lookIntoStore, readConfig } from '../config-and-store.ts';
import { examples } from '../options.ts';
import type { CliParts } from '../parts.ts';

/** Whoever presses the tab key does not wait longer. */
const longestMs = 2000;

export function addCompletion(program: Command, parts: CliParts): void {
  const command = program
    .command('completion')
    .description('Print the script that lets a shell complete commands, options, clusters and pools.')
    .addArgument(new Argument('<shell>', 'which shell').choices(shells))
    .action((shell: Shell) => parts.stdout.writeLines(completionScripts[shell]));
  examples(command, [
    ['source <(lamplighter completion bash)', 'in ~/.bashrc'],
    ['source <(lamplighter completion zsh)', 'in ~/.zshrc, after compinit'],
    ['lamplighter completion fish > ~/.config/fish/completions/lamplighter.fish', ''],
  ]);
  program
    .command('complete', { hidden: true })
    .description('For the completion scripts: list what the last word can be.')
    .argument('[words...]', 'the words after lamplighter')
    .option('--line <text>', 'in place of words: the line as bash has it, up to the cursor')
    .option('--breaks <characters>', 'at which bash breaks words', '')
    .action((words: readonly string[], options: LineOptions) => complete(program, parts, words, options));
}

type LineOptions = { readonly line?: string; readonly breaks: string };

async function complete(
  program: Command,
  parts: CliParts,
  given: readonly string[],
  { line, breaks }: LineOptions,
): Promise<void> {
  const typed = line === undefined ? undefined : readTypedLine(line, breaks);
  const found = await findCandidates(program, typed?.words ?? given, (config) => loadNames(parts, config));
  const shown = ({ value, text }: { readonly value: string; readonly text: string }) => {
    if (typed !== undefined) return typed.insert(value);
    return text === '' ? value : `${value}  ${text}`;
  };
  const lines = found === 'files' ? [':files'] : found.map(shown);
  parts.stdout.writeLines(lines.map((line) => `${line}\n`).join(''));
}

const none: KnownNames = { clusters: [], pools: [], destinations: [] };

/** Of the config and the store that the line names. Where there are none there are no names: no error helps at a tab. */
async function loadNames(parts: CliParts, file: string | undefined): Promise<KnownNames> {
  const done = new AbortController();
  const late = parts.clock.sleep(longestMs, done.signal).then(() => none);
  const found = lookUp(parts, file ?? parts.env['LAMPLIGHTER_CONFIG'] ?? './lamplighter.yml').catch(() => none);
  try {
    return await Promise.race([found, late]);
  } finally {
    done.abort();
  }
}

async function lookUp(parts: CliParts, file: string): Promise<KnownNames> {
  const config = await readConfig(parts, file);
  const regions = config.regions.map(({ name }) => name);
  const seen = (await lookIntoStore(parts, config, (store) => seenPools(store, regions))) ?? [];
  return {
    clusters: [...new Set(seen.map(({ cluster }) => cluster))],
    pools: [...new Set(seen.map(({ cluster, pool }) => `${cluster}/${pool}`))],
    destinations: config.destinations.map(({ name }) => name),
  };
}
