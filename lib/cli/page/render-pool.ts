import { html } from 'hono/html';
import { explainPool } from '../../decide/explain/explain-pool.ts';
import type { PlannedChange } from '../../decide/page/planned-sizes.ts';
import { type PoolRow, sizeText } from '../../decide/page/pool-row.ts';
import type { Decision } from '../../decide/scaling/plan.ts';
import { asksOfPool } from '../../decide/scaling/wanted-size.ts';
import { upper } from '../../model/size.ts';
import { commandHint } from '../../model/text.ts';
import type { Page } from './page-model.ts';
import { command, type Html, type Say, withCommands } from './render-text.ts';

const nextShown = 6;
const happenedShown = 8;

/** What a row opens to: why it is so, what comes next, what happened, and the commands for it. */
export function renderPoolDetail(page: Page, row: PoolRow, decisions: readonly Decision[], say: Say): Html {
  return html`<div class="detail"><section><h4>${headOf(row)}</h4>
${becauseOf(page, row).map((sentence) => html`<p>${withCommands(say(sentence))}</p>`)}</section>
<section><h4>Next</h4>${renderNext(page, row, say)}
<h4>What happened</h4>${renderHappened(page, decisions, say)}</section>
<section><h4>To do</h4>${renderToDo(page, row)}</section></div>`;
}

function headOf({ size }: PoolRow): string {
  return size === undefined ? 'Why' : `Why ${sizeText(size)}`;
}

function becauseOf({ config, book, at, stored, ...page }: Page, row: PoolRow): readonly string[] {
  const asks = asksOfPool(
    stored.asks.filter(({ region }) => region === row.region),
    row,
    at,
  );
  const { memory, change, held } = row;
  const { because } = explainPool(config, book, row, at, { memory, inFlight: change, asks, held });
  return because.map(page.names.inText);
}

function renderNext(page: Page, { changes, isObserved }: PoolRow, say: Say): Html {
  if (changes.length === 0) return html`<p>Nothing within a week.</p>`;
  const rows = changes.slice(0, nextShown).map((change) => {
    const sizes = `${sizeText(change.from)} → ${sizeText(change.to)}`;
    return html`<tr><td>${page.names.short(change.at)}</td><td>${sizes}</td><td>${say(reasonOf(page, change))}</td></tr>`;
  });
  return html`<table class="plain"><tbody>${rows}</tbody></table>${isObserved ? html`<p class="quiet">Only observed: none of it is done.</p>` : ''}`;
}

function reasonOf({ names }: Page, { reason }: PlannedChange): string {
  return names.inText(reason);
}

function renderHappened(page: Page, decisions: readonly Decision[], say: Say): Html {
  const last = decisions.toSorted((a, b) => b.at - a.at).slice(0, happenedShown);
  if (last.length === 0) return html`<p>Nothing in the last 7 days.</p>`;
  const rows = last.map(({ at, kind, from, to, reason, who }) => {
    const sizes = [from, to].flatMap((size) => (size === undefined ? [] : [sizeText(size)])).join(' → ');
    const why = page.names.inText(reason);
    return html`<tr><td>${page.names.short(at)}</td><td>${kind} ${sizes}</td><td>${say(`${why}; ${who}`)}</td></tr>`;
  });
  return html`<table class="plain"><tbody>${rows}</tbody></table>`;
}

function renderToDo({ config, label, stored, at }: Page, row: PoolRow): Html {
  const name = `"${label(row)}"`;
  const run = (text: string) => command(commandHint(config, text));
  const most = row.base === undefined ? 1 : upper(row.base);
  const isKept = row.memory.kept !== undefined && row.memory.kept.until > at;
  const { pause, override, leases } = asksOfPool(
    stored.asks.filter(({ region }) => region === row.region),
    row,
    at,
  );
  const items: readonly (readonly [string, Html])[] = [
    ...(isKept ? ([['Forget the size set by hand', run(`resume ${name}`)]] as const) : []),
    ...(pause
      ? ([['End the pause', run(pause.match === undefined ? 'resume' : `resume "${pause.match.text}"`)]] as const)
      : []),
    ...(override ? ([['End the override', run(`scale "${override.match.text}" --release`)]] as const) : []),
    ...leases.slice(0, 1).map((lease) => ['End the lease', run(`scale "${lease.match.text}" --release`)] as const),
    ...(row.base === undefined ? ([['Set its base', run(`base ${name} set 1`)]] as const) : []),
    ['Keep its nodes for two hours', run(`scale ${name} --at-least ${Math.max(1, most)} --for 2h`)],
    ...(pause ? [] : ([['Leave it alone for two hours', run(`pause ${name} --for 2h`)]] as const)),
    ['Its whole history', run(`history ${name} --since 30d`)],
  ];
  return html`${items.map(([what, how]) => html`<p>${what}<br>${how}</p>`)}`;
}
