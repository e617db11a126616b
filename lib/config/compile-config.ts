import { dirname, resolve } from 'node:path';
import { dayNumber } from '../decide/schedule/local-time.ts';
import type { CompiledConfig, Exception, PricesConfig } from '../model/config.ts';
import { dayMs, type EpochMs } from '../model/time.ts';
import { checkAnnounce, compileDigest, compileLinks } from './compile/announcing.ts';
import { endOf, isMissing, type ResolvedCalendar, resolveCalendars } from './compile/calendars.ts';
import { checkRules } from './compile/check-rules.ts';
import {
  type Context,
  entriesOf,
  isDefined,
  type ReadCalendar,
  type ReadFile,
  type Target,
  toMs,
} from './compile/context.ts';
import { compileDestinations } from './compile/destinations.ts';
import { compileEventSources } from './compile/event-sources.ts';
import { compileExceptions } from './compile/exceptions.ts';
import { compileRegions } from './compile/regions.ts';
import { compileRules, finishRule } from './compile/rules.ts';
import { compileEvery, compileListen, compileSafety, compileStore, compileWatch } from './compile/safety.ts';
import { compileSchedules } from './compile/schedules.ts';
import { compileSecret } from './compile/secrets.ts';
import { compileSilences } from './compile/silences.ts';
import { readZone } from './compile/windows.ts';
import { readConfigFile } from './config-file.ts';
import { type FindFiles, findOwnFiles } from './find-files.ts';
import { type JoinedConfig, joinIncluded } from './included.ts';
import { makeMatchIndex } from './match-index.ts';
import { type Problem, sortProblems } from './problem.ts';
import { stableHash } from './stable-hash.ts';

export type CompileOptions = {
  /** As given by the user; relative paths in the config start from its folder. */
  readonly file: string;
  readonly now: EpochMs;
  readonly readFile: ReadFile;
  /** Which files a pattern of `include` names; absent = those on this machine's disk. */
  readonly findFiles?: FindFiles;
  /** The copy of a calendar at an address; absent = there is none. */
  readonly readCalendar?: ReadCalendar;
  /** `aws`: the config is built into functions. Default `local`. */
  readonly target?: Target;
  /** What to do where the file is none or no config; absent = it was named by --config. */
  readonly nameAnother?: string;
};

const nameByOption = 'give the path of a config with --config, or write one with "lamplighter init"';

export type ConfigOutcome = {
  /** In the order of `files`, and of each. */
  readonly problems: readonly Problem[];
  /** The main file, then what it includes, in the order in which it counts. */
  readonly files: readonly string[];
} & ({ readonly ok: true; readonly config: CompiledConfig } | { readonly ok: false });

/**
 * A config's text → the config as the program uses it, or every mistake in it and in the files that it includes, file
 * by file in the order of each. Warnings come along in both cases. Throws nothing, whatever the text.
 */
export async function compileConfig(text: string, options: CompileOptions): Promise<ConfigOutcome> {
  const { readFile, findFiles = findOwnFiles } = options;
  const main = readConfigFile(text, options.file, 'main');
  if (main === undefined) return { ok: false, files: [options.file], problems: [tooDeep(options.file)] };
  const joined = await joinIncluded(main, { readFile, findFiles });
  const config = joined && (await compile(joined, options));
  const { report } = joined ?? main;
  if (config === undefined && !report.hasErrors())
    report.file('the config could not be made', 'report this, with the config');
  const included = joined?.included ?? [];
  const files = [options.file, ...included.map(({ file }) => file)];
  if (isSomethingElse(text, sortProblems(main.report.problems())))
    return { ok: false, files, problems: [noConfig(options)] };
  const problemsOf = (file: string) => sortProblems(report.problems().filter((one) => one.file === file));
  const problems = [
    ...problemsOf(options.file),
    ...included.flatMap((one) => {
      const own = problemsOf(one.file);
      return isSomethingElse(one.text, own) ? [noPart(one.file)] : own;
    }),
  ];
  return config !== undefined && !report.hasErrors()
    ? { ok: true, config, files, problems }
    : { ok: false, files, problems };
}

/** A text that goes wrong often, and before the first key of a config, is another file: what is wrong with it as a config says nothing. */
function isSomethingElse(text: string, problems: readonly Problem[]): boolean {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const known =
    /^\{?\s*["']?(?:regions|schedules|pools|destinations|calendars|timezone|defaults|exceptions|silences|events)["']?\s*:/u;
  const firstKey = text.split('\n').findIndex((line) => known.test(line.trimStart()));
  const firstError = errors.reduce((least, { line }) => Math.min(least, line), Number.POSITIVE_INFINITY);
  if (firstKey === -1 && errors.length > 1 && errors.every(({ path }) => path === '')) return true;
  return errors.length > 5 && (firstKey === -1 || firstError < firstKey + 1);
}

/** Where nothing in the file can be told: it cannot be read, or is something else. `fix` absent = another has to be named. */
export function wholeFileProblem(
  { file, nameAnother = nameByOption }: Pick<CompileOptions, 'file' | 'nameAnother'>,
  message: string,
  fix = nameAnother,
): Problem {
  return { severity: 'error', file, line: 1, column: 1, path: '', message, fix };
}

function noConfig(options: CompileOptions): Problem {
  return wholeFileProblem(
    options,
    'this is not a config of Lamplighter: it has neither regions nor schedules nor pools',
  );
}

function noPart(file: string): Problem {
  return wholeFileProblem(
    { file },
    'this is not part of a config of Lamplighter: it has neither pools nor schedules, nor anything else of one',
    'remove it from include:, or use a narrower pattern',
  );
}

function tooDeep(file: string): Problem {
  return wholeFileProblem({ file }, 'this cannot be read as YAML: it is nested too deep', 'write a config');
}

async function compile(
  { input, report, position }: JoinedConfig,
  options: CompileOptions,
): Promise<CompiledConfig | undefined> {
  const context: Context = {
    input,
    report,
    now: options.now,
    file: options.file,
    directoryOf: (path) => dirname(resolve(position(path).file)),
    target: options.target ?? 'local',
    readFile: options.readFile,
    readCalendar: options.readCalendar ?? (async () => ({})),
    position,
    matchPlaces: new Map(),
  };
  if (input.defaults?.region !== undefined) {
    isDefined(input.defaults.region, input.regions, 'region', ['defaults', 'region'], report);
  }
  return assemble(context, await resolveCalendars(context));
}

function assemble(context: Context, calendars: ReadonlyMap<string, ResolvedCalendar>): CompiledConfig | undefined {
  const { input, report } = context;
  const zone = readZone(input.timezone, ['timezone'], context);
  const regions = compileRegions(context);
  const schedules = compileSchedules(calendars, context);
  const drafts = compileRules(context);
  const exceptions = compileExceptions(schedules, drafts, context);
  const events = compileEventSources(context);
  checkRules(drafts, exceptions, events, context);
  checkAnnounce(context);
  const exceptionIndex = makeMatchIndex<Exception>(({ match }) => match);
  for (const exception of exceptions) exceptionIndex.add(exception);
  const store = compileStore(context);
  const rest = {
    zone,
    everyMs: compileEvery(context),
    keepMs: toMs(input.keep, '30d'),
    listen: compileListen(context),
    ...(input.maxConnections === undefined ? {} : { maxConnections: input.maxConnections }),
    ...compilePrices(context),
    ...compileVersions(context),
    ...compilePage(context),
    regions,
    schedules: [...schedules.values()].map((one) => one.schedule),
    rules: drafts.map((draft) => finishRule(draft, schedules, exceptionIndex)),
    exceptions,
    safety: compileSafety(context),
    watch: compileWatch(context),
    destinations: compileDestinations(context),
    silences: compileSilences(calendars, context),
    events,
    heartbeat: compileHeartbeat(context),
    ...toldOf(context),
    ...endsOf(calendars, context),
    ...remoteOf(calendars),
  };
  if (store === undefined || report.hasErrors()) return undefined;
  const hash = hashOf(context, calendars);
  return { schema: 1, hash, file: context.file, store, ...rest, ...placesOf(context) };
}

/** A currency that is missing was complained about already. */
function compilePrices({ input }: Context): Pick<CompiledConfig, 'prices'> {
  const { currency, flavors = {}, default: other } = input.prices ?? {};
  if (currency === undefined) return {};
  const known = Object.entries(flavors).flatMap(([flavor, price]) => (price === undefined ? [] : [[flavor, price]]));
  return {
    prices: {
      currency,
      flavors: Object.fromEntries(known) as PricesConfig['flavors'],
      ...(other !== undefined && { default: other }),
    },
  };
}

/** Ends of versions are days of a calendar, in no zone. */
function compileVersions({ input, report, now }: Context): Pick<CompiledConfig, 'versions'> {
  if (input.versions === undefined) return {};
  const known = entriesOf(input.versions).flatMap(([version, { eol }]): [string, { eol: EpochMs }][] => {
    if (eol === undefined) return [];
    const day = dayNumber(eol);
    if (day !== undefined) {
      if (day < Math.floor(now / dayMs))
        report.warning(['versions', version, 'eol'], `the support of ${version} has ended`, endedFix);
      return [[version, { eol: day * dayMs }]];
    }
    report.error(['versions', version, 'eol'], `"${eol}" is not a day`, 'write YYYY-MM-DD, such as 2027-02-28');
    return [];
  });
  return { versions: Object.fromEntries(known) };
}

const endedFix = 'clusters that still run it are reported; correct the date, or remove the line when none does';

function compilePage({ input: { page } }: Context): Pick<CompiledConfig, 'page'> {
  if (!page) return {};
  return { page: { allow: page.allow ?? false, hosts: (page.hosts ?? []).filter((host) => host !== undefined) } };
}

function compileHeartbeat(context: Context): CompiledConfig['heartbeat'] {
  const { heartbeat } = context.input;
  const url = heartbeat?.url && compileSecret(heartbeat.url, ['heartbeat', 'url'], context);
  return url && { url, insecure: heartbeat?.insecure ?? false };
}

function toldOf(context: Context): Pick<CompiledConfig, 'links' | 'digest'> {
  const [links, digest] = [compileLinks(context), compileDigest(context)];
  return { ...(links && { links }), ...(digest && { digest }) };
}

function endsOf(
  calendars: ReadonlyMap<string, ResolvedCalendar>,
  { now }: Context,
): Pick<CompiledConfig, 'calendarsEnd'> {
  const known = [...calendars].flatMap(([name, calendar]) =>
    isMissing(calendar) ? [] : [[name, endOf(calendar, now)] as const],
  );
  return { calendarsEnd: Object.fromEntries(known) };
}

function remoteOf(calendars: ReadonlyMap<string, ResolvedCalendar>): Pick<CompiledConfig, 'remoteCalendars'> {
  const remote = [...calendars.values()].flatMap((calendar) => calendar.remote ?? []);
  return remote.length === 0 ? {} : { remoteCalendars: remote };
}

/**
 * Over the config as written, without its layout and its division into files, and the calendar files it reads: moving a
 * file, adding a comment, or a new year with its holidays is no new config. Nor is compiling it for somewhere else: what a person approves at a
 * desk is what the functions have. The word `local` is said of every config, so that hashes stay as they were stored.
 */
function hashOf({ input }: Context, calendars: ReadonlyMap<string, ResolvedCalendar>): string {
  const files = [...calendars].map(([name, calendar]) => [name, calendar.ics?.text]);
  return stableHash({ schema: 1, input, target: 'local', files });
}

function placesOf({ matchPlaces, file: main }: Context): Pick<CompiledConfig, 'matchLines' | 'matchFiles'> {
  const places = [...matchPlaces];
  const matchLines = Object.fromEntries(places.map(([path, { line }]) => [path, line]));
  const elsewhere = places.flatMap(([path, { file }]) => (file === main ? [] : [[path, file] as const]));
  return { matchLines, ...(elsewhere.length > 0 && { matchFiles: Object.fromEntries(elsewhere) }) };
}
