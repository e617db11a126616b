import type { CompiledConfig } from '../compiled-config.ts';
import type { Observation, Watched } from '../incidents/observation.ts';
import { matchesCluster, matchesPool } from '../match.ts';
import type { EpochMs, Subject } from '../model.ts';
import { isChecked, type RoundFindings, scaleMade } from './scale-findings.ts';

export type Ending = {
  readonly config: CompiledConfig;
  readonly now: EpochMs;
  /** Ids that are gone for certain, with what to say. */
  readonly gone: ReadonlyMap<string, string>;
  /** References of the tokens in use. */
  readonly references: readonly string[];
  readonly freshRounds: readonly RoundFindings[];
};

/** Incidents of subjects that are gone, unwatched, or left the config resolve, and say why. */
export function endings(incidents: readonly Watched[], ending: Ending): readonly Observation[] {
  return incidents.flatMap(({ kind, subject }): readonly Observation[] => {
    const cause = causeOf(subject, ending) ?? (scaleMade.has(kind) ? unruled(kind, subject, ending) : undefined);
    return cause === undefined ? [] : [{ kind, subject, state: 'over', at: ending.now, cause }];
  });
}

/** Is this cluster watched at all? */
export function isWatched(
  config: CompiledConfig,
  names: { readonly region: string; readonly cluster: string },
): boolean {
  const { clusters } = config.watch;
  return clusters === 'all' || clusters.some((match) => matchesCluster(match, names));
}

/** Does a rule scale this pool? `schedule: none` is watched, never touched. First match wins. */
export function isRuled(
  { rules }: CompiledConfig,
  names: { readonly region: string; readonly cluster: string; readonly pool: string },
): boolean {
  return rules.find(({ match }) => matchesPool(match, names))?.schedule !== undefined;
}

function causeOf(subject: Subject, { config, gone, references }: Ending): string | undefined {
  switch (subject.kind) {
    case 'region':
      return config.regions.some(({ name }) => name === subject.region) ? undefined : 'the region left the config';
    case 'cluster':
    case 'pool':
      return placeCause(subject, config, gone);
    case 'destination':
      return config.destinations.some(({ name }) => name === subject.destination)
        ? undefined
        : 'the destination left the config';
    case 'secret':
      return references.includes(subject.reference) ? undefined : 'the config no longer names this secret';
    case 'config':
    case 'fleet':
      return undefined;
  }
}

function placeCause(
  subject: Extract<Subject, { kind: 'cluster' | 'pool' }>,
  config: CompiledConfig,
  gone: Ending['gone'],
): string | undefined {
  if (!config.regions.some(({ name }) => name === subject.region)) return 'the region left the config';
  if (!isWatched(config, subject)) return 'no longer watched';
  const pool = subject.kind === 'pool' ? gone.get(subject.poolId) : undefined;
  return pool ?? gone.get(subject.clusterId);
}

/** A pool that no rule names any more and no round looks at has nobody left who could say that it is well. */
function unruled(kind: Watched['kind'], subject: Subject, { config, freshRounds }: Ending): string | undefined {
  const isWatchMadeToo = kind === 'pool.stuck' || kind === 'pool.unclear';
  if (subject.kind !== 'pool' || isWatchMadeToo || freshRounds.length === 0) return undefined;
  if (isRuled(config, subject) || isChecked(subject.clusterId, freshRounds)) return undefined;
  return 'no rule of the config names it any more';
}
