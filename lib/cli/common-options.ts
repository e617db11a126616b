import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../errors.ts';
import type { LogLevel } from '../io/log-lines.ts';
import { printable } from '../model/printable.ts';
import type { CliParts, TextOutput } from './parts.ts';

const logLevels: readonly string[] = ['debug', 'info', 'warn', 'error'] satisfies readonly LogLevel[];

type CommonOptions = {
  readonly as?: string;
  readonly color: boolean;
  readonly quiet?: true;
  readonly logLevel?: LogLevel;
};

/** What every command takes, before its name or after it. */
export function addCommonOptions(program: Command): void {
  program
    .addOption(new Option('--as <name>', 'your name, stored with what you do (default: user@host)').argParser(readName))
    .addOption(new Option('--no-color', 'no colours (also: NO_COLOR=1)'))
    .addOption(new Option('-q, --quiet', 'print only what goes wrong (on stderr), and output for programs'))
    .addOption(new Option('--log-level <level>', 'how much is logged on stderr').choices(logLevels));
}

/** Text that --quiet kept from stdout: said on stderr after all where the command ends badly. */
export type Unsaid = (() => void)[];

/** What these options and the environment change in a command's parts. */
export function settledParts(program: Command, command: Command, parts: CliParts, unsaid: Unsaid): Partial<CliParts> {
  const { as, color, quiet, logLevel = levelOf(parts.env) } = program.opts<CommonOptions>();
  const { json, format, watch } = command.opts<{
    readonly json?: true;
    readonly format?: string;
    readonly watch?: true;
  }>();
  if (quiet && watch) throw new UsageError('--watch is for people: leave out --quiet');
  const printsApi = command.name() === 'clusters' && command.args.length > 0;
  const isForPrograms = json || format !== undefined || printsApi || printsForPrograms.has(command.name());
  return {
    ...(as === undefined ? {} : { who: as, isNamed: true }),
    ...(color ? {} : { env: { ...parts.env, NO_COLOR: '1' } }),
    ...(quiet && !isForPrograms ? { stdout: holdingBack(parts, unsaid) } : {}),
    ...(logLevel === undefined ? (quiet ? { logLevel: 'error' } : {}) : { logLevel }),
  };
}

/** Of a command that goes on for days no more is kept than anybody would read. */
const mostUnsaid = 5000;

function holdingBack({ stdout, stderr }: CliParts, unsaid: Unsaid): TextOutput {
  const keep = (say: () => void) => void (unsaid.length < mostUnsaid && unsaid.push(say));
  return {
    ...stdout,
    write: (text) => keep(() => stderr.write(text)),
    writeLines: (text) => keep(() => stderr.writeLines(text)),
  };
}

const printsForPrograms: ReadonlySet<string> = new Set(['schema', 'completion', 'complete', 'man', 'version']);

/** Where the command line names no config, the environment may. */
export function settleConfig(command: Command, { env }: Pick<CliParts, 'env'>): void {
  const file = env['LAMPLIGHTER_CONFIG'];
  if (file === undefined || file === '' || command.getOptionValueSource('config') !== 'default') return;
  command.setOptionValueWithSource('config', file, 'env');
}

function levelOf(env: CliParts['env']): LogLevel | undefined {
  const level = env['LAMPLIGHTER_LOG_LEVEL'];
  if (level === undefined || level === '') return undefined;
  if (logLevels.includes(level)) return level as LogLevel;
  throw new UsageError(`LAMPLIGHTER_LOG_LEVEL is "${level}"; write ${logLevels.join(', ')}`);
}

/** It is shown in lists, messages and logs, beside user@host: it must be seen there, and turn nothing around. */
function readName(text: string): string {
  const name = text.trim();
  const isSeen = /[^\p{Default_Ignorable_Code_Point}\p{Z}\p{M}\u2800\uFFFD]/u.test(name);
  if (isSeen && printable(name) === name && /^.{1,100}$/u.test(name)) return name;
  throw new InvalidArgumentError('not a name; write up to 100 characters in one line');
}

/** Under which heading help lists each command. */
export const commandGroups: { readonly [heading: string]: readonly string[] } = {
  'Get started:': ['demo', 'init', 'check', 'doctor', 'simulator'],
  'Inspect:': ['status', 'page', 'explain', 'plan', 'rehearse', 'clusters', 'history', 'savings'],
  'Ask and act:': ['scale', 'base', 'pause', 'resume', 'approve', 'promote', 'send'],
  'Alerts:': ['incidents', 'silence', 'outbox'],
  'Run and maintain:': ['run', 'store', 'uninstall', 'schema', 'completion', 'man', 'version', 'help'],
};

export function groupCommands(program: Command): void {
  for (const [heading, names] of Object.entries(commandGroups))
    for (const command of program.createHelp().visibleCommands(program))
      if (names.includes(command.name())) command.helpGroup(heading);
}
