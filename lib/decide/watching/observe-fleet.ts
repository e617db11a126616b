import type { ObservedVersion } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Finding, Notice } from '../../model/finding.ts';
import type { EpochMs } from '../../model/time.ts';
import type { Observation, Watched } from '../incidents/observation.ts';
import { endings, isRuled, newerVersions } from './end-dates.ts';
import { observeCalendars } from './observe-calendars.ts';
import { judged } from './observe-cluster.ts';
import { observeRegion, type RegionSight } from './observe-region.ts';
import { observeRounds, type RoundFindings } from './scale-findings.ts';
import type { RegionAnswers, RegionMemory } from './watch-memory.ts';

/** Findings of a round older than this many ticks are out of date. */
const freshTicks = 3;

export type WatchInput = {
  readonly now: EpochMs;
  readonly config: CompiledConfig;
  readonly answers: readonly RegionAnswers[];
  readonly memories: readonly RegionMemory[];
  readonly rounds: readonly RoundFindings[];
  /** Incidents that are not over, by kind and subject. */
  readonly incidents: readonly Watched[];
  /** What is wrong with the config file now; undefined = it could be used. */
  readonly configProblem: Finding | undefined;
  /** The versions that each region offers, if they were read. */
  readonly versions: ReadonlyMap<string, readonly ObservedVersion[]>;
};

export type WatchSight = {
  readonly observations: readonly Observation[];
  readonly memories: readonly RegionMemory[];
  readonly notices: readonly Notice[];
};

/** One round over the fleet as observations: bad, ok, over or a date; anything missing is unknown. */
export function observeFleet(input: WatchInput): WatchSight {
  const sights = input.answers.map((answers) => sightOf(answers, input));
  const gone = new Map(
    sights.flatMap((observed) =>
      [...observed.gone].map(([id, why]) => [`${observed.memory.region}\n${id}`, why] as const),
    ),
  );
  return {
    observations: [
      ...sights.flatMap(({ observations }) => observations),
      ...roundsOf(input),
      ...observeConfig(input),
      ...observeCalendars(input.config, input.incidents, input.now),
      ...endingsOf(input, gone),
    ],
    memories: sights.map(({ memory }) => memory),
    notices: sights.flatMap(({ notices }) => notices),
  };
}

function sightOf(answers: RegionAnswers, input: WatchInput): RegionSight {
  const { now, config, memories, versions } = input;
  const { region } = answers;
  const memory = memories.find((one) => one.region === region) ?? { region, clusters: [] };
  return observeRegion(answers, memory, {
    now,
    stuckAfterMs: config.watch.stuckAfterMs,
    zone: config.zone ?? 'UTC',
    versions: config.versions ?? {},
    upgrades: (version) => {
      const offered = versions.get(region);
      return offered && newerVersions(version, offered, now, config.versions);
    },
    isRuled: (names) => isRuled(config, names),
  });
}

function freshRounds({ rounds, now, config }: WatchInput): readonly RoundFindings[] {
  return rounds.filter(({ at }) => at >= now - freshTicks * config.everyMs);
}

function roundsOf(input: WatchInput): readonly Observation[] {
  const { rounds, incidents, config, now } = input;
  const regions = config.regions.map(({ name }) => name);
  return observeRounds(rounds, incidents, regions, now - freshTicks * config.everyMs);
}

function observeConfig({ incidents, configProblem, now }: WatchInput): readonly Observation[] {
  if (configProblem !== undefined) {
    const { kind, subject } = configProblem;
    return [{ kind, subject, state: 'bad', at: now, finding: configProblem }];
  }
  const open = incidents.filter(({ kind }) => kind === 'config.invalid');
  return open.map(({ subject }) => judged(subject, now)('config.invalid', undefined));
}

function endingsOf(input: WatchInput, gone: ReadonlyMap<string, string>): readonly Observation[] {
  const { incidents, config, now, answers } = input;
  const references = answers.map(({ token }) => token.reference);
  return endings(incidents, { config, now, gone, references, freshRounds: freshRounds(input) });
}
