import { stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { compileConfig } from '../../config/compile-config.ts';
import { renderProblem } from '../../config/problem.ts';
import { readOwnFile } from '../../config/read-config.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { RegionConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { counted, listed } from '../../model/text.ts';
import { isThere } from '../config-and-store.ts';
import { fullDisk } from '../failure.ts';
import { asFlag, gatherAnswers, type InitAnswers, type InitOptions, type Questions } from '../init/answers.ts';
import { firstConfig, regionText } from '../init/first-config.ts';
import { type ListedCluster, listFleet } from '../init/list-fleet.ts';
import { sparedPools } from '../init/spared-pools.ts';
import { examples } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { schemaText } from './schema.ts';

export function addInit(program: Command, parts: CliParts): void {
  const command = program
    .command('init')
    .description(
      'Look at your clusters and write a first config. It names every pool and only observes. Changes no pool.',
    )
    .option('--api <name or URL>', 'a known API, or its URL')
    .option('--region <name>', 'its name in the config')
    .option('--allow-host', "allow a host that is not one of the provider's; the token is sent there")
    .option('--token-env <name>', 'the environment variable that holds the token')
    .option('--token-file <path>', 'the file that holds it')
    .option('--token-command <words...>', 'the program that prints it, with its arguments')
    .option('--token-aws <name>', 'its name in AWS Secrets Manager')
    .option('--timezone <zone>', 'the time zone of the schedule, such as Europe/Berlin')
    .option('-o, --output <file>', 'where to write', './lamplighter.yml')
    .option('-y, --yes', 'do not ask what can be guessed')
    .option('--force', 'overwrite an existing file')
    .action((options: InitOptions) => initFromTerminal(parts, options));
  examples(command, [
    ['lamplighter init', 'asks what it needs'],
    ['lamplighter init --api eumetsat-r1 --token-env MKS_TOKEN --timezone Europe/Berlin', 'asks nothing'],
    ['lamplighter init --api http://127.0.0.1:8090 --yes', 'the simulator, with the token in MKS_TOKEN'],
  ]);
}

async function initFromTerminal(parts: CliParts, options: InitOptions): Promise<void> {
  if (!parts.isInteractive) return init(parts, options, undefined);
  const { terminalQuestions } = await import('../init/ask-questions.ts');
  return init(parts, options, terminalQuestions(options));
}

/** `questions`: for what the flags do not say; undefined = nobody is there to ask. */
export async function init(parts: CliParts, options: InitOptions, questions: Questions | undefined): Promise<void> {
  await refuseOverwrite(options);
  const answers = await gatherAnswers(options, parts.zone, questions, parts.env);
  const fleet = await listFleet(parts, await judgeRegion(parts, answers));
  await checkOwnText(parts, firstConfig(answers, fleet, undefined), answers.output);
  const text = firstConfig(answers, fleet, await placeSchema(answers.output));
  await writeNew(answers.output, text, options.force === true);
  parts.stdout.write(nextSteps(answers, fleet));
}

/**
 * Where editors find the schema, as seen from the config: that of the package where it is installed beside, else one in the
 * config's own folder, written where there is none. Undefined where none can be written.
 */
async function placeSchema(output: string): Promise<string | undefined> {
  const at = (name: string) => join(dirname(output), name);
  const [installed, own] = ['node_modules/lamplighter/lamplighter.schema.json', 'lamplighter.schema.json'];
  if (await isThere(at(installed))) return `./${installed}`;
  if (await isThere(at(own))) return `./${own}`;
  if (await isDevice(output)) return undefined;
  return writeFile(at(own), await schemaText('main'), { flag: 'wx', mode: 0o644 }).then(
    () => `./${own}`,
    () => undefined,
  );
}

/** /dev/stdout, a pipe: what is written there has no folder of its own. */
function isDevice(output: string): Promise<boolean> {
  return stat(output).then(
    (stats) => !stats.isFile(),
    () => false,
  );
}

async function refuseOverwrite({ output, force }: InitOptions): Promise<void> {
  if (!force && (await isThere(output))) throw alreadyThere(output);
}

function alreadyThere(output: string): CommandError {
  return new CommandError(`${output} exists already: give another --output, or --force`);
}

/** The rules for addresses hold here too: no token goes to a host that the config would refuse. */
async function judgeRegion(parts: CliParts, answers: InitAnswers): Promise<RegionConfig> {
  const compiled = await compile(parts, regionText(answers), answers.output);
  const [region] = compiled.ok ? compiled.config.regions : [];
  if (region !== undefined) return region;
  const errors = compiled.problems.filter(({ severity }) => severity === 'error');
  throw new UsageError(
    errors.map(({ path, message, fix }) => asFlag(`${flagOf(path)}: ${message}; ${fix}`)).join('\n'),
  );
}

/** Which answer the mistake is in, by its place in the config. */
function flagOf(path: string): string {
  const [, place] = /\.token\.(env|file|command|awsSecret)\b/u.exec(path) ?? [];
  if (place !== undefined) return place === 'awsSecret' ? '--token-aws' : `--token-${place}`;
  return path.endsWith('.api') ? '--api' : '--region';
}

async function checkOwnText(parts: CliParts, text: string, output: string): Promise<void> {
  const { ok, problems } = await compile(parts, text, output);
  if (!ok)
    throw new CommandError(
      `No config was written, since the one made from this fleet would not pass check:\n${problems.map(renderProblem).join('\n')}`,
    );
}

function compile({ clock }: CliParts, text: string, file: string) {
  return compileConfig(text, { file, now: clock.now(), readFile: readOwnFile });
}

async function writeNew(output: string, text: string, isForced: boolean): Promise<void> {
  try {
    await writeFile(output, text, { flag: isForced ? 'w' : 'wx', mode: 0o644 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown reason';
    if (code === 'EEXIST') throw alreadyThere(output);
    if (fullDisk.has(code)) throw error;
    throw new CommandError(`${output} could not be written (${code}): name another --output`, { cause: error });
  }
}

function nextSteps({ output, zone }: InitAnswers, fleet: readonly ListedCluster[]): string {
  const pools = fleet.reduce((sum, { pools: own }) => sum + (own?.length ?? 0), 0);
  const config = output === './lamplighter.yml' ? '' : ` --config ${output}`;
  return `${output}: ${counted(fleet.length, 'cluster')}, ${counted(pools, 'pool')}, office hours in ${zone}. The mode is observe: nothing is changed yet
${sparedText(fleet)}
Next:
  read ${output}: which pools, when, and how small at night
  lamplighter plan${config}     what a round would do now
  lamplighter run${config}      a round every 5 minutes, which only shows what it would do
  then write mode: act in place of mode: observe
  lamplighter approve${config}  releases the first scale-downs, which the brake holds if they are many
`;
}

function sparedText(fleet: readonly ListedCluster[]): string {
  const spared = sparedPools(fleet).map(printable);
  if (spared.length === 0) return '';
  const are = spared.length === 1 ? 'is' : 'are';
  return `${counted(spared.length, 'pool')} ${are} left alone (schedule: none): the names suggest production, management, data or the like
  ${listed(spared, 6)}
`;
}
