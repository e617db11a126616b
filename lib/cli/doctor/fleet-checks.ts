import { covers } from '../../config/compile-match.ts';
import type { PlacedMatch } from '../../decide/matching/config-matches.ts';
import { describeMismatches, emptyId, inLines, isOfRules, nameOf } from '../../decide/matching/mismatch-findings.ts';
import { judgeMatches, type NamedFleet, namesOf } from '../../decide/matching/unmatched.ts';
import { sharedNames } from '../../decide/scaling/findings.ts';
import type { RuleBook } from '../../decide/scaling/rule-book.ts';
import { endOfLife } from '../../decide/watching/end-of-life.ts';
import type { ObservedPool } from '../../model/cluster.ts';
import type { CompiledConfig, Rule } from '../../model/config.ts';
import { matchesPool, type Names } from '../../model/match.ts';
import { printable } from '../../model/printable.ts';
import { describeSize, isRange, type Size } from '../../model/size.ts';
import { listed } from '../../model/text.ts';
import { type EpochMs, isoDate } from '../../model/time.ts';
import { clusterLabels, poolLabels } from '../text/labels.ts';
import { type Check, checksOf, mostNamed } from './check-result.ts';
import type { LookedRegion } from './region-checks.ts';

const { ok, warning, failed, unknown } = checksOf('fleet');

/** Where the config and the fleet do not fit. */
export function fleetChecks(
  config: CompiledConfig,
  book: RuleBook,
  regions: readonly LookedRegion[],
  now: EpochMs,
): readonly Check[] {
  if (regions.every(({ clusters }) => clusters === undefined)) return [];
  const seen = regions.flatMap(poolsOf);
  const sizes = seen.flatMap(({ names, pool }) => sizeChecks(config, book, names, pool));
  return [
    ...matchChecks(config, book, regions, seen, now),
    ...nameChecks(book, regions),
    ...sizes,
    ...endOfLifeChecks(config, regions),
  ];
}

function poolsOf({ region, clusters }: LookedRegion): readonly SeenPool[] {
  return (clusters ?? []).flatMap(({ cluster, pools }) =>
    (pools ?? []).map((pool) => ({
      names: { region, cluster: cluster.name, pool: pool.name, labels: pool.labels },
      pool,
    })),
  );
}

/** Names that several clusters or pools share, once each: no rule can tell them apart, so a round leaves them alone. */
function nameChecks(book: RuleBook, regions: readonly LookedRegion[]): readonly Check[] {
  const clusters = regions.flatMap(({ clusters: own = [] }) =>
    own.map(({ cluster, pools }) => ({ cluster, pools, record: undefined, lookedAt: undefined })),
  );
  return sharedNames({ clusters }, book).findings.map(({ text }) =>
    warning('names', text, 'rename all but one of them, or match them with no rule'),
  );
}

/** Sizes must suit the pool's kind: bounds for an autoscaled one, a number for a fixed one. */
function sizeChecks(config: CompiledConfig, book: RuleBook, names: Names, pool: ObservedPool): readonly Check[] {
  const rule = book.appliedRule(names)?.rule;
  if (rule === undefined) return [];
  const label = poolLabels(config)(names);
  const where = `the rule${placeOf(config, rule)}`;
  const range = sizesOf(config, rule).find(isRange);
  if (!pool.autoscale && range !== undefined)
    return [
      failed(
        'sizes',
        `${label} is a fixed pool, and ${where} gives it ${describeSize(range)}: it will not be changed`,
        'write a number, or turn on the autoscaling of the pool',
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

/** Every version in use has a date, the provider's or the config's, and both say the same. */
function endOfLifeChecks(config: CompiledConfig, regions: readonly LookedRegion[]): readonly Check[] {
  const clusters = regions.flatMap(({ region, clusters: own }) =>
    (own ?? []).map(({ cluster: { name, version } }) => {
      return { region, cluster: name, version: version?.version, end: version && endOfLife(version, config.versions) };
    }),
  );
  if (clusters.length === 0) return [];
  const without = clusters.filter(({ end }) => end === undefined);
  const own = clusters.filter(({ end }) => end?.from === 'config');
  const known = `the end of every cluster's Kubernetes version is known${own.length === 0 ? '' : `, by the config for ${versionsOf(own)}`}`;
  return [
    without.length === 0 ? ok('end-of-life', known) : unknownEnds(config, without),
    ...differingEnds(clusters.map(({ version, end }) => [version, end?.date, end?.configured])),
  ];
}

type Versioned = { readonly region: string; readonly cluster: string; readonly version: string | undefined };

function unknownEnds(config: CompiledConfig, without: readonly Versioned[]): Check {
  const names = listed(without.map(clusterLabels(config)), mostNamed);
  const versions = versionsOf(without);
  const [, first] = /^v?(\d+\.\d+)/u.exec(versions) ?? [];
  return warning(
    'end-of-life',
    `the API gives no end-of-life date for the Kubernetes version of ${names}: nobody will be warned${versions === '' ? '' : ` about ${versions}`}`,
    `look it up in the provider's list of versions, and write it into the config: versions: { "${first ?? '1.35'}": { eol: YYYY-MM-DD } }`,
  );
}

function versionsOf(clusters: readonly Pick<Versioned, 'version'>[]): string {
  return [...new Set(clusters.flatMap(({ version }) => version ?? []))].sort().map(printable).join(', ');
}

function differingEnds(
  ends: readonly (readonly [string | undefined, EpochMs | undefined, EpochMs | undefined])[],
): readonly Check[] {
  const told = ends.flatMap(([version, date, configured]) => {
    if (version === undefined || date === undefined || configured === undefined) return [];
    const says = `the API says that Kubernetes ${printable(version)} ends on ${isoDate(date)}, and the config says ${isoDate(configured)}`;
    return [`${says}: the API's date counts`];
  });
  return [...new Set(told)].map((text) => warning('end-of-life', text, 'remove it from versions, or correct it'));
}

type SeenPool = { readonly names: Names; readonly pool: ObservedPool };

/** Matches that name nothing, and rules that come too late. */
function matchChecks(
  config: CompiledConfig,
  book: RuleBook,
  regions: readonly LookedRegion[],
  seen: readonly SeenPool[],
  now: EpochMs,
): readonly Check[] {
  const fleet: NamedFleet = {
    answered: new Set(regions.filter(({ clusters }) => clusters !== undefined).map(({ region }) => region)),
    clusters: namesOf(regions.flatMap(({ clusters }) => clusters ?? [])),
  };
  const judged = judgeMatches(config, fleet, now);
  const all = describeMismatches(config, judged, fleet);
  const isBare = config.rules.length > 0 && seen.length === 0 && regions.every(isWhole);
  const [missing, open] = [isBare ? all.filter(({ id }) => id !== emptyId) : all, judged.unknown];
  const rules = [
    ...missing.filter(({ isOfRules }) => isOfRules).map(({ text, fix }) => warning('rules', text, fix)),
    ...open.filter(({ use }) => isOfRules(use)).map(notRead('rules')),
    ...config.rules.flatMap((rule) => lateCheck(config, book, rule, seen)),
  ];
  const others = [
    ...missing.filter((one) => !one.isOfRules).map(({ text, fix }) => warning('matches', text, fix)),
    ...open.filter(({ use }) => !isOfRules(use)).map(notRead('matches')),
  ];
  return [...(isBare ? [noPools] : ruleChecks(config, rules)), ...others];
}

const noPools = warning(
  'rules',
  'the fleet has no node pools: no rule can match one',
  'create them first, or check the region and the project of the token',
);

function ruleChecks({ rules }: CompiledConfig, found: readonly Check[]): readonly Check[] {
  if (found.length > 0) return found;
  const none = rules.length === 0;
  return [ok('rules', none ? 'the config has no rule: nothing is scaled' : 'every rule matches existing pools')];
}

function notRead(id: string) {
  return ({ use, match, line, file }: PlacedMatch) =>
    unknown(
      id,
      `${nameOf(use)} "${match.text}"${inLines(line === undefined ? [] : [line], file)} matches nothing that could be read`,
    );
}

function isWhole({ clusters }: LookedRegion): boolean {
  return clusters?.every(({ pools }) => pools !== undefined) ?? false;
}

function placeOf(config: CompiledConfig, { position: { file, line } }: Rule): string {
  return inLines([line], file === config.file ? undefined : file);
}

function lateCheck(config: CompiledConfig, book: RuleBook, rule: Rule, seen: readonly SeenPool[]): readonly Check[] {
  const matched = seen.filter(({ names }) => matchesPool(rule.match, names));
  const counts = matched.some(({ names }) => book.ruleOf(names) === rule);
  if (matched.length === 0 || counts || isToldByConfig(config.rules, rule)) return [];
  const label = `the rule "${rule.match.text}"${placeOf(config, rule)}`;
  const text = `${label} has no effect: earlier rules match all of its pools`;
  return [warning('rules', text, 'move it up, or remove it')];
}

/** Where the matches alone show that an earlier rule takes everything, the config's own warning says so already. */
function isToldByConfig(rules: readonly Rule[], rule: Rule): boolean {
  return rules.slice(0, rules.indexOf(rule)).some((earlier) => covers(earlier.match, rule.match));
}
