import type { Exception, Match, Rule } from '../../model/config.ts';
import { type Labels, labelText } from '../../model/match.ts';
import type { Schedule } from '../../model/schedule.ts';
import { compileLabels } from '../compile-match.ts';
import type { MatchIndex } from '../match-index.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import { stableHash } from '../stable-hash.ts';
import type { Salvaged } from '../validate.ts';
import { compileAnnounce } from './announcing.ts';
import { type Context, isDefined, itemsOf, toMs } from './context.ts';
import { readMatch } from './matches.ts';
import { checkRuleSizes, type Placed, type RuleSizes, readSize } from './sizes.ts';

type RuleInput = Salvaged<NonNullable<ConfigInput['pools']>[number]>;

/** A rule with everything but its hash, which also covers its schedule and exceptions. */
export type RuleDraft = { readonly rule: Omit<Rule, 'hash' | 'lead'>; readonly path: Path };

/** The rules in order, with what they do not say taken from `defaults`. */
export function compileRules(context: Context): readonly RuleDraft[] {
  return itemsOf(context.input.pools).flatMap(([index, rule]) => {
    const draft = compileRule(rule, ['pools', index], context);
    return draft === undefined ? [] : [draft];
  });
}

function compileRule(rule: RuleInput, path: Path, context: Context): RuleDraft | undefined {
  const { report, input } = context;
  const match =
    rule.match === undefined
      ? undefined
      : withLabels(
          readMatch(rule.match, 'pools', 'default region', [...path, 'match'], context),
          rule.labels,
          [...path, 'labels'],
          context,
        );
  const schedule = readSchedule(rule, path, context);
  const sizes = readSizes(rule, match, path, context);
  const announce = compileAnnounce(rule, path, context);
  if (schedule !== 'none') checkRuleSizes(sizes, report);
  if (match === undefined || schedule === undefined) return undefined;
  const defaults = input.defaults ?? {};
  return {
    path,
    rule: {
      match,
      position: context.position(path),
      schedule: schedule === 'none' ? undefined : schedule,
      base: sizes.base.value,
      idle: sizes.idle?.value,
      limits: sizes.limits,
      leases: {
        max: sizes.leasesMax?.value,
        longestMs: toMs(rule.leases?.longest ?? defaults.leases?.longest, '24h'),
      },
      mode: rule.mode ?? defaults.mode ?? 'act',
      onHumanChange: rule.onHumanChange ?? defaults.onHumanChange ?? 'respect',
      onRemove: rule.onRemove ?? defaults.onRemove ?? 'restore',
      graceMs: toMs(rule.grace ?? defaults.grace, '30m'),
      ...(announce !== undefined && { announce }),
    },
  };
}

/** The match with the labels that a pool must have beside its name. */
function withLabels(
  match: Match | undefined,
  written: RuleInput['labels'],
  path: Path,
  { report }: Context,
): Match | undefined {
  const entries = Object.entries(written ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]]));
  if (written !== undefined && entries.length === 0 && !report.isToldBelow(path))
    report.error(path, 'no label is named, so every pool would match', 'write { team: data }, or remove the key');
  if (match === undefined || entries.length === 0) return match;
  const outcome = compileLabels(Object.fromEntries(entries) as Labels);
  if (!outcome.ok) {
    report.error([...path, outcome.key], `the label "${outcome.key}" ${outcome.message}`, outcome.fix);
    return undefined;
  }
  const text = entries.map(([key = '', value = '']) => labelText(key, value)).join(', ');
  return { ...match, labels: outcome.labels, labelText: `{ ${text} }` };
}

function readSchedule(rule: RuleInput, path: Path, { input, report }: Context): string | undefined {
  const { schedule } = rule;
  if (schedule === undefined || schedule === 'none') return schedule;
  const names = { ...input.schedules, none: true };
  return isDefined(schedule, names, 'schedule', [...path, 'schedule'], report) ? schedule : undefined;
}

function readSizes(rule: RuleInput, match: Match | undefined, path: Path, context: Context): RuleSizes {
  const defaults = context.input.defaults ?? {};
  const leasesMax =
    placed(rule.leases?.max, [...path, 'leases', 'max']) ?? placed(defaults.leases?.max, ['defaults', 'leases', 'max']);
  return {
    match,
    rulePath: path,
    base: readBase(rule, path, context),
    idle: readIdle(rule, path, context),
    limits: {
      min: rule.limits?.min ?? defaults.limits?.min ?? 1,
      max: rule.limits?.max ?? defaults.limits?.max,
    },
    limitsPath: rule.limits === undefined ? path : [...path, 'limits'],
    leasesMax,
    everyPool: rule.everyPool === true,
  };
}

function placed<T>(value: T | undefined, path: Path): Placed<T> | undefined {
  return value === undefined ? undefined : { value, path };
}

function readBase(rule: RuleInput, path: Path, { input, report }: Context): RuleSizes['base'] {
  const found = placed(rule.base, [...path, 'base']) ?? placed(input.defaults?.base, ['defaults', 'base']);
  if (found === undefined || found.value === 'remembered') return { value: 'remembered', path };
  const size = readSize(found.value, found.path, report);
  return size === undefined ? { value: 'remembered', path } : { value: size, path: found.path };
}

function readIdle(rule: RuleInput, path: Path, { input, report }: Context): RuleSizes['idle'] {
  const found = placed(rule.idle, [...path, 'idle']) ?? placed(input.defaults?.idle, ['defaults', 'idle']);
  const size = found && readSize(found.value, found.path, report);
  return found && size !== undefined ? { value: size, path: found.path } : undefined;
}

/** The finished rule. Its hash says what it means: itself, its schedule, the exceptions that could touch it. */
export function finishRule(
  draft: RuleDraft,
  schedules: ReadonlyMap<string, { readonly schedule: Schedule; readonly meaning: unknown }>,
  exceptions: MatchIndex<Exception>,
): Rule {
  const found = draft.rule.schedule === undefined ? undefined : schedules.get(draft.rule.schedule);
  // Announcements change no size, so they cause no brake and no reset.
  const { position: _, announce: ____, ...meaning } = draft.rule;
  const touching = exceptions
    .overlapping(draft.rule.match)
    .map(({ position: __, reason: ___, ...exception }) => exception);
  const hash = stableHash({ rule: meaning, schedule: found?.meaning, exceptions: touching });
  return { ...draft.rule, lead: found?.schedule.lead ?? { kind: 'none' }, hash };
}
