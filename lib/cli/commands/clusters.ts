import type { Command } from 'commander';
import { openSecrets } from '../../app.ts';
import { labelledNames, makeRuleBook, type RuleBook } from '../../decide/scaling/rule-book.ts';
import { endOfLife } from '../../decide/watching/end-of-life.ts';
import { CommandError } from '../../errors.ts';
import { type MksParts, makeMks, showCluster } from '../../io/mks/client.ts';
import { concurrency, mapBounded } from '../../jobs/concurrency.ts';
import { type Answer, describeAnswer } from '../../model/answer.ts';
import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { matchesCluster } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import type { Size } from '../../model/size.ts';
import { compareText, counted } from '../../model/text.ts';
import { calendarDays, type EpochMs, isoDate } from '../../model/time.ts';
import { readAskedMatch } from '../asks/asked-match.ts';
import { readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import { type CliParts, makeCliLog } from '../parts.ts';
import { clusterLabels } from '../text/labels.ts';
import { makePaint, type Paint } from '../text/paint.ts';
import { renderTable, writeJson } from '../text/table.ts';

type ClustersOptions = ConfigOption & JsonOption;

/** A cluster as the API has it now; pools undefined = they could not be read. */
type Looked = { readonly cluster: ObservedCluster; readonly pools: readonly ObservedPool[] | undefined };
type Found = { readonly clusters: readonly Looked[]; readonly problems: readonly string[] };

export function addClusters(program: Command, parts: CliParts): void {
  const command = program
    .command('clusters')
    .description(
      'List every cluster of the regions, managed or not: status, version and its end, pools, nodes, rules, errors. Only reads.',
    )
    .argument('[name]', 'one cluster, or some with *: print the JSON that the API returns')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((name: string | undefined, options: ClustersOptions) => clusters(parts, name, options));
  examples(command, [
    ['lamplighter clusters', 'a line for each'],
    ['lamplighter clusters prod-web', 'what the API says of one, as JSON'],
    ['lamplighter clusters --json', 'for programs'],
  ]);
}

async function clusters(parts: CliParts, name: string | undefined, options: ClustersOptions): Promise<void> {
  const config = await readConfig(parts, options.config);
  const regions = regionsOf(parts, config);
  if (name !== undefined) return showNamed(parts, config, regions, name);
  const found = await lookAtAll(regions);
  const book = makeRuleBook(config, parts.clock.now());
  if (options.json) writeJson(parts.stdout, foundJson(found, config, book, parts.clock.now()));
  else writeText(parts, config, found, book);
  if (found.problems.length > 0) parts.exitWith(1);
}

function regionsOf(parts: CliParts, config: CompiledConfig): readonly MksParts[] {
  const secrets = openSecrets({ ...parts, log: makeCliLog(parts, 'error') });
  return config.regions.map((region) => ({ ...parts, region, token: secrets.token(region.token) }));
}

async function lookAtAll(regions: readonly MksParts[]): Promise<Found> {
  const problems: string[] = [];
  const all: Looked[] = [];
  for (const parts of regions) {
    const mks = makeMks(parts);
    const list = await mks.listClusters();
    if (list.kind !== 'ok') {
      problems.push(`the clusters of region ${parts.region.name} could not be listed: ${describeAnswer(list)}`);
      continue;
    }
    const looked = await mapBounded(list.value, concurrency, async (listed): Promise<Looked> => {
      const [cluster, pools] = [await mks.getCluster(listed.id), await mks.listNodePools(listed.id)];
      if (pools.kind !== 'ok')
        problems.push(`the node pools of ${listed.name} could not be listed: ${describeAnswer(pools)}`);
      return { cluster: valueOf(cluster) ?? listed, pools: valueOf(pools) };
    });
    all.push(...looked.toSorted((a, b) => compareText(a.cluster.name, b.cluster.name)));
  }
  return { clusters: all, problems };
}

function valueOf<T>(answer: Answer<T>): T | undefined {
  return answer.kind === 'ok' ? answer.value : undefined;
}

/** What the provider's documentation shows with curl: the parameters of one cluster as the API gives them. */
async function showNamed(
  parts: CliParts,
  config: CompiledConfig,
  regions: readonly MksParts[],
  name: string,
): Promise<void> {
  const match = readAskedMatch(name, config);
  const shown: unknown[] = [];
  for (const region of regions) {
    const list = await makeMks(region).listClusters();
    if (list.kind !== 'ok')
      throw new CommandError(
        `The clusters of region ${region.region.name} could not be listed: ${describeAnswer(list)}`,
      );
    for (const cluster of list.value.filter((one) =>
      matchesCluster(match, { region: one.region, cluster: one.name }),
    )) {
      const answer = await showCluster(region, cluster.id);
      if (answer.kind !== 'ok')
        throw new CommandError(`Cluster ${cluster.name} could not be read: ${describeAnswer(answer)}`);
      shown.push(answer.value);
    }
  }
  if (shown.length === 0) throw new CommandError(`No region lists a cluster "${name}"; see: lamplighter clusters`);
  writeJson(parts.stdout, shown);
}

function foundJson(
  { clusters: all, problems }: Found,
  { versions }: CompiledConfig,
  book: RuleBook,
  now: EpochMs,
): object {
  return {
    problems,
    clusters: all.map(({ cluster, pools }) => ({
      region: cluster.region,
      cluster: cluster.name,
      id: cluster.id,
      status: cluster.status,
      version: cluster.version?.version ?? null,
      ...endJson(cluster, versions, now),
      errors: cluster.errors,
      nodes: pools === undefined ? null : nodesOf(pools),
      pools: pools?.map((pool) => poolJson(cluster, pool, book)) ?? null,
    })),
  };
}

function poolJson({ region, name: cluster }: ObservedCluster, pool: ObservedPool, book: RuleBook): object {
  const rule = book.ruleOf({ region, cluster, pool: pool.name, labels: pool.labels });
  return {
    pool: pool.name,
    status: pool.status,
    flavor: pool.flavor ?? null,
    size: sizeOf(pool) ?? null,
    nodes: pool.size ?? null,
    rule: rule === undefined ? null : { match: rule.match.text, schedule: rule.schedule ?? null, mode: rule.mode },
    errors: pool.errors,
  };
}

function sizeOf({ autoscale, size, sizeMin, sizeMax }: ObservedPool): Size | undefined {
  if (!autoscale) return size;
  return sizeMin === undefined || sizeMax === undefined ? undefined : { min: sizeMin, max: sizeMax };
}

function nodesOf(pools: readonly ObservedPool[]): number {
  return pools.reduce((sum, { size = 0 }) => sum + size, 0);
}

type Versions = CompiledConfig['versions'];

/** Days on the calendar, in UTC, as alerts count them; `eolFrom` where the date is the config's own. */
function endJson({ version }: ObservedCluster, versions: Versions, now: EpochMs): object {
  const end = version && endOfLife(version, versions);
  if (end === undefined) return { eol: null, eolDays: null };
  return {
    eol: isoDate(end.date),
    eolDays: calendarDays(now, end.date),
    ...(end.from === 'config' && { eolFrom: 'config' }),
  };
}

function writeText(
  { stdout, stderr, env, clock, redactor }: CliParts,
  config: CompiledConfig,
  found: Found,
  book: RuleBook,
): void {
  const paint = makePaint(stdout, env);
  const label = clusterLabels(config);
  const now = clock.now();
  const rows = found.clusters.map(({ cluster, pools }) => [
    label({ region: cluster.region, cluster: cluster.name }),
    printable(cluster.status),
    printable(cluster.version?.version ?? '?'),
    endText(cluster, config.versions, now),
    pools === undefined ? '?' : String(pools.length),
    pools === undefined ? '?' : String(nodesOf(pools)),
    rulesText(cluster, pools, book),
  ]);
  const titles = ['cluster', 'status', 'version', 'ends', 'pools', 'nodes', 'rules'];
  const [head = '', ...lines] = renderTable([titles, ...rows], redactor.clean);
  const shown = lines.flatMap((line, i) => withErrors(line, found.clusters[i], paint));
  const total = found.clusters.reduce((sum, { pools }) => sum + nodesOf(pools ?? []), 0);
  const sum = `${counted(found.clusters.length, 'cluster')}, ${counted(total, 'node')}`;
  stdout.write(`${[...(rows.length === 0 ? [] : [paint.bold(head), ...shown, '']), sum].join('\n')}\n`);
  for (const problem of found.problems) stderr.write(`${problem}\n`);
}

function endText({ version }: ObservedCluster, versions: Versions, now: EpochMs): string {
  const end = version && endOfLife(version, versions);
  if (end === undefined) return 'not known';
  const days = calendarDays(now, end.date);
  const when = days < 0 ? `${counted(-days, 'day')} ago` : counted(days, 'day');
  return `${isoDate(end.date)}, ${when}${end.from === 'config' ? ', by the config' : ''}`;
}

/** "2 of 3 scaled", "none". */
function rulesText(cluster: ObservedCluster, pools: Looked['pools'], book: RuleBook): string {
  if (pools === undefined) return '?';
  const names = (pool: ObservedPool) => labelledNames(cluster, pool);
  const rules = pools.map((pool) => book.ruleOf(names(pool)));
  const scaled = rules.filter((rule) => rule?.schedule !== undefined && rule.mode === 'act').length;
  const observed = rules.filter((rule) => rule?.schedule !== undefined && rule.mode === 'observe').length;
  const parts = [...(scaled > 0 ? [`${scaled} scaled`] : []), ...(observed > 0 ? [`${observed} observed`] : [])];
  return parts.length === 0 ? 'none: only watched' : parts.join(', ');
}

function withErrors(line: string, looked: Looked | undefined, paint: Paint): readonly string[] {
  const errors = [
    ...(looked?.cluster.errors ?? []),
    ...(looked?.pools ?? []).flatMap((pool) => pool.errors.map((error) => `${pool.name}: ${error}`)),
  ];
  const isBad = errors.length > 0 || looked?.cluster.status === 'Error';
  return [isBad ? paint.red(line) : line, ...errors.map((error) => paint.red(`  ${printable(error)}`))];
}
