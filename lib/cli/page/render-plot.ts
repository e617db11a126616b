/** The sizes of pools over time, as they are drawn: of one pool, or of many added up. */

import { html } from 'hono/html';
import { addRow, beginSums, type Shape, sumShape } from '../../decide/page/plot-paths.ts';
import type { Mark, PoolRow } from '../../decide/page/pool-row.ts';
import type { View } from '../../decide/page/time-axis.ts';
import { timesWhen } from '../../decide/schedule/timeline.ts';
import { letOthersRun } from '../../jobs/records/load-past.ts';
import { type Says, saysLeave } from '../../model/size.ts';
import { minuteMs } from '../../model/time.ts';
import type { Page } from './page-model.ts';
import type { Html } from './render-text.ts';

type PlotParts = { readonly row?: PoolRow; readonly height?: number; readonly label: string };

/** Coordinates are minutes of the view and nodes; only the group that holds them is scaled. */
export function renderPlot(shape: Shape, view: View, { row, height = 32, label }: PlotParts): Html {
  const [top, ground] = [row === undefined ? 4 : 7, height - (row === undefined ? 2 : 6)];
  const scale = ((ground - top) / shape.most).toFixed(4);
  const path = (kind: string, d: string) => (d === '' ? '' : html`<path class="${kind}" d="${d}"/>`);
  return html`<svg class="plot" viewBox="0 0 ${view.minutes} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}"><g class="behind" transform="scale(1 ${height})"><use href="#backdrop"/></g><g transform="translate(0 ${ground}) scale(1 -${scale})">${path('u', shape.plannedMost)}${path('p', shape.planned)}${path('us', shape.seenMost)}${path('s', shape.seen)}${path('w', shape.would)}${path('a', shape.always)}</g>${row === undefined ? '' : html`${renderStrip(row, view, height)}${renderMarks(row.marks, view)}`}</svg>`;
}

/** A thin line below: the schedule says base; a dotted one: it leaves the pool as it is. */
function renderStrip({ applied }: PoolRow, view: View, height: number): Html {
  const { base, left } = stripsOf(applied, view, height - 2);
  return html`${base === '' ? '' : html`<path class="b" d="${base}"/>`}${left === '' ? '' : html`<path class="b left" d="${left}"/>`}`;
}

type Strips = { readonly base: string; readonly left: string };

const strips = new WeakMap<object, Map<string, Strips>>();

/** The same for all pools of a schedule. */
function stripsOf({ timeline }: PoolRow['applied'], view: View, y: number): Strips {
  const known = strips.get(timeline) ?? new Map<string, Strips>();
  strips.set(timeline, known);
  const key = `${view.from} ${view.to} ${y}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const minute = (at: number) => Math.round((at - view.from) / minuteMs);
  const draw = (isSuch: (says: Says) => boolean) =>
    timesWhen(timeline, isSuch, view.from, view.to)
      .map(([from, to]) => `M${minute(from)} ${y}H${minute(to)}`)
      .join('');
  const drawn = { base: draw((says) => says.includes('base')), left: draw(saysLeave) };
  known.clear();
  known.set(key, drawn);
  return drawn;
}

function renderMarks(marks: readonly Mark[], view: View): Html {
  const minute = (at: number) => Math.min(view.minutes, Math.max(0, Math.round((at - view.from) / minuteMs)));
  const drawn = marks.flatMap(({ kind, from, to }) => {
    const [a, b] = [minute(from), minute(to)];
    return b > a ? [html`<path class="m ${kind}" d="M${a} 2.5H${b}"/>`] : [];
  });
  return html`${drawn}`;
}

/** By the rows, then by what of time is shown: what is the same as before is not added up again. */
const known = new WeakMap<readonly PoolRow[], Map<string, Shape>>();
/** So many rows are added up without a pause. */
const summedAtOnce = 100;

/** Adds up the groups of a large fleet before they are rendered, so that others are answered in between. */
export async function prepareSums(page: Page, view: View): Promise<void> {
  for (const rows of [page.rows, ...page.oddities, ...page.rules.map((group) => group.rows)]) {
    if (rows.length < summedAtOnce || known.get(rows)?.has(keyOf(view)) === true) continue;
    const sums = beginSums(view);
    for (const [i, row] of rows.entries()) {
      addRow(sums, row, view);
      if (i % summedAtOnce === 0) await letOthersRun();
    }
    keep(rows, view, sumShape(sums, view));
    await letOthersRun();
  }
}

/** The sizes of these pools added up. */
export function sumOf(rows: readonly PoolRow[], view: View): Shape {
  const made = known.get(rows)?.get(keyOf(view));
  if (made !== undefined) return made;
  const sums = beginSums(view);
  for (const row of rows) addRow(sums, row, view);
  return keep(rows, view, sumShape(sums, view));
}

function keep(rows: readonly PoolRow[], view: View, shape: Shape): Shape {
  const own = known.get(rows) ?? new Map<string, Shape>();
  known.set(rows, own.set(keyOf(view), shape));
  return shape;
}

function keyOf({ from, to }: View): string {
  return `${from} ${to}`;
}
