import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import type { CliParts, Output } from './cli-parts.ts';
import { describeFailure } from './failure.ts';
import { makePaint } from './paint.ts';
import { registerCommands } from './register.ts';

/** Runs one command line (without node and script). Resolves to the exit code: 0 done, 1 not done, 2 usage or config. */
export async function runCli(
  argv: readonly string[],
  given: Omit<CliParts, 'exitWith' | 'writeMadeUp'>,
): Promise<number> {
  let exitCode = 0;
  const parts: CliParts = {
    ...given,
    stdout: redacted(given.stdout, given.redactor),
    stderr: redacted(given.stderr, given.redactor),
    writeMadeUp: given.stdout.write,
    exitWith: (code) => {
      exitCode = code;
    },
  };
  const program = makeProgram(parts);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    const failure = describeFailure(error);
    parts.stderr.write(`${failure.message}\n`);
    return failure.exitCode;
  }
}

/** The whole command line, strict: what it does not know it refuses, with a suggestion. */
export function makeProgram(parts: CliParts): Command {
  const program = new Command('lamplighter');
  const [out, err] = [makePaint(parts.stdout, parts.env), makePaint(parts.stderr, parts.env)];
  program
    .description('Keeps fleets of Managed Kubernetes clusters: node pools that sleep and wake on schedule.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .exitOverride()
    .configureOutput({
      writeOut: parts.stdout.write,
      writeErr: parts.stderr.write,
      getOutHelpWidth: () => parts.stdout.columns,
      getErrHelpWidth: () => parts.stderr.columns,
      getOutHasColors: () => out.isOn,
      getErrHasColors: () => err.isOn,
    })
    .configureHelp({ styleTitle: out.bold, styleCommandText: out.cyan, styleSubcommandText: out.cyan })
    .showSuggestionAfterError()
    .showHelpAfterError('(try --help)');
  registerCommands(program, parts);
  program.addHelpText(
    'after',
    `
Begin with:
  lamplighter demo       a night on a simulated fleet, in about a minute
  lamplighter init       look at your clusters and write a first config that only observes
  lamplighter check      every mistake in the config at once
  lamplighter plan       what a round would do now, changing nothing

Exit codes: 0 the command did its work, 1 it did not, 2 wrong usage or config.`,
  );
  return program;
}

/** A window may change its size while a command runs: that is asked for anew each time. */
function redacted(output: Output, { clean }: CliParts['redactor']): Output {
  return {
    write: (text) => output.write(clean(text)),
    get isTerminal() {
      return output.isTerminal;
    },
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
  };
}
