import { html, raw } from 'hono/html';
import { isAnnouncing } from '../../decide/announcing/announcement.ts';
import type { IncidentRecord } from '../../decide/incidents/incident.ts';
import { percentSaved } from '../../decide/past/node-hours.ts';
import { bySeverity } from '../../model/finding.ts';
import { commandHint, wholeNumber, withConfig } from '../../model/text.ts';
import { dayMs, isoDate } from '../../model/time.ts';
import { viewIncident } from '../incidents/incident-view.ts';
import { makeDestinationNames } from '../outbox/outbox-view.ts';
import { roughly } from '../text/instant.ts';
import { shortId } from '../text/labels.ts';
import { listAsked, listEndings, listHappenings, savingGroups } from './page-lists.ts';
import type { Counted, Page } from './page-model.ts';
import { currencySign, factsOf, openIncidents, verdictOf } from './page-summary.ts';
import { renderBoard, type Wanted } from './render-board.ts';
import { command, type Html, hiddenCommand, many, type Say, withCommands } from './render-text.ts';

export type Assets = {
  /** What links style and script, or holds them. */
  readonly head: Html;
  /** A file: nothing is fetched, nothing is linked. */
  readonly isFile: boolean;
};

const shownMessages = 12;

/** The whole page, in the order in which one asks. */
export function renderPage(page: Page, wanted: Wanted, assets: Assets, say: Say): Html {
  const verdict = verdictOf(page);
  const main = html`<header><h1><span class="dot ${verdict.tone}" aria-hidden="true"></span>${verdict.text}</h1>
<p class="quiet">Lamplighter, as of ${dayOf(page)} ${page.names.timeOf(page.at)} ${page.zone}</p></header>
<dl class="facts">${factsOf(page).map(({ label, text, tone }) => html`<div><dt>${label}</dt><dd class="${tone}">${text}</dd></div>`)}</dl>
${renderIncidents(page, say)}
<section aria-labelledby="tonight"><div class="tools"><h2 id="tonight">Tonight and this week</h2>${renderViews(wanted, assets)}${renderFind(wanted, assets)}</div>
${renderBoard(page, wanted)}</section>
<div class="two">${renderHappenings(page, say)}${renderAsked(page, say)}</div>
<div class="two">${renderEndings(page)}${renderSavings(page)}</div>
${renderTold(page, say)}
<footer class="quiet">Times are ${page.zone}. ${many(page.rows.length, 'pool')} under a schedule. Config ${page.config.file} (${page.config.hash}). This page only reads; nothing on it changes the fleet.</footer>`;
  return renderDocument(`Lamplighter: ${verdict.text}`, main, assets);
}

export function renderDocument(title: string, main: Html, { head, isFile }: Assets): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title}</title>
<link rel="icon" href="data:,">${head}</head>
<body${isFile ? raw(' data-file') : ''}><main>
${main}
</main></body></html>
`;
}

function dayOf({ names, at }: Page): string {
  return `${names.weekdayOf(at)} ${names.dateOf(at)}`;
}

function renderIncidents(page: Page, say: Say): Html {
  const open = openIncidents(page);
  if (open.length === 0) return html``;
  const grave = open.filter(({ severity }) => severity !== 'info');
  const reminders = open.filter(({ severity }) => severity === 'info');
  const ordered = grave.toSorted(bySeverity);
  const kinds = [...new Set(reminders.map(({ kind }) => kind))].join(', ');
  return html`<section aria-labelledby="open"><h2 id="open">Open incidents</h2>
${ordered.map((record) => renderIncident(page, record, say))}
${reminders.length === 0 ? '' : html`<details class="fold"><summary>${many(reminders.length, 'reminder')} <span class="quiet">(${kinds})</span></summary>${reminders.map((record) => renderIncident(page, record, say))}</details>`}</section>`;
}

function renderIncident(page: Page, record: IncidentRecord, say: Say): Html {
  const { severity, text, fix, key, silenced } = record;
  const { told } = viewIncident(record, page.config, page.stored.outbox);
  const since = Math.min(record.since ?? record.episode, record.episode);
  const names = told.map(({ destination, state }) =>
    state === 'sent'
      ? destination
      : `${destination} (${state === 'waiting' ? 'waits in the outbox' : 'refused, parked'})`,
  );
  const who = names.length === 0 ? 'nobody' : names.join(', ');
  const when =
    page.at - since < 6 * dayMs ? page.names.short(since) : `${page.names.dateOf(since)} ${page.names.timeOf(since)}`;
  return html`<article class="incident ${severity}"><p><span class="severity">${severity}</span> <strong>${say(page.names.inText(text))}</strong></p>
${fix === undefined ? '' : html`<p>${withCommands(say(withConfig(page.config, page.names.inText(fix))))}</p>`}
<p class="quiet">since ${when}, for ${roughly(page.at - since)}; told: ${say(who)}${silenced === undefined ? '' : `; ${say(page.names.inText(silenced))}`} ${command(commandHint(page.config, `incidents --why ${shortId(key)}`))}</p></article>`;
}

function renderViews({ view, query, onlyOdd }: Wanted, { isFile }: Assets): Html {
  if (isFile) return html``;
  const href = (kind: string) => {
    const all = new URLSearchParams();
    if (kind === 'night') all.set('view', 'night');
    if (query !== '') all.set('q', query);
    if (onlyOdd) all.set('only', 'odd');
    return all.size === 0 ? '/' : `/?${all.toString()}`;
  };
  const link = (kind: 'week' | 'night', text: string) =>
    view.kind === kind ? html`<b aria-current="page">${text}</b>` : html`<a href="${href(kind)}">${text}</a>`;
  return html`<nav class="views" aria-label="How much time is shown">${link('week', 'week')} ${link('night', '36 hours')}</nav>`;
}

function renderFind({ view, query, onlyOdd }: Wanted, { isFile }: Assets): Html {
  return html`<form class="find" role="search" method="get" action="/"${isFile ? raw(' hidden') : ''}>${view.kind === 'night' ? html`<input type="hidden" name="view" value="night">` : ''}
<label>Find <input type="search" name="q" value="${query}" placeholder="dev-*/workers" autocomplete="off" spellcheck="false"></label>
<label class="check"><input type="checkbox" name="only" value="odd"${onlyOdd ? raw(' checked') : ''}> only pools not as scheduled</label>
<button type="submit">Find</button></form>`;
}

function renderHappenings(page: Page, say: Say): Html {
  const { short } = page.names;
  const all = listHappenings(page);
  const isTold = isAnnouncing(page.config);
  const rows = all.map(({ from, to, pools, nodes, isObserved, reason, announced }) => {
    const range = from === to ? '' : html`<span class="quiet">–${short(to).replace(/^\w+ /u, '')}</span>`;
    return html`<tr><td>${short(from)}${range}</td><td>${pools}${isObserved ? html` <span class="quiet">(only observed)</span>` : ''}</td><td class="n">${nodes}</td><td class="quiet">${say(page.names.inText(reason))}</td>${isTold ? html`<td class="quiet">${say(announced)}</td>` : ''}</tr>`;
  });
  const body =
    rows.length === 0
      ? html`<p class="quiet">Nothing changes within 36 hours.</p>`
      : html`<table class="list"><thead><tr><th>when</th><th>pools</th><th class="n">nodes</th><th>why</th>${isTold ? html`<th>announced to</th>` : ''}</tr></thead><tbody>${rows}</tbody></table>`;
  return html`<section aria-labelledby="next"><h2 id="next">What happens next</h2>${body}<p class="quiet">Exact times: ${command(commandHint(page.config, 'rehearse'))}</p></section>`;
}

function renderAsked(page: Page, say: Say): Html {
  const rows = listAsked(page).map(({ kind, what, pools, until, who, reason, end }) => {
    const why = reason === undefined ? say(who) : `${say(who)}: ${say(reason)}`;
    return html`<tr><td><i class="k ${kind}" aria-hidden="true"></i>${what}</td><td>${say(pools)}</td><td>${page.names.short(until)}</td><td class="quiet">${why} ${hiddenCommand(commandHint(page.config, end), 'copy how to end it')}</td></tr>`;
  });
  const body =
    rows.length === 0
      ? html`<p class="quiet">No asks.</p>`
      : html`<table class="list asked"><thead><tr><th>what</th><th>pools</th><th>until</th><th>by, why</th></tr></thead><tbody>${rows}</tbody></table>`;
  return html`<section aria-labelledby="asked"><h2 id="asked">Asks in addition to the schedule</h2>${body}</section>`;
}

/** From here on an end is told in the colour of a warning, as alerts begin to be. */
const soonDays = 30;

function renderEndings(page: Page): Html {
  const rows = listEndings(page).map(({ at, days, what, where }) => {
    const date = at === undefined ? 'not known' : isoDate(at);
    const left = days === undefined ? '' : days < 0 ? `${-days} days ago` : many(days, 'day');
    const tone = days === undefined ? 'quiet' : days <= 7 ? 'bad' : days <= soonDays ? 'warn' : 'quiet';
    return html`<tr><td>${date}</td><td class="${tone}">${left}</td><td>${what}</td><td class="quiet">${where}</td></tr>`;
  });
  const body =
    rows.length === 0
      ? html`<p class="quiet">Nothing known.</p>`
      : html`<table class="list"><thead><tr><th>date</th><th>in</th><th>what</th><th>where</th></tr></thead><tbody>${rows}</tbody></table>`;
  return html`<section aria-labelledby="ends"><h2 id="ends">What ends</h2>${body}</section>`;
}

function renderSavings(page: Page): Html {
  const { config, gaps, at } = page;
  const sign = config.prices === undefined ? undefined : currencySign(config.prices.currency);
  const cells = ({ last, next, lastMoney, nextMoney }: Counted, strong: boolean) => {
    const hours = (one: Counted['last']) =>
      html`<td class="n hours">${strong ? html`<b>${wholeNumber(one.used)}</b>` : wholeNumber(one.used)} <span class="quiet">of ${wholeNumber(one.always)}</span></td><td class="n">${strong ? html`<b>${percentSaved(one)}</b>` : percentSaved(one)}</td>`;
    const money = (amount: number | undefined) =>
      sign === undefined
        ? ''
        : html`<td class="n">${amount === undefined ? '–' : strong ? html`<b>${wholeNumber(amount)}</b>` : wholeNumber(amount)}</td>`;
    return html`${hours(last)}${money(lastMoney)}${hours(next)}${money(nextMoney)}`;
  };
  const groups = savingGroups(page);
  const rows = groups.map(({ rule, counted: sums }) => html`<tr><td>${rule.match.text}</td>${cells(sums, false)}</tr>`);
  const unseen = gaps.reduce(
    (ms, [from, to]) => ms + Math.max(0, Math.min(to, at) - Math.max(from, at - 7 * dayMs)),
    0,
  );
  const money = sign === undefined ? '' : html`<th class="n">${sign}</th>`;
  const heads = ['last', 'next'].map(
    (which) =>
      html`<th class="n hours">${which} 7 days</th><th class="n"><span class="narrow">${which} 7 days,</span> saved</th>${money}`,
  );
  const head = html`<tr><th>node-hours</th>${heads}</tr>`;
  const all = groups.length > 1 ? html`<tr class="sum"><td><b>all</b></td>${cells(page.total, true)}</tr>` : '';
  return html`<section aria-labelledby="saves"><h2 id="saves">What it saves</h2>
<table class="list saved"><thead>${head}</thead><tbody>${rows}${all}</tbody></table>
<p class="quiet">Of the node-hours with every pool at its base all the time. An autoscaled pool counts the nodes that were seen; ahead, its lower bound.${unseen >= 60_000 ? ` ${roughly(unseen)} without rounds are left out.` : ''}</p></section>`;
}

function renderTold(page: Page, say: Say): Html {
  const { outbox, history } = page.stored;
  if (outbox.length === 0 && history.length === 0) return html``;
  const nameOf = makeDestinationNames(page.config);
  const week = history.filter(({ at }) => at >= page.at - 7 * dayMs);
  const waiting = outbox.flatMap(({ target, waiting: messages }) =>
    messages.map(({ id, what, text, queuedAt, attempts }) => {
      const state = attempts === 0 ? 'waits' : `waits, tried ${attempts === 1 ? 'once' : `${attempts} times`}`;
      const drop = hiddenCommand(commandHint(page.config, `outbox drop ${shortId(id)}`), 'copy how to drop it');
      return { at: queuedAt, to: target.name, state, tone: 'bad', what, text, drop };
    }),
  );
  const parked = outbox.flatMap(({ target, parked: messages }) =>
    messages.map(({ id, what, text, parkedAt }) => {
      const retry = hiddenCommand(commandHint(page.config, `outbox retry ${shortId(id)}`), 'copy how to send it again');
      return { at: parkedAt, to: target.name, state: 'refused', tone: 'bad', what, text, drop: retry };
    }),
  );
  const ended = week.flatMap(({ at, destination, state, said }) =>
    said.map(({ what, text }) => ({
      at,
      to: nameOf(destination),
      state,
      tone: state === 'parked' ? 'bad' : 'quiet',
      what,
      text,
      drop: html``,
    })),
  );
  const lines = [...waiting, ...parked, ...ended].toSorted((a, b) => b.at - a.at);
  const rows = lines.slice(0, shownMessages).map(({ at, to, state, tone, what, text, drop }) => {
    return html`<tr><td>${page.names.short(at)}</td><td>${say(to)}</td><td class="${tone}">${state}</td><td>${what}: ${say(page.names.inText(text))} ${drop}</td></tr>`;
  });
  const more = lines.length - rows.length;
  return html`<section aria-labelledby="told"><h2 id="told">Who was told what</h2>
<p class="destinations">${outbox.map((view) => html`<span>${renderDestination(page, view, say)}</span> `)}</p>
${rows.length === 0 ? html`<p class="quiet">No message was sent in the last 7 days.</p>` : html`<table class="list told"><thead><tr><th>when</th><th>to</th><th>state</th><th>what</th></tr></thead><tbody>${rows}</tbody></table>`}
<p class="quiet">${more > 0 ? `${wholeNumber(more)} more in the last 7 days. ` : ''}All of it: ${command(commandHint(page.config, 'outbox --history 30d'))}</p></section>`;
}

function renderDestination(page: Page, view: Page['stored']['outbox'][number], say: Say): Html {
  const { target, state, since, problem, nextAt, waiting } = view;
  const name = html`<b>${target.name}</b> <span class="quiet">${target.destination?.kind ?? ''}</span>`;
  if (state === 'untried') return html`${name} <span class="quiet">not tried yet</span>`;
  const when = since === undefined ? '' : roughly(page.at - since);
  if (state === 'working')
    return html`${name} <span class="quiet">works${when === '' ? '' : `, last message ${when} ago`}</span>`;
  const next = nextAt === undefined ? '' : `; next try ${page.names.short(nextAt)}`;
  return html`${name} <span class="bad">${state}: ${say(problem ?? '')}, since ${when} ago; ${waiting.length} waiting${next}</span>`;
}
