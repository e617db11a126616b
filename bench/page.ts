/**
 * The page of 1,000 clusters with 3 pools each, from a store as a week of rounds leaves it: how long it takes, how large it
 * is, and how long it keeps others waiting. `node bench/page.ts` prints it.
 */
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { addPage } from '../lib/cli/page/routes.ts';
import { readAsset } from '../lib/cli/page/assets.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';
import { makePageStore, storeNow } from './support/page-store.ts';

export async function bench(): Promise<readonly BenchResult[]> {
  const { store, config } = await makePageStore();
  const clock = { now: () => storeNow, sleep: () => Promise.resolve() };
  const parts = {
    store,
    clock,
    config: () => config,
    zone: () => 'Europe/Berlin',
    clean: (text: string) => text,
    host: '127.0.0.1',
  };
  const cold: number[] = [];
  const cached: number[] = [];
  let html = '';
  let longest = 0;
  for (let run = 0; run < 4; run += 1) {
    const app = addPage(new Hono(), parts);
    const watch = watchLoop();
    cold.push(await timed(async () => (html = await get(app))));
    longest = Math.max(run === 0 ? 0 : longest, watch.end());
    cached.push(await timed(() => get(app)));
  }
  const assets = ['page.css', 'page.js'] as const;
  const packed = assets.reduce((sum, name) => sum + gzipSync(readAsset(name).text).length, 0);
  return [
    benchResult('page of 1,000 clusters, cold', Math.min(...cold), 'ms', { atMost: 600 }),
    benchResult('the same, cached', Math.min(...cached), 'ms', { atMost: 100 }),
    benchResult('its HTML, packed', gzipSync(html).length / 1024, 'KB', { atMost: 30 }),
    benchResult('script and style, packed', packed / 1024, 'KB', { atMost: 8 }),
    benchResult('the longest it keeps others waiting', longest, 'ms', { atMost: 50 }),
  ];
}

async function get(app: Hono): Promise<string> {
  const answer = await app.request('http://localhost/', { headers: { host: 'localhost' } });
  if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
  return answer.text();
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The longest stretch in which nothing else of the process had a turn. */
function watchLoop(): { readonly end: () => number } {
  let [last, longest, isOn] = [performance.now(), 0, true];
  const turn = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (isOn) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    end: () => {
      isOn = false;
      return longest;
    },
  };
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
