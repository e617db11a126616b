import { isDeepStrictEqual } from 'node:util';

/**
 * What a config is meant to say, as its author would put it. The YAML that Lamplighter reads and the oracle that judges
 * it are both made from this, so that neither is made from the other.
 */
export type Bounds = { readonly min: number; readonly max: number };
export type SizeMeaning = number | Bounds;
export type TermMeaning = 'base' | 'idle' | 'leave' | number;

/** `days` are ISO weekdays of the start; minutes of the wall clock; `to` counts on past midnight (1440 = 24:00). */
export type WindowMeaning = {
  readonly days: readonly number[];
  readonly from: number;
  readonly to: number;
  readonly size: TermMeaning;
  /** Minutes from one opening to the next, and how long it is open each time. */
  readonly every?: number;
  readonly lasts?: number;
  /** The n-th working day of the month, -1 the last; Monday to Friday, for there is no calendar. */
  readonly workday?: readonly number[];
};

export type ScheduleMeaning = {
  readonly name: string;
  readonly windows: readonly WindowMeaning[];
  readonly otherwise: 'base' | 'idle' | 'leave';
  readonly lead: 'none' | 'auto' | number;
};

export type RuleMeaning = {
  /** `cluster/pool`, each part a name or a name that ends in a star. */
  readonly match: string;
  /** Only the pools that have the label; which those are, `isLabelled` says. */
  readonly isOfTeam?: boolean;
  readonly schedule: string;
  readonly base: SizeMeaning | 'remembered';
  readonly idle: SizeMeaning;
  readonly limits: { readonly min: number; readonly max?: number };
  readonly leasesMax?: number;
  readonly mode?: 'act' | 'observe';
  readonly onRemove?: 'restore' | 'leave';
  readonly onHumanChange?: 'respect' | 'enforce';
};

/** Local date-times without seconds, in the zone of the schedules. */
export type ExceptionMeaning = {
  readonly match: string;
  readonly start: string;
  readonly end: string;
  readonly size: TermMeaning;
};

export type ConfigMeaning = {
  readonly everyMinutes: number;
  readonly schedules: readonly ScheduleMeaning[];
  readonly rules: readonly RuleMeaning[];
  readonly exceptions: readonly ExceptionMeaning[];
  readonly maxChangesPerRound?: number;
  readonly minNodesPerCluster?: number;
};

export const zone = 'Europe/Berlin';

/** Does a schedule that says base anywhere decide about this pool, so that nothing else teaches its base? */
export function hasBaseTime(config: ConfigMeaning, pool: string): boolean {
  const name = ruleFor(config, pool)?.schedule;
  const schedule = config.schedules.find((one) => one.name === name);
  if (schedule === undefined) return false;
  return schedule.otherwise === 'base' || schedule.windows.some(({ size }) => size === 'base');
}

/** Whoever makes a pool called build gives it the label of the team. */
export function isLabelled(pool: string): boolean {
  return pool.endsWith('/build');
}

/** The first rule that names a pool; undefined = none, or one that only watches. */
export function ruleFor(config: ConfigMeaning, pool: string): RuleMeaning | undefined {
  const rules = found.get(config) ?? new Map<string, RuleMeaning | undefined>();
  if (!found.has(config)) found.set(config, rules);
  if (!rules.has(pool)) {
    const rule = config.rules.find((one) => matches(one.match, pool) && (one.isOfTeam !== true || isLabelled(pool)));
    rules.set(pool, rule?.schedule === 'none' ? undefined : rule);
  }
  return rules.get(pool);
}

/** Asked for each pool and round. */
const found = new WeakMap<ConfigMeaning, Map<string, RuleMeaning | undefined>>();

/**
 * Does the rule of a pool mean the same in both? Its own schedule belongs to it, others do not, and a default that is
 * written out changes nothing (docs/adr/0010). Exceptions are left out: whoever approved is given the benefit of the doubt.
 */
export function isSameRule(one: ConfigMeaning, other: ConfigMeaning, pool: string): boolean {
  return isDeepStrictEqual(wholeRule(one, pool), wholeRule(other, pool));
}

function wholeRule(config: ConfigMeaning, pool: string) {
  const rule = ruleFor(config, pool);
  const schedule = config.schedules.find(({ name }) => name === rule?.schedule);
  return rule && { rule: { ...defaults, ...rule }, schedule };
}

/** What a rule means that does not say so. */
const defaults = { mode: 'act', onRemove: 'restore', onHumanChange: 'respect', isOfTeam: false } as const;

export function matches(match: string, pool: string): boolean {
  const [clusterName, poolName] = pool.split('/') as [string, string];
  const [cluster, own] = match.split('/') as [string, string];
  return isNamed(cluster, clusterName) && isNamed(own, poolName);
}

function isNamed(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

export function bounds(size: SizeMeaning): Bounds {
  return typeof size === 'number' ? { min: size, max: size } : size;
}
