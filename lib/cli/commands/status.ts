import { type Command, Option } from 'commander';
import type { Severity } from '../../model/finding.ts';
import { lookIntoStore, readConfig } from '../config-and-store.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';
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
    .description('The fleet as the last rounds left it: sizes, holds, what was asked for, what is wrong. Asks no API.')
    .addOption(
      new Option('--fail-on <severity>', 'exit code 1 when something of this severity or worse is wrong').choices([
        'warning',
        'critical',
      ]),
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: StatusOptions) => status(parts, options));
  examples(command, [
    ['lamplighter status', 'a table for people'],
    ['lamplighter status --fail-on critical', 'for a health check'],
    ['lamplighter status --json', 'for programs'],
  ]);
}

async function status(parts: CliParts, options: StatusOptions): Promise<void> {
  const config = await readConfig(parts, options.config);
  const now = parts.clock.now();
  const found =
    (await lookIntoStore(parts, config, (store) => fleetStatus(store, config, now))) ??
    (await fleetStatus(undefined, config, now));
  if (options.json) writeJson(parts.stdout, statusJson(found, config));
  else parts.stdout.write(statusText(found, config, makePaint(parts.stdout, parts.env), readingZone(config, parts)));
  if (options.failOn !== undefined && isAsBadAs(found, options.failOn)) parts.exitWith(1);
}

function isAsBadAs({ findings }: FleetStatus, threshold: 'warning' | 'critical'): boolean {
  const bad: readonly Severity[] = threshold === 'critical' ? ['critical'] : ['critical', 'warning'];
  return findings.some(({ severity }) => bad.includes(severity));
}
