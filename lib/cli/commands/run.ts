import { type Command, InvalidArgumentError, Option } from 'commander';
import { UsageError } from '../../errors.ts';
import { printable } from '../../model/printable.ts';
import { type ConfigOption, configOption, examples, type JsonOption, jsonOption } from '../options.ts';
import { type CliParts, makeCliLog, tellingStart } from '../parts.ts';
import type { OneRound } from '../run/run-command.ts';
import { localInstants, readingZone } from '../text/instant.ts';
import { writeJson } from '../text/table.ts';

type Address = { readonly host: string; readonly port: number };

type RunCommandOptions = ConfigOption &
  JsonOption & { readonly once?: true; readonly dryRun?: true; readonly listen?: Address };

export function addRun(program: Command, parts: CliParts): void {
  const command = program
    .command('run')
    .description(
      'Run Lamplighter as one process: every few minutes it scales, watches and sends alerts, until you stop it.',
    )
    .option('--once', 'one round, then end')
    .option('--dry-run', 'with --once: only show what would be done')
    .addOption(
      new Option(
        '--listen <host:port>',
        'serve metrics, health and events at this address; overrides the config',
      ).argParser(readAddress),
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options: RunCommandOptions) => run(parts, options));
  examples(command, [
    ['lamplighter run', 'until Ctrl-C; it may be stopped at any moment'],
    ['lamplighter run --listen 127.0.0.1:9090', 'with metrics, health and events'],
    ['lamplighter run --once --json', 'one round, as JSON, for cron'],
  ]);
}

async function run(parts: CliParts, options: RunCommandOptions): Promise<void> {
  const { once, dryRun, json, listen, config } = options;
  if (!once && (dryRun || json))
    throw new UsageError(`${dryRun ? '--dry-run' : '--json'} is for one round: add --once`);
  if (once && listen) throw new UsageError('--listen serves while the process runs: leave out --once');
  const { runForever, runOnce } = await import('../run/run-command.ts');
  if (once) {
    const quiet = makeCliLog(parts, json ? 'error' : 'warn');
    const started: string[] = [];
    const log = json ? quiet : tellingStart(quiet, (text) => void started.push(text));
    const round = await runOnce({ ...parts, log }, config, dryRun === true);
    const zone = readingZone(round.config, parts);
    for (const text of started) {
      const told = localInstants(printable(text), zone, parts.clock.now());
      parts.stderr.write(`first round under this config: ${told}\n`);
    }
    return writeReport(parts, options, round);
  }
  const { keepSmall } = await import('../run/keep-small.ts');
  keepSmall();
  await runForever(
    { ...parts, log: makeCliLog(parts, 'info') },
    { configFile: config, listen, signal: parts.signal, zone: parts.zone },
  );
}

/** Whatever could not be read or done makes the round a failure for scripts; it is said for which cluster. */
async function writeReport(parts: CliParts, { json, dryRun }: RunCommandOptions, round: OneRound): Promise<void> {
  const { config, report } = round;
  const { roundJson, roundText } = await import('../run/round-output.ts');
  if (json) writeJson(parts.stdout, roundJson(report, config));
  else
    parts.stdout.write(
      roundText(report, config, dryRun !== true, { zone: readingZone(config, parts), now: parts.clock.now() }),
    );
  if (report.problems.length > 0) parts.exitWith(1);
}

export function readAddress(text: string): Address {
  const [, host, port] = /^(\[[\da-f:]+\]|[\w.-]+):(\d{1,5})$/iu.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535)
    throw new InvalidArgumentError('not an address and a port; write 127.0.0.1:9090');
  return { host: host.replace(/^\[|\]$/gu, ''), port: Number(port) };
}
