import type { ObservedCluster, ObservedPool } from '../../model/cluster.ts';
import type { Finding } from '../../model/finding.ts';
import { describeSize, isZero, type Size } from '../../model/size.ts';
import { type EpochMs, iso } from '../../model/time.ts';
import { mismatchFindings } from '../matching/mismatch-findings.ts';
import { namesOf } from '../matching/unmatched.ts';
import { isContended, type PoolMemory } from './memory.ts';
import type { Hold, RoundInput } from './plan.ts';
import { type PoolView, poolFinding, poolLabel } from './pool-evaluation.ts';
import { refusalOf } from './refusal.ts';
import type { RuleBook } from './rule-book.ts';

export type ConfigFindings = {
  readonly findings: readonly Finding[];
  readonly holds: readonly Hold[];
  /** Asked with a pool of the round's own observation. */
  readonly isAmbiguous: (pool: ObservedPool) => boolean;
};

/** Where the config and the fleet do not fit: names that exist twice, and matches that name nothing. */
export function configFindings(input: RoundInput, book: RuleBook): ConfigFindings {
  const clusters = input.clusters.filter(
    ({ cluster }) => cluster.status !== 'Deleting' && cluster.status !== 'Deleted',
  );
  const clusterCounts = countBy(clusters.map(({ cluster }) => nameOf(cluster)));
  const twins = clusters.flatMap(({ cluster, pools = [] }) => {
    const isClusterTwin = (clusterCounts.get(nameOf(cluster)) ?? 0) > 1;
    const found = isClusterTwin ? pools : twinPools(pools);
    return found.map((pool) => ({ cluster, pool }));
  });
  const ambiguous = new Set(twins.map(({ pool }) => pool));
  const matched = twins.filter(({ cluster, pool }) =>
    book.appliedRule({ region: cluster.region, cluster: cluster.name, pool: pool.name }),
  );
  return {
    isAmbiguous: (pool) => ambiguous.has(pool),
    holds: matched.map(({ cluster, pool }) => holdOfTwin(cluster, pool)),
    findings: [...matched.map(({ cluster, pool }) => findingOfTwin(cluster, pool)), ...unmatched(input)],
  };
}

function nameOf({ region, name }: ObservedCluster): string {
  return `${region}\n${name}`;
}

/** Pools of one cluster that share a name; one that is being deleted does not count. */
function twinPools(pools: readonly ObservedPool[]): readonly ObservedPool[] {
  const living = pools.filter(({ status }) => status !== 'Deleting');
  const counts = countBy(living.map(({ name }) => name));
  return living.filter(({ name }) => (counts.get(name) ?? 0) > 1);
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

/** Judged over the whole fleet, or over what of it is known to be whole. */
function unmatched({ config, clusters, isWhole, named, earlier = [], now }: RoundInput): readonly Finding[] {
  const answered = new Set(config.regions.map(({ name }) => name));
  const fleet = named ?? (isWhole ? { answered, clusters: namesOf(clusters) } : undefined);
  return fleet === undefined ? [] : mismatchFindings(config, fleet, earlier, now);
}

/** What is wrong with one pool, as far as its own memory and target show it. */
export function findingsOfPool(
  view: PoolView,
  memory: PoolMemory,
  target: Size | undefined,
  now: EpochMs,
): readonly Finding[] {
  const { names } = view;
  const label = poolLabel(names);
  const findings: Finding[] = [];
  if (target === undefined && isBaseMissed(view)) {
    const fix = `give the rule a base, or run: lamplighter base "${label}" set <size>`;
    const text = `${label} should be at its base, and its base is not known (it is ${view.running === undefined ? `${view.pool.status}, ` : ''}at ${describeSize(view.current)})`;
    findings.push(poolFinding(names, 'base.unknown', 'critical', text, { fix }));
  }
  if (memory.stuck) {
    const text = `${label} was to go from ${describeSize(memory.stuck.from)} to ${describeSize(memory.stuck.to)} at ${iso(memory.stuck.claimedAt)} and ${view.pool.status === 'Error' ? 'went to Error' : `is still ${view.pool.status}`}`;
    findings.push(poolFinding(names, 'pool.stuck', 'warning', text, { since: memory.stuck.claimedAt }));
  }
  const refusal = refusalOf(memory, target);
  if (refusal && refusal.why !== 'forbidden')
    findings.push(
      poolFinding(
        names,
        'pool.refused',
        'warning',
        `${label}: size ${describeSize(refusal.target)} was refused: ${refusal.detail}`,
      ),
    );
  if (memory.busySince !== undefined && now - memory.busySince >= 60 * 60_000) {
    findings.push(
      poolFinding(
        names,
        'pool.contended',
        'warning',
        `${label} could not be changed for an hour: the cluster says it is busy`,
        { since: memory.busySince },
      ),
    );
  }
  if (isContended(memory)) {
    const text = `${label} was changed three times within an hour by somebody else: probably Terraform or another installation`;
    findings.push(
      poolFinding(names, 'pool.contended', 'warning', text, {
        fix: 'let Terraform ignore size, size_min and size_max',
      }),
    );
  }
  return findings;
}

/** Seen Running, or without a node, or without a size at all: whatever else holds it, without its base it stays there. */
function isBaseMissed({ running, current, block }: PoolView): boolean {
  if (running !== undefined && block === undefined) return true;
  if (current === undefined) return block?.code === 'absent-size' || block?.code === 'unknown-status';
  return isZero(current) && (block?.code === 'pool-not-running' || block?.code === 'unknown-status');
}
