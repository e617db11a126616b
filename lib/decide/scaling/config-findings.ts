import type { Finding, ObservedCluster, ObservedPool } from '../model.ts';
import type { Hold } from './plan.ts';
import type { ObservedFleetCluster, RoundInput } from './plan-round.ts';
import type { RuleBook } from './rule-book.ts';
import { matchesPool } from '../match.ts';

export type ConfigFindings = {
  readonly findings: readonly Finding[];
  readonly holds: readonly Hold[];
  readonly isAmbiguous: (cluster: ObservedCluster, pool: ObservedPool) => boolean;
};

/** Where the config and the fleet do not fit: names that exist twice, and exactly named pools that do not exist. */
export function configFindings(input: RoundInput, book: RuleBook): ConfigFindings {
  const clusters = input.clusters.filter(
    ({ cluster }) => cluster.status !== 'Deleting' && cluster.status !== 'Deleted',
  );
  const clusterCounts = countBy(clusters.map(({ cluster }) => `${cluster.region}\n${cluster.name}`));
  const isAmbiguous = (cluster: ObservedCluster, pool: ObservedPool) =>
    (clusterCounts.get(`${cluster.region}\n${cluster.name}`) ?? 0) > 1 || isTwin(cluster, pool, clusters);
  const twins = clusters.flatMap((seen) =>
    (seen.pools ?? [])
      .filter((pool) => isAmbiguous(seen.cluster, pool))
      .map((pool) => ({ cluster: seen.cluster, pool })),
  );
  const matched = twins.filter(({ cluster, pool }) =>
    book.appliedRule({ region: cluster.region, cluster: cluster.name, pool: pool.name }),
  );
  const missing = input.isWhole ? missingPools(input, clusters) : [];
  return {
    isAmbiguous,
    holds: matched.map(({ cluster, pool }) => holdOfTwin(cluster, pool)),
    findings: [...matched.map(({ cluster, pool }) => findingOfTwin(cluster, pool)), ...missing],
  };
}

function isTwin(cluster: ObservedCluster, pool: ObservedPool, clusters: readonly ObservedFleetCluster[]): boolean {
  const own = clusters.find((seen) => seen.cluster.id === cluster.id && seen.cluster.region === cluster.region);
  const living = own?.pools?.filter((other) => other.status !== 'Deleting' && other.name === pool.name) ?? [];
  return pool.status !== 'Deleting' && living.length > 1;
}

function countBy(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

function textOfTwin(cluster: ObservedCluster, pool: ObservedPool): string {
  return `${cluster.name}/${pool.name} names more than one pool: nothing is changed until one of them is renamed or gone`;
}

function findingOfTwin(cluster: ObservedCluster, pool: ObservedPool): Finding {
  const subject = {
    kind: 'pool' as const,
    region: cluster.region,
    clusterId: cluster.id,
    poolId: pool.id,
    cluster: cluster.name,
    pool: pool.name,
  };
  return { kind: 'config.mismatch', subject, severity: 'warning', text: textOfTwin(cluster, pool) };
}

function holdOfTwin(cluster: ObservedCluster, pool: ObservedPool): Hold {
  const names = {
    region: cluster.region,
    clusterId: cluster.id,
    cluster: cluster.name,
    poolId: pool.id,
    pool: pool.name,
  };
  return {
    kind: 'hold',
    ...names,
    code: 'ambiguous',
    from: undefined,
    to: undefined,
    reason: textOfTwin(cluster, pool),
    who: 'lamplighter',
  };
}

/** A rule that names one pool exactly expects it to exist; a glob may match nothing. */
function missingPools(input: RoundInput, clusters: readonly ObservedFleetCluster[]): readonly Finding[] {
  const exact = input.config.rules.filter((rule) => rule.match.exactPool && rule.schedule !== undefined);
  return exact.flatMap((rule) => {
    const mayBeUnread = clusters.some(
      (seen) =>
        seen.pools === undefined &&
        matchesPool(
          { ...rule.match, pool: undefined },
          { region: seen.cluster.region, cluster: seen.cluster.name, pool: '' },
        ),
    );
    const exists = clusters.some((seen) =>
      seen.pools?.some((pool) =>
        matchesPool(rule.match, { region: seen.cluster.region, cluster: seen.cluster.name, pool: pool.name }),
      ),
    );
    if (exists || mayBeUnread) return [];
    return [
      {
        kind: 'config.mismatch' as const,
        subject: { kind: 'config' as const, path: `pools[match=${rule.match.text}]` },
        severity: 'warning' as const,
        text: `the rule in line ${rule.position.line} names the pool ${rule.match.text}, which does not exist`,
        fix: 'correct the name, or remove the rule',
      },
    ];
  });
}
