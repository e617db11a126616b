import { type Command, Option } from 'commander';
import { percentSaved, savedPercent } from '../../decide/past/node-hours.ts';
import {
  countSavings,
  groupSavings,
  type PoolSavings,
  type Savings,
  type SavingsGroup,
  sumSavings,
  unseenHours,
} from '../../jobs/records/count-savings.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { printable } from '../../model/printable.ts';
import { counted, wholeNumber } from '../../model/text.ts';
import { dayMs } from '../../model/time.ts';
import { lookIntoStore, readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption, readDuration } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { localInstant, readingZone, rfc3339 } from '../text/instant.ts';
import { clusterLabels, poolLabels } from '../text/labels.ts';
import { makePaint } from '../text/paint.ts';
import { renderTable, writeJson } from '../text/table.ts';

const groupings = ['rule', 'cluster', 'pool'] as const;
type Grouping = (typeof groupings)[number];
type SavingsOptions = ConfigOption & JsonOption & { readonly since: number; readonly by: Grouping };

export function addSavings(program: Command, parts: CliParts): void {
  const command = program
    .command('savings')
    .description(
      'Show the node-hours saved, compared with every pool at its base all the time; in money if there are prices.',
    )
    .addOption(new Option('--since <duration>', 'how far back').argParser(readDuration).default(30 * dayMs, '30d'))
    .addOption(new Option('--by <what>', 'a line for each of these').choices(groupings).default('rule'))
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: SavingsOptions) => savings(parts, options));
  examples(command, [
    ['lamplighter savings', 'the last 30 days, by rule'],
    ['lamplighter savings --since 7d --by pool', 'each pool this week'],
    ['lamplighter savings --json', 'for programs'],
  ]);
}

async function savings(parts: CliParts, { since, by, json, config: file }: SavingsOptions): Promise<void> {
  const config = await readConfig(parts, file);
  const to = parts.clock.now();
  const from = to - since;
  const found = (await lookIntoStore(parts, config, (store) => countSavings(store, config, from, to))) ?? {
    from,
    to,
    pools: [],
    gaps: [],
  };
  const groups = groupSavings(found.pools, nameBy(config, by));
  if (json) writeJson(parts.stdout, savingsJson(found, groups, config, by));
  else writeText(parts, config, found, groups, by);
}

function nameBy(config: CompiledConfig, by: Grouping): (pool: PoolSavings) => string {
  if (by === 'pool') return poolLabels(config);
  if (by === 'cluster') return clusterLabels(config);
  return ({ rule }) => rule?.match.text ?? 'no rule any more';
}

function savingsJson(
  found: Savings,
  groups: readonly SavingsGroup[],
  { prices }: CompiledConfig,
  by: Grouping,
): object {
  return {
    from: rfc3339(found.from),
    to: rfc3339(found.to),
    unseenHours: rounded(unseenHours(found)),
    currency: prices?.currency ?? null,
    total: groupJson(sumSavings(found.pools)),
    groups: groups.map(({ name, ...group }) => ({ [by]: name, ...groupJson(group) })),
  };
}

function groupJson({ pools, hours, money }: Omit<SavingsGroup, 'name'>): object {
  const { used, always } = hours;
  const percent = savedPercent(hours);
  return {
    pools,
    nodeHours: rounded(used),
    baseNodeHours: rounded(always),
    savedNodeHours: rounded(always - used),
    savedPercent: percent === undefined ? null : rounded(percent),
    saved: money === undefined ? null : rounded(money),
  };
}

function writeText(
  { stdout, env, ...parts }: CliParts,
  config: CompiledConfig,
  found: Savings,
  groups: readonly SavingsGroup[],
  by: Grouping,
): void {
  const zone = readingZone(config, parts);
  if (groups.length === 0) {
    stdout.write(`no sizes were recorded since ${localInstant(found.from, zone)}\n`);
    return;
  }
  const paint = makePaint(stdout, env);
  const money = config.prices?.currency;
  const head = [by, 'node-hours', 'at base', 'saved', '', ...(money === undefined ? [] : [money])];
  const rows = groups.map(({ name, ...group }) => [printable(name), ...cellsOf(group, money)]);
  const all = ['all', ...cellsOf(sumSavings(found.pools), money)];
  const [title = '', ...lines] = renderTable(
    [head, ...rows, ...(groups.length > 1 ? [all] : [])],
    parts.redactor.clean,
  );
  const unseen = unseenHours(found);
  const notes = [
    `since ${localInstant(found.from, zone)}: against every pool at its base all the time; an autoscaled pool counts the nodes that were seen, and at least its base's lower bound`,
    ...(unseen >= 0.1 ? [`${counted(Math.round(unseen * 10) / 10, 'hour')} without rounds are not counted`] : []),
    ...(money !== undefined && sumSavings(found.pools).money === undefined
      ? ['– = not every pool there has a price (prices.flavors, prices.default)']
      : []),
  ];
  stdout.write(`${[paint.bold(title), ...lines, '', ...notes].join('\n')}\n`);
}

function cellsOf({ hours, money }: Omit<SavingsGroup, 'name'>, currency: string | undefined): string[] {
  const { used, always } = hours;
  const saved = money === undefined ? '–' : wholeNumber(money);
  const hoursText = [used, always, always - used].map(wholeNumber);
  return [...hoursText, percentSaved(hours), ...(currency === undefined ? [] : [saved])];
}

function rounded(n: number): number {
  return Math.round(n * 100) / 100;
}
