/**
 * The page of 1,000 clusters with 3 pools each, from an SQLite store as a week of rounds leaves it: how long it takes, how
 * large it is, and how long it keeps others waiting. `node bench/page.ts` prints it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Hono } from 'hono';
import { readAsset } from '../lib/cli/page/assets.ts';
import { addPage } from '../lib/cli/page/page-routes.ts';
import { randomId } from '../lib/io/ids.ts';
import { openSqliteStore } from '../lib/io/stores/sqlite.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';
import { makePageStore, storeNow } from './support/page-store.ts';

export async function bench(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
  const store = openSqliteStore({ path: join(folder, 'state.db'), newId: randomId });
  try {
    return await measure(store);
  } finally {
    await store.close();
    rmSync(folder, { recursive: true });
  }
}

async function measure(empty: ReturnType<typeof openSqliteStore>): Promise<readonly BenchResult[]> {
  const { store, config } = await makePageStore(1000, empty);
  const clock = { now: () => storeNow, sleep: () => Promise.resolve() };
  const parts = {
    store,
    clock,
    config: () => config,
    zone: () => 'Europe/Berlin',
    clean: (text: string) => text,
    host: '127.0.0.1',
  };
  const [cold, cached, walls]: [number[], number[], number[]] = [[], [], []];
  let html = '';
  let longest = 0;
  for (let run = 0; run < 4; run += 1) {
    const app = addPage(new Hono(), parts);
    const watch = watchLoop();
    const began = performance.now();
    cold.push(await timed(async () => (html = await get(app))));
    walls.push(performance.now() - began);
    longest = Math.max(longest, watch.end());
    cached.push(await timed(() => get(app)));
  }
  const assets = ['page.css', 'page.js'] as const;
  const packed = assets.reduce((sum, name) => sum + gzipSync(readAsset(name).text).length, 0);
  const wall = `${Math.min(...walls).toFixed(0)} ms by the clock on the wall`;
  return [
    benchResult('page of 1,000 clusters, cold', Math.min(...cold), 'ms', { atMost: 600 }, wall),
    benchResult('the same, cached', Math.min(...cached), 'ms', { atMost: 100 }),
    benchResult('its HTML, packed', gzipSync(html).length / 1024, 'KB', { atMost: 30 }),
    benchResult('script and style, packed', packed / 1024, 'KB', { atMost: 8 }),
    benchResult('the longest it keeps others waiting, the first time included', longest, 'ms', { atMost: 50 }),
  ];
}

async function get(app: Hono): Promise<string> {
  const answer = await app.request('http://localhost/', { headers: { host: 'localhost' } });
  if (answer.status !== 200) throw new Error(`answered ${answer.status}`);
  return answer.text();
}

/** What the thread worked, in ms: the machine may have other work. */
function worked(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = worked();
  await work();
  return worked() - began;
}

/** The longest stretch in which nothing else of the process had a turn. */
function watchLoop(): { readonly end: () => number } {
  let [last, longest, isOn] = [worked(), 0, true];
  const note = () => {
    const now = worked();
    longest = Math.max(longest, now - last);
    last = now;
  };
  const turn = () => {
    note();
    if (isOn) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    end: () => {
      note();
      isOn = false;
      return longest;
    },
  };
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
