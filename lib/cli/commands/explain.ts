import { type Command, Option } from 'commander';
import { type Explanation, explainPool } from '../../decide/explain/explain-pool.ts';
import type { Desired } from '../../decide/explain/explain-schedule.ts';
import type { KnownPool } from '../../decide/explain/explain-state.ts';
import type { Held } from '../../decide/scaling/memory.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { asksOfPool } from '../../decide/scaling/wanted-size.ts';
import type { RoundFindings } from '../../decide/watching/scale-findings.ts';
import { CommandError, StoreError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import type { Uninstalled } from '../../jobs/records/cluster-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { findNearest } from '../../model/did-you-mean.ts';
import type { Subject } from '../../model/finding.ts';
import { isGlob, matchesPool, type Names } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { describeSize, type Size } from '../../model/size.ts';
import { commandHint } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import { readAskedMatch, seenPools } from '../asks/asked-match.ts';
import { lookIntoStore, readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption, readInstant } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isSamePool, parsePool, resolveRegion, type WrittenPool } from '../pools.ts';
import { lookAtFleet, type PoolStatus } from '../status/fleet-status.ts';
import { heldJson } from '../status/status-json.ts';
import { localInstant, localInstants, readingZone, rfc3339 } from '../text/instant.ts';
import { poolLabels } from '../text/labels.ts';
import { makePaint } from '../text/paint.ts';
import { instantJson, writeJson } from '../text/table.ts';
import { uninstalledJson, uninstalledText } from '../uninstall/uninstalled-view.ts';

type ExplainOptions = ConfigOption & JsonOption & { readonly at?: readonly EpochMs[] };

export function addExplain(program: Command, parts: CliParts): void {
  const command = program
    .command('explain')
    .description(
      'Say which size a pool should have at a given time, and why. With --at it needs no network, store or token.',
    )
    .argument('<cluster/pool>', 'one pool, or a pattern with *, ?, [ab] and {a,b}; region:cluster/pool for one region')
    .addOption(
      new Option('--at <instant>', 'at what time, with an offset; can be repeated (default: now)').argParser(collect),
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .action((pool: string, options: ExplainOptions) => explain(parts, pool, options));
  examples(command, [
    ['lamplighter explain dev-api/workers', 'now, with all asks, and why nothing is changed'],
    ['lamplighter explain "dev-*/*"', 'each pool of these clusters'],
    ['lamplighter explain ml/gpu --at 2026-12-24T18:00+01:00', 'on Christmas Eve'],
    ['lamplighter explain r1:ml/gpu --at 2026-12-24T17:00Z --json', 'for programs'],
  ]);
}

function collect(text: string, before: readonly EpochMs[] | undefined): readonly EpochMs[] {
  return [...(before ?? []), readInstant(text)];
}

async function explain(parts: CliParts, pool: string, options: ExplainOptions): Promise<void> {
  const config = await readConfig(parts, options.config);
  const now = parts.clock.now();
  const instants = options.at ?? [now];
  const book = makeRuleBook(config, instants[0] ?? now);
  const written = parsePool(pool, config);
  const isMany = isGlob(written.cluster) || isGlob(written.pool);
  const hasLabels = book.labelKeys.size > 0;
  const fleet = isMany || hasLabels || options.at === undefined ? await lookUp(parts, config, book, now) : undefined;
  const named = namesOf(config, book, pool, written, fleet?.names);
  const explanations = named.flatMap((one) => {
    const names = { ...one, labels: hasLabels ? fleet?.statusOf(one).known.memory?.labels : undefined };
    const status = options.at === undefined ? fleet?.statusOf(names) : undefined;
    return instants.map((at) => ({ status, explanation: explainPool(config, book, names, at, status?.known) }));
  });
  const uninstalled = options.at === undefined ? fleet?.uninstalled : undefined;
  if (options.json)
    writeJson(
      parts.stdout,
      explanations.map(({ explanation, status }) => ({
        ...explanationJson(explanation),
        ...(options.at === undefined
          ? { ...statusOf(config, explanation.names, status), uninstalled: uninstalledJson(uninstalled) }
          : {}),
      })),
    );
  else
    for (const { explanation, status } of explanations) writeText(parts, config, explanation, { status, uninstalled });
}

type Fleet = {
  readonly names: readonly Names[];
  readonly uninstalled: Uninstalled | undefined;
  readonly statusOf: (names: Names) => Found;
};

/** What the store holds of one pool; without `status`, no round has seen it with a rule. */
type Found = { readonly known: KnownPool; readonly status: PoolStatus | undefined };

/** What the store holds of the fleet now; a store that cannot be read is said, and the schedule explained all the same. */
async function lookUp(
  parts: CliParts,
  config: CompiledConfig,
  book: RuleBook,
  now: EpochMs,
): Promise<Fleet | undefined> {
  try {
    return await lookIntoStore(parts, config, (store) => knownFleet(store, config, book, now));
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    parts.stderr.write(`The store could not be read, so only the config is explained: ${error.message}\n`);
    return undefined;
  }
}

export async function knownFleet(store: Store, config: CompiledConfig, book: RuleBook, now: EpochMs): Promise<Fleet> {
  const { pools, asks: all, uninstalled, rounds } = await lookAtFleet(store, config, book, now);
  const regions = config.regions.map(({ name }) => name);
  const statusOf = (names: Names): Found => {
    const status = pools.find(({ pool }) => isSamePool(pool, names));
    const asks = status?.asks ?? asksOfPool(all, names, now);
    const held = status?.held ?? ambiguity(rounds, names);
    return { status, known: { memory: status?.pool.memory, inFlight: status?.pool.change, asks, held } };
  };
  return { names: await seenPools(store, regions), uninstalled, statusOf };
}

/** Pools that share a name may never have been remembered: the last round's finding names them. */
function ambiguity(rounds: readonly RoundFindings[], names: Names): Held | undefined {
  const found = rounds
    .flatMap(({ findings }) => findings)
    .find(({ kind, subject }) => kind === 'config.mismatch' && isAbout(subject, names));
  return found && { code: 'ambiguous', reason: found.text };
}

/** The pool itself, or its cluster, whose name others have as well. */
function isAbout(subject: Subject, names: Names): boolean {
  if (subject.kind === 'pool') return isSamePool(subject, names);
  return subject.kind === 'cluster' && subject.region === names.region && subject.cluster === names.cluster;
}

/** The pools that are meant: each one a pattern names, or the one whose name was written. */
function namesOf(
  config: CompiledConfig,
  book: RuleBook,
  text: string,
  written: WrittenPool,
  seen: readonly Names[] | undefined,
): readonly Names[] {
  const regions = config.regions.map(({ name }) => name).filter((name) => (written.region ?? name) === name);
  const known = (seen ?? []).filter(({ region }) => regions.includes(region));
  if (isGlob(written.cluster) || isGlob(written.pool)) {
    const match = readAskedMatch(text, config);
    const named = known.filter((names) => matchesPool(match, names));
    if (named.length > 0) return named;
    throw new CommandError(`No pool that a round has seen matches "${text}"; see: ${commandHint(config, 'status')}`);
  }
  const [only, ...others] = known.filter(({ cluster, pool }) => cluster === written.cluster && pool === written.pool);
  if (only !== undefined && others.length === 0) return [only];
  const isKnownFleet = regions.every((name) => known.some(({ region }) => region === name));
  if (only === undefined && isKnownFleet) throw noSuchPool(config, text, written, known);
  return [resolveRegion(config, book, written)];
}

function noSuchPool(config: CompiledConfig, text: string, { region }: WrittenPool, known: readonly Names[]): Error {
  const candidates = known.map((one) => `${region === undefined ? '' : `${one.region}:`}${one.cluster}/${one.pool}`);
  const nearest = findNearest(text, candidates);
  const meant = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  const anyway = commandHint(config, `explain "${text}" --at <instant>`);
  return new CommandError(
    `There is no such pool: "${text}"${meant}\nTo see what the config says for a pool of that name: ${anyway}`,
  );
}

function statusOf(config: CompiledConfig, names: Names, found: Found | undefined): object {
  const { status, known } = found ?? {};
  return {
    wanted: status?.wanted ?? null,
    nodes: status?.nodes ?? null,
    reason: status?.reason ?? null,
    until: instantJson(status?.until),
    held: heldJson(config, names, known?.held),
  };
}

function explanationJson({ at, names, desired, openWindows, because, nextChange, rule }: Explanation): object {
  return {
    at: rfc3339(at),
    cluster: names.cluster,
    pool: names.pool,
    desired,
    openWindows,
    because,
    nextChange: nextChange === undefined ? null : { at: rfc3339(nextChange.at), desired: nextChange.desired },
    rule: rule === undefined ? null : { file: rule.file, line: rule.line },
  };
}

/** Where the store knows what is wanted and that is not what the schedule says, both stand there, wanted first. */
function writeText(
  parts: CliParts,
  config: CompiledConfig,
  explanation: Explanation,
  { status: found, uninstalled }: { readonly status: Found | undefined; readonly uninstalled: Uninstalled | undefined },
): void {
  const { at, names, desired, because, nextChange, openWindows } = explanation;
  const { stdout, env } = parts;
  const paint = makePaint(stdout, env);
  const own = zoneOf(config, explanation) ?? readingZone(config, parts);
  const next =
    nextChange === undefined
      ? 'no change within four years'
      : `${describeDesired(nextChange.desired, found?.status?.base)} from ${localInstant(nextChange.at, own)}`;
  const scheduled = describeDesired(desired, found?.status?.base);
  const wanted = found?.status?.wanted;
  const wantedText = describeSize(wanted);
  const lines = [
    ...(uninstalled === undefined ? [] : [paint.yellow(uninstalledText(config, uninstalled, own))]),
    `${paint.bold(poolLabels(config)(names))} at ${localInstant(at, own)}`,
    `  wanted    ${paint.green(wanted === undefined ? scheduled : wantedText)}`,
    ...(found?.status?.nodes === undefined ? [] : [`  nodes     ${found.status.nodes}`]),
    ...(wanted === undefined || [wantedText, `${wantedText} (its base)`].includes(scheduled)
      ? []
      : [`  schedule  ${scheduled}`]),
    ...because.map(
      (sentence, i) => `  ${i === 0 ? 'why' : '   '}       ${printable(localInstants(sentence, own, at))}`,
    ),
    ...(openWindows.length === 0 ? [] : [`  open      ${openWindows.join('; ')}`]),
    `  next      ${next}`,
    '',
  ];
  stdout.write(`${lines.join('\n')}\n`);
}

function zoneOf(config: CompiledConfig, { rule }: Explanation): string | undefined {
  const found = config.rules.find(({ position }) => position.line === rule?.line && position.file === rule?.file);
  return config.schedules.find(({ name }) => name === found?.schedule)?.zone;
}

/** "3", "1..4", "4 (its base)", "left as it is", "untouched". */
function describeDesired(desired: Desired, base: Size | undefined): string {
  if (desired === 'observed base') return base === undefined ? 'its base' : `${describeSize(base)} (its base)`;
  if (desired === 'leave') return 'left as it is';
  if (typeof desired === 'string') return desired;
  return 'size' in desired ? describeSize(desired.size) : describeSize(desired);
}
