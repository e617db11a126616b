import { getConnInfo } from '@hono/node-server/conninfo';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import { html } from 'hono/html';
import { compileMatch } from '../../config/compile-match.ts';
import type { PoolRow } from '../../decide/page/pool-row.ts';
import { makeView, type ViewKind } from '../../decide/page/time-axis.ts';
import type { Clock } from '../../io/clock.ts';
import { pageHeaders } from '../../io/listen/keep-page.ts';
import type { Store } from '../../io/stores/store.ts';
import { listDecisions } from '../../jobs/records/cluster-records.ts';
import { isLoopback } from '../../model/address.ts';
import { poolKey } from '../../model/cluster.ts';
import type { CompiledConfig } from '../../model/config.ts';
import { matchesPool } from '../../model/match.ts';
import type { EpochMs } from '../../model/time.ts';
import { linkedAssets, readAsset } from './assets.ts';
import { makePage, type Page, pastMs } from './page-model.ts';
import { mostRows, poolHref, renderBoard, renderPools, rowsAtOnce, type Wanted } from './render-board.ts';
import { renderDocument, renderPage } from './render-page.ts';
import { prepareSums } from './render-plot.ts';
import { renderPoolDetail } from './render-pool.ts';
import { type Html, makeSay } from './render-text.ts';

export type PageParts = {
  readonly store: Store;
  readonly clock: Clock;
  readonly config: () => CompiledConfig;
  readonly zone: () => string;
  /** Takes secrets out of a text. */
  readonly clean: (text: string) => string;
  /** Where it is served: on anything but loopback only peers of this machine see it, unless the config says otherwise. */
  readonly host: string;
};

/** Made anew for whoever asks after this long. */
const freshMs = 20_000;

const headers = Object.entries(
  pageHeaders(["script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'"]),
);

/**
 * GET / (the page), /pools (the rows of a group), /pool/:region/:cluster/:pool (what a row opens to), /page.css and
 * /page.js. With the header `x-part` a part of a page is given, without it a whole one: all of it is readable without
 * script. Nothing here changes anything, and nothing asks the MKS API.
 */
export function addPage(app: Hono, parts: PageParts): Hono {
  const page = pageSource(parts);
  const [css, js] = [readAsset('page.css'), readAsset('page.js')];
  const assets = linkedAssets(css, js);
  const say = makeSay(parts.clean);
  const guard = guardRequests(parts);
  const whole = (c: Context, title: string, part: Html) => {
    const up = html`<p><a href="/">The whole page</a></p><h1>${title}</h1>`;
    return c.html(asksForPart(c) ? part : renderDocument(title, html`${up}${part}`, assets));
  };
  app.get('/', guard, async (c) => {
    const found = await page();
    const wanted = wantedOf(c, found);
    await prepareSums(found, wanted.view);
    return c.html(asksForPart(c) ? renderBoard(found, wanted) : renderPage(found, wanted, assets, say));
  });
  app.get('/pools', guard, async (c) => {
    const found = await page();
    return whole(c, titleOf(c, found), renderGroup(c, found));
  });
  app.get('/pool/:region/:cluster/:pool', guard, async (c) => {
    const found = await page();
    const row = found.rows.find((one) => poolHref(one) === poolHref(namesOf(c)));
    if (row === undefined) return c.notFound();
    return whole(c, found.label(row), renderPoolDetail(found, row, await decisionsOf(parts, found, row), say));
  });
  app.get('/page.css', guard, (c) => c.body(css.text, 200, asset('text/css')));
  app.get('/page.js', guard, (c) => c.body(js.text, 200, asset('text/javascript')));
  return app;
}

function asksForPart(c: Context): boolean {
  return c.req.header('x-part') !== undefined;
}

function asset(type: string): Record<string, string> {
  return { 'content-type': `${type}; charset=utf-8`, 'cache-control': 'max-age=31536000, immutable' };
}

/** One page for all who ask within a while, also while it is being made. */
function pageSource({ store, clock, config, zone }: PageParts): () => Promise<Page> {
  let made: { readonly at: EpochMs; readonly hash: string; readonly page: Promise<Page> } | undefined;
  return async () => {
    const [now, current] = [clock.now(), config()];
    if (made === undefined || Math.abs(now - made.at) >= freshMs || made.hash !== current.hash) {
      const page = makePage(store, current, now, zone());
      made = { at: now, hash: current.hash, page };
      page.catch(() => (made = undefined));
    }
    return made.page;
  };
}

function wantedOf(c: Context, page: Page): Wanted {
  const kind: ViewKind = c.req.query('view') === 'night' ? 'night' : 'week';
  const query = (c.req.query('q') ?? '').trim().slice(0, 200);
  const view = makeView(kind, page);
  return { view, query, match: matchOf(query), onlyOdd: c.req.query('only') === 'odd' };
}

/** As on the command line; what is no pattern yet finds whatever holds it. */
function matchOf(query: string): Wanted['match'] {
  if (query === '') return undefined;
  const outcome = compileMatch(query);
  if (!outcome.ok || !/[*/?{[]/u.test(query)) return holding(query);
  return outcome.match;
}

function holding(text: string): Wanted['match'] {
  const source = text.replace(/[.*+?^${}()|[\]\\/-]/gu, '\\$&');
  return { text, region: undefined, cluster: `.*${source}.*`, pool: undefined, exactPool: false };
}

/** So many rows of a group, and where the next ones are; as a page of its own with the axis above them. */
function renderGroup(c: Context, found: Page): Html {
  const wanted = wantedOf(c, found);
  const rows = rowsOf(c, found, wanted);
  const after = Math.max(0, Number(c.req.query('after') ?? 0) || 0);
  const next = after + rowsAtOnce;
  const some = rows.slice(after, next);
  if (!asksForPart(c)) return renderBoard({ ...found, rows: some.slice(0, mostRows) }, wanted);
  return renderPools(found, some, wanted, next < rows.length ? moreHref(c, next) : undefined);
}

function rowsOf(c: Context, page: Page, { match }: Wanted): readonly PoolRow[] {
  const [rule, odd] = [c.req.query('rule'), c.req.query('odd')];
  const group = rule === undefined ? undefined : page.rules[Number(rule)];
  const rows = group?.rows ?? page.rows.filter(({ oddity }) => odd === undefined || oddity?.key === odd);
  return match === undefined ? rows : rows.filter((row) => matchesPool(match, row));
}

function moreHref(c: Context, after: number): string {
  const query = new URLSearchParams(c.req.query());
  query.set('after', String(after));
  return `/pools?${query.toString()}`;
}

function titleOf(c: Context, page: Page): string {
  const rule = c.req.query('rule');
  return (rule === undefined ? undefined : page.rules[Number(rule)]?.rule.match.text) ?? 'Pools';
}

function namesOf(c: Context): Pick<PoolRow, 'region' | 'cluster' | 'pool'> {
  return {
    region: c.req.param('region') ?? '',
    cluster: c.req.param('cluster') ?? '',
    pool: c.req.param('pool') ?? '',
  };
}

async function decisionsOf({ store }: PageParts, page: Page, row: PoolRow) {
  const all = await listDecisions(store, row.region, { since: page.at - pastMs });
  return all.filter((decision) => poolKey(decision) === poolKey(row));
}

/** Who may see it, and under which name it may be asked for: a name that leads here by a trick is none of them. */
function guardRequests({ host, config }: PageParts): MiddlewareHandler {
  return async (c, next) => {
    const { page } = config();
    if (!isNamed(c.req.header('host'), [host, ...(page?.hosts ?? [])])) {
      const text =
        'This page is not served under this name. Open it as http://127.0.0.1 or http://localhost, or add the name to page.hosts in the config.\n';
      return c.text(text, 421, { vary: 'host' });
    }
    if (!isLoopback(host) && page?.allow !== true && !isFromHere(c)) {
      return c.text(
        'The page is for this machine only. Reach it by ssh -L or kubectl port-forward; page.allow in the config opens it.\n',
        403,
      );
    }
    await next();
    const said = new Set(c.res.headers.keys());
    for (const [name, value] of headers) if (!said.has(name)) c.header(name, value);
    return undefined;
  };
}

const anyAddress = new Set(['0.0.0.0', '::', '[::]']);

function isNamed(given: string | undefined, names: readonly string[]): boolean {
  const name = given?.toLowerCase().replace(/\.?(?::\d{1,5})?$/u, '');
  if (name === undefined) return false;
  if (name === 'localhost' || name === '127.0.0.1' || name === '[::1]') return true;
  return names.some((one) => !anyAddress.has(one) && (one.toLowerCase() === name || `[${one.toLowerCase()}]` === name));
}

function isFromHere(c: Context): boolean {
  const { address = '' } = getConnInfo(c).remote;
  return isLoopback(address.replace(/^::ffff:/u, ''));
}
