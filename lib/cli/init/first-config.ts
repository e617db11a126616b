import { observedSize } from '../../decide/scaling/base.ts';
import type { ObservedPool } from '../../model/cluster.ts';
import { isGlob } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { isRange, lower, type Size } from '../../model/size.ts';
import { compareText } from '../../model/text.ts';
import type { InitAnswers } from './answers.ts';
import type { ListedCluster } from './list-fleet.ts';
import { sparedFor } from './spared-pools.ts';

/** The region alone, for judging the address before any token is sent there. */
export function regionText({ region, api, allowHost, token }: InitAnswers): string {
  const lines = [
    'regions:',
    `  ${/^[a-z][\w-]*$/iu.test(region) ? region : JSON.stringify(region)}:`,
    `    api: ${JSON.stringify(api)}`,
    ...(allowHost ? ['    allowHost: true                  # not one of the provider’s hosts; it gets the token'] : []),
    `    token: ${flow(token)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * A first config: every pool by name with today's size as its base, and nothing changed until somebody says so. `schema`:
 * where editors find the JSON Schema, as seen from the config; undefined = nowhere.
 */
export function firstConfig(answers: InitAnswers, fleet: readonly ListedCluster[], schema: string | undefined): string {
  return `${schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`}# The config of Lamplighter. To find mistakes: lamplighter check. To see what it would do: lamplighter plan.
# docs/config.md explains every key. Teams can keep rules in files of their own: include: teams/*.yml

timezone: ${answers.zone}

# The API, and where its token is kept. Never write the token itself here.
${regionText(answers)}
# Pools have their base while a window is open, and their idle size at all other times.
schedules:
  office-hours:
    windows:
      - { days: mon-fri, from: "07:00", to: "19:00" }
    otherwise: idle
    lead: auto                           # begins early enough for the nodes to be ready at 07:00

# observe: nothing is changed, Lamplighter only shows what it would do. When \`lamplighter plan\` shows what you want, write
# act. If the first scale-downs are many, the brake holds them: read the plan, then run lamplighter approve.
defaults:
  mode: observe

# The first rule that matches a pool counts. A pool that no rule matches is never changed.
# base is the size that each pool has today. idle is its size out of hours; an idle of 0 also needs limits: { min: 0 }.
# schedule: none is for pools that must never be scaled. Pools whose names suggest production, management or data have it,
# until you change it. One pattern can name many pools:
#   { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 1 }
${firstRules(answers.region, fleet)}
# Where alerts go (Slack, Teams, email, PagerDuty and more, see docs/alerts.md):
# destinations:
#   ops: { kind: slack, url: { env: SLACK_URL } }
`;
}

/** A value in YAML's flow form, on one line; texts in quotes, as JSON writes them. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, own]) => `${key}: ${flow(own)}`);
  return `{ ${entries.join(', ')} }`;
}

/** One rule per pool, below a comment for each cluster; what cannot be named or sized is a comment with the reason. */
function firstRules(region: string, fleet: readonly ListedCluster[]): string {
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
  const sorted = pools.toSorted((a, b) => compareText(a.name, b.name));
  return [head, ...sorted.map((pool) => poolLine(region, cluster.name, pool, sorted))];
}

function poolLine(region: string, cluster: string, pool: ObservedPool, all: readonly ObservedPool[]): string {
  const name = printable(pool.name);
  if (all.filter((other) => other.name === pool.name).length > 1)
    return `  # ${name}: several pools have this name, so they are left alone`;
  if (isUnnameable(cluster) || isUnnameable(pool.name))
    return `  # ${name}: a name with special characters: write ? in their place`;
  const own = `${cluster}/${pool.name}`;
  const match = own.includes(':') ? `${region}:${own}` : own;
  const size = observedSize(pool, undefined);
  if (size === undefined || size === 0 || (isRange(size) && size.max === 0)) {
    const today = size === undefined ? 'its size is not known' : 'it is at 0 today';
    return `  - { match: ${flow(match)}, schedule: none }   # ${today}: to scale it, give it a base`;
  }
  const sizes = sizesText(size);
  const word = sparedFor({ cluster, pool: pool.name });
  if (word !== undefined) {
    const why = `left alone, because of "${word}" in its name; to scale it: schedule: office-hours, ${sizes}`;
    return `  - { match: ${flow(match)}, schedule: none }   # ${why}`;
  }
  return `  - { match: ${flow(match)}, schedule: office-hours, ${sizes} }`;
}

/** A slash would cut the name in two, the others mean more than themselves. */
function isUnnameable(name: string): boolean {
  return isGlob(name) || name.includes('/') || name.trim() === '' || printable(name) !== name;
}

/** Out of hours one node, or of an autoscaled pool a third of its bounds; 0 only where the pool is allowed it today. */
function sizesText(base: Size): string {
  const idle = isRange(base)
    ? { min: Math.min(base.min, 1), max: Math.max(1, Math.ceil(base.max / 3)) }
    : Math.min(base, 1);
  const limits = lower(base) === 0 ? { limits: { min: 0 } } : {};
  const sizes = Object.entries({ base, idle, ...limits }).map(([key, value]) => `${key}: ${flow(value)}`);
  return sizes.join(', ');
}
