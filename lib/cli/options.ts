import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDurationMs, suggestDuration } from '../config/duration.ts';
import { parseInstant } from '../decide/schedule/parse-time.ts';
import { isScheduleProblem } from '../decide/schedule/schedule-problem.ts';
import { UsageError } from '../errors.ts';
import { longestAskMs } from '../model/asks.ts';
import type { Size } from '../model/size.ts';
import type { EpochMs } from '../model/time.ts';
import { localInstant } from './text/instant.ts';

export type ConfigOption = { readonly config: string };
export type JsonOption = { readonly json?: true };
type ReasonOption = { readonly reason?: string };
export type EndOptions = { readonly for?: number; readonly until?: EpochMs };

export function configOption(): Option {
  return new Option('-c, --config <file>', 'the config').default('./lamplighter.yml');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs (docs/json.md)');
}

function reasonOption(): Option {
  return new Option('--reason <text>', 'why; others see it').argParser(readReason);
}

const longestReason = 1000;

/** What is too long would fill every message and list in which it stands. */
function readReason(text: string): string {
  if (text.length <= longestReason) return text.trim();
  throw new InvalidArgumentError(`it has ${text.length} characters; write up to ${longestReason} characters`);
}

function forOption(what: string): Option {
  return new Option('--for <duration>', `${what}: 30m, 4h, 2d`).argParser(readDuration);
}

function untilOption(what: string): Option {
  return new Option('--until <instant>', `${what}, with an offset: 2026-12-24T18:00+01:00`).argParser(readInstant);
}

/** What every command takes that asks for something or changes what is remembered. */
export type AskOptions = ConfigOption & JsonOption & ReasonOption;

/** Its last options, in the order of every help; `ends`: what is asked for has an end, and what --for says of it. */
export function addAskOptions(command: Command, ends?: string): Command {
  if (ends !== undefined) command.addOption(forOption(ends)).addOption(untilOption('until when'));
  // A script's empty variable is no reason. Commander keeps no undefined that a parser returns.
  command.hook('preAction', () => {
    if (command.getOptionValue('reason') === '') command.setOptionValue('reason', undefined);
  });
  return command.addOption(reasonOption()).addOption(configOption()).addOption(jsonOption());
}

/** Examples below a command's help, each with what it does: beside it, or below it where a terminal has no room. */
export function examples(command: Command, lines: readonly (readonly [line: string, does: string])[]): Command {
  const width = Math.max(...lines.map(([line]) => line.length));
  const beside = lines.map(([line, does]) => `  ${line.padEnd(width)}  ${does}`.trimEnd());
  const below = lines.map(([line, does]) => `  ${line}\n      ${does}`.trimEnd());
  const isWide = beside.some((line) => line.length > usualColumns);
  return command.addHelpText('after', `\nExamples:\n${(isWide ? below : beside).join('\n')}`);
}

const usualColumns = 80;

const usual = 'one like 30m, 4h or 2d';

export function readDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  const meant = suggestDuration(text);
  if (ms === 0 || meant === '0s') throw new InvalidArgumentError(`it must be longer than 0; write ${usual}`);
  throw new InvalidArgumentError(`not a duration; write ${meant ?? usual}`);
}

export function readInstant(text: string): EpochMs {
  const at = parseInstant(text);
  if (isScheduleProblem(at)) throw new InvalidArgumentError(`${withoutWritten(at.problem)}; ${at.fix}`);
  return at;
}

/** What was written stands before the complaint already. */
function withoutWritten(problem: string): string {
  return problem
    .replace(/^"[^"]*" is not a date and time: /u, '')
    .replace(/^"[^"]*" is (?=not )/u, '')
    .replace(/^"[^"]*" has /u, 'it has ');
}

/** "3", or "1..4" for an autoscaled pool. */
export function readSize(text: string): Size {
  const [, min, max] = /^(\d{1,4})(?:\.\.(\d{1,4}))?$/.exec(text.trim()) ?? [];
  if (min === undefined) throw new InvalidArgumentError('not a size; write 3, or 1..4 for an autoscaled pool');
  if (max === undefined) return Number(min);
  if (Number(min) > Number(max)) throw new InvalidArgumentError('the smaller number comes first');
  return { min: Number(min), max: Number(max) };
}

export function readCount(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('not a number of nodes; write 1 or more');
}

/** Exactly one of --for (from `start` on) and --until, in the future. `zone`: in which people read times. */
export function endOf(options: EndOptions, now: EpochMs, what: string, zone: string, start = now): EpochMs {
  const { for: forMs, until } = options;
  if (forMs !== undefined && until !== undefined) throw new UsageError('Give either --for or --until, not both');
  if (forMs === undefined && until === undefined)
    throw new UsageError(`${what} needs an end: give --for 4h or --until 2026-12-24T18:00+01:00`);
  const end = forMs === undefined ? (until as EpochMs) : start + forMs;
  if (end <= now) throw new UsageError(`${what} would end at ${localInstant(end, zone)}, which has passed`);
  if (end <= start) throw new UsageError(`${what} would end at ${localInstant(end, zone)}, before it begins`);
  if (end > now + longestAskMs) throw new UsageError(`${what} would last more than a year: that belongs in the config`);
  return end;
}
