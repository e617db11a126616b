import { covers } from '../../config/match.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import type { ObservedPool } from '../../model/cluster.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import { matchesPool, type Names } from '../../model/match.ts';
import { describeSize, isRange, type Size } from '../../model/size.ts';
import { reachedRegions } from '../asks/asked-match.ts';
import { clusterLabels, poolLabels } from '../text/labels.ts';
import { type Check, checksOf, listed } from './check.ts';
import type { LookedRegion } from './region-checks.ts';

const { ok, warning, failed, unknown } = checksOf('fleet');

/** Where the config and the fleet do not fit. */
export function fleetChecks(
  config: CompiledConfig,
  book: RuleBook,
  regions: readonly LookedRegion[],
): readonly Check[] {
  if (regions.every(({ clusters }) => clusters === undefined)) return [];
  const seen = regions.flatMap(poolsOf);
  const sizes = seen.flatMap(({ names, pool }) => sizeChecks(config, book, names, pool));
  return [...rulesChecks(config, book, regions, seen), ...sizes, ...endOfLifeCheck(config, regions)];
}

function poolsOf({ region, clusters }: LookedRegion): readonly SeenPool[] {
  return (clusters ?? []).flatMap(({ cluster, pools }) =>
    (pools ?? []).map((pool) => ({ names: { region, cluster: cluster.name, pool: pool.name }, pool })),
  );
}

/** Sizes must suit the pool's kind: bounds for an autoscaled one, a number for a fixed one. */
function sizeChecks(config: CompiledConfig, book: RuleBook, names: Names, pool: ObservedPool): readonly Check[] {
  const rule = book.appliedRule(names)?.rule;
  if (rule === undefined) return [];
  const label = poolLabels(config)(names);
  const where = `the rule in line ${rule.position.line}`;
  const range = sizesOf(config, rule).find(isRange);
  if (!pool.autoscale && range !== undefined)
    return [
      failed(
        'sizes',
        `${label} is a fixed pool, and ${where} wants ${describeSize(range)} of it: it will be left alone`,
        'write a number, or make the pool an autoscaled one',
      ),
    ];
  if (pool.autoscale && typeof rule.base === 'number')
    return [
      warning(
        'sizes',
        `${label} is autoscaled, and base: ${rule.base} of ${where} pins it to ${rule.base} nodes`,
        `write base: { min: …, max: ${rule.base} } to leave it to the autoscaler`,
      ),
    ];
  return [];
}

function sizesOf({ schedules }: CompiledConfig, rule: Rule): readonly Size[] {
  const schedule = schedules.find(({ name }) => name === rule.schedule);
  const said = [rule.base, rule.idle, schedule?.otherwise, ...(schedule?.windows ?? []).map(({ size }) => size)];
  return said.filter((size) => typeof size === 'number' || typeof size === 'object');
}

function endOfLifeCheck(config: CompiledConfig, regions: readonly LookedRegion[]): readonly Check[] {
  const clusters = regions.flatMap(({ region, clusters: own }) =>
    (own ?? []).map(({ cluster }) => ({ region, cluster: cluster.name, eol: cluster.version?.eol })),
  );
  if (clusters.length === 0) return [];
  const without = clusters.filter(({ eol }) => eol === undefined).map(clusterLabels(config));
  if (without.length === 0) return [ok('end-of-life', "the end of every cluster's Kubernetes version is known")];
  return [
    warning(
      'end-of-life',
      `nobody says when the Kubernetes version of ${listed(without)} ends: no warning will come before it`,
      "look it up in the provider's list of versions",
    ),
  ];
}

type SeenPool = { readonly names: Names; readonly pool: ObservedPool };

/** Rules that name nothing, or come too late. */
function rulesChecks(
  config: CompiledConfig,
  book: RuleBook,
  regions: readonly LookedRegion[],
  seen: readonly SeenPool[],
): readonly Check[] {
  if (config.rules.length === 0) return [ok('rules', 'the config has no rule: nothing is scaled')];
  if (seen.length === 0 && regions.every(isWhole))
    return [
      warning(
        'rules',
        'the fleet has no node pools: no rule can match one',
        'create them first, or check the region and the project of the token',
      ),
    ];
  const whole = new Set(regions.filter(isWhole).map(({ region }) => region));
  const found = [
    ...config.rules.flatMap((rule) => ruleChecks(config, book, rule, seen, whole)),
    ...ownPoolChecks(config, seen, whole),
  ];
  return found.length > 0 ? found : [ok('rules', 'every rule names pools that are there')];
}

function isWhole({ clusters }: LookedRegion): boolean {
  return clusters?.every(({ pools }) => pools !== undefined) ?? false;
}

function ruleChecks(
  { regions, rules }: CompiledConfig,
  book: RuleBook,
  rule: Rule,
  seen: readonly SeenPool[],
  whole: ReadonlySet<string>,
): readonly Check[] {
  const { match, position } = rule;
  const label = `the rule "${match.text}" in line ${position.line}`;
  const matched = seen.filter(({ names }) => matchesPool(match, names));
  if (matched.length > 0) {
    if (matched.some(({ names }) => book.ruleOf(names) === rule) || isToldByConfig(rules, rule)) return [];
    return [
      warning(
        'rules',
        `${label} never counts: every pool it matches is taken by an earlier rule`,
        'move it up, or remove it',
      ),
    ];
  }
  if (!reachedRegions(match, regions).every((region) => whole.has(region)))
    return [unknown('rules', `${label} matches no pool that could be read`)];
  return [warning('rules', `${label} matches no pool of the fleet`, 'correct the name, or remove the rule')];
}

/** A slip there protects nothing. */
function ownPoolChecks(
  { safety: { runsOn }, regions }: CompiledConfig,
  seen: readonly SeenPool[],
  whole: ReadonlySet<string>,
): readonly Check[] {
  if (runsOn === undefined || seen.some(({ names }) => matchesPool(runsOn, names))) return [];
  const label = `safety.runsOn "${runsOn.text}"`;
  if (!reachedRegions(runsOn, regions).every((region) => whole.has(region)))
    return [unknown('rules', `${label} names no pool that could be read`)];
  return [
    warning(
      'rules',
      `${label} names no pool of the fleet: no pool is kept from 0 by it`,
      'name the pool that Lamplighter runs on',
    ),
  ];
}

/** Where the matches alone show that an earlier rule takes everything, the config's own warning says so already. */
function isToldByConfig(rules: readonly Rule[], rule: Rule): boolean {
  return rules.slice(0, rules.indexOf(rule)).some((earlier) => covers(earlier.match, rule.match));
}
