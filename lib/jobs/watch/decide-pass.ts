import type { DestinationState } from '../../decide/incidents/routing.ts';
import type { Silences } from '../../decide/incidents/silence.ts';
import { type IncidentsOutcome, stepIncidents } from '../../decide/incidents/step-incidents.ts';
import type { EpochMs, ObservedVersion } from '../../decide/model.ts';
import type { RegionAnswers } from '../../decide/watching/pass.ts';
import { observeFleet, type WatchSight } from '../../decide/watching/watch-pass.ts';
import { ask } from './ask-regions.ts';
import type { KnownState } from './known-state.ts';
import type { WatchParts } from './watch-parts.ts';

export type Decided = { readonly sight: WatchSight; readonly outcome: IncidentsOutcome };

type Input = {
  readonly now: EpochMs;
  readonly known: KnownState;
  readonly answers: readonly RegionAnswers[];
  readonly destinations: readonly DestinationState[];
  readonly silences: Silences;
};

/**
 * The pass's decision. Where a step towards a version's end is told, the region's versions are asked for, so that the
 * message can name what to upgrade to, and the same decision is made again with them.
 */
export async function decidePass(parts: WatchParts, input: Input): Promise<Decided> {
  const first = decideOnce(parts, input, new Map());
  const regions = regionsWithSteps(first.outcome);
  if (regions.length === 0) return first;
  const versions = new Map<string, readonly ObservedVersion[]>();
  for (const region of regions) {
    const answer = await ask(() => parts.mksOf(region).listVersions());
    if (answer.kind === 'ok') versions.set(region, answer.value);
  }
  return decideOnce(parts, input, versions);
}

function decideOnce(
  { config, hash, configProblem }: WatchParts,
  { now, known, answers, destinations, silences }: Input,
  versions: ReadonlyMap<string, readonly ObservedVersion[]>,
): Decided {
  const records = known.incidents.map(({ record }) => record);
  const sight = observeFleet({
    now,
    config,
    answers,
    memories: known.memories.map(({ memory }) => memory),
    rounds: known.rounds,
    incidents: records.filter(({ phase }) => phase !== 'quiet'),
    configProblem,
    versions,
  });
  const outcome = stepIncidents({
    now,
    hash,
    records,
    lastKnown: known.times.times,
    observations: sight.observations,
    durations: config.watch,
    destinations,
    silences,
  });
  return { sight, outcome };
}

function regionsWithSteps({ changes }: IncidentsOutcome): readonly string[] {
  const told = changes
    .flatMap(({ deliveries }) => deliveries)
    .filter(({ facts }) => facts.kind === 'version.eol' && facts.what !== 'resolve')
    .flatMap(({ facts }) => (facts.subject.kind === 'cluster' ? [facts.subject.region] : []));
  return [...new Set(told)].sort();
}
