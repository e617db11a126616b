import type { CompiledConfig, Exception, Match, Template } from '../../model/config.ts';
import { escapeLiteral, isGlob, partsOf } from '../../model/match.ts';
import { type EpochMs, hourMs } from '../../model/time.ts';

/** Where in a config matches stand. `owner`: the destination or the event source whose match it is. */
export type MatchUse =
  | { readonly kind: 'rule' | 'exception' | 'silence' | 'runsOn' | 'watch' }
  | { readonly kind: 'only' | 'may' | 'pool'; readonly owner: string };

/** One match of a config, and where it stands. */
export type PlacedMatch = {
  readonly match: Match;
  readonly use: MatchUse;
  /** As `check` writes it: "watch.clusters[1]". */
  readonly path: string;
  /** Stays the same when others are added or removed: "watch.clusters[match=dev-*]". */
  readonly id: string;
  /** From 1; undefined where the config was compiled without it. */
  readonly line: number | undefined;
  /** The included file in which it stands; absent = the main one. */
  readonly file?: string;
  /** The list whose matches together say whom something reaches, and how long it is. */
  readonly list?: { readonly id: string; readonly length: number };
  /** Its time has come and gone: it changes nothing any more. */
  readonly isOver: boolean;
};

/** Every match of a config, in the config's order of sections. The one list: whoever asks about matches asks this. */
export function configMatches(config: CompiledConfig, now: EpochMs): readonly PlacedMatch[] {
  const { rules, exceptions, silences, watch, destinations, events, safety } = config;
  const place = (match: Match, use: MatchUse, path: string, id: string, more: Partial<PlacedMatch> = {}) => {
    return {
      match,
      use,
      path,
      id: `${id}[match=${match.text}${match.labelText === undefined ? '' : ` ${match.labelText}`}]`,
      line: config.matchLines?.[path],
      ...(config.matchFiles?.[path] !== undefined && { file: config.matchFiles[path] }),
      isOver: false,
      ...more,
    };
  };
  const listed = (matches: readonly Match[], use: MatchUse, path: string) =>
    matches.map((match, i) => place(match, use, `${path}[${i}]`, path, { list: { id: path, length: matches.length } }));
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
    ...(watch.clusters === 'all' ? [] : listed(watch.clusters, { kind: 'watch' }, 'watch.clusters')),
    ...destinations.flatMap(({ name, only }) =>
      listed(only.clusters ?? [], { kind: 'only', owner: name }, `destinations${keyOf(name)}.only.clusters`),
    ),
    ...events.flatMap(({ name, may, pool }) => [
      ...listed(may, { kind: 'may', owner: name }, `events${keyOf(name)}.may`),
      ...(pool === undefined
        ? []
        : [
            place(
              matchOfTemplate(pool),
              { kind: 'pool', owner: name },
              `events${keyOf(name)}.pool`,
              `events${keyOf(name)}.pool`,
            ),
          ]),
    ]),
    ...(safety.runsOn === undefined
      ? []
      : [{ ...place(safety.runsOn, { kind: 'runsOn' }, 'safety.runsOn', ''), id: 'safety.runsOn' }]),
  ];
}

function keyOf(name: string): string {
  return /^[\w-]+$/u.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** A wall time is past once it is so in every zone: the westernmost is 12 hours behind UTC. */
export function isPast({ end }: Pick<Exception, 'end'>, now: EpochMs): boolean {
  return typeof end === 'number' ? end <= now : Date.parse(`${end}Z`) + 12 * hourMs <= now;
}

/** What a template can name, as far as that is known before an event comes: each label may be anything. */
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
