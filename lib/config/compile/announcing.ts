import { parseDayAndTime } from '../../decide/schedule/parse-time.ts';
import { isScheduleProblem } from '../../decide/schedule/schedule-problem.ts';
import { isLoopback } from '../../model/address.ts';
import type { AnnounceConfig, DigestConfig, LinkChoice, LinksConfig } from '../../model/config.ts';
import { isKeyed, isPushed } from '../../model/destination-kind.ts';
import { dayMs, hourMs, minuteMs } from '../../model/time.ts';
import { parseDurationMs } from '../duration.ts';
import type { Path } from '../problem.ts';
import type { ConfigInput } from '../schema/config.ts';
import type { Salvaged } from '../validate.ts';
import { readUrl } from './addresses.ts';
import { type Context, isDefined, itemsOf, toMs } from './context.ts';
import { compileSecrets } from './destinations.ts';

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
        ? `${before} before is too long: what will be done is not known that early`
        : `${before} before is too short for anybody to react`,
      'write 5m to 24h, such as 30m',
    );
  if (to === undefined || beforeMs === undefined) return undefined;
  return { beforeMs, to: readNames(to, [...path, 'to'], context), raises };
}

export function compileDigest(context: Context): DigestConfig | undefined {
  const { digest } = context.input;
  if (digest?.to === undefined || digest.every === undefined) return undefined;
  const { to, every } = digest;
  const names = readNames(to, ['digest', 'to'], context);
  const when = parseDayAndTime(every);
  const place = ['digest', 'every'];
  if (isScheduleProblem(when)) context.report.error(place, when.problem, 'write a weekday and a time: mon 08:00');
  else if (when.weekday === undefined)
    context.report.error(place, 'a digest is weekly, and this names no weekday', `write mon ${every}`);
  else return { to: names, weekday: when.weekday, seconds: when.seconds };
  return undefined;
}

/** Each once. */
function readNames(
  to: string | readonly (string | undefined)[],
  path: Path,
  { input, report }: Context,
): readonly string[] {
  const list = typeof to === 'string' ? [to] : to;
  if (list.length === 0) report.error(path, 'nobody is told', 'name a destination');
  list.forEach((name, index) => {
    if (name === undefined) return;
    const place = typeof to === 'string' ? path : [...path, index];
    if (!isDefined(name, input.destinations, 'destination', place, report)) return;
    const { kind, retired } = input.destinations?.[name] ?? {};
    if (kind !== undefined && (isKeyed(kind) || isPushed(kind)))
      report.error(place, `${name} (${kind}) takes only problems`, 'name a chat, an email, a webhook or a topic');
    else if (retired === true) report.warning(place, `${name} is retired, so it gets nothing new`, 'name another one');
  });
  return [...new Set(list.filter((name) => name !== undefined))];
}

const usualChoices: readonly LinkChoice[] = [{ kind: 'for', ms: 2 * hourMs }, { kind: 'midnight' }, { kind: 'night' }];

export function compileLinks(context: Context): LinksConfig | undefined {
  const { links } = context.input;
  if (links === undefined) return undefined;
  const { report } = context;
  const path = ['links'];
  const secrets = compileSecrets(links.secret, [...path, 'secret'], context);
  const url = links.url === undefined ? undefined : readAddress(links.url, [...path, 'url'], context);
  const mostMs = toMs(links.most, '14h');
  if (mostMs < 15 * minuteMs || mostMs > 7 * dayMs)
    report.error([...path, 'most'], 'not between 15m and 7d', 'write 14h, for a whole night');
  const choices = links.choices === undefined ? usualChoices : readChoices(links.choices, mostMs, context);
  if (!usesAnnounce(context))
    report.warning(
      path,
      'nothing is announced, so there are no links',
      'give a rule, a schedule or defaults announce:',
    );
  return url === undefined ? undefined : { url, secrets, mostMs, choices };
}

/** A link is a permission: it goes over the network in the clear only where there is no network. */
function readAddress(text: string, path: Path, { report }: Context): string | undefined {
  const url = readUrl(text);
  const isPlain = url !== undefined && url.search === '' && url.hash === '';
  if (url?.protocol === 'https:' && isPlain) return withoutSlash(url);
  if (url?.protocol === 'http:' && isPlain && isLoopback(url.hostname)) return withoutSlash(url);
  report.error(
    path,
    url?.protocol === 'http:'
      ? 'anybody on the network could read and use a link: http: is for this machine only'
      : 'not an address for a browser',
    'write https://host, with a path if a proxy needs one',
  );
  return undefined;
}

/** As a browser has it: what was written may end with slashes, or with a "?" that begins nothing. */
function withoutSlash({ origin, pathname }: URL): string {
  return origin + pathname.replace(/(?<!\/)\/+$/u, '');
}

function readChoices(
  given: readonly (string | undefined)[],
  mostMs: number,
  { report }: Context,
): readonly LinkChoice[] {
  if (given.length === 0 || given.length > 5)
    report.error(
      ['links', 'choices'],
      given.length === 0 ? 'no choice' : 'more than five choices',
      'write [2h, midnight, night]',
    );
  return itemsOf(given).flatMap(([index, text]): readonly LinkChoice[] => {
    if (text === 'midnight' || text === 'night') return [{ kind: text }];
    const ms = parseDurationMs(text);
    const place = ['links', 'choices', index];
    if (ms === undefined || ms < minuteMs) report.error(place, `"${text}" is no choice`, 'write 2h, midnight or night');
    else if (ms > mostMs) report.error(place, `${text} is longer than most`, 'shorten it, or raise links.most');
    else return [{ kind: 'for', ms }];
    return [];
  });
}

function usesAnnounce({ input }: Context): boolean {
  const all = [input.defaults, ...(input.pools ?? []), ...Object.values(input.schedules ?? {})];
  return all.some((one) => one?.announce !== undefined && one.announce !== 'off');
}
