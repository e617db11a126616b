import { type Command, Option } from 'commander';
import { type Explanation, explainPool } from '../../decide/explain/explain-pool.ts';
import type { Desired } from '../../decide/explain/explain-schedule.ts';
import type { KnownPool } from '../../decide/explain/explain-state.ts';
import { makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { asksOfPool } from '../../decide/scaling/wanted-size.ts';
import { StoreError } from '../../errors.ts';
import { listAsks } from '../../jobs/records/ask-records.ts';
import { readUninstalled, type Uninstalled } from '../../jobs/records/cluster-records.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Names } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { describeSize, type Size } from '../../model/size.ts';
import type { EpochMs } from '../../model/time.ts';
import { lookIntoStore, readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption, readInstant } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { listKnownPools, parsePool, resolveRegion } from '../pools.ts';
import { poolStatus } from '../status/fleet-status.ts';
import { localInstant, localInstants, readingZone, rfc3339 } from '../text/instant.ts';
import { poolLabels } from '../text/labels.ts';
import { makePaint } from '../text/paint.ts';
import { writeJson } from '../text/table.ts';
import { uninstalledJson, uninstalledText } from '../uninstall/uninstalled-view.ts';

export type ExplainOptions = ConfigOption & JsonOption & { readonly at?: readonly EpochMs[] };

export function addExplain(program: Command, parts: CliParts): void {
  const command = program
    .command('explain')
    .description('Say what the config wants of a pool at an instant, and why. With --at: no network, store or token.')
    .argument('<cluster/pool>', 'any name, of a pool that exists or not; region:cluster/pool where it matters')
    .addOption(new Option('--at <instant>', 'when, with an offset; may be repeated (default: now)').argParser(collect))
    .addOption(configOption())
    .addOption(jsonOption())
    .action((pool: string, options: ExplainOptions) => explain(parts, pool, options));
  examples(command, [
    ['lamplighter explain dev-api/workers', 'now, with what people and events asked for'],
    ['lamplighter explain ml/gpu --at 2026-12-24T18:00+01:00', 'on Christmas Eve'],
    ['lamplighter explain r1:ml/gpu --at 2026-12-24T17:00Z --json', 'for programs'],
  ]);
}

function collect(text: string, before: readonly EpochMs[] | undefined): readonly EpochMs[] {
  return [...(before ?? []), readInstant(text)];
}

export async function explain(parts: CliParts, pool: string, options: ExplainOptions): Promise<void> {
  const config = await readConfig(parts, options.config);
  const now = parts.clock.now();
  const instants = options.at ?? [now];
  const book = makeRuleBook(config, instants[0] ?? now);
  const names = resolveRegion(config, book, parsePool(pool, config));
  const found = options.at === undefined ? await lookUp(parts, config, book, names, now) : undefined;
  const explanations = instants.map((at) => explainPool(config, book, names, at, found?.known));
  const standing = options.at === undefined ? { uninstalled: uninstalledJson(found?.uninstalled) } : {};
  if (options.json)
    writeJson(
      parts.stdout,
      explanations.map((one) => ({ ...explanationJson(one), ...standing })),
    );
  else for (const explanation of explanations) writeText(parts, config, explanation, found);
}

/** `wanted` = what it should have now by rule, memory and asks; undefined = no round has seen it, or nobody knows. */
type Found = {
  readonly known: KnownPool;
  readonly wanted: Size | undefined;
  readonly uninstalled: Uninstalled | undefined;
};

/** What the store holds about the pool now; a store that cannot be read is said, and the schedule explained all the same. */
async function lookUp(
  parts: CliParts,
  config: CompiledConfig,
  book: RuleBook,
  names: Names,
  now: EpochMs,
): Promise<Found | undefined> {
  try {
    return await lookIntoStore(parts, config, async (store) => {
      const all = await listAsks(store, names.region);
      const pools = await listKnownPools(store, [names.region]);
      const found = pools.find(({ cluster, pool }) => cluster === names.cluster && pool === names.pool);
      const status = found && poolStatus(found, { book, asks: all, now, everyMs: config.everyMs });
      const asks = asksOfPool(all, names, now);
      const known = { memory: found?.memory, inFlight: found?.change, asks, hold: status?.hold };
      return { known, wanted: status?.wanted, uninstalled: await readUninstalled(store) };
    });
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    parts.stderr.write(`What the store holds is left out: ${error.message}\n`);
    return undefined;
  }
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
function writeText(parts: CliParts, config: CompiledConfig, explanation: Explanation, found: Found | undefined): void {
  const { at, names, desired, because, nextChange, openWindows } = explanation;
  const { stdout, env } = parts;
  const paint = makePaint(stdout, env);
  const own = zoneOf(config, explanation) ?? readingZone(config, parts);
  const next =
    nextChange === undefined
      ? 'no change within four years'
      : `${describeDesired(nextChange.desired)} from ${localInstant(nextChange.at, own)}`;
  const scheduled = describeDesired(desired);
  const { wanted, uninstalled } = found ?? {};
  const lines = [
    ...(uninstalled === undefined ? [] : [paint.yellow(uninstalledText(config, uninstalled, own))]),
    `${paint.bold(poolLabels(config)(names))} at ${localInstant(at, own)}`,
    `  wanted  ${paint.green(wanted === undefined ? scheduled : describeSize(wanted))}`,
    ...(wanted === undefined || describeSize(wanted) === scheduled ? [] : [`  rule    ${scheduled}`]),
    ...because.map((sentence, i) => `  ${i === 0 ? 'why' : '   '}     ${printable(localInstants(sentence, own, at))}`),
    ...(openWindows.length === 0 ? [] : [`  open    ${openWindows.join('; ')}`]),
    `  next    ${next}`,
    '',
  ];
  stdout.write(`${lines.join('\n')}\n`);
}

function zoneOf(config: CompiledConfig, { rule }: Explanation): string | undefined {
  const found = config.rules.find(({ position }) => position.line === rule?.line && position.file === rule?.file);
  return config.schedules.find(({ name }) => name === found?.schedule)?.zone;
}

export function describeDesired(desired: Desired): string {
  if (typeof desired === 'string') return desired;
  return 'size' in desired ? describeSize(desired.size) : describeSize(desired);
}
