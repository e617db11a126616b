import { type Command, Option } from 'commander';
import { namesSubject } from '../../decide/incidents/silence.ts';
import type { Match } from '../../model/config.ts';
import type { Severity } from '../../model/finding.ts';
import { readAskedMatch } from '../asks/asked-match.ts';
import { lookIntoStore, readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isMatched } from '../pools.ts';
import { type FleetStatus, fleetStatus } from '../status/fleet-status.ts';
import { statusJson } from '../status/status-json.ts';
import { statusText } from '../status/status-text.ts';
import { readingZone } from '../text/instant.ts';
import { makePaint } from '../text/paint.ts';
import { writeJson } from '../text/table.ts';

type StatusOptions = ConfigOption & JsonOption & { readonly failOn?: 'warning' | 'critical' };

export function addStatus(program: Command, parts: CliParts): void {
  const command = program
    .command('status')
    .description(
      'Show the fleet as the last round saw it: sizes, holds, asks and findings. Reads the store, calls no API.',
    )
    .argument('[match]', 'cluster, or cluster/pool, with *, ?, [ab] and {a,b} (default: all)')
    .addOption(
      new Option('--fail-on <severity>', 'exit with 1 when something of this severity or worse is wrong').choices([
        'warning',
        'critical',
      ]),
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .action((match: string | undefined, options: StatusOptions) => status(parts, match, options));
  examples(command, [
    ['lamplighter status', 'a table for people'],
    ['lamplighter status "dev-*"', 'only some clusters or pools'],
    ['lamplighter status --fail-on critical', 'for a health check'],
    ['lamplighter status --json', 'for programs'],
  ]);
}

async function status(parts: CliParts, text: string | undefined, options: StatusOptions): Promise<void> {
  const config = await readConfig(parts, options.config);
  const match = text === undefined ? undefined : readAskedMatch(text, config);
  const now = parts.clock.now();
  const whole =
    (await lookIntoStore(parts, config, (store) => fleetStatus(store, config, now))) ??
    (await fleetStatus(undefined, config, now));
  const found = match === undefined ? whole : onlyMatched(whole, match);
  if (options.json) writeJson(parts.stdout, statusJson(found, config));
  else
    parts.stdout.write(
      statusText(found, config, makePaint(parts.stdout, parts.env), readingZone(config, parts), match !== undefined),
    );
  if (options.failOn !== undefined && isAsBadAs(found, options.failOn)) parts.exitWith(1);
}

/** Only what is about the pools and clusters that were named; what is about the whole fleet or a region stays. */
function onlyMatched(status: FleetStatus, match: Match): FleetStatus {
  const pools = status.pools.filter(({ pool }) => isMatched(match, pool));
  const isFor = (ask: FleetStatus['asks'][number]) =>
    ask.kind === 'approval' || pools.some(({ asks }) => [asks.override, asks.pause, ...asks.leases].includes(ask));
  const findings = status.findings.filter(({ subject }) => !('cluster' in subject) || namesSubject(match, subject));
  return { ...status, pools, asks: status.asks.filter(isFor), findings };
}

function isAsBadAs({ findings }: FleetStatus, threshold: 'warning' | 'critical'): boolean {
  const bad: readonly Severity[] = threshold === 'critical' ? ['critical'] : ['critical', 'warning'];
  return findings.some(({ severity }) => bad.includes(severity));
}
