import { type Command, Option } from 'commander';
import type { Decision } from '../../decide/scaling/plan.ts';
import { UsageError } from '../../errors.ts';
import { listDecisions } from '../../jobs/records/cluster-records.ts';
import { reachedRegions } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { describeSize } from '../../model/size.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { failUnseen, readAskedMatch } from '../asks/asked-match.ts';
import { whoDid } from '../asks/who-did.ts';
import { lookIntoStore, readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption, readDuration } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isMatched } from '../pools.ts';
import { dateAndTime, localInstant, localInstants, readingZone, rfc3339 } from '../text/instant.ts';
import { type PoolLabel, poolLabels } from '../text/labels.ts';
import { renderTable, writeJson } from '../text/table.ts';

type HistoryOptions = ConfigOption & JsonOption & { readonly since: number; readonly who?: string | true };

const weekMs = 7 * dayMs;

export function addHistory(program: Command, parts: CliParts): void {
  const command = program
    .command('history')
    .description('List what was decided: for which pool, why and by whom. Newest last.')
    .argument('[match]', 'cluster, or cluster/pool, with *, ?, [ab] and {a,b} (default: all)')
    .addOption(new Option('--since <duration>', 'how far back').argParser(readDuration).default(weekMs, '7d'))
    .option('--who [name]', 'what people did, and its effect; with a name, only people whose name contains it')
    .addOption(configOption())
    .addOption(jsonOption())
    .action((match: string | undefined, options: HistoryOptions) => history(parts, match, options));
  examples(command, [
    ['lamplighter history', 'the last 7 days'],
    ['lamplighter history dev-api/workers --since 24h', 'one pool since yesterday'],
    ['lamplighter history --since 30d --who ada', 'what ada asked for, and what was done because of it'],
    ['lamplighter history "prod-*" --since 30d --json', 'for programs'],
  ]);
}

async function history(parts: CliParts, text: string | undefined, options: HistoryOptions): Promise<void> {
  if (text !== undefined && options.who !== undefined)
    throw new UsageError(`--who lists what people did in the whole fleet: leave out "${text}"`);
  const config = await readConfig(parts, options.config);
  const match = text === undefined ? undefined : readAskedMatch(text, config);
  const since = parts.clock.now() - options.since;
  const decisions = await lookIntoStore(parts, config, async (store) => {
    const all: Decision[] = [];
    for (const region of reachedRegions(match, config.regions)) {
      const own = await listDecisions(store, region, { since });
      all.push(...own.filter((decision) => decision.at >= since && isMatched(match, decision)));
    }
    return all.sort((a, b) => a.at - b.at);
  });
  if (decisions?.length === 0) await failUnseen(parts, config, match);
  if (options.who !== undefined)
    return whoDid(parts, config, options.who, { decisions: decisions ?? [], since, json: options.json });
  if (options.json) writeJson(parts.stdout, (decisions ?? []).map(decisionJson));
  else writeText(parts, { zone: readingZone(config, parts), label: poolLabels(config) }, decisions ?? [], since);
}

function decisionJson(decision: Decision): object {
  const { at, region, cluster, pool, kind, code, from, to, nodes, reason, who, configHash } = decision;
  return {
    at: rfc3339(at),
    region,
    cluster,
    pool,
    kind,
    code,
    from: from ?? null,
    to: to ?? null,
    nodes: nodes ?? null,
    reason,
    who,
    configHash,
  };
}

type Reading = { readonly zone: string; readonly label: PoolLabel };

function writeText(
  { stdout, redactor }: CliParts,
  { zone, label }: Reading,
  decisions: readonly Decision[],
  since: EpochMs,
): void {
  if (decisions.length === 0) {
    stdout.write(`no decisions since ${localInstant(since, zone)}\n`);
    return;
  }
  const rows = decisions.map((decision) => {
    const { kind, from, to, nodes, reason, who } = decision;
    const sizes = to === undefined ? describeSize(from) : `${describeSize(from)} → ${describeSize(to)}`;
    return [
      dateAndTime(decision.at, zone),
      label(decision),
      kind,
      sizes,
      nodes === undefined ? '' : String(nodes),
      printable(who),
      printable(localInstants(reason, zone, decision.at)),
    ];
  });
  const head = [zone, 'pool', 'what', 'size', 'nodes', 'who', 'why'];
  stdout.write(`${renderTable([head, ...rows], redactor.clean).join('\n')}\n`);
}
