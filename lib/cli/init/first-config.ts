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
    ...(allowHost ? ['    allowHost: true                  # not one of the provider’s hosts, and trusted'] : []),
    `    token: ${flow(token)}`,
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * A first config: every pool by name with today's size as its base, and nothing changed until somebody says so. `schema`:
 * where editors find the JSON Schema, as seen from the config; undefined = nowhere.
 */
export function firstConfig(answers: InitAnswers, fleet: readonly ListedCluster[], schema: string | undefined): string {
  return `${schema === undefined ? '' : `# yaml-language-server: $schema=${schema}\n`}# Lamplighter's config. Every mistake at once: lamplighter check. What it would do: lamplighter plan.
# Every key is explained in docs/config.md of Lamplighter. Teams can keep rules in files of their own: include: teams/*.yml

timezone: ${answers.zone}

# An API and where its token is kept; the token itself never stands here.
${regionText(answers)}
# When is what. Pools have their base while a window is open, otherwise their idle size.
schedules:
  office-hours:
    windows:
      - { days: mon-fri, from: "07:00", to: "19:00" }
    otherwise: idle
    lead: auto                           # starts early enough for nodes to be there at 07:00

# Nothing is changed yet: what would be done is only said. Once \`lamplighter plan\` says what you want, write act. The first
# scale-downs then wait once more, where they are many: look at the plan, and run lamplighter approve.
defaults:
  mode: observe

# Which pools: the first rule that matches counts, and a pool that no rule matches is never changed.
# base is each pool's size of today. idle is what it has out of hours; going to 0 also needs limits: { min: 0 }.
# schedule: none is for pools that must never sleep; names that speak of production, management, data and the like have it
# until you say otherwise. A glob can stand for many pools:
#   { match: "dev-*/*", schedule: office-hours, base: remembered, idle: 1 }
${firstRules(answers.region, fleet)}
# Who is told when something is wrong (Slack, Teams, Discord, Mattermost, PagerDuty, Alertmanager, any webhook):
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
    return `  # ${name}: a name with special characters; use a glob with ? in their place`;
  const own = `${cluster}/${pool.name}`;
  const match = own.includes(':') ? `${region}:${own}` : own;
  const size = observedSize(pool, undefined);
  if (size === undefined || size === 0 || (isRange(size) && size.max === 0)) {
    const today = size === undefined ? 'its size is not known' : 'it is at 0 today';
    return `  - { match: ${flow(match)}, schedule: none }   # ${today}: give it a base to have it scaled`;
  }
  const sizes = sizesText(size);
  const word = sparedFor({ cluster, pool: pool.name });
  if (word !== undefined) {
    const why = `left alone, since its name says ${word}; to scale it: schedule: office-hours, ${sizes}`;
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
