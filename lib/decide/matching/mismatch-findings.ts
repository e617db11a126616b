import type { CompiledConfig } from '../../model/config.ts';
import type { Finding } from '../../model/finding.ts';
import { counted } from '../../model/text.ts';
import type { EpochMs } from '../../model/time.ts';
import type { MatchUse, PlacedMatch } from './config-matches.ts';
import { meantLabel, meantMatch } from './meant-match.ts';
import { type JudgedMatches, judgeMatches, type NamedFleet } from './unmatched.ts';

/** The name of a match (or list of matches) that matches nothing, and what is wrong with it. */
export type Mismatch = {
  /** The path of the finding's subject. */
  readonly id: string;
  readonly text: string;
  readonly fix: string;
  readonly isOfRules: boolean;
  /** For a list of several: `the exception "dev-ap/*" in line 7 (did you mean "dev-api/*"?)`. */
  readonly short: string;
};

/** At most this many are reported one by one; the rest are counted. */
const mostTold = 50;

/**
 * The `config.mismatch` findings for the config's matches. What cannot be judged now stays as in `earlier`: while a
 * part of the fleet does not answer, nothing opens and nothing resolves.
 */
export function mismatchFindings(
  config: CompiledConfig,
  fleet: NamedFleet,
  earlier: readonly Finding[],
  now: EpochMs,
): readonly Finding[] {
  const judged = judgeMatches(config, fleet, now);
  const found = describeMismatches(config, judged, fleet);
  const told = [...found, ...stillOpen(judged, earlier)];
  const rest = told.length - mostTold;
  return [...told.slice(0, mostTold), ...(rest > 0 ? [andMore(rest)] : [])].map(({ id: path, text, fix }) => {
    return { kind: 'config.mismatch', subject: { kind: 'config', path }, severity: 'warning', text, fix };
  });
}

function andMore(rest: number): Told {
  const text = `${counted(rest, 'more match', 'more matches')} of the config match nothing in the fleet`;
  return { id: 'matches', text, fix: 'to see them all: lamplighter doctor' };
}

function stillOpen({ unknown }: JudgedMatches, earlier: readonly Finding[]): readonly Told[] {
  const open = new Set(unknown.flatMap(({ id, list }) => [id, list?.id]));
  return earlier.flatMap(({ kind, subject, text, fix = '' }) => {
    if (kind !== 'config.mismatch' || subject.kind !== 'config') return [];
    const isOpen = open.has(subject.path) || (subject.path === emptyId && unknown.length > 0);
    return isOpen ? [{ id: subject.path, text, fix }] : [];
  });
}

type Told = Pick<Mismatch, 'id' | 'text' | 'fix'>;

/** The one mismatch of a fleet without clusters. */
export const emptyId = 'regions';

/** In the config's order. If every match of a list is missing, the list is one mismatch. */
export function describeMismatches(
  { regions }: CompiledConfig,
  { missing, unknown }: JudgedMatches,
  fleet: NamedFleet,
): readonly Mismatch[] {
  const isEmpty = fleet.clusters.length === 0 && regions.every(({ name }) => fleet.answered.has(name));
  if (isEmpty && missing.length > 0 && unknown.length === 0) return [describeEmpty(missing.length)];
  const lists = Map.groupBy(missing, ({ id, list }) => list?.id ?? id);
  return [...lists].flatMap(([id, some]) => {
    const isWholeList = some[0]?.list?.length === some.length;
    if (isWholeList) return [describeList(id, some, fleet)];
    return [...Map.groupBy(some, (one) => one.id).values()].map((same) => describeSame(same, fleet));
  });
}

function describeEmpty(count: number): Mismatch {
  const text = `no region lists a cluster, so ${count === 1 ? 'a match' : `${count} matches`} of the config match${count === 1 ? 'es' : ''} nothing`;
  return {
    id: emptyId,
    isOfRules: false,
    text,
    fix: 'check the regions, and the projects of their tokens',
    short: text,
  };
}

/** One match, or the same one in several places of one section. */
function describeSame(same: readonly PlacedMatch[], fleet: NamedFleet): Mismatch {
  const [{ id, use, match }] = same as [PlacedMatch];
  const where = whereOf(same);
  const meant = meantBy(same, fleet);
  const hint = meant === '' ? '' : `; ${meant}`;
  const short = `${nameOf(use)} "${match.text}"${where}${meant === '' ? '' : ` (${meant})`}`;
  return { id, isOfRules: isOfRules(use), text: `${whatIsWrong(use, match, where)}${hint}`, fix: fixOf(use), short };
}

function whatIsWrong(use: MatchUse, match: PlacedMatch['match'], where: string): string {
  const { text, pool, exactPool, labelText } = match;
  if (labelText !== undefined) return `${nameOf(use)} "${text}" with ${labelText}${where} matches no pool of the fleet`;
  if (use.kind === 'runsOn') return `${nameOf(use)} "${text}" matches no pool of the fleet: it protects nothing`;
  if (exactPool) return `${nameOf(use)}${where} names the pool ${text}, which does not exist`;
  return `${nameOf(use)} "${text}"${where} matches no ${pool === undefined ? 'cluster' : 'pool'} of the fleet`;
}

/** The match chooses pools to scale. */
export function isOfRules({ kind }: MatchUse): boolean {
  return kind === 'rule' || kind === 'runsOn';
}

/** Says that the whole list has no effect. */
function describeList(id: string, some: readonly PlacedMatch[], fleet: NamedFleet): Mismatch {
  const [{ use }] = some as [PlacedMatch];
  const texts = some.map(({ match }) => `"${match.text}"`).join(', ');
  const where = whereOf(some);
  const meant = some.map((one) => meantBy([one], fleet)).filter((one) => one !== '');
  const hint = meant.length === 0 ? '' : `; ${meant.join(' ')}`;
  const nouns = use.kind === 'may' ? 'no pool' : 'no cluster';
  return {
    id,
    isOfRules: false,
    text: `${effectOf(use)}: ${nameOf(use)}${where} names ${nouns} of the fleet (${texts})${hint}`,
    fix: fixOf(use),
    short: `${nameOf(use)} ${texts}${where}${meant.length === 0 ? '' : ` (${meant.join(' ')})`}: ${effectOf(use)}`,
  };
}

function effectOf(use: MatchUse): string {
  switch (use.kind) {
    case 'only':
      return `no alert about a cluster reaches the destination ${use.owner}`;
    case 'may':
      return `no event of ${use.owner} may raise a pool`;
    default:
      return 'no cluster is watched';
  }
}

export function nameOf(use: MatchUse): string {
  switch (use.kind) {
    case 'only':
      return `only.clusters of the destination ${use.owner}`;
    case 'may':
    case 'pool':
      return `${use.kind} of the event source ${use.owner}`;
    case 'watch':
      return 'watch.clusters';
    case 'runsOn':
      return 'safety.runsOn';
    default:
      return `the ${use.kind}`;
  }
}

function fixOf({ kind }: MatchUse): string {
  if (kind === 'runsOn') return 'name the pool that Lamplighter runs on';
  if (kind === 'rule' || kind === 'exception' || kind === 'silence') return `correct the name, or remove the ${kind}`;
  return 'correct the name, or remove it';
}

function whereOf(some: readonly PlacedMatch[]): string {
  const files = [...Map.groupBy(some, ({ file }) => file)];
  return files
    .map(([file, own]) =>
      inLines(
        own.flatMap(({ line }) => line ?? []),
        file,
      ),
    )
    .join(' and');
}

/** " in line 7", " in lines 3 and 5 of teams/data.yml"; empty where no line is known. */
export function inLines(all: readonly number[], file: string | undefined): string {
  const lines = [...new Set(all)];
  if (lines.length === 0) return '';
  const of = file === undefined ? '' : ` of ${file}`;
  const which = lines.length === 1 ? `line ${lines[0]}` : `lines ${lines.slice(0, -1).join(', ')} and ${lines.at(-1)}`;
  return ` in ${which}${of}`;
}

function meantBy([placed]: readonly PlacedMatch[], fleet: NamedFleet): string {
  const label = placed?.match.labels && meantLabel(placed, fleet);
  if (label !== undefined) return `did you mean { ${label} }?`;
  const meant = placed && meantMatch(placed, fleet);
  // With labels, the names may match and only the labels differ.
  return meant === undefined || meant === placed?.match.text ? '' : `did you mean "${meant}"?`;
}
