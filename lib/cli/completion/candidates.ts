import type { Argument, Command, Option } from 'commander';

/** What a shell may offer for the word that is being written; `files` = it completes names of files itself. */
export type Candidates = 'files' | readonly Candidate[];
type Candidate = { readonly value: string; readonly text: string };

/** What is known of the fleet: names of clusters, pools ("cluster/pool") and destinations. */
export type KnownNames = {
  readonly clusters: readonly string[];
  readonly pools: readonly string[];
  readonly destinations: readonly string[];
};

/** The words after `lamplighter`, the last of which is being written. The program itself says what may stand there. */
export async function findCandidates(
  program: Command,
  words: readonly string[],
  loadNames: (configFile: string | undefined) => Promise<KnownNames>,
): Promise<Candidates> {
  const current = words.at(-1) ?? '';
  const line = readLine(program, wordsBefore(words));
  const names = () => loadNames(line.config);
  if (line.open !== undefined) return starting(current, await valuesOf(line.open, names));
  const [, flag = '', value] = /^(--[\w-]+)=(.*)$/su.exec(current) ?? [];
  const inline = value === undefined ? undefined : optionsOf(line.command).find(({ long }) => long === flag);
  if (inline !== undefined) return prefixed(`${flag}=`, starting(value ?? '', await valuesOf(inline, names)));
  if (current.startsWith('-') && !line.isEnded)
    return starting(
      current,
      optionsOf(line.command).map((one) => ({ value: one.long ?? one.flags, text: one.description })),
    );
  const argument = argumentAt(line);
  if (argument !== undefined) return starting(current, await argumentValues(argument, line, program, names));
  return starting(current, line.command.commands.filter(isShown).map(asCandidate));
}

/** bash breaks words at "=": `--config=x` comes as three. */
function wordsBefore(words: readonly string[]): readonly string[] {
  return words.slice(0, -1).filter((word, index) => word !== '=' || !words[index - 1]?.startsWith('--'));
}

type Line = {
  readonly command: Command;
  /** Operands of the command so far. */
  readonly operands: number;
  /** The last of them. */
  readonly before?: string;
  /** The option whose value is being written. */
  readonly open: Option | undefined;
  readonly config: string | undefined;
  /** After "--" nothing is an option. */
  readonly isEnded: boolean;
};

function readLine(program: Command, words: readonly string[]): Line {
  let line: Line = { command: program, operands: 0, open: undefined, config: undefined, isEnded: false };
  for (const word of words) line = readWord(line, word);
  return line;
}

function readWord(line: Line, word: string): Line {
  if (line.open !== undefined) {
    const config = line.open.long === '--config' ? word : line.config;
    return { ...line, config, open: line.open.variadic ? line.open : undefined };
  }
  if (word === '--') return { ...line, isEnded: true };
  if (word.startsWith('-') && !line.isEnded) {
    const [, flag = word, value] = /^(--[\w-]+)=(.*)$/su.exec(word) ?? [];
    const option = optionsOf(line.command).find(({ long, short }) => long === flag || short === flag);
    if (value !== undefined) return { ...line, config: flag === '--config' ? value : line.config };
    return { ...line, open: option?.required ? option : undefined };
  }
  const below = line.operands === 0 ? line.command.commands.find((one) => one.name() === word) : undefined;
  return below === undefined ? { ...line, operands: line.operands + 1, before: word } : { ...line, command: below };
}

/** Its own, and what every command takes. */
function optionsOf(command: Command): readonly Option[] {
  const own = command.options.filter(({ hidden }) => !hidden);
  const all =
    command.parent === null ? own : [...own, ...optionsOf(command.parent).filter(({ long }) => long !== '--version')];
  return [...new Map(all.map((option) => [option.long, option])).values()];
}

function argumentAt({ command, operands }: Line): Argument | undefined {
  const all = command.registeredArguments;
  return all[operands] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
}

async function valuesOf({ argChoices, flags, long }: Option, names: () => Promise<KnownNames>): Promise<Candidates> {
  if (argChoices !== undefined) return argChoices.map((value) => ({ value, text: '' }));
  if (/<(?:[\w-]*file|path|folder)>/u.test(flags)) return 'files';
  if (/<cluster\/pool(?:\.\.\.)?>/u.test(flags)) return poolsOf(await names());
  return long === '--match' ? matchesOf(await names()) : [];
}

async function argumentValues(
  argument: Argument,
  { command, before }: Line,
  program: Command,
  names: () => Promise<KnownNames>,
): Promise<Candidates> {
  if (argument.argChoices !== undefined) return argument.argChoices.map((value) => ({ value, text: '' }));
  const name = argument.name();
  const asksFor = `${command.name()} ${name}`;
  if (['file', 'store', 'from', 'to'].includes(name)) return 'files';
  if (name === 'cluster/pool') return poolsOf(await names());
  if (name === 'match' || asksFor === 'silence what') return matchesOf(await names());
  if (asksFor === 'clusters name') return clustersOf(await names());
  if (asksFor === 'outbox what' && before === 'test') return destinationsOf(await names());
  return name === 'command' ? program.commands.filter(isShown).map(asCandidate) : [];
}

function clustersOf({ clusters }: KnownNames): readonly Candidate[] {
  return clusters.map((value) => ({ value, text: 'cluster' }));
}

function destinationsOf({ destinations }: KnownNames): readonly Candidate[] {
  return destinations.map((value) => ({ value, text: 'destination' }));
}

function poolsOf({ pools }: KnownNames): readonly Candidate[] {
  return pools.map((value) => ({ value, text: 'node pool' }));
}

function matchesOf(names: KnownNames): readonly Candidate[] {
  return [...clustersOf(names), ...poolsOf(names)];
}

function isShown(command: Command): boolean {
  return !(command as Command & { readonly _hidden?: boolean })._hidden;
}

function asCandidate(command: Command): Candidate {
  return { value: command.name(), text: command.description() };
}

function starting(current: string, all: Candidates): Candidates {
  return all === 'files' ? all : all.filter(({ value }) => value.startsWith(current));
}

function prefixed(prefix: string, all: Candidates): Candidates {
  return all === 'files' ? all : all.map(({ value, text }) => ({ value: `${prefix}${value}`, text }));
}
