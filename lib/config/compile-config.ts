import { dirname, resolve } from 'node:path';
import { isAlias, isScalar, visit } from 'yaml';
import type { CompiledConfig, Exception, PricesConfig } from '../model/config.ts';
import type { EpochMs } from '../model/time.ts';
import { endOf, type ResolvedCalendar, resolveCalendars } from './compile/calendars.ts';
import { checkRules } from './compile/check-rules.ts';
import { type Context, isDefined, type ReadFile, type Target, toMs } from './compile/context.ts';
import { compileDestinations } from './compile/destinations.ts';
import { compileEventSources } from './compile/event-sources.ts';
import { compileExceptions, compileSilences } from './compile/exceptions-silences.ts';
import { compileRegions } from './compile/regions.ts';
import { compileRules, finishRule } from './compile/rules.ts';
import { compileEvery, compileListen, compileSafety, compileStore, compileWatch } from './compile/safety.ts';
import { compileSchedules } from './compile/schedules.ts';
import { compileSecret } from './compile/secrets.ts';
import { readZone } from './compile/windows.ts';
import { makeMatchIndex } from './match-index.ts';
import { findPastedSecrets } from './pasted-secrets.ts';
import { type Problem, sortProblems } from './problem.ts';
import { makeReport, type Report } from './report.ts';
import { stableHash } from './stable-hash.ts';
import { validate } from './validate.ts';
import { readYaml, type YamlSource } from './yaml-source.ts';

export type CompileOptions = {
  /** As given by the user; relative paths in the config start from its folder. */
  readonly file: string;
  readonly now: EpochMs;
  readonly readFile: ReadFile;
  /** `aws`: the config is built into functions. Default `local`. */
  readonly target?: Target;
};

export type ConfigOutcome =
  | { readonly ok: true; readonly config: CompiledConfig; readonly problems: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * A config's text → the config as the program uses it, or every mistake in it, in the order of the file. Warnings come
 * along in both cases. Throws nothing, whatever the text.
 */
export async function compileConfig(text: string, options: CompileOptions): Promise<ConfigOutcome> {
  const source = tryToRead(text);
  if (source === undefined) return { ok: false, problems: [tooDeep(options.file)] };
  const report = makeReport(options.file, source);
  reportYamlProblems(source, report);
  reportPastedSecrets(text, source, report);
  const config = source.value === undefined ? undefined : await compile(source, report, options);
  const problems = sortProblems(report.problems);
  if (isSomethingElse(text, problems)) return { ok: false, problems: [noConfig(options.file)] };
  if (config !== undefined && !report.hasErrors()) return { ok: true, config, problems };
  if (!report.hasErrors()) report.file('the config could not be made', 'report this, with the config');
  return { ok: false, problems: sortProblems(report.problems) };
}

/** A text that goes wrong often, and before the first key of a config, is another file: what is wrong with it as a config says nothing. */
function isSomethingElse(text: string, problems: readonly Problem[]): boolean {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const known = /^\{?\s*["']?(?:regions|schedules|pools|destinations|calendars|timezone|defaults)["']?\s*:/u;
  const firstKey = text.split('\n').findIndex((line) => known.test(line.trimStart()));
  const firstError = Math.min(...errors.map(({ line }) => line));
  return errors.length > 5 && (firstKey === -1 || firstError < firstKey + 1);
}

function noConfig(file: string): Problem {
  return {
    severity: 'error',
    file,
    line: 1,
    column: 1,
    path: '',
    message: 'this is no config of Lamplighter: it has neither regions nor schedules nor pools',
    fix: 'give the path of a config with --config, or write one with "lamplighter init"',
  };
}

/** A text that is nested thousands of levels deep ends the parser by its stack; nobody means it. */
function tryToRead(text: string): YamlSource | undefined {
  try {
    return readYaml(text);
  } catch {
    return undefined;
  }
}

function tooDeep(file: string): Problem {
  const message = 'this cannot be read as YAML: it is nested too deep';
  return { severity: 'error', file, line: 1, column: 1, path: '', message, fix: 'write a config' };
}

function reportPastedSecrets(text: string, source: YamlSource, report: Report): void {
  for (const { what, offset } of findPastedSecrets(text)) {
    report.place(
      source.atOffset(offset),
      `this looks like ${what}, and a config holds no secrets`,
      'keep it elsewhere and name the place: { awsSecret: name }, { env: NAME }, { file: path } or { command: [program] }; replace the pasted one, it is known now',
    );
  }
}

async function compile(
  source: YamlSource,
  report: Report,
  options: CompileOptions,
): Promise<CompiledConfig | undefined> {
  const input = validate(source.value, report);
  const context: Context = {
    input,
    report,
    now: options.now,
    file: options.file,
    directory: dirname(resolve(options.file)),
    target: options.target ?? 'local',
    readFile: options.readFile,
    position: (path) => ({ file: options.file, line: source.atValue(path).line }),
    matchLines: new Map(),
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
  const exceptions = compileExceptions(context);
  const events = compileEventSources(context);
  checkRules(drafts, exceptions, events, context);
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
    ...(input.page && {
      page: { allow: input.page.allow ?? false, hosts: (input.page.hosts ?? []).filter((host) => host !== undefined) },
    }),
    regions,
    schedules: [...schedules.values()].map((one) => one.schedule),
    rules: drafts.map((draft) => finishRule(draft, schedules, exceptionIndex)),
    exceptions,
    safety: compileSafety(context),
    watch: compileWatch(context),
    destinations: compileDestinations(context),
    silences: compileSilences(context),
    events,
    heartbeat: compileHeartbeat(context),
    calendarsEnd: Object.fromEntries([...calendars].map(([name, calendar]) => [name, endOf(calendar, context.now)])),
  };
  if (store === undefined || report.hasErrors()) return undefined;
  const matchLines = Object.fromEntries(context.matchLines);
  return { schema: 1, hash: hashOf(context, calendars), file: context.file, store, ...rest, matchLines };
}

/**
 * Over the config as written, without its layout, and the calendar files it reads: moving the file, adding a comment,
 * or a new year with its holidays is no new config. Nor is compiling it for somewhere else: what a person approves at a
 * desk is what the functions have. The word `local` is said of every config, so that hashes stay as they were stored.
 */
function hashOf({ input }: Context, calendars: ReadonlyMap<string, ResolvedCalendar>): string {
  const files = [...calendars].map(([name, calendar]) => [name, calendar.ics?.text]);
  return stableHash({ schema: 1, input, target: 'local', files });
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

function compileHeartbeat(context: Context): CompiledConfig['heartbeat'] {
  const { heartbeat } = context.input;
  const url = heartbeat?.url && compileSecret(heartbeat.url, ['heartbeat', 'url'], context);
  return url && { url, insecure: heartbeat?.insecure ?? false };
}

/** What YAML itself forbids, and what YAML 1.1 read differently: said here, because a reader of 1.1 would be surprised. */
function reportYamlProblems(source: YamlSource, report: Report): void {
  reportErrors(source, report);
  reportOldVersion(source, report);
  reportOctals(source, report);
  const hasLooseAlias = reportLooseAliases(source, report);
  if (source.unreadable !== undefined && !hasLooseAlias)
    report.file(`this YAML cannot be used: ${source.unreadable}`, 'write it out without aliases');
}

function reportErrors(source: YamlSource, report: Report): void {
  for (const error of source.document.errors) {
    const position = source.atOffset(error.pos[0]);
    if (error.code === 'DUPLICATE_KEY')
      report.place(position, 'this key stands twice in the same place', 'keep one of them');
    else if (error.code === 'MULTIPLE_DOCS')
      report.place(position, 'a second YAML document begins here', 'keep one per file: remove the second "---"');
    else report.place(position, `not valid YAML: ${sentence(error.message)}`, fixFor(error.code));
  }
  for (const warning of source.document.warnings) {
    report.place(source.atOffset(warning.pos[0]), `not understood: ${sentence(warning.message)}`, 'remove it');
  }
}

/** The parser's own words, without the piece of source that some of them quote. */
function sentence(message: string): string {
  const line = message.split('\n')[0] ?? '';
  const quote = line.search(/["'`]/u);
  return line.slice(0, quote === -1 ? line.length : quote).replace(/(?<![.:\s])[.:\s]+$/u, '');
}

function fixFor(code: string): string {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  if (code === 'BAD_ALIAS') return 'quote text that begins with * ("*/workers")';
  return 'look at the indentation, quotes and brackets around this place';
}

function reportOldVersion(source: YamlSource, report: Report): void {
  const { version, explicit } = source.document.directives.yaml;
  if (explicit === true && version !== '1.2') {
    report.place(
      { line: 1, column: 1 },
      `the file says it is YAML ${version}, where on, yes and 22:00 would not be text`,
      'remove the %YAML line: a config is YAML 1.2',
    );
  }
}

function reportOctals(source: YamlSource, report: Report): void {
  visit(source.document, (_, node) => {
    if (!isScalar(node) || typeof node.value !== 'number' || !/^[-+]?0\d/u.test(node.source ?? '')) return;
    report.place(
      source.atOffset(node.range?.[0] ?? 0),
      'a number with a leading zero: YAML 1.1 read it as octal, YAML 1.2 reads it as decimal',
      'write it without the zero',
    );
  });
}

/** A match that begins with a star and stands without quotes is an alias to nothing. */
function reportLooseAliases(source: YamlSource, report: Report): boolean {
  let found = false;
  visit(source.document, (_, node) => {
    if (!isAlias(node) || node.resolve(source.document) !== undefined) return;
    found = true;
    const position = source.atOffset(node.range?.[0] ?? 0);
    report.place(
      position,
      'text that begins with * must be quoted, or it is an alias',
      'put it in quotes: "*/workers"',
    );
  });
  return found;
}
