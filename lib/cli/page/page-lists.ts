import { changeKey } from '../../decide/announcing/announcement.ts';
import { nodesBy } from '../../decide/announcing/look-ahead.ts';
import { tellDuration } from '../../decide/messages/message.ts';
import type { PlannedChange } from '../../decide/page/planned-sizes.ts';
import { type PoolRow, sizeText } from '../../decide/page/pool-row.ts';
import type { Lease, Override, Pause } from '../../model/asks.ts';
import { isLive } from '../../model/asks.ts';
import { lower, upper } from '../../model/size.ts';
import { compareText, wholeNumber } from '../../model/text.ts';
import { calendarDays, dayMs, type EpochMs, hourMs } from '../../model/time.ts';
import type { Page, RuleGroup } from './page-model.ts';
import { many } from './render-text.ts';

/** One boundary: what happens to which pools, folded. */
export type Happening = {
  readonly from: EpochMs;
  readonly to: EpochMs;
  readonly rows: readonly PoolRow[];
  readonly pools: string;
  readonly nodes: string;
  readonly isObserved: boolean;
  readonly reason: string;
  /** Who is told of it before, and whether they were. */
  readonly announced: string;
};

const happeningMs = 36 * hourMs;

/** The next day and a half, one line per boundary, in order of time. */
export function listHappenings(page: Page): readonly Happening[] {
  const until = page.at + happeningMs;
  const all = page.rows.flatMap((row) => row.changes.filter(({ at }) => at < until).map((change) => ({ row, change })));
  const groups = Map.groupBy(all, ({ row, change }) => keyOf(row, change));
  const told = toldIn(page);
  return [...groups.values()].map((some) => happening(page, told, some)).toSorted((a, b) => a.from - b.from);
}

type One = { readonly row: PoolRow; readonly change: PlannedChange };

function keyOf(row: PoolRow, { at, aheadOf, who, reason }: PlannedChange): string {
  const isUp = aheadOf !== undefined;
  return JSON.stringify([aheadOf ?? at, isUp, row.isObserved, who, isUp ? '' : reasonKey(reason)]);
}

/** Without the sizes, which differ from pool to pool. */
function reasonKey(reason: string): string {
  return reason.replace(/: [\d.]+(?=,|$)/u, '');
}

function happening(page: Page, told: Told, some: readonly One[]): Happening {
  const rows = [...new Set(some.map(({ row }) => row))];
  const times = some.map(({ change }) => change.at);
  const sum = (pick: (change: PlannedChange) => PlannedChange['to']) => {
    const least = some.reduce((all, { change }) => all + lower(pick(change)), 0);
    const most = some.reduce((all, { change }) => all + upper(pick(change)), 0);
    return least === most ? wholeNumber(least) : `${wholeNumber(least)}–${wholeNumber(most)}`;
  };
  return {
    from: Math.min(...times),
    to: Math.max(...times),
    rows,
    pools: foldPools(page, rows),
    nodes: `${sum(({ from }) => from)} → ${sum(({ to }) => to)}`,
    isObserved: rows[0]?.isObserved ?? false,
    reason: reasonKey(some[0]?.change.reason ?? ''),
    announced: announcedText(page, told, some),
  };
}

/** "dev-chat (told Tue 18:25)", "dev-chat (30 min before), ops (waits in the outbox; 2 of 3 pools)". */
function announcedText(page: Page, told: Told, some: readonly One[]): string {
  const words = some.flatMap((one) => wordsOf(page, told, one));
  return [...Map.groupBy(words, ({ name, how }) => `${name} (${how}`)]
    .map(
      ([text, all]) => `${text}${all.length < some.length ? `; ${all.length} of ${many(some.length, 'pool')}` : ''})`,
    )
    .toSorted(compareText)
    .join(', ');
}

type Word = { readonly name: string; readonly how: string };

function wordsOf(page: Page, told: Told, { row, change }: One): readonly Word[] {
  const { announce } = row.rule;
  const nodes = row.changes[0] === change ? row.nodes : upper(change.from);
  const by = nodesBy(nodes, change.to);
  if (announce === undefined || row.isObserved || by === 0 || (by > 0 && !announce.raises)) return [];
  const said = told.get(changeKey(row, change.boundary)) ?? [];
  const open = announce.to.filter((name) => page.config.destinations.some((one) => one.name === name && !one.retired));
  return open.map((name) => {
    const how = said.find((one) => one.name === name)?.how;
    return { name, how: how ?? untold(page, change, announce.beforeMs) };
  });
}

/** By pool and boundary. */
type Told = ReadonlyMap<string, readonly Word[]>;

function toldIn({ stored, names }: Page): Told {
  const words = stored.announced.flatMap(({ boundary, destination: name, state, pools }) =>
    pools.map((pool) => {
      const open = state === 'waiting' ? 'waits in the outbox' : 'refused the message';
      return {
        key: changeKey(pool, boundary),
        name,
        how: state === 'sent' ? `told ${names.short(pool.saidAt)}` : open,
      };
    }),
  );
  return Map.groupBy(words, ({ key }) => key);
}

/** Once its time is past, somebody silenced it, or it was not known so early. */
function untold({ at }: Page, { boundary }: PlannedChange, beforeMs: number): string {
  return at < boundary - beforeMs ? `${tellDuration(beforeMs)} before` : 'not told yet';
}

/** "ml/gpu", "7 pools: dev-*∕*, ml/gpu", "a, b and 4 more": a rule stands for its pools where all of them are meant. */
function foldPools(page: Pick<Page, 'rules' | 'label'>, rows: readonly PoolRow[]): string {
  const left = new Set(rows);
  const names: string[] = [];
  for (const { rule, rows: all } of page.rules) {
    if (all.length < 2 || !all.every((row) => left.has(row))) continue;
    names.push(rule.match.text);
    for (const row of all) left.delete(row);
  }
  names.push(...[...left].map((row) => page.label(row)));
  names.sort(compareText);
  if (names.length > 4) return `${names.slice(0, 2).join(', ')} and ${rows.length - 2} more`;
  return rows.length > names.length ? `${many(rows.length, 'pool')}: ${names.join(', ')}` : names.join(', ');
}

export type AskedFor = {
  readonly kind: 'lease' | 'override' | 'pause' | 'kept';
  readonly what: string;
  readonly pools: string;
  readonly until: EpochMs;
  readonly who: string;
  readonly reason: string | undefined;
  /** What ends it. */
  readonly end: string;
};

/** What people and events ask for beside the schedule, and how to end it. */
export function listAsked(page: Page): readonly AskedFor[] {
  const live = page.stored.asks.filter((ask) => isLive(ask, page.at));
  const seen = new Set<string>();
  const asked = live.flatMap((ask): readonly AskedFor[] => {
    if (ask.kind === 'release' || ask.kind === 'approval' || seen.has(ask.id)) return [];
    seen.add(ask.id);
    return [{ ...whatOf(ask), kind: ask.kind, until: ask.until, who: ask.who, reason: ask.reason }];
  });
  const kept = page.rows.flatMap((row): readonly AskedFor[] => {
    const { memory } = row;
    if (memory.kept === undefined || memory.kept.until <= page.at) return [];
    const [what, pools, until] = [`kept at ${sizeText(memory.kept.size)}`, page.label(row), memory.kept.until];
    return [
      { kind: 'kept', what, pools, until, who: 'set by hand', reason: undefined, end: `resume "${page.label(row)}"` },
    ];
  });
  return [...asked, ...kept];
}

function whatOf(ask: Lease | Override | Pause): Pick<AskedFor, 'what' | 'pools' | 'end'> {
  switch (ask.kind) {
    case 'lease':
      return { what: `at least ${ask.atLeast}`, pools: ask.match.text, end: `scale "${ask.match.text}" --release` };
    case 'override':
      return {
        what: `exactly ${sizeText(ask.exactly)}`,
        pools: ask.match.text,
        end: `scale "${ask.match.text}" --release`,
      };
    case 'pause':
      return {
        what: 'left alone',
        pools: ask.match?.text ?? 'the whole fleet',
        end: ask.match === undefined ? 'resume' : `resume "${ask.match.text}"`,
      };
  }
}

export type Ending = {
  /** undefined = nobody says when. */
  readonly at: EpochMs | undefined;
  readonly days: number | undefined;
  readonly what: string;
  readonly where: string;
};

/** Versions, tokens, calendars; days in UTC, as alerts count them. */
export function listEndings(page: Page): readonly Ending[] {
  const { memories } = page.stored;
  const versions = memories.flatMap(({ region, clusters }) =>
    clusters.flatMap(({ name, version, due, missingSince }) => {
      const of = version ?? due?.of;
      if (of === undefined || missingSince !== undefined) return [];
      const at = due?.of === of ? due.date : undefined;
      return [
        { key: `${of} ${at}`, at, what: `Kubernetes ${of}`, where: page.clusterLabel({ region, cluster: name }) },
      ];
    }),
  );
  const tokens = memories.flatMap(({ region, token }) =>
    token?.date === undefined
      ? []
      : [{ key: `token ${region}`, at: token.date, what: `API token of ${region}`, where: '' }],
  );
  const calendars = Object.entries(page.config.calendarsEnd).map(([name, date]) => {
    const at = date === null ? undefined : Date.parse(`${date}T00:00Z`) + dayMs;
    return { key: `calendar ${name}`, at, what: `calendar ${name}`, where: '' };
  });
  const groups = [...Map.groupBy([...versions, ...tokens, ...calendars], ({ key }) => key).values()];
  return groups
    .map((some): Ending => {
      const { at, what } = some[0]!;
      const names = some.map(({ where }) => where).filter((where) => where !== '');
      const more = names.length > 3 ? ` and ${wholeNumber(names.length - 3)} more` : '';
      const days = at === undefined ? undefined : calendarDays(page.at, at);
      return { at, days, what, where: `${names.slice(0, 3).join(', ')}${more}` };
    })
    .toSorted((a, b) => (a.at ?? Number.POSITIVE_INFINITY) - (b.at ?? Number.POSITIVE_INFINITY));
}

/** Rules in the order in which they are read; those that neither have nor will have a node saved stand there too. */
export function savingGroups({ rules }: Page): readonly RuleGroup[] {
  return rules.toSorted((a, b) => compareText(a.rule.match.text, b.rule.match.text));
}
