import { isDeleting, type ObservedCluster, type ObservedPool } from '../../model/cluster.ts';
import type { Rule } from '../../model/config.ts';
import { type Finding, worse } from '../../model/finding.ts';
import { describeSize, isZero, type Size } from '../../model/size.ts';
import { type EpochMs, hourMs, iso } from '../../model/time.ts';
import { subjectId } from '../incidents/incident.ts';
import { mismatchFindings } from '../matching/mismatch-findings.ts';
import { namesOf } from '../matching/unmatched.ts';
import { type Change, isContended, type PoolMemory } from './memory.ts';
import type { Hold, RoundInput } from './plan.ts';
import { type PoolView, poolFinding, poolLabel } from './pool-view.ts';
import { refusalOf } from './refusal.ts';
import type { RuleBook } from './rule-book.ts';
import { labelledNames } from './rule-book.ts';

export type ConfigFindings = {
  readonly findings: readonly Finding[];
  readonly holds: readonly Hold[];
  /** Called with a pool of this round. */
  readonly isAmbiguous: (pool: ObservedPool) => boolean;
};

/** Mismatches of config and fleet: ambiguous names, and matches that match nothing. */
export function configFindings(input: RoundInput, book: RuleBook): ConfigFindings {
  const shared = sharedNames(input, book);
  return { ...shared, findings: [...shared.findings, ...unmatched(input)] };
}

/** Names that exist twice, each once. */
export function sharedNames(input: Pick<RoundInput, 'clusters'>, book: RuleBook): ConfigFindings {
  const clusters = input.clusters.filter(({ cluster }) => !isDeleting(cluster));
  const clusterCounts = countBy(clusters.map(({ cluster }) => nameOf(cluster)));
  const twins = clusters.flatMap(({ cluster, pools = [] }): readonly Twin[] => {
    const alike = clusterCounts.get(nameOf(cluster)) ?? 0;
    const found = alike > 1 ? pools : twinPools(pools);
    return found.map((pool) => ({ cluster, pool, alike }));
  });
  const ambiguous = new Set(twins.map(({ pool }) => pool));
  const matched = twins.filter(({ cluster, pool }) => book.appliedRule(labelledNames(cluster, pool)));
  const unclear = (book.labelKeys.size === 0 ? [] : clusters).flatMap(({ cluster, pools = [] }) =>
    pools.flatMap((pool): readonly Unclear[] => {
      const rule = ambiguous.has(pool) ? undefined : book.unclearRule(labelledNames(cluster, pool));
      return rule === undefined ? [] : [{ cluster, pool, rule }];
    }),
  );
  const isUnclear = new Set(unclear.map(({ pool }) => pool));
  return {
    isAmbiguous: (pool) => ambiguous.has(pool) || isUnclear.has(pool),
    holds: [...matched.map(holdOfTwin), ...unclear.map(holdOfUnclear)],
    findings: [...findingsOfTwins(matched), ...unclear.map(findingOfUnclear)],
  };
}

/** A pool whose rule depends on labels that no answer has shown. */
type Unclear = { readonly cluster: ObservedCluster; readonly pool: ObservedPool; readonly rule: Rule };

function textOfUnclear({ cluster, pool, rule }: Unclear): string {
  const where = `the rule "${rule.match.text}" in line ${rule.position.line} asks for ${rule.match.labelText ?? 'labels'}`;
  return `the API gives no labels for ${cluster.name}/${pool.name}, and ${where}: it is left alone until they are shown`;
}

function holdOfUnclear(one: Unclear): Hold {
  return { ...holdOfTwin({ ...one, alike: 1 }), reason: textOfUnclear(one) };
}

function findingOfUnclear(one: Unclear): Finding {
  const subject = subjectOfTwin({ ...one, alike: 1 });
  return { kind: 'pool.unclear', subject, severity: 'warning', text: textOfUnclear(one) };
}

function nameOf({ region, name }: ObservedCluster): string {
  return `${region}\n${name}`;
}

/** Pools of one cluster with the same name, without those being deleted. */
function twinPools(pools: readonly ObservedPool[]): readonly ObservedPool[] {
  const living = pools.filter((pool) => !isDeleting(pool));
  const counts = countBy(living.map(({ name }) => name));
  return living.filter(({ name }) => (counts.get(name) ?? 0) > 1);
}

function countBy(keys: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return counts;
}

/** A pool with an ambiguous name; `alike` = how many clusters have its cluster's name. */
type Twin = { readonly cluster: ObservedCluster; readonly pool: ObservedPool; readonly alike: number };

function textOfTwin({ cluster, pool, alike }: Twin): string {
  return alike > 1
    ? `${alike} clusters are called ${cluster.name}: nothing is changed in them until each has a name of its own`
    : `${cluster.name}/${pool.name} names more than one pool: nothing is changed until one of them is renamed or gone`;
}

/** One finding per name: for clusters with the same name, not for each of their pools. */
function findingsOfTwins(twins: readonly Twin[]): readonly Finding[] {
  const byName = new Map<string, Twin>();
  for (const twin of twins) {
    const name = twin.alike > 1 ? nameOf(twin.cluster) : `${nameOf(twin.cluster)}\n${twin.pool.name}`;
    if (!byName.has(name)) byName.set(name, twin);
  }
  return [...byName.values()].map((twin) => ({
    kind: 'config.mismatch',
    subject: subjectOfTwin(twin),
    severity: 'warning',
    text: textOfTwin(twin),
  }));
}

function subjectOfTwin({ cluster: { region, id: clusterId, name: cluster }, pool, alike }: Twin): Finding['subject'] {
  if (alike > 1) return { kind: 'cluster', region, clusterId, cluster };
  return { kind: 'pool', region, clusterId, poolId: pool.id, cluster, pool: pool.name };
}

function holdOfTwin(twin: Twin): Hold {
  const { cluster, pool } = twin;
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
    reason: textOfTwin(twin),
    who: 'lamplighter',
  };
}

/** Judged only on the whole fleet, or on parts that were read completely. */
function unmatched({ config, clusters, isWhole, named, earlier = [], now }: RoundInput): readonly Finding[] {
  const answered = new Set(config.regions.map(({ name }) => name));
  const fleet = named ?? (isWhole ? { answered, clusters: namesOf(clusters) } : undefined);
  return fleet === undefined ? [] : mismatchFindings(config, fleet, earlier, now);
}

/** A cluster busy for longer than this is reported. */
export const busyToldAfterMs = hourMs;

/** Problems of one pool that its own memory and target show. */
export function findingsOfPool(
  view: PoolView,
  memory: PoolMemory,
  target: Size | undefined,
  now: EpochMs,
): readonly Finding[] {
  const { names } = view;
  const label = poolLabel(names);
  const findings: Finding[] = [];
  if (target === undefined && isBaseMissed(view)) findings.push(baseUnknown(view));
  if (memory.stuck) findings.push(stuckFinding(view, memory.stuck));
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
  const { busySince } = memory;
  if (busySince !== undefined && now - busySince >= busyToldAfterMs) {
    const text = `${label} could not be changed for an hour: the cluster says it is busy`;
    findings.push(poolFinding(names, 'pool.contended', 'warning', text, { since: busySince }));
  }
  if (isContended(memory)) {
    const text = `${label} was changed three times within an hour by somebody else, probably Terraform or another installation`;
    const fix = 'let Terraform ignore size, size_min and size_max';
    findings.push(poolFinding(names, 'pool.contended', 'warning', text, { fix }));
  }
  return oneEach(findings);
}

/** An incident is its kind and its subject (ADR 31): two findings of both are one that says both. */
export function oneEach(findings: readonly Finding[]): readonly Finding[] {
  const byKey = new Map<string, Finding>();
  for (const finding of findings) {
    const key = `${finding.kind}\n${subjectId(finding.subject)}`;
    const known = byKey.get(key);
    byKey.set(key, known === undefined ? finding : together(known, finding));
  }
  return byKey.size === findings.length ? findings : [...byKey.values()];
}

function together(one: Finding, other: Finding): Finding {
  const texts = other.text.includes(one.text) ? [other.text] : [one.text, other.text];
  const since = Math.min(one.since ?? Number.POSITIVE_INFINITY, other.since ?? Number.POSITIVE_INFINITY);
  return {
    ...other,
    ...one,
    severity: worse(one.severity, other.severity),
    text: one.text.includes(other.text) ? one.text : texts.join('; '),
    ...(Number.isFinite(since) && { since }),
    ...(one.facts && other.facts && { facts: { ...other.facts, ...one.facts } }),
  };
}

function baseUnknown({ names, pool, running, current }: PoolView): Finding {
  const label = poolLabel(names);
  const fix = `give the rule a base, or run: lamplighter base "${label}" set <size>`;
  const text = `${label} should be at its base, and its base is not known (it is ${running === undefined ? `${pool.status}, ` : ''}at ${describeSize(current)})`;
  return poolFinding(names, 'base.unknown', 'critical', text, { fix });
}

function stuckFinding({ names, pool: { status } }: PoolView, { from, to, claimedAt }: Change): Finding {
  const what = `${poolLabel(names)} should have gone from ${describeSize(from)} to ${describeSize(to)} at ${iso(claimedAt)}`;
  const text = `${what} and ${status === 'Error' ? 'went to Error' : `is still ${status}`}`;
  return poolFinding(names, 'pool.stuck', 'warning', text, { since: claimedAt });
}

/** Running, or without a node, or without a size: with an unknown base the pool stays there, whatever else holds it. */
function isBaseMissed({ running, current, block }: PoolView): boolean {
  if (running !== undefined && block === undefined) return true;
  if (current === undefined) return block?.code === 'absent-size' || block?.code === 'unknown-status';
  return isZero(current) && (block?.code === 'pool-not-running' || block?.code === 'unknown-status');
}
