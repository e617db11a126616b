import { compileMatch, covers, mayOverlap } from '../../config/compile-match.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { Store } from '../../io/stores/store.ts';
import { loadMemory } from '../../jobs/records/watch-records.ts';
import type { CompiledConfig, Match, Rule } from '../../model/config.ts';
import { findNearest, suggest } from '../../model/did-you-mean.ts';
import { escapeLiteral, isGlob, type Names, partsOf, reachedRegions } from '../../model/match.ts';
import { compareText } from '../../model/text.ts';
import { lookIntoStore } from '../config-and-store.ts';
import type { CliParts } from '../parts.ts';
import { isMatched, listKnownClusters, listKnownPools, type StoredPool } from '../pools.ts';

/** What a person named: the match, the regions it reaches, and the pools of the store that it names now. */
export type AskedMatch = {
  readonly match: Match;
  readonly regions: readonly string[];
  readonly pools: readonly AskedPool[];
};

/** `rule` as it is applied; `isOwn`: its least size is that of safety.runsOn. */
type AskedPool = { readonly known: StoredPool; readonly rule: Rule | undefined; readonly isOwn: boolean };

/** Record ids hold the match; DynamoDB takes 1,024 bytes for a sort key. */
const longestMatch = 200;

/** Globs as in the config. Without a region it reaches all of them. */
export function readAskedMatch(text: string, { regions }: Pick<CompiledConfig, 'regions'>): Match {
  const outcome = compileMatch(text);
  if (!outcome.ok) throw new UsageError(`"${text}" ${outcome.message}: ${outcome.fix}`);
  if (text.length > longestMatch) throw new UsageError(`The match is too long: ${text.length} characters`);
  const { match } = outcome;
  if (match.region !== undefined && reachedRegions(match, regions).length === 0) {
    const written = text.slice(0, text.indexOf(':'));
    const names = regions.map(({ name }) => name);
    throw new UsageError(`There is no region "${written}" in the config: ${suggest(written, names)}`);
  }
  return match;
}

export async function findAsked(
  store: Store,
  config: CompiledConfig,
  book: RuleBook,
  text: string,
): Promise<AskedMatch> {
  const match = readAskedMatch(text, config);
  const regions = reachedRegions(match, config.regions);
  const known = (await listKnownPools(store, regions)).filter((pool) => isMatched(match, pool));
  return { match, regions, pools: known.map((pool) => askedPool(book, pool)) };
}

function askedPool(book: RuleBook, known: StoredPool): AskedPool {
  const [written, applied] = [book.ruleOf(known), book.appliedRule(known)?.rule];
  const isOwn = written !== undefined && applied !== undefined && applied.limits.min > written.limits.min;
  return { known, rule: applied ?? written, isOwn };
}

/** What the store knows: clusters, where a cluster's name is refused too, and names that may have been meant. */
type Seen = { readonly clusters?: ReadonlySet<string>; readonly names: () => Promise<readonly string[]> };

type Rules = Pick<CompiledConfig, 'file' | 'rules' | 'regions'>;

/** Could a rule with a schedule be the first for some pool that the match names? false is a proof. */
export function mayBeActedOn(match: Match, config: Rules): boolean {
  return firstRules(match, config).some((rule) => rule?.schedule !== undefined);
}

/**
 * Nothing can be asked for one pool by its whole name that no rule will ever act on; nor, where the clusters that were
 * seen are given, for one that is none of them.
 */
export async function refuseUntouched(match: Match, config: Rules, { clusters: seen, names }: Seen): Promise<void> {
  const isOneName = match.exactPool || (seen !== undefined && isUnseenCluster(match, seen));
  if (!isOneName || mayBeActedOn(match, config)) return;
  const rule = firstRules(match, config).find((found) => found !== undefined);
  const nearest = rule === undefined ? findNearest(match.text, await names()) : undefined;
  const next =
    nearest === undefined || nearest === match.text ? 'write one under pools first' : `did you mean "${nearest}"?`;
  const why =
    rule === undefined
      ? `none in ${config.file} matches it; ${next}`
      : `rule "${rule.match.text}" (${rule.position.file}:${rule.position.line}) says schedule: none; give it a schedule first`;
  throw new UsageError(`No rule acts on ${match.text}: ${why}`);
}

/** Of a match that is no exact pool: what is no glob is a cluster's whole name. */
function isUnseenCluster({ text }: Match, seen: ReadonlySet<string>): boolean {
  const cluster = text.slice(text.indexOf(':') + 1);
  return !isGlob(cluster) && !seen.has(cluster);
}

/** In each region that the match reaches: the first rule that may act on a pool it names, else the one that forbids it. */
function firstRules(match: Match, { rules, regions }: Rules): readonly (Rule | undefined)[] {
  return reachedRegions(match, regions).map((name) => {
    const own: Match = { ...match, region: escapeLiteral(name) };
    return rules.find((rule) => (rule.schedule === undefined ? covers(rule.match, own) : mayOverlap(rule.match, own)));
  });
}

/**
 * Does what a person names now mean this ask of a region it reaches? Yes where it surely names every pool that the ask
 * is for; an ask for more than what is named stays. undefined names everything.
 */
export function namesSame(asked: Match | undefined, ask: Match | undefined): boolean {
  if (asked === undefined || ask === undefined) return asked === undefined;
  return covers({ ...asked, region: undefined }, { ...ask, region: undefined });
}

/**
 * A whole name that nothing seen has, with what may be meant: a slip. A glob may name what comes later; so may anything
 * where nothing was seen yet.
 */
async function whyUnseen(
  store: Store,
  config: Pick<CompiledConfig, 'regions'>,
  match: Match,
): Promise<string | undefined> {
  const regions = reachedRegions(match, config.regions);
  const clusters = await seenClusters(store, regions);
  const { cluster, pool } = partsOf(match);
  if (clusters.size === 0 || isGlob(cluster)) return undefined;
  if (!clusters.has(cluster)) return `No cluster "${cluster}" was seen: ${suggest(cluster, [...clusters])}`;
  if (pool === undefined || isGlob(pool)) return undefined;
  const pools = (await seenPools(store, regions)).filter((one) => one.cluster === cluster).map((one) => one.pool);
  if (pools.length === 0 || pools.includes(pool)) return undefined;
  return `${cluster} has no pool "${pool}": ${suggest(pool, [...new Set(pools)])}`;
}

/** What is asked for nothing would do nothing, and nobody would know. */
export async function refuseUnseen(store: Store, config: Pick<CompiledConfig, 'regions'>, match: Match): Promise<void> {
  const why = await whyUnseen(store, config, match);
  if (why !== undefined) throw new UsageError(why);
}

/** For what only looks: nothing was found under a name, and nothing has it. */
export async function failUnseen(parts: CliParts, config: CompiledConfig, match: Match | undefined): Promise<void> {
  const why = match && (await lookIntoStore(parts, config, (store) => whyUnseen(store, config, match)));
  if (why !== undefined) throw new CommandError(why);
}

/** The names of all clusters that a round has looked at, also of those that no rule acts on. */
export async function seenClusters(store: Store, regions: readonly string[]): Promise<ReadonlySet<string>> {
  const acted = (await listKnownClusters(store, regions)).map(({ record }) => record.cluster);
  const watched = await Promise.all(regions.map((region) => loadMemory(store, region)));
  return new Set([...acted, ...watched.flatMap(({ memory }) => memory.clusters.map(({ name }) => name))]);
}

/** The names of what was seen, written as in the match: with or without a region and a pool. */
export async function seenNames(
  store: Store,
  config: Pick<CompiledConfig, 'regions'>,
  match: Match,
): Promise<readonly string[]> {
  const pools = await seenPools(store, reachedRegions(match, config.regions));
  const { region: written, pool: named } = partsOf(match);
  const names = pools.map(({ region, cluster, pool }) => {
    const name = named === undefined ? cluster : `${cluster}/${pool}`;
    return written === undefined ? name : `${region}:${name}`;
  });
  return [...new Set(names)];
}

/** The names of all pools that rounds and the watch have seen, also of those that no rule acts on; each once, in order. */
export async function seenPools(store: Store, regions: readonly string[]): Promise<readonly Names[]> {
  const acted = (await listKnownPools(store, regions)).map(({ region, cluster, pool }) => ({ region, cluster, pool }));
  const watched = await Promise.all(regions.map((region) => loadMemory(store, region)));
  const others = watched.flatMap(({ memory: { region, clusters } }) =>
    clusters.flatMap(({ name: cluster, pools }) => pools.map(({ name: pool }) => ({ region, cluster, pool }))),
  );
  const all: Names[] = [...acted, ...others];
  const names = new Map(all.map((one) => [`${one.region}\n${one.cluster}\n${one.pool}`, one]));
  return [...names].toSorted(([a], [b]) => compareText(a, b)).map(([, one]) => one);
}
