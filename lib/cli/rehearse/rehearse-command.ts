import type { CompiledConfig } from '../../decide/compiled-config.ts';
import type { EpochMs } from '../../decide/model.ts';
import { compareRehearsals } from '../../decide/rehearsal/compare-rehearsals.ts';
import { type Rehearsal, rehearse } from '../../decide/rehearsal/rehearse.ts';
import { makeRuleBook } from '../../decide/scaling/rule-book.ts';
import { CommandError } from '../../errors.ts';
import type { CliParts } from '../cli-parts.ts';
import { parsePool, resolveRegion } from '../name-pool.ts';
import type { ConfigOption, JsonOption } from '../options.ts';
import { makePaint } from '../paint.ts';
import { readConfig } from '../read-config.ts';
import { writeJson } from '../render/json.ts';
import { differenceJson, rehearsalJson } from './rehearsal-json.ts';
import { differenceText, rehearsalText } from './rehearsal-text.ts';
import { startLater } from './start-later.ts';
import { type StartingFleet, startingFleet } from './starting-fleet.ts';

export type RehearseOptions = ConfigOption &
  JsonOption & {
    readonly days: number;
    readonly from?: EpochMs;
    readonly against?: string;
    readonly offline?: true;
    readonly pool?: readonly string[];
  };

const dayMs = 86_400_000;

/** Changes nothing and stores nothing: one read of the API and the store, then only arithmetic. */
export async function rehearseDays(parts: CliParts, options: RehearseOptions): Promise<void> {
  const config = await readConfig(parts, options.config);
  const against = options.against === undefined ? undefined : await readConfig(parts, options.against);
  const book = makeRuleBook(config, parts.clock.now());
  const named = (options.pool ?? []).map((text) => resolveRegion(config, book, parsePool(text, config)));
  const now = parts.clock.now();
  const from = options.from ?? now;
  const today = await startingFleet(parts, { config, against, isOffline: options.offline === true, named });
  const fleet = from > now ? { ...today, clusters: startLater(today.clusters) } : today;
  const run = (one: CompiledConfig) => rehearseOne(one, fleet, from, options.days);
  const rehearsal = run(config);
  const old = against && run(against);
  if (rehearsal.pools.length === 0 && (old?.pools.length ?? 0) === 0) throw nothingToRehearse(fleet);
  if (options.json) {
    const json = old
      ? differenceJson(compareRehearsals(old, rehearsal), rehearsal, fleet)
      : rehearsalJson(rehearsal, fleet);
    return writeJson(parts.stdout, json);
  }
  for (const note of fleet.notes) parts.stderr.write(`${note}\n`);
  parts.stdout.write(`${textOf(parts, options, config, rehearsal, old).join('\n')}\n`);
}

function rehearseOne(config: CompiledConfig, fleet: StartingFleet, from: EpochMs, days: number): Rehearsal {
  const { clusters, asks, storedRules } = fleet;
  return rehearse({ config, from, to: from + days * dayMs, clusters, asks, storedRules });
}

function textOf(
  { stdout, env }: CliParts,
  { against, days }: RehearseOptions,
  config: CompiledConfig,
  rehearsal: Rehearsal,
  old: Rehearsal | undefined,
): readonly string[] {
  if (old)
    return differenceText(compareRehearsals(old, rehearsal), [rehearsal, old], against ?? 'the other config', config);
  return rehearsalText(rehearsal, { paint: makePaint(stdout, env), columns: stdout.columns, days, config });
}

function nothingToRehearse({ notes }: StartingFleet): CommandError {
  const why = notes.length === 0 ? 'no pool of the fleet has a rule with a schedule' : notes.join('\n');
  return new CommandError(`There is nothing to rehearse: ${why}`);
}
