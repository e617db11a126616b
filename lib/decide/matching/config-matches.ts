import type { CompiledConfig, Exception, Match, Template } from '../../model/config.ts';
import { escapeLiteral, isGlob, partsOf } from '../../model/match.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';

/** The places of a config that hold matches. `owner`: the destination or event source that the match belongs to. */
export type MatchUse =
  | { readonly kind: 'rule' | 'exception' | 'silence' | 'runsOn' | 'watch' }
  | { readonly kind: 'only' | 'may' | 'pool'; readonly owner: string };

/** One match of a config, and its place. */
export type PlacedMatch = {
  readonly match: Match;
  readonly use: MatchUse;
  /** As `check` writes it: "watch.clusters[1]". */
  readonly path: string;
  /** Does not change when other matches are added or removed: "watch.clusters[match=dev-*]". */
  readonly id: string;
  /** Line, from 1; undefined if the config was compiled without line numbers. */
  readonly line: number | undefined;
  /** The included file that holds it; absent = the main file. */
  readonly file?: string;
  /** The list that the match is part of, and the list's length: its matches together choose whom something reaches. */
  readonly list?: { readonly id: string; readonly length: number };
  /** Its end is in the past, so it has no effect any more. */
  readonly isOver: boolean;
};

/** Every match of a config, in the order of the config's sections. All questions about matches use this one list. */
export function configMatches(config: CompiledConfig, now: EpochMs): readonly PlacedMatch[] {
  const { rules, exceptions, silences, watch, destinations, safety } = config;
  const place = placeIn(config);
  return [
    ...rules.map(({ match, position }, i) =>
      place(match, { kind: 'rule' }, `pools[${i}].match`, 'pools', { line: position.line }),
    ),
    ...exceptions.map((one, i) =>
      place(one.match, { kind: 'exception' }, `exceptions[${i}].match`, 'exceptions', { isOver: isPast(one, now) }),
    ),
    ...silences.map(({ match, until }, i) =>
      place(match, { kind: 'silence' }, `silences[${i}].match`, 'silences', {
        isOver: until !== undefined && until <= now,
      }),
    ),
    ...(watch.clusters === 'all' ? [] : placeList(place, watch.clusters, { kind: 'watch' }, 'watch.clusters')),
    ...destinations.flatMap(({ name, only }) =>
      placeList(place, only.clusters ?? [], { kind: 'only', owner: name }, `destinations${keyOf(name)}.only.clusters`),
    ),
    ...ofEvents(config, place),
    ...(safety.runsOn === undefined
      ? []
      : [{ ...place(safety.runsOn, { kind: 'runsOn' }, 'safety.runsOn', ''), id: 'safety.runsOn' }]),
  ];
}

/** `id`: of its section; the match itself is added to it. */
type Place = (match: Match, use: MatchUse, path: string, id: string, more?: Partial<PlacedMatch>) => PlacedMatch;

function placeIn({ matchLines, matchFiles }: CompiledConfig): Place {
  return (match, use, path, id, more = {}) => ({
    match,
    use,
    path,
    id: `${id}[match=${match.text}${match.labelText === undefined ? '' : ` ${match.labelText}`}]`,
    line: matchLines?.[path],
    ...(matchFiles?.[path] !== undefined && { file: matchFiles[path] }),
    isOver: false,
    ...more,
  });
}

function placeList(place: Place, matches: readonly Match[], use: MatchUse, path: string): readonly PlacedMatch[] {
  const list = { id: path, length: matches.length };
  return matches.map((match, i) => place(match, use, `${path}[${i}]`, path, { list }));
}

function ofEvents({ events }: CompiledConfig, place: Place): readonly PlacedMatch[] {
  return events.flatMap(({ name, may, pool }) => {
    const path = `events${keyOf(name)}`;
    return [
      ...placeList(place, may, { kind: 'may', owner: name }, `${path}.may`),
      ...(pool === undefined
        ? []
        : [place(matchOfTemplate(pool), { kind: 'pool', owner: name }, `${path}.pool`, `${path}.pool`)]),
    ];
  });
}

function keyOf(name: string): string {
  return /^[\w-]+$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** A local time is past when it is past in every zone; the westernmost zone is 12 hours behind UTC. */
export function isPast({ end }: Pick<Exception, 'end'>, now: EpochMs): boolean {
  return typeof end === 'number' ? end <= now : Date.parse(`${end}Z`) + 12 * hourMs <= now;
}

/** The match that a template can produce: unknown labels of the event are replaced by `*`. */
function matchOfTemplate(template: Template): Match {
  const text = template.map((piece) => (typeof piece === 'string' ? piece : '*')).join('');
  const { region, cluster, pool } = partsOf({ text });
  const source = (part: string) => part.split('*').map(escapeLiteral).join('[^/]*');
  return {
    text,
    region: region === undefined ? undefined : source(region),
    cluster: source(cluster),
    pool: pool === undefined ? undefined : source(pool),
    exactPool: !isGlob(text),
  };
}
