import { compileMatch } from '../config/compile-match.ts';
import { suggest } from '../config/did-you-mean.ts';
import type { CompiledConfig, Match, Rule } from '../decide/compiled-config.ts';
import type { RuleBook } from '../decide/scaling/rule-book.ts';
import { UsageError } from '../errors.ts';
import type { Store } from '../io/stores/store.ts';
import { isMatched, listKnownPools, type StoredPool } from './known-pools.ts';

/** What a person named: the match, the regions it reaches, and the pools of the store that it names now. */
export type AskedMatch = {
  readonly match: Match;
  readonly regions: readonly string[];
  readonly pools: readonly AskedPool[];
};

/** `rule` as it is applied; `isOwn`: its least size is that of safety.runsOn. */
export type AskedPool = { readonly known: StoredPool; readonly rule: Rule | undefined; readonly isOwn: boolean };

/** Record ids hold the match; DynamoDB takes 1,024 bytes for a sort key. */
const longestMatch = 200;

/** Globs as in the config. Without a region it reaches all of them. */
export function readAskedMatch(text: string, { regions }: Pick<CompiledConfig, 'regions'>): Match {
  const outcome = compileMatch(text);
  if (!outcome.ok) throw new UsageError(`"${text}" ${outcome.message}: ${outcome.fix}`);
  if (text.length > longestMatch) throw new UsageError(`a match of ${text.length} characters is too long to be kept`);
  const { match } = outcome;
  if (match.region !== undefined && reachedRegions(match, regions).length === 0) {
    const written = text.slice(0, text.indexOf(':'));
    const names = regions.map(({ name }) => name);
    throw new UsageError(`there is no region "${written}" in the config: ${suggest(written, names)}`);
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

export function reachedRegions(
  match: Match | undefined,
  regions: readonly { readonly name: string }[],
): readonly string[] {
  const names = regions.map(({ name }) => name);
  if (match?.region === undefined) return names;
  const pattern = new RegExp(`^(?:${match.region})$`, 'u');
  return names.filter((name) => pattern.test(name));
}
