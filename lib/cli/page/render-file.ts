import { makeView } from '../../decide/page/time-axis.ts';
import type { Decision } from '../../decide/scaling/plan.ts';
import type { Store } from '../../io/stores/store.ts';
import { listDecisions } from '../../jobs/records/cluster-records.ts';
import { poolKey } from '../../model/cluster.ts';
import { containedAssets, readAsset } from './assets.ts';
import { type Page, pastMs } from './page-model.ts';
import { mostRows } from './render-board.ts';
import { renderPage } from './render-page.ts';
import { renderPoolDetail } from './render-pool.ts';
import { makeSay } from './render-text.ts';

/** The page as one file: style and script stand in it, what rows open to as well, and nothing is ever fetched. */
export async function renderFile(
  page: Page,
  store: Store,
  days: number,
  clean: (text: string) => string,
): Promise<string> {
  const say = makeSay(clean);
  const view = makeView('week', page, days);
  const isSmall = page.rows.length <= mostRows;
  const decisions = isSmall ? await decisionsByPool(page, store) : new Map<string, readonly Decision[]>();
  const wanted = {
    view,
    match: undefined,
    query: '',
    onlyOdd: false,
    detailOf: (row: Page['rows'][number]) => renderPoolDetail(page, row, decisions.get(poolKey(row)) ?? [], say),
  };
  const assets = containedAssets(readAsset('page.css'), readAsset('page.js'));
  return String(await renderPage(page, wanted, assets, say));
}

async function decisionsByPool({ config, at }: Page, store: Store): Promise<ReadonlyMap<string, readonly Decision[]>> {
  const all: Decision[] = [];
  for (const { name } of config.regions) all.push(...(await listDecisions(store, name, { since: at - pastMs })));
  return Map.groupBy(all, poolKey);
}
