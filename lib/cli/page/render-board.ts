import { html, raw } from 'hono/html';
import { poolShape } from '../../decide/page/plot-paths.ts';
import { type PoolRow, sizeText } from '../../decide/page/pool-row.ts';
import type { View } from '../../decide/page/time-axis.ts';
import { everSaysLeave } from '../../decide/schedule/timeline.ts';
import { clusterKey } from '../../model/cluster.ts';
import type { Match } from '../../model/config.ts';
import { lower, upper } from '../../model/size.ts';
import { wholeNumber } from '../../model/text.ts';
import { minuteMs } from '../../model/time.ts';
import { isMatched } from '../pools.ts';
import { groupOddities, type Page, type RuleGroup } from './page-model.ts';
import { renderPlot, sumOf } from './render-plot.ts';
import { type Html, many } from './render-text.ts';

/** What of the fleet is asked for. */
export type Wanted = {
  readonly view: View;
  /** Pools whose names match; undefined = all. */
  readonly match: Match | undefined;
  /** As it was typed. */
  readonly query: string;
  readonly onlyOdd: boolean;
  /** In a file nothing can be fetched: what a row opens to stands in it. */
  readonly detailOf?: (row: PoolRow) => Html;
};

/** Up to so many pools each have a row of their own. */
export const mostRows = 120;
/** Of a group in a file. */
const rowsInFile = 20;
/** So many are opened at a time. */
export const rowsAtOnce = 200;

/** Rows of pools, below one time axis. */
export function renderBoard(page: Page, wanted: Wanted): Html {
  const { view } = wanted;
  const rows = page.rows.filter((row) => isWanted(row, wanted));
  const isLarge = page.rows.length > mostRows;
  return html`<div class="board" id="board" data-from="${view.from / minuteMs}" data-minutes="${view.minutes}" data-now="${view.now}" data-zone="${view.zone}">
${renderAxis(page, view)}
${renderBackdrop(view)}
${page.rows.length === 0 ? '' : renderTotal(page, view)}
${rows.length === 0 ? renderNothing(page, wanted) : isLarge ? renderLarge(page, rows, wanted) : renderSmall(page, rows, wanted)}
</div>`;
}

function isWanted(row: PoolRow, { match, onlyOdd }: Wanted): boolean {
  return isMatched(match, row) && (!onlyOdd || row.oddity !== undefined);
}

function renderNothing({ rows }: Page, { query, onlyOdd }: Wanted): Html {
  if (rows.length === 0) return html`<p class="none">No round has seen a pool under a schedule yet.</p>`;
  const what = query === '' ? 'Every pool' : `No pool matches "${query}"`;
  const why = query === '' ? ' is as its schedule says.' : onlyOdd ? ' and differs from its schedule.' : '.';
  return html`<p class="none">${what}${why}</p>`;
}

/** Positions are percentages: text keeps its shape whatever the width. */
function renderAxis(page: Page, view: View): Html {
  const at = (minute: number) => `${percent(minute, view)}%`;
  const ticks = view.ticks.map(({ from, to, text, isToday }) => {
    return html`<text x="${at((from + to) / 2)}" y="12" class="${isToday ? 'today' : 'tick'}">${text}</text>`;
  });
  const now = `now ${page.names.timeOf(page.at)}`;
  return html`<svg class="axis" aria-hidden="true">${ticks}<text x="${at(view.now)}" y="28" class="now">${now}</text></svg>`;
}

function percent(minute: number, { minutes }: View): string {
  return ((minute / minutes) * 100).toFixed(2);
}

function renderBackdrop(view: View): Html {
  return html`<svg class="backdrop" viewBox="0 0 ${view.minutes} 1" preserveAspectRatio="none" aria-hidden="true"><g id="backdrop">${backdropOf(view)}</g></svg>`;
}

function backdropOf(view: View): Html {
  const rect = (kind: string, [from, to]: readonly [number, number]) =>
    html`<rect class="${kind}" x="${from}" width="${to - from}" height="1"/>`;
  const line = (kind: string, x: number) => html`<path class="${kind}" d="M${x} 0V1"/>`;
  return html`${view.weekends.map((span) => rect('weekend', span))}${view.gaps.map((span) => rect('gap', span))}${view.ticks
    .filter(({ from }) => from > 0)
    .map(({ from, isDay }) => line(isDay ? 'day' : 'hour', from))}${line('nowline', view.now)}`;
}

function renderTotal({ rows, total }: Page, view: View): Html {
  const shape = sumOf(rows, view);
  return html`<div class="row total"><div class="head">
<span class="name"><b>All ${many(rows.length, 'pool')}</b><small>${wholeNumber(total.nodes)} nodes now, at least ${wholeNumber(total.baseNodes)} at base</small></span>
${renderPlot(shape, view, { height: 56, label: `All pools: ${many(total.nodes, 'node')} now` })}
<span class="legend"><span><i class="k s"></i>seen</span> <span><i class="k p"></i>planned</span> <span><i class="k u"></i>up to its upper bound</span> <span><i class="k a"></i>if always on</span> <span><i class="k b"></i>schedule says base</span>${rows.some(({ applied }) => everSaysLeave(applied.timeline)) ? html` <span><i class="k b left"></i>left as it is</span>` : ''}${view.gaps.length > 0 ? html` <span><i class="k g"></i>no rounds</span>` : ''}</span>
</div></div>`;
}

function renderSmall(page: Page, rows: readonly PoolRow[], wanted: Wanted): Html {
  const byCluster = Map.groupBy(rows, ({ region, clusterId }) => clusterKey(region, clusterId));
  const parts = [...byCluster].map(([key, some]) => {
    const version = page.versions.get(key)?.version;
    return html`<h3>${page.clusterLabel(some[0]!)}${version === undefined ? '' : html` <span class="version">${version}</span>`}</h3>
${some.map((row) => renderPool(page, row, wanted, row.pool))}`;
  });
  return html`${parts}`;
}

/** First what is other than scheduled, equal reasons together; then a row per rule. */
function renderLarge(page: Page, rows: readonly PoolRow[], wanted: Wanted): Html {
  const isWhole = rows.length === page.rows.length;
  const odd = rows.filter(({ oddity }) => oddity !== undefined);
  const groups = isWhole ? page.oddities : groupOddities(odd);
  const isNarrowed = wanted.match !== undefined && rows.length <= rowsAtOnce;
  if (isNarrowed) return html`${rows.map((row) => renderPool(page, row, wanted, page.label(row)))}`;
  const rules = page.rules.map((group) => {
    return isWhole ? group : { ...group, rows: group.rows.filter((row) => isWanted(row, wanted)) };
  });
  return html`${odd.length === 0 ? '' : html`<h3>Not as scheduled (${wholeNumber(odd.length)})</h3>`}
${groups.map((some) => (some.length === 1 ? renderPool(page, some[0]!, wanted, page.label(some[0]!)) : renderOddities(page, some, wanted)))}
${wanted.onlyOdd ? '' : html`<h3>By rule</h3>${rules.filter((group) => group.rows.length > 0).map((group) => renderRule(page, group, wanted))}`}`;
}

/** Many pools of one reason. */
function renderOddities(page: Page, rows: readonly PoolRow[], wanted: Wanted): Html {
  const { view } = wanted;
  const [first, second] = rows;
  const oddity = first?.oddity;
  const names = [first, second].flatMap((row) => (row ? [page.label(row)] : [])).join(', ');
  const nodes = rows.reduce((sum, row) => sum + row.nodes, 0);
  const base = rows.reduce((sum, row) => sum + (row.base === undefined ? row.nodes : lower(row.base)), 0);
  const href = `/pools?odd=${encodeURIComponent(oddity?.key ?? '')}${searchQuery(wanted)}${viewQuery(view, '&')}`;
  return html`<details class="row group"><summary class="head">
<span class="name"><b>${many(rows.length, 'pool')}</b><small>${names}${rows.length > 2 ? ', …' : ''}</small></span>
${renderPlot(sumOf(rows, view), view, { label: `${many(rows.length, 'pool')}: ${many(nodes, 'node')} now` })}
<span class="state"><span><b>${wholeNumber(nodes)}</b> nodes, base ${wholeNumber(base)}</span><small class="${oddity?.tone ?? 'note'}">${oddity?.text ?? ''}</small></span>
</summary>${renderInside(page, rows, wanted, href)}</details>`;
}

function renderRule(page: Page, { rule, rows, counted: sums }: RuleGroup, wanted: Wanted): Html {
  const { view } = wanted;
  const clusters = new Set(rows.map(({ region, clusterId }) => clusterKey(region, clusterId))).size;
  const odd = rows.filter(({ oddity }) => oddity !== undefined).length;
  const index = page.rules.findIndex((group) => group.rule === rule);
  const next = nextOf(page, rows);
  return html`<details class="row group rule"><summary class="head">
<span class="name"><b>${rule.match.text}</b><small>${many(rows.length, 'pool')} in ${many(clusters, 'cluster')}${odd > 0 ? html`, <span class="warn">${wholeNumber(odd)} not as scheduled</span>` : ''}</small></span>
${renderPlot(sumOf(rows, view), view, { label: `${rule.match.text}: ${many(sums.nodes, 'node')} now` })}
<span class="state"><span><b>${wholeNumber(sums.nodes)}</b> nodes, base ${wholeNumber(sums.baseNodes)}</span>${next === '' ? '' : html`<small>${next}</small>`}</span>
</summary>${renderInside(page, rows, wanted, `/pools?rule=${index}${searchQuery(wanted)}${viewQuery(view, '&')}`)}</details>`;
}

/** What was searched for goes on inside a group. */
function searchQuery({ query }: Wanted): string {
  return query === '' ? '' : `&q=${encodeURIComponent(query)}`;
}

function renderInside(page: Page, rows: readonly PoolRow[], wanted: Wanted, href: string): Html {
  if (wanted.detailOf !== undefined) {
    const rest = rows.length - rowsInFile;
    const more =
      rest > 0 ? html`<p class="fetch quiet">${many(rest, 'more pool')}: lamplighter page shows them all.</p>` : '';
    return html`<div class="inside">${rows.slice(0, rowsInFile).map((row) => renderPool(page, row, wanted, page.label(row)))}${more}</div>`;
  }
  return html`<div class="inside" data-href="${href}"><p class="fetch"><a href="${href}">Show ${many(rows.length, 'pool')}</a></p></div>`;
}

/** The rows of a group that is opened, so many at a time; `more` = where the next ones are. */
export function renderPools(page: Page, rows: readonly PoolRow[], wanted: Wanted, more?: string): Html {
  return html`${rows.map((row) => renderPool(page, row, wanted, page.label(row)))}${more === undefined ? '' : html`<p class="fetch" data-more="${more}"><a href="${more}">The next ${rowsAtOnce} pools</a></p>`}`;
}

/** What most of a rule's pools do next. */
function nextOf(page: Page, rows: readonly PoolRow[]): string {
  const firsts = rows.flatMap(({ changes: [first], isObserved }) => (first === undefined || isObserved ? [] : [first]));
  const groups = [...Map.groupBy(firsts, ({ aheadOf, at }) => aheadOf ?? at).values()];
  const [most] = groups.toSorted((a, b) => b.length - a.length);
  const at = Math.min(...(most ?? []).map((change) => change.at));
  if (most === undefined) return '';
  const least = most.reduce((sum, { to }) => sum + lower(to), 0);
  const upTo = most.reduce((sum, { to }) => sum + upper(to), 0);
  const to = least === upTo ? wholeNumber(least) : `${wholeNumber(least)}–${wholeNumber(upTo)}`;
  return `${many(most.length, 'pool')} → ${to} ${page.names.short(at)}`;
}

function renderPool(page: Page, row: PoolRow, wanted: Wanted, name: string): Html {
  const { view, detailOf } = wanted;
  const { oddity } = row;
  const href = poolHref(row);
  const zone = zoneOf(page, row);
  const detail =
    detailOf?.(row) ?? html`<p class="fetch"><a href="${href}">Why, what is next, what happened, what to do</a></p>`;
  return html`<details class="row pool" data-name="${page.label(row)}"${oddity === undefined ? '' : raw(' data-odd')}><summary class="head">
<span class="name"><b>${name}</b><small>${row.scheduleName}${zone === page.zone ? '' : ` (${zone})`}</small></span>
${renderPlot(poolShape(row, view), view, { row, label: `${page.label(row)}: ${many(row.nodes, 'node')} now` })}
<span class="state"><span>${stateOf(page, row)}</span>${oddity === undefined ? '' : html`<small class="${oddity.tone}">${remarkOf(row, oddity.text)}</small>`}</span>
</summary><div class="inside"${detailOf === undefined ? html` data-href="${href}"` : ''}>${detail}</div></details>`;
}

/** What stands in the state already is not said twice. */
function remarkOf({ isObserved }: PoolRow, text: string): string {
  return isObserved && text.startsWith('would be') ? 'observed only' : text;
}

export function poolHref({ region, cluster, pool }: Pick<PoolRow, 'region' | 'cluster' | 'pool'>): string {
  return `/pool/${[region, cluster, pool].map(encodeURIComponent).join('/')}`;
}

function viewQuery({ kind }: View, sign: '?' | '&'): string {
  return kind === 'night' ? `${sign}view=night` : '';
}

function zoneOf({ config }: Pick<Page, 'config'>, { scheduleName }: PoolRow): string {
  return config.schedules.find(({ name }) => name === scheduleName)?.zone ?? 'UTC';
}

/** "2 → 4 Wed 06:35", "2 of 1–3 → 3–9 Wed 06:34", "2 would be 1". */
function stateOf({ names, at }: Page, row: PoolRow): Html {
  const { size, nodes, isObserved, changes } = row;
  if (size === undefined) return html`not seen Running yet`;
  const range = lower(size) === upper(size) ? '' : html` <span>of ${sizeText(size)}</span>`;
  const [next] = changes;
  if (next === undefined) return html`<b>${nodes}</b>${range}`;
  if (isObserved && next.at <= at + 15 * minuteMs) return html`<b>${nodes}</b>${range} would be ${sizeText(next.to)}`;
  const verb = isObserved ? 'would be' : '→';
  return html`<b>${nodes}</b>${range} ${verb} ${sizeText(next.to)} ${names.short(next.at)}`;
}
