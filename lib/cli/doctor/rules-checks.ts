import { covers } from '../../config/match-overlap.ts';
import type { CompiledConfig, Rule } from '../../decide/compiled-config.ts';
import { matchesPool, type Names } from '../../decide/match.ts';
import type { ObservedPool } from '../../decide/model.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { reachedRegions } from '../asked-match.ts';
import { type Check, checksOf } from './check.ts';
import type { LookedRegion } from './region-checks.ts';

export type SeenPool = { readonly names: Names; readonly pool: ObservedPool };

const { ok, warning, unknown } = checksOf('fleet');

/** Rules that name nothing, or come too late. */
export function rulesChecks(
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
