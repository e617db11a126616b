import type { CompiledConfig } from '../decide/compiled-config.ts';
import { matchesPool, type Names } from '../decide/match.ts';
import type { RuleBook } from '../decide/scaling/rule-book.ts';
import { suggest } from '../config/did-you-mean.ts';
import { UsageError } from '../errors.ts';

export type WrittenPool = { readonly region: string | undefined; readonly cluster: string; readonly pool: string };

/** "cluster/pool" or "region:cluster/pool", as a person writes it; names may hold spaces. */
export function parsePool(text: string, { regions }: Pick<CompiledConfig, 'regions'>): WrittenPool {
  const colon = text.indexOf(':');
  const names = regions.map(({ name }) => name);
  const region = colon === -1 ? undefined : text.slice(0, colon);
  const [cluster = '', pool = '', ...more] = text.slice(colon + 1).split('/');
  if (cluster.trim() === '' || pool.trim() === '' || more.length > 0)
    throw new UsageError(`"${text}" does not name one pool: write cluster/pool or region:cluster/pool`);
  if (region !== undefined && !names.includes(region))
    throw new UsageError(`there is no region "${region}" in the config: ${suggest(region, names)}`);
  return { region, cluster, pool };
}

/**
 * The pool's region: as written, else the one whose rules name it. Where rules or exceptions differ between regions that
 * do, the region must be written: never a guess between two.
 */
export function resolveRegion(config: CompiledConfig, book: RuleBook, written: WrittenPool): Names {
  const { region, cluster, pool } = written;
  if (region !== undefined) return { region, cluster, pool };
  const all = config.regions.map(({ name }) => ({ region: name, cluster, pool }));
  const ruled = all.filter((names) => book.ruleOf(names) !== undefined);
  const [first, ...others] = ruled;
  if (first === undefined) return all[0] ?? { region: '', cluster, pool };
  const meaning = meaningOf(config, book, first);
  const other = others.find((names) => meaningOf(config, book, names) !== meaning);
  if (other === undefined) return first;
  const choices = [first, other].map((names) => `${names.region}:${cluster}/${pool}`).join(' or ');
  throw new UsageError(`"${cluster}/${pool}" means different rules in different regions: write ${choices}`);
}

function meaningOf({ exceptions }: CompiledConfig, book: RuleBook, names: Names): string {
  const held = exceptions.flatMap(({ match }, i) => (matchesPool(match, names) ? [i] : []));
  return JSON.stringify([book.ruleOf(names)?.position, held]);
}
