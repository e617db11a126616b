import { changesNothing, compareRehearsals } from '../../decide/rehearsal/compare-rehearsals.ts';
import type { Rehearsal } from '../../decide/rehearsal/rehearsal.ts';
import { rehearse } from '../../decide/rehearsal/rehearse.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { dayMs, type EpochMs } from '../../model/time.ts';
import { readConfig, readOtherConfig } from '../config-and-store.ts';
import type { ConfigOption, JsonOption } from '../options.ts';
import type { CliParts } from '../parts.ts';
import { parsePool, resolveRegion } from '../pools.ts';
import { rfc3339 } from '../text/instant.ts';
import { makePaint } from '../text/paint.ts';
import { writeJson } from '../text/table.ts';
import { differenceMarkdown } from './difference-markdown.ts';
import { differenceText } from './difference-text.ts';
import { differenceJson, rehearsalJson } from './rehearsal-json.ts';
import { rehearsalText } from './rehearsal-text.ts';
import { type StartingFleet, startingFleet, startLater } from './starting-fleet.ts';

export type RehearseOptions = ConfigOption &
  JsonOption & {
    readonly days: number;
    readonly from?: EpochMs;
    readonly against?: string;
    readonly offline?: true;
    readonly changes?: true;
    readonly format?: 'text' | 'markdown';
    readonly detailedExitcode?: true;
    readonly pool?: readonly string[];
  };

/** Changes nothing and stores nothing: one read of the API and the store, then only arithmetic. */
export async function rehearseDays(parts: CliParts, options: RehearseOptions): Promise<void> {
  const now = parts.clock.now();
  const from = options.from ?? now;
  if (from < now) throw new UsageError(`--from ${rfc3339(from)} is past: a rehearsal begins now or later`);
  refuseForms(options);
  const config = await readConfig(parts, options.config);
  const against =
    options.against === undefined ? undefined : await readOtherConfig(parts, options.against, '--against');
  const fleet = await fleetFrom(parts, { config, against, now, from }, options);
  const run = (one: CompiledConfig) => rehearseOne(one, fleet, from, options.days);
  const rehearsal = run(config);
  const old = against && run(against);
  if (rehearsal.pools.length + (old?.pools.length ?? 0) === 0) throw nothingToRehearse(fleet);
  const compared = against && old && { against, old, difference: compareRehearsals(old, rehearsal) };
  const isJudged = options.format === 'markdown' || options.detailedExitcode;
  if (compared && !changesNothing(compared.difference) && isJudged) parts.exitWith(3);
  tell(parts, options, { config, fleet, rehearsal, compared });
}

function refuseForms({ json, format, against, detailedExitcode }: RehearseOptions): void {
  if (json && format !== undefined) throw new UsageError('Give either --json or --format, not both');
  if (against !== undefined) return;
  if (format === 'markdown') throw new UsageError('--format markdown is for a comparison: add --against <file>');
  if (detailedExitcode) throw new UsageError('--detailed-exitcode is for a comparison: add --against <file>');
}

type Beginning = {
  readonly config: CompiledConfig;
  readonly against: CompiledConfig | undefined;
  readonly now: EpochMs;
  readonly from: EpochMs;
};

async function fleetFrom(
  parts: CliParts,
  { config, against, now, from }: Beginning,
  { pool = [], offline, days }: RehearseOptions,
): Promise<StartingFleet> {
  const book = makeRuleBook(config, now);
  const named = pool.map((text) => resolveRegion(config, book, parsePool(text, config)));
  const today = await startingFleet(parts, { config, against, isOffline: offline === true, named });
  return {
    ...today,
    clusters: from > now ? startLater(today.clusters) : today.clusters,
    notes: [...today.notes, ...calendarNotes(config, from + days * dayMs)],
  };
}

/** A calendar names dates: after its last one a holiday is a day like any other. */
function calendarNotes({ calendarsEnd }: CompiledConfig, to: EpochMs): readonly string[] {
  return Object.entries(calendarsEnd)
    .filter(([, end]) => end === null || Date.parse(end) + dayMs < to)
    .map(([name, end]) =>
      end === null
        ? `calendar ${name}: no date is in it; holidays count as ordinary days`
        : `calendar ${name}: nothing is known after ${end}; later holidays count as ordinary days`,
    );
}

export function rehearseOne(config: CompiledConfig, fleet: StartingFleet, from: EpochMs, days: number): Rehearsal {
  const { clusters, asks, storedRules, sources } = fleet;
  const isWhole = sources.every(({ source }) => source === 'api');
  return rehearse({ config, from, to: from + days * dayMs, clusters, asks, storedRules, isWhole });
}

function nothingToRehearse({ notes }: StartingFleet): CommandError {
  const why = 'There is nothing to rehearse: no known pool has a rule with a schedule';
  return new CommandError([why, ...notes].join('\n'));
}

type Rehearsed = {
  readonly config: CompiledConfig;
  readonly fleet: StartingFleet;
  readonly rehearsal: Rehearsal;
  readonly compared: Compared | undefined;
};

type Compared = {
  readonly against: CompiledConfig;
  readonly old: Rehearsal;
  readonly difference: ReturnType<typeof compareRehearsals>;
};

/** As Markdown, as JSON, or as text with its notes on the error output. */
function tell(parts: CliParts, options: RehearseOptions, rehearsed: Rehearsed): void {
  const { stdout, stderr } = parts;
  const { config, fleet, rehearsal, compared } = rehearsed;
  if (options.format === 'markdown' && compared) {
    const { against, old, difference } = compared;
    const pools = [...rehearsal.pools, ...old.pools];
    const told = { config, old: against, pools, days: options.days, notes: fleet.notes };
    return stdout.writeLines(`${differenceMarkdown(difference, told).join('\n')}\n`);
  }
  if (options.json) {
    const json = compared ? differenceJson(compared.difference, rehearsal, fleet) : rehearsalJson(rehearsal, fleet);
    return writeJson(stdout, json);
  }
  for (const note of fleet.notes) stderr.write(`${note}\n`);
  stdout.write(`${linesOf(parts, options, rehearsed).join('\n')}\n`);
}

function linesOf(
  { stdout, env, redactor: { clean } }: CliParts,
  { changes, days }: RehearseOptions,
  { config, rehearsal, compared }: Rehearsed,
): readonly string[] {
  const look = { config, paint: makePaint(stdout, env), clean, columns: stdout.columns, hasChanges: changes === true };
  if (!compared) return rehearsalText(rehearsal, { ...look, days });
  const { against, old, difference } = compared;
  return differenceText(difference, { ...look, old: against, next: rehearsal, was: old });
}
