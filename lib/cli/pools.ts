import type { Change, ClusterRecord, PoolMemory } from '../decide/scaling/memory.ts';
import type { HoldCode } from '../decide/scaling/plan.ts';
import type { RuleBook } from '../decide/scaling/rule-book.ts';
import { UsageError } from '../errors.ts';
import type { Store, Version } from '../io/stores/store.ts';
import { listClusterRecords } from '../jobs/records/cluster-records.ts';
import type { CompiledConfig, Match, Rule } from '../model/config.ts';
import { suggest } from '../model/did-you-mean.ts';
import { type Labels, matchesNames, matchesPool, type Names } from '../model/match.ts';
import { printable } from '../model/printable.ts';
import { compareText } from '../model/text.ts';

/** A pool as the store remembers it; `change` is its own change in flight. */
export type StoredPool = {
  readonly region: string;
  readonly clusterId: string;
  readonly cluster: string;
  readonly poolId: string;
  readonly pool: string;
  readonly labels?: Labels;
  readonly memory: PoolMemory;
  readonly change: Change | undefined;
};

export type StoredClusterOf = {
  readonly region: string;
  readonly clusterId: string;
  readonly record: ClusterRecord;
  readonly version: Version;
};

/** Every cluster record of these regions, in order of region and name. */
export async function listKnownClusters(store: Store, regions: readonly string[]): Promise<readonly StoredClusterOf[]> {
  const all: StoredClusterOf[] = [];
  for (const region of regions) {
    const records = await listClusterRecords(store, region);
    for (const [clusterId, { record, version }] of records) all.push({ region, clusterId, record, version });
  }
  return all.sort((a, b) => compareText(a.region, b.region) || compareText(a.record.cluster, b.record.cluster));
}

/** Every pool that a round has seen and remembers, in order of region, cluster and name. */
export async function listKnownPools(store: Store, regions: readonly string[]): Promise<readonly StoredPool[]> {
  return (await listKnownClusters(store, regions)).flatMap(poolsOf);
}

export function poolsOf({ region, clusterId, record }: StoredClusterOf): readonly StoredPool[] {
  return Object.entries(record.pools)
    .map(([poolId, memory]) => ({
      region,
      clusterId,
      cluster: record.cluster,
      poolId,
      pool: memory.name,
      ...(memory.labels !== undefined && { labels: memory.labels }),
      memory,
      change: record.change?.poolId === poolId ? record.change : undefined,
    }))
    .sort((a, b) => compareText(a.pool, b.pool));
}

export function isSamePool(a: Names, b: Names): boolean {
  return a.region === b.region && a.cluster === b.cluster && a.pool === b.pool;
}

/** The first rule that names the pool. Where that one asks for labels, which are not known here, a later one may act. */
export function ruleNaming(rules: readonly Rule[], names: Omit<Names, 'labels'>): Rule | undefined {
  return rules.find(({ match }) => matchesNames(match, names));
}

/** As a sentence names it: `of rule "dev"`, `of rule "dev" or a later one`. */
export function ruleText({ match: { text, labels } }: Pick<Rule, 'match'>): string {
  return `"${printable(text)}"${labels === undefined ? '' : ' or a later one'}`;
}

export function isMatched(match: Match | undefined, pool: Pick<StoredPool, 'region' | 'cluster' | 'pool'>): boolean {
  return match === undefined || matchesPool(match, pool);
}

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
    throw new UsageError(`There is no region "${region}" in the config: ${suggest(region, names)}`);
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

/** Pools that the last round held for this reason. */
export function heldPools(pools: readonly StoredPool[], code: HoldCode): readonly StoredPool[] {
  return pools.filter(({ memory }) => memory.held?.code === code);
}
