import type { AnnounceConfig } from '../../model/config.ts';
import { isKeyed, isPushed } from '../../model/destination-kind.ts';
import { dayMs, minuteMs } from '../../model/time.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { type Context, isDefined, toMs } from './context.ts';

type RuleInput = Salvaged<NonNullable<ConfigInput['pools']>[number]>;
type AnnounceInput = Exclude<NonNullable<RuleInput['announce']>, 'off'>;

/** The rule's own, else its schedule's, else that of `defaults`; each is checked where it is written. */
export function compileAnnounce(rule: RuleInput, path: Path, context: Context): AnnounceConfig | undefined {
  const { input, report } = context;
  const own = { given: rule.announce, path: [...path, 'announce'] };
  const schedule = input.schedules?.[rule.schedule ?? '']?.announce;
  const found = [
    own,
    { given: schedule, path: ['schedules', rule.schedule ?? '', 'announce'] },
    { given: input.defaults?.announce, path: ['defaults', 'announce'] },
  ].find(({ given }) => given !== undefined);
  if (found?.given === undefined || found.given === 'off') return undefined;
  if (rule.schedule === 'none') {
    if (found === own) report.warning(found.path, 'its pools are never changed, so nothing is announced', 'remove it');
    return undefined;
  }
  if ((rule.mode ?? input.defaults?.mode) === 'observe')
    report.warning(
      found === own ? found.path : path,
      'this rule only observes, so nothing is announced for it',
      'write mode: act, or announce: off',
    );
  return toAnnounce(found.given, found.path, context);
}

/** What no rule uses is checked all the same. */
export function checkAnnounce(context: Context): void {
  for (const [name, schedule] of Object.entries(context.input.schedules ?? {})) {
    const given = schedule?.announce;
    if (given !== undefined && given !== 'off') toAnnounce(given, ['schedules', name, 'announce'], context);
  }
  const given = context.input.defaults?.announce;
  if (given !== undefined && given !== 'off') toAnnounce(given, ['defaults', 'announce'], context);
}

function toAnnounce(given: AnnounceInput, path: Path, context: Context): AnnounceConfig | undefined {
  const { before, to, raises = false } = given;
  const beforeMs = before === undefined ? undefined : toMs(before, '30m');
  if (beforeMs !== undefined && (beforeMs < 5 * minuteMs || beforeMs > dayMs))
    context.report.error(
      [...path, 'before'],
      beforeMs > dayMs
        ? `${before} before is too long: what will be done is not known so early`
        : `${before} before is too short for anybody to do something about it`,
      'write 5m to 24h, such as 30m',
    );
  if (to === undefined || beforeMs === undefined) return undefined;
  const names = typeof to === 'string' ? [to] : to.filter((name) => name !== undefined);
  const list = typeof to === 'string' ? undefined : to;
  checkNames(names, [...path, 'to'], list !== undefined, context);
  return { beforeMs, to: [...new Set(names)], raises };
}

function checkNames(names: readonly string[], path: Path, isList: boolean, { input, report }: Context): void {
  if (names.length === 0) report.error(path, 'nobody is told', 'name a destination');
  names.forEach((name, index) => {
    const place = isList ? [...path, index] : path;
    if (!isDefined(name, input.destinations, 'destination', place, report)) return;
    const { kind, retired } = input.destinations?.[name] ?? {};
    if (kind !== undefined && (isKeyed(kind) || isPushed(kind)))
      report.error(place, `${name} (${kind}) takes only what is wrong`, 'name a chat, an email, a webhook or a topic');
    else if (retired === true)
      report.warning(place, `${name} is retired, so it is told nothing new`, 'name another one');
  });
}
