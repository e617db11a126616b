import type { CompiledConfig, Rule } from '../../decide/compiled-config.ts';
import type { Names } from '../../decide/match.ts';
import type { ObservedPool, Size } from '../../decide/model.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { describeSize, isRange } from '../../decide/scaling/size.ts';
import { clusterLabels, poolLabels } from '../pool-label.ts';
import { type Check, checksOf, listed } from './check.ts';
import type { LookedRegion } from './region-checks.ts';
import { rulesChecks, type SeenPool } from './rules-checks.ts';

const { ok, warning, failed } = checksOf('fleet');

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
