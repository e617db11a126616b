import type { Names } from '../../decide/match.ts';
import type { ObservedFleetCluster } from '../../decide/scaling/plan-round.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { assumedFleet } from './assumed-fleet.ts';

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
    notes.push(`${labelOf(names)}: nobody has seen this pool; it counts as at its base`);
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
