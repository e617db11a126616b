import type { CompiledConfig, Exception, Match, Rule } from '../../model/config.ts';
import {
  type Labels,
  matchesCluster,
  matchesLabels,
  matchesPool,
  matchesPoolName,
  type Names,
} from '../../model/match.ts';
import type { Schedule } from '../../model/schedule.ts';
import type { EpochMs } from '../../model/time.ts';
import { makeTimeline, type Timeline } from '../schedule/timeline.ts';

/** A rule that is to act on a pool, with its schedule's timeline for exactly this pool. */
export type AppliedRule = { readonly rule: Rule; readonly scheduleName: string; readonly timeline: Timeline };

export type RuleBook = {
  /** The first rule that matches, of any kind. */
  readonly ruleOf: (names: Names) => Rule | undefined;
  /** The same rule if it has a schedule, with the pool's own timeline (schedule and matching exceptions). */
  readonly appliedRule: (names: Names) => AppliedRule | undefined;
  /** The rule that depends on unknown labels: it or a later rule may apply. undefined = no such doubt. */
  readonly unclearRule: (names: Names) => Rule | undefined;
  /** The keys of labels that rules ask for. */
  readonly labelKeys: ReadonlySet<string>;
  /** Could a rule with a schedule apply to some pool of this cluster? */
  readonly mayAct: (names: Pick<Names, 'region' | 'cluster'>) => boolean;
};

/**
 * The config prepared for looking up pools. Each schedule is evaluated once per book and set of exceptions, not once
 * per pool.
 */
export function makeRuleBook(config: CompiledConfig, now: EpochMs): RuleBook {
  const schedules = new Map(config.schedules.map((schedule) => [schedule.name, schedule]));
  const timelines = new Map<string, Timeline>();
  const rulesOf = new Map<string, readonly Rule[]>();
  const candidates = (names: Pick<Names, 'region' | 'cluster'>) => {
    const key = `${names.region}\n${names.cluster}`;
    let rules = rulesOf.get(key);
    if (rules === undefined) {
      rules = config.rules.filter((rule) => matchesCluster(rule.match, names));
      rulesOf.set(key, rules);
    }
    return rules;
  };
  const ruleOf = (names: Names) => candidates(names).find(({ match }) => isMatched(match, names));
  return {
    ruleOf,
    labelKeys: new Set(config.rules.flatMap(({ match }) => Object.keys(match.labels ?? {}))),
    unclearRule: (names) => {
      if (names.labels !== undefined) return undefined;
      const first = candidates(names).find(({ match }) => matchesPoolName(match, names.pool));
      return first?.match.labels === undefined ? undefined : first;
    },
    mayAct: (names) => mayAct(candidates(names)),
    appliedRule: (names) => {
      const rule = ruleOf(names);
      const schedule = rule?.schedule === undefined ? undefined : schedules.get(rule.schedule);
      if (rule === undefined || schedule === undefined) return undefined;
      const timeline = timelineOf(schedule, config.exceptions, names, now, timelines);
      return { rule: livesHere(rule, config, names), scheduleName: schedule.name, timeline };
    },
  };
}

/** What rules need to know about a pool. */
export function labelledNames(
  cluster: { readonly region: string; readonly name: string },
  pool: { readonly name: string; readonly labels?: Labels | undefined },
): Names {
  return { region: cluster.region, cluster: cluster.name, pool: pool.name, labels: pool.labels };
}

/** For a pool whose cluster is known to match. */
function isMatched(match: Match, { pool, labels }: Names): boolean {
  return matchesPoolName(match, pool) && matchesLabels(match, labels);
}

/** Lamplighter's own pool is never taken below 1. */
function livesHere(rule: Rule, config: CompiledConfig, names: Names): Rule {
  const own = config.safety.runsOn;
  if (own === undefined || !matchesPool(own, names)) return rule;
  return { ...rule, limits: { ...rule.limits, min: Math.max(1, rule.limits.min) } };
}

/** Rules that exclude all pools of a cluster count only if they come first. */
function mayAct(rules: readonly Rule[]): boolean {
  for (const rule of rules) {
    if (rule.schedule !== undefined) return true;
    if (rule.match.labels !== undefined) continue;
    if (rule.match.pool === undefined || rule.match.text.endsWith('/*')) return false;
  }
  return false;
}

/** The timeline of one schedule with the exceptions that match this pool; shared by all pools with the same ones. */
export function timelineOf(
  schedule: Schedule,
  exceptions: readonly Exception[],
  names: Names,
  now: EpochMs,
  timelines: Map<string, Timeline>,
): Timeline {
  const matching = exceptions.filter((exception) => matchesPool(exception.match, names));
  const key = keyOf(schedule, matching, exceptions);
  let timeline = timelines.get(key);
  if (timeline === undefined) {
    timeline = makeTimeline(schedule, matching, now);
    timelines.set(key, timeline);
  }
  return timeline;
}

function keyOf({ name }: Schedule, matching: readonly Exception[], all: readonly Exception[]): string {
  return matching.length === 0 ? name : `${name}\n${matching.map((one) => all.indexOf(one)).join(',')}`;
}
