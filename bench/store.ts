/**
 * Commits per second of the SQLite store, against bare inserts with the same settings in the same run: what the port's
 * checks, conditions and versions cost on top of the disk. Prints its results when run by itself: `node bench/store.ts`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { randomId } from '../lib/io/ids.ts';
import { openSqliteStore } from '../lib/io/stores/sqlite.ts';
import type { Write } from '../lib/io/stores/store.ts';
import { type BenchResult, benchResult, renderResult } from './result.ts';

const commits = 1000;
const rounds = 5;
/** A record of the usual size. */
const value = { schema: 1, text: 'x'.repeat(500) };

export async function bench(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'lamplighter-bench-'));
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string): Promise<readonly BenchResult[]> {
  const bare: number[] = [];
  const single: number[] = [];
  const triple: number[] = [];
  // In turn, so that a busy moment of the machine meets all three.
  for (let round = 0; round < rounds; round++) {
    bare.push(insertBare(join(folder, `bare-${round}.db`)));
    single.push(await commitAll(join(folder, `one-${round}.db`), 1));
    triple.push(await commitAll(join(folder, `three-${round}.db`), 3));
  }
  const yardstick = median(bare);
  return [
    toResult('a SQLite commit of one write, of the speed of a bare insert', median(single), yardstick, 0.6),
    toResult('a SQLite commit of three writes, of the speed of one bare insert', median(triple), yardstick, 0.4),
  ];
}

/** Bare inserts per second, each a transaction of its own, synced as the store syncs. */
function insertBare(path: string): number {
  const database = new DatabaseSync(path);
  database.exec(
    'pragma journal_mode = wal; pragma synchronous = full; create table t (id text primary key, value text)',
  );
  const insert = database.prepare('insert into t values (?, ?)');
  const text = JSON.stringify(value);
  const perSecond = time(() => {
    for (let n = 0; n < commits; n++) insert.run(`id ${n}`, text);
  });
  database.close();
  return perSecond;
}

async function commitAll(path: string, writesEach: number): Promise<number> {
  const store = openSqliteStore({ path, newId: randomId });
  const started = performance.now();
  for (let n = 0; n < commits; n++) await store.commit(creations(n, writesEach));
  const perSecond = (commits / (performance.now() - started)) * 1000;
  await store.close();
  return perSecond;
}

function creations(n: number, count: number): readonly Write[] {
  return Array.from({ length: count }, (_, i) => ({
    kind: 'putIfAbsent',
    key: { partition: `p${i}`, id: `id ${n}` },
    value,
  }));
}

function time(work: () => void): number {
  const started = performance.now();
  work();
  return (commits / (performance.now() - started)) * 1000;
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)]!;
}

function toResult(name: string, perSecond: number, yardstick: number, atLeast: number): BenchResult {
  const compared = `${Math.round(perSecond)} commits/s against ${Math.round(yardstick)} bare inserts/s`;
  return benchResult(name, perSecond / yardstick, '×', { atLeast }, compared);
}

if (import.meta.main) for (const result of await bench()) console.log(renderResult(result));
