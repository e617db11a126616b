import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { UsageError } from '../errors.ts';
import { suggest } from '../model/did-you-mean.ts';
import { printableOutput } from '../model/printable.ts';
import { addApprove } from './commands/approve.ts';
import { addBase } from './commands/base.ts';
import { addCheck } from './commands/check.ts';
import { addClusters } from './commands/clusters.ts';
import { addCompletion } from './commands/completion.ts';
import { addDemo } from './commands/demo.ts';
import { addDoctor } from './commands/doctor.ts';
import { addExplain } from './commands/explain.ts';
import { addHistory } from './commands/history.ts';
import { addIncidents } from './commands/incidents.ts';
import { addInit } from './commands/init.ts';
import { addMan } from './commands/man.ts';
import { addOutbox } from './commands/outbox.ts';
import { addPageCommand } from './commands/page.ts';
import { addPause } from './commands/pause.ts';
import { addPlan } from './commands/plan.ts';
import { addPromote } from './commands/promote.ts';
import { addRehearse } from './commands/rehearse.ts';
import { addResume } from './commands/resume.ts';
import { addRun } from './commands/run.ts';
import { addSavings } from './commands/savings.ts';
import { addScale } from './commands/scale.ts';
import { addSchema } from './commands/schema.ts';
import { addSend } from './commands/send.ts';
import { addSilence } from './commands/silence.ts';
import { addSimulator } from './commands/simulator.ts';
import { addStatus } from './commands/status.ts';
import { addStore } from './commands/store.ts';
import { addUninstall } from './commands/uninstall.ts';
import { addVersion } from './commands/version.ts';
import { addCommonOptions, groupCommands, settleConfig, settledParts, type Unsaid } from './common-options.ts';
import { describeFailure, repeatedShortly } from './failure.ts';
import type { CliParts, GivenParts, Output, TextOutput } from './parts.ts';
import { makePaint } from './text/paint.ts';
import { fitted } from './text/table.ts';

/** Runs one command line (without node and script). Resolves to the exit code: 0 done, 1 not done, 2 usage or config. */
export async function runCli(argv: readonly string[], given: GivenParts): Promise<number> {
  let exitCode = 0;
  const parts: CliParts = {
    ...given,
    stdout: shownSafely(given.stdout, given.redactor),
    stderr: shownSafely(given.stderr, given.redactor),
    writeMadeUp: given.stdout.write,
    exitWith: (code) => {
      exitCode = code;
    },
  };
  const unsaid: Unsaid = [];
  const program = makeProgram(parts, unsaid);
  try {
    await program.parseAsync([...asHelpOption(program, argv)], { from: 'user' });
    // 3 is no failure: something would change.
    if (exitCode === 1 || exitCode === 2) for (const say of unsaid) say();
    return exitCode;
  } catch (error) {
    // Help that was asked for, and that of a line without a command, are printed already.
    if (error instanceof CommanderError && error.message === '(outputHelp)') return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    const failure = describeFailure(tooEarly(program, argv, error) ?? error, helpOf(program, argv));
    // First cleaned: of a secret that is cut only a part would be left.
    parts.stderr.write(`${repeatedShortly(given.redactor.clean(failure.message), argv)}\n`);
    return failure.exitCode;
  }
}

/** The whole command line, strict: what it does not know it refuses, with a suggestion. */
function makeProgram(parts: CliParts, unsaid: Unsaid): Command {
  const program = new Command('lamplighter')
    .description('Scales node pools of Managed Kubernetes clusters on schedules, and watches the clusters.')
    .version(packageJson.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpCommand(helpCommand())
    .exitOverride()
    .showSuggestionAfterError();
  configureLook(program, parts);
  addCommonOptions(program);
  registerCommands(program, parts);
  groupCommands(program);
  refuseRepeated(program);
  program.hook('preAction', (_, command) => {
    Object.assign(parts, settledParts(program, command, parts, unsaid));
    settleConfig(command, parts);
  });
  return program.addHelpText('after', whereToBegin);
}

const whereToBegin = `
Begin with:
  lamplighter demo       watch a night on a simulated fleet, in about a minute
  lamplighter init       look at your clusters and write a first config
  lamplighter check      find all mistakes in the config
  lamplighter plan       show what a round would change now; changes nothing

For the options and examples of a command: lamplighter <command> --help
Exit codes: 0 success, 1 failure, 2 wrong usage or config, 3 changes (plan and
rehearse, if asked for).`;

function helpCommand(): Command {
  return new Command('help').argument('[command]').description('Print the help of a command.').helpOption(false);
}

/** How help is written: its width and its colours. Before the commands are added: each takes it over. */
function configureLook(program: Command, parts: CliParts): void {
  const [out, err] = [makePaint(parts.stdout, parts.env), makePaint(parts.stderr, parts.env)];
  program
    .configureOutput({
      writeOut: parts.stdout.write,
      writeErr: parts.stderr.write,
      // Told with all other errors, in their form.
      outputError: () => undefined,
      getOutHelpWidth: () => parts.stdout.columns,
      getErrHelpWidth: () => parts.stderr.columns,
      getOutHasColors: () => out.isOn && program.getOptionValue('color') !== false,
      getErrHasColors: () => err.isOn && program.getOptionValue('color') !== false,
    })
    .configureHelp({
      showGlobalOptions: true,
      // Arguments stand in each command's own help: here the lines would be wider than a terminal.
      subcommandTerm: (command) => command.name(),
      styleTitle: out.bold,
      styleCommandText: out.cyan,
      styleSubcommandText: out.cyan,
    });
}

/** `--exactly 3 --exactly 0`: which of both was meant nobody knows. */
function refuseRepeated(command: Command): void {
  for (const below of command.commands) refuseRepeated(below);
  const repeatable = new Set(['at']);
  for (const option of command.options) {
    if (option.variadic || repeatable.has(option.name())) continue;
    let times = 0;
    command.on(`option:${option.name()}`, () => {
      times += 1;
      if (times > 1) throw new UsageError(`${option.long ?? option.flags} is given more than once: give it once`);
    });
  }
}

/** `lamplighter --config prod.yml status`: an option of the command, before its name. */
function tooEarly(program: Command, argv: readonly string[], error: unknown): UsageError | undefined {
  if (!(error instanceof CommanderError) || error.code !== 'commander.unknownOption') return undefined;
  const flag = /'(-[^'=]*)/u.exec(error.message)?.[1] ?? '';
  const has = (command: Command) => command.options.some(({ short, long }) => flag === short || flag === long);
  const at = argv.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const meant = program.commands.find((command) => argv.includes(command.name(), at));
  if (at === -1 || argv.slice(0, at).some((word) => program.commands.some((command) => command.name() === word)))
    return undefined;
  const named = meant === undefined ? program.commands.find(has) : meant;
  if (named === undefined || !has(named)) return undefined;
  return new UsageError(
    `${flag} is an option of the command: write it after its name, lamplighter ${named.name()} ${flag} …`,
  );
}

/** The help of what was typed, with the command below it: `lamplighter store backup --help`. */
function helpOf(program: Command, [name, below]: readonly string[]): string {
  const command = program.commands.find((one) => one.name() === name);
  const inner = command?.commands.find((one) => one.name() === below);
  return ['lamplighter', command?.name(), inner?.name(), '--help'].filter((word) => word !== undefined).join(' ');
}

/** `help store backup` is `store backup --help`. What names no command is refused. */
function asHelpOption(program: Command, argv: readonly string[]): readonly string[] {
  const [first, ...rest] = argv;
  const end = rest.findIndex((word) => word.startsWith('-'));
  const names = end === -1 ? rest : rest.slice(0, end);
  if (first !== 'help' || names.length === 0 || names.join(' ') === 'help') return argv;
  let command = program;
  for (const [at, name] of names.entries()) {
    const below = command.commands.find((one) => one.name() === name);
    if (below === undefined) throw noSuchCommand(command, names.slice(0, at + 1));
    command = below;
  }
  return [...names, '--help', ...rest.slice(names.length)];
}

function noSuchCommand(above: Command, names: readonly string[]): UsageError {
  const known = above
    .createHelp()
    .visibleCommands(above)
    .map((command) => command.name());
  const name = names.at(-1) ?? '';
  if (known.length > 0) return new UsageError(`There is no command "${names.join(' ')}": ${suggest(name, known)}`);
  return new UsageError(`There is no command below ${names.slice(0, -1).join(' ')}: leave out "${name}"`);
}

/** Without secrets, and without what a terminal would obey. A window may change its size while a command runs: that is asked for anew each time. */
function shownSafely(output: Output, { clean }: CliParts['redactor']): TextOutput {
  const safe = (text: string) => printableOutput(clean(text), output.isTerminal);
  return {
    write: (text) => output.write(fitted(safe(text), output)),
    writeLines: (text) => output.write(safe(text)),
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

/** One line per command, in the order in which help lists them. */
function registerCommands(program: Command, parts: CliParts): void {
  addDemo(program, parts);
  addInit(program, parts);
  addCheck(program, parts);
  addDoctor(program, parts);
  addSimulator(program, parts);
  addStatus(program, parts);
  addPageCommand(program, parts);
  addExplain(program, parts);
  addPlan(program, parts);
  addRehearse(program, parts);
  addClusters(program, parts);
  addHistory(program, parts);
  addSavings(program, parts);
  addScale(program, parts);
  addBase(program, parts);
  addPause(program, parts);
  addResume(program, parts);
  addApprove(program, parts);
  addPromote(program, parts);
  addSend(program, parts);
  addIncidents(program, parts);
  addSilence(program, parts);
  addOutbox(program, parts);
  addRun(program, parts);
  addStore(program, parts);
  addUninstall(program, parts);
  addSchema(program, parts);
  addCompletion(program, parts);
  addMan(program, parts);
  addVersion(program, parts);
}
