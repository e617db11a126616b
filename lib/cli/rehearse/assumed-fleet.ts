import { clusterNamed, type ObservedFleetCluster, type PoolMemory, poolAt } from '../../decide/scaling/memory.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import { matchesPool, type Names } from '../../model/match.ts';
import { clampSize, isRange, type Size, upper } from '../../model/size.ts';

/** Pools that a rule names without a glob: they can be rehearsed although nobody has looked at the fleet. */
export function namedPools(config: CompiledConfig): readonly Names[] {
  return config.rules.flatMap(({ match, schedule }) => {
    if (!match.exactPool || schedule === undefined) return [];
    const [cluster = '', pool = ''] = match.text.slice(match.text.indexOf(':') + 1).split('/');
    const regions = config.regions.map(({ name }) => ({ region: name, cluster, pool }));
    return regions.filter((names) => matchesPool(match, names));
  });
}

/** Those pools as the rules would have them: at their base. A remembered base nobody knows counts as one node above idle. */
export function assumedFleet(names: readonly Names[], book: RuleBook): readonly ObservedFleetCluster[] {
  const clusters = new Map<string, ObservedFleetCluster>();
  for (const { region, cluster, pool } of names) {
    const rule = book.ruleOf({ region, cluster, pool });
    if (rule?.schedule === undefined) continue;
    const key = `${region}\n${cluster}`;
    const known = clusters.get(key) ?? {
      cluster: clusterNamed(region, cluster, cluster),
      pools: [],
      record: { schema: 1 as const, cluster, pools: {} },
      lookedAt: undefined,
    };
    const id = `${cluster}/${pool}`;
    if (known.pools?.some((one) => one.id === id)) continue;
    const size = assumedBase(rule);
    const memory: PoolMemory = { name: pool, autoscale: isRange(size), base: size };
    const record = known.record && { ...known.record, pools: { ...known.record.pools, [id]: memory } };
    clusters.set(key, { ...known, pools: [...(known.pools ?? []), poolAt(id, pool, size)], record });
  }
  return [...clusters.values()];
}

function assumedBase({ base, idle, limits }: Rule): Size {
  if (base !== 'remembered') return base;
  return idle === undefined ? 1 : upper(clampSize(idle, limits)) + 1;
}

type Named = { readonly clusters: readonly ObservedFleetCluster[]; readonly notes: readonly string[] };

/** A fleet that somebody has seen, and with it the pools named by hand that are not in it: at their base, and said so. */
export function addNamedPools(
  seen: readonly ObservedFleetCluster[],
  named: readonly Names[],
  books: readonly RuleBook[],
): Named {
  let clusters = seen;
  const notes: string[] = [];
  for (const names of named.filter((one) => !isSeen(seen, one))) {
    const [assumed] = books.flatMap((book) => assumedFleet([names], book));
    if (assumed === undefined) continue;
    notes.push(`${labelOf(names)}: no round has seen this pool; it is assumed to be at its base`);
    clusters = put(clusters, assumed);
  }
  return { clusters, notes };
}

/** Pools named by hand that no rule gives a schedule have nothing to rehearse. */
export function withoutSchedule(named: readonly Names[], books: readonly RuleBook[]): readonly string[] {
  return named
    .filter((names) => books.every((book) => book.ruleOf(names)?.schedule === undefined))
    .map((names) => `${labelOf(names)}: no rule gives this pool a schedule, so it is not rehearsed`);
}

function isSeen(clusters: readonly ObservedFleetCluster[], { region, cluster, pool }: Names): boolean {
  return clusters.some(
    (one) =>
      one.cluster.region === region &&
      one.cluster.name === cluster &&
      (one.pools === undefined || one.pools.some(({ name }) => name === pool)),
  );
}

/** Into its cluster where that is there, since two of one name could not be told apart. */
function put(
  clusters: readonly ObservedFleetCluster[],
  assumed: ObservedFleetCluster,
): readonly ObservedFleetCluster[] {
  const { region, name } = assumed.cluster;
  const host = clusters.find(({ cluster }) => cluster.region === region && cluster.name === name);
  if (host === undefined) return [...clusters, assumed];
  const pools = { ...host.record?.pools, ...assumed.record?.pools };
  const record = { schema: 1 as const, cluster: name, ...host.record, pools };
  const joined = { ...host, pools: [...(host.pools ?? []), ...(assumed.pools ?? [])], record };
  return clusters.map((one) => (one === host ? joined : one));
}

function labelOf({ region, cluster, pool }: Names): string {
  return `${region}:${cluster}/${pool}`;
}
