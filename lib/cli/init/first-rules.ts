import { isGlob } from '../../config/compile-match.ts';
import type { ObservedPool, Size } from '../../decide/model.ts';
import { observedSize } from '../../decide/scaling/observed-size.ts';
import { isRange, lower } from '../../decide/scaling/size.ts';
import { printable } from '../render/table.ts';
import { flow } from './first-config.ts';
import type { ListedCluster } from './list-fleet.ts';

/** One rule per pool, below a comment for each cluster; what cannot be named or sized is a comment with the reason. */
export function firstRules(region: string, fleet: readonly ListedCluster[]): string {
  const lines = fleet.flatMap((listed) => clusterLines(region, listed, fleet));
  const rules = lines.filter((line) => !line.trimStart().startsWith('#'));
  return [rules.length === 0 ? '# pools:' : 'pools:', ...lines, ''].join('\n');
}

function clusterLines(
  region: string,
  { cluster, pools, problem }: ListedCluster,
  fleet: readonly ListedCluster[],
): readonly string[] {
  const version = cluster.version === undefined ? '' : `, Kubernetes ${printable(cluster.version.version)}`;
  const head = `  # ${printable(cluster.name)}${version}`;
  if (fleet.filter((other) => other.cluster.name === cluster.name).length > 1)
    return [`${head}: several clusters have this name, so its pools are left alone`];
  if (pools === undefined) return [`${head}: its pools could not be listed (${printable(problem ?? '')})`];
  const sorted = pools.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return [head, ...sorted.map((pool) => poolLine(region, cluster.name, pool, sorted))];
}

function poolLine(region: string, cluster: string, pool: ObservedPool, all: readonly ObservedPool[]): string {
  const name = printable(pool.name);
  if (all.filter((other) => other.name === pool.name).length > 1)
    return `  # ${name}: several pools have this name, so they are left alone`;
  if (isUnnameable(cluster) || isUnnameable(pool.name))
    return `  # ${name}: a name with characters that mean more in a match; use a glob with ? in their place`;
  const own = `${cluster}/${pool.name}`;
  const match = own.includes(':') ? `${region}:${own}` : own;
  const size = observedSize(pool, undefined);
  if (size === undefined || size === 0 || (isRange(size) && size.max === 0)) {
    const today = size === undefined ? 'its size is not known' : 'it is at 0 today';
    return `  - { match: ${flow(match)}, schedule: none }   # ${today}: give it a base to have it scaled`;
  }
  return `  - ${ruleText(match, size)}`;
}

/** A slash would cut the name in two, the others mean more than themselves. */
function isUnnameable(name: string): boolean {
  return isGlob(name) || name.includes('/') || name.trim() === '' || printable(name) !== name;
}

/** Out of hours one node, or of an autoscaled pool a third of its bounds; 0 only where the pool is allowed it today. */
function ruleText(match: string, base: Size): string {
  const idle = isRange(base)
    ? { min: Math.min(base.min, 1), max: Math.max(1, Math.ceil(base.max / 3)) }
    : Math.min(base, 1);
  const limits = lower(base) === 0 ? { limits: { min: 0 } } : {};
  const sizes = Object.entries({ base, idle, ...limits }).map(([key, value]) => `${key}: ${flow(value)}`);
  return `{ match: ${flow(match)}, schedule: office-hours, ${sizes.join(', ')} }`;
}
