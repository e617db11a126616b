import type { Command, Option } from 'commander';
import packageJson from '../../../package.json' with { type: 'json' };
import { commandGroups } from '../common-options.ts';

/** The manual page in man(7) macros, made from the command line itself: what help says and what it says cannot differ. */
export function manPage(program: Command): string {
  const all = program.createHelp().visibleCommands(program);
  const named = (name: string) => all.find((command) => command.name() === name);
  const groups = Object.entries(commandGroups).flatMap(([heading, names]) => [
    macro('SS', heading.replace(/:$/u, '')),
    ...names.flatMap((name) => commandLines(named(name))),
  ]);
  return [
    `.TH LAMPLIGHTER 1 "" "lamplighter ${packageJson.version}" "User Commands"`,
    ...section('NAME', ['lamplighter \\- scales and watches fleets of Managed Kubernetes clusters']),
    ...section('SYNOPSIS', ['.B lamplighter', roff('<command> [arguments] [options]')]),
    ...section('DESCRIPTION', [roff(program.description())]),
    ...section('COMMANDS', groups),
    ...section('OPTIONS OF EVERY COMMAND', program.options.flatMap(optionLines)),
    ...section(
      'ENVIRONMENT',
      environment.flatMap(([name, text]) => ['.TP', `.B ${roff(name)}`, roff(text)]),
    ),
    ...section(
      'FILES',
      files.flatMap(([name, text]) => ['.TP', `.I ${roff(name)}`, roff(text)]),
    ),
    ...section(
      'EXIT STATUS',
      exitCodes.flatMap(([code, text]) => ['.TP', `.B ${code}`, roff(text)]),
    ),
    '',
  ].join('\n');
}

export const environment: readonly (readonly [name: string, text: string])[] = [
  ['LAMPLIGHTER_CONFIG', 'the config, if there is no --config'],
  ['LAMPLIGHTER_STORE', 'the store to use instead of the one in the config: a file, or dynamodb:<table>'],
  ['LAMPLIGHTER_LOG_LEVEL', 'debug, info, warn or error, if there is no --log-level'],
  ['NO_COLOR', 'no colours, whatever its value'],
];

const files: readonly (readonly [name: string, text: string])[] = [
  ['./lamplighter.yml', 'the config, unless --config or LAMPLIGHTER_CONFIG names another'],
  ['./lamplighter.db', 'the store, beside the config, unless store: names another'],
];

const exitCodes: readonly (readonly [code: number, text: string])[] = [
  [0, 'success'],
  [1, 'failure, or the condition of --fail-on holds'],
  [2, 'wrong usage, or a config with mistakes'],
  [3, 'something would change (plan and rehearse, if asked for)'],
];

function section(title: string, lines: readonly string[]): readonly string[] {
  return [macro('SH', title), ...lines];
}

function commandLines(command: Command | undefined): readonly string[] {
  if (command === undefined) return [];
  const lines = ['.TP', `.B ${roff(usageOf(command))}`, roff(command.description())];
  const own = command.options.filter(({ hidden }) => !hidden);
  const options = own.length === 0 ? [] : ['.RS', ...own.flatMap(optionLines), '.RE'];
  return [...lines, ...options, ...command.commands.flatMap(commandLines)];
}

/** "store backup <file>". */
function usageOf(command: Command): string {
  const path = [command.name()];
  for (let one = command.parent; one?.parent; one = one.parent) path.unshift(one.name());
  const operands = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [...path, ...operands].join(' ');
}

function optionLines({ flags, description, argChoices, defaultValueDescription }: Option): readonly string[] {
  const choices = argChoices === undefined ? '' : ` (${argChoices.join(', ')})`;
  const usual = defaultValueDescription === undefined ? '' : ` (default: ${defaultValueDescription})`;
  return ['.TP', `.B ${roff(flags)}`, roff(`${description}${choices}${usual}`)];
}

function macro(name: string, text: string): string {
  return `.${name} "${roff(text)}"`;
}

/** A line of text: no backslash escapes, no dash that becomes a hyphen, no control line, and no quote that ends one. */
function roff(text: string): string {
  const escaped = text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('"', '\\(dq').replaceAll("'", '\\(aq');
  return escaped.startsWith('.') ? `\\&${escaped}` : escaped;
}
