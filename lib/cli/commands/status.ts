import { type Command, Option } from 'commander';
import { formatDuration } from '../../config/duration.ts';
import { namesSubject } from '../../decide/incidents/silence.ts';
import { timeIn } from '../../decide/schedule/local-time.ts';
import { StoreError, UsageError } from '../../errors.ts';
import type { CompiledConfig, Match } from '../../model/config.ts';
import { isWorse } from '../../model/finding.ts';
import { failUnseen, readAskedMatch } from '../asks/asked-match.ts';
import { lookIntoStore, readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption, readDuration } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { isMatched } from '../pools.ts';
import { type FleetStatus, fleetStatus } from '../status/fleet-status.ts';
import { statusJson } from '../status/status-json.ts';
import { statusText } from '../status/status-text.ts';
import { readingZone } from '../text/instant.ts';
import { makePaint } from '../text/paint.ts';
import { openScreen } from '../text/screen.ts';
import { writeJson } from '../text/table.ts';

type StatusOptions = ConfigOption &
  JsonOption & { readonly failOn?: 'warning' | 'critical'; readonly watch?: true; readonly every?: number };

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
    .option('--watch', 'refresh it until Ctrl-C')
    .addOption(new Option('--every <duration>', 'with --watch: how often (default: 5s)').argParser(readDuration))
    .addOption(configOption())
    .addOption(jsonOption())
    .action((match: string | undefined, options: StatusOptions) => status(parts, match, options));
  examples(command, [
    ['lamplighter status', 'a table for people'],
    ['lamplighter status "dev-*"', 'only some clusters or pools'],
    ['lamplighter status --watch', 'refreshed every 5 seconds'],
    ['lamplighter status --fail-on critical', 'for a health check'],
    ['lamplighter status --json', 'for programs'],
  ]);
}

async function status(parts: CliParts, text: string | undefined, options: StatusOptions): Promise<void> {
  const config = await readConfig(parts, options.config);
  const match = text === undefined ? undefined : readAskedMatch(text, config);
  if (options.every !== undefined && !options.watch) throw new UsageError('--every is for --watch: add it');
  if (options.watch) return watchStatus(parts, options, config, match);
  const found = await look(parts, config, match);
  if (found.pools.length === 0) await failUnseen(parts, config, match);
  if (options.json) writeJson(parts.stdout, statusJson(found, config));
  else parts.stdout.write(textOf(parts, found, config, match));
  if (options.failOn !== undefined && isAsBadAs(found, options.failOn)) parts.exitWith(1);
}

async function look(parts: CliParts, config: CompiledConfig, match: Match | undefined): Promise<FleetStatus> {
  const now = parts.clock.now();
  const whole =
    (await lookIntoStore(parts, config, (store) => fleetStatus(store, config, now))) ??
    (await fleetStatus(undefined, config, now));
  return match === undefined ? whole : onlyMatched(whole, match);
}

function textOf(parts: CliParts, found: FleetStatus, config: CompiledConfig, match: Match | undefined): string {
  const paint = makePaint(parts.stdout, parts.env);
  const { clean } = parts.redactor;
  return statusText(found, config, { paint, zone: readingZone(config, parts), clean, isPart: match !== undefined });
}

const usualEveryMs = 5000;

/** The same picture drawn again in place. A store that cannot be read just now is said, and looked into again. */
async function watchStatus(
  parts: CliParts,
  { every = usualEveryMs, json, failOn }: StatusOptions,
  config: CompiledConfig,
  match: Match | undefined,
): Promise<void> {
  const { stdout, signal, clock } = parts;
  if (json || failOn) throw new UsageError(`--watch is for people: leave out ${json ? '--json' : '--fail-on'}`);
  if (!stdout.isTerminal) throw new UsageError('--watch needs a terminal; elsewhere run status repeatedly');
  if (every < 1000) throw new UsageError('--every takes 1s or more');
  const screen = openScreen(stdout);
  try {
    while (!signal.aborted) {
      const head = `${timeIn(clock.now(), readingZone(config, parts))}, every ${formatDuration(every)}; Ctrl-C ends it`;
      screen.draw([head, '', ...(await shownNow(parts, config, match)).split('\n')]);
      await clock.sleep(every, signal);
    }
  } finally {
    screen.close();
  }
}

async function shownNow(parts: CliParts, config: CompiledConfig, match: Match | undefined): Promise<string> {
  try {
    return textOf(parts, await look(parts, config, match), config, match);
  } catch (error) {
    if (error instanceof StoreError) return error.message;
    throw error;
  }
}

/** Only what is about the pools and clusters that were named; what is about the whole fleet or a region stays. */
function onlyMatched(status: FleetStatus, match: Match): FleetStatus {
  const pools = status.pools.filter(({ pool }) => isMatched(match, pool));
  const isFor = (ask: FleetStatus['asks'][number]) =>
    ask.kind === 'approval' || pools.some(({ asks }) => [asks.override, asks.pause, ...asks.leases].includes(ask));
  const findings = status.findings.filter(({ subject }) => !('cluster' in subject) || namesSubject(match, subject));
  const announced = status.announced
    .map((one) => ({ ...one, pools: one.pools.filter((pool) => isMatched(match, pool)) }))
    .filter((one) => one.pools.length > 0);
  return { ...status, pools, asks: status.asks.filter(isFor), findings, announced };
}

function isAsBadAs({ findings }: FleetStatus, threshold: 'warning' | 'critical'): boolean {
  return findings.some(({ severity }) => !isWorse(threshold, severity));
}
