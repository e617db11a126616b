import type { ObservedVersion } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import type { Subject } from '../../model/finding.ts';
import { matchesCluster, matchesNames, matchesPool, type Names } from '../../model/match.ts';
import { dayMs, type EpochMs, hourMs } from '../../model/time.ts';
import { stepOf } from '../incidents/end-date-steps.ts';
import type { EndDate, Observation, Watched } from '../incidents/observation.ts';
import { endOfLife } from './end-of-life.ts';
import { isChecked, type RoundFindings, scaleMade } from './scale-findings.ts';
import type { EndDateMemory } from './watch-memory.ts';

export type Ending = {
  readonly config: CompiledConfig;
  readonly now: EpochMs;
  /** Regions and ids that are certainly gone, with the text. */
  readonly gone: ReadonlyMap<string, string>;
  /** References of the tokens in use. */
  readonly references: readonly string[];
  readonly freshRounds: readonly RoundFindings[];
};

/** Resolves incidents of subjects that are gone, no longer watched, or no longer in the config, with the reason. */
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
export function isRuled({ rules }: CompiledConfig, names: Names): boolean {
  return rules.find(({ match }) => matchesPool(match, names))?.schedule !== undefined;
}

/** The same of a pool whose labels are not known: a rule that asks for some may be its own, or a later one. */
function mayBeRuled({ rules }: CompiledConfig, names: Omit<Names, 'labels'>): boolean {
  const named = rules.filter(({ match }) => matchesNames(match, names));
  const certain = named.findIndex(({ match }) => match.labels === undefined);
  return named.slice(0, certain === -1 ? undefined : certain + 1).some(({ schedule }) => schedule !== undefined);
}

function causeOf(subject: Subject, { config, gone, references }: Ending): string | undefined {
  switch (subject.kind) {
    case 'region':
      return config.regions.some(({ name }) => name === subject.region)
        ? undefined
        : 'the region was removed from the config';
    case 'cluster':
    case 'pool':
      return placeCause(subject, config, gone);
    case 'destination':
      return destinationCause(subject.destination, config);
    case 'secret':
      return references.includes(subject.reference) ? undefined : 'the config no longer names this secret';
    case 'config':
    case 'fleet':
      return undefined;
  }
}

/** Nothing new is sent to a retired destination, so nothing would ever show that it works again. */
function destinationCause(destination: string, { destinations }: CompiledConfig): string | undefined {
  const known = destinations.find(({ name }) => name === destination);
  if (known === undefined) return 'the destination was removed from the config';
  return known.retired ? 'the destination was retired' : undefined;
}

function placeCause(
  subject: Extract<Subject, { kind: 'cluster' | 'pool' }>,
  config: CompiledConfig,
  gone: Ending['gone'],
): string | undefined {
  if (!config.regions.some(({ name }) => name === subject.region)) return 'the region was removed from the config';
  if (!isWatched(config, subject)) return 'no longer watched';
  const pool = subject.kind === 'pool' ? gone.get(`${subject.region}\n${subject.poolId}`) : undefined;
  return pool ?? gone.get(`${subject.region}\n${subject.clusterId}`);
}

/** If no rule matches a pool any more and no round reads it, nothing could ever report that it is ok. */
function unruled(kind: Watched['kind'], subject: Subject, { config, freshRounds }: Ending): string | undefined {
  const isWatchMadeToo = kind === 'pool.stuck' || kind === 'pool.unclear';
  if (subject.kind !== 'pool' || isWatchMadeToo || freshRounds.length === 0) return undefined;
  if (mayBeRuled(config, subject) || isChecked(subject.clusterId, freshRounds)) return undefined;
  return 'no rule of the config matches it any more';
}

const weekMs = 7 * dayMs;

/** `zone`, `isDay`: how its days are counted (see `EndDate`). */
export type DateRead = {
  readonly of: string;
  readonly date: EpochMs | undefined;
  readonly zone: string;
  readonly isDay?: true;
};

/**
 * The date in use after this reading. A first date counts at once; a changed one after two readings at least an hour
 * apart. Steps that are still ahead start again if the date moved by a week or belongs to something else.
 */
export function followEndDate(
  memory: EndDateMemory | undefined,
  read: DateRead,
  now: EpochMs,
): EndDateMemory | undefined {
  if (memory === undefined) {
    return read.date === undefined ? undefined : { of: read.of, date: read.date, armedAt: now };
  }
  const { candidate, ...standing } = memory;
  const isSameThing = read.of === memory.of;
  if (isSameThing && read.date === undefined) return memory;
  if (isSameThing && read.date === memory.date) return standing;
  const isSecond = candidate !== undefined && candidate.of === read.of && candidate.date === read.date;
  if (!isSecond) return { ...standing, candidate: { ...dated(read), at: now } };
  return now - candidate.at >= hourMs ? moved(standing, read, now) : memory;
}

/** The date with its texts, for the steps before it; undefined while unknown. */
export function endDateOf(
  memory: EndDateMemory,
  words: Omit<EndDate, 'of' | 'date' | 'armedAt' | 'below'>,
): EndDate | undefined {
  const { of, date, armedAt, below } = memory;
  return date === undefined ? undefined : { of, date, armedAt, below, ...words };
}

function moved(standing: EndDateMemory, read: DateRead, now: EpochMs): EndDateMemory {
  const isFar = Math.abs((read.date ?? 0) - (standing.date ?? 0)) >= weekMs;
  if (!isFar && read.of === standing.of) return { ...standing, ...dated(read) };
  const below = read.date === undefined ? undefined : stepOf({ ...read, date: read.date }, now);
  return { ...dated(read), armedAt: now, ...(below !== undefined && { below }) };
}

function dated({ of, date }: Pick<DateRead, 'of' | 'date'>): { readonly of: string; readonly date?: EpochMs } {
  return date === undefined ? { of } : { of, date };
}

const most = 8;

/** The region's versions that are newer than this one and not past their own end, oldest first, each once. */
export function newerVersions(
  present: ObservedVersion,
  offered: readonly ObservedVersion[],
  now: EpochMs,
  ends: CompiledConfig['versions'] = {},
): readonly string[] {
  const newer = offered
    .filter((one) => (endOfLife(one, ends)?.date ?? Number.POSITIVE_INFINITY) > now)
    .map(({ version }) => version)
    .filter((version) => compare(version, present.version) > 0);
  return [...new Set(newer)].sort(compare).slice(0, most);
}

/** By the numbers in it: 1.9.0 comes before 1.32.6. */
function compare(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const differs = left.findIndex((number, index) => number !== (right[index] ?? 0));
  return differs < 0 ? left.length - right.length : (left[differs] ?? 0) - (right[differs] ?? 0);
}

function numbersOf(version: string): readonly number[] {
  return (version.match(/\d+/gu) ?? []).map(Number);
}
