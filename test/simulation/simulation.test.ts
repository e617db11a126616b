import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

const script = fileURLToPath(new URL('run.ts', import.meta.url));

/** In a process of its own: it counts awaits and CPU time of nothing else. */
async function simulated(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--disable-warning=ExperimentalWarning',
    script,
    ...args,
  ]);
  return stdout;
}

/** Two seeds whose crashes come at every await between them; `npm run test:long` runs ten cluster-years. */
test('crashes, lies, people and clocks break no promise', { timeout: 600_000 }, async () => {
  const out = await simulated('--these', '1,6', '--days', '10', '--clusters', '4', '--workers', '1', '--search-only');
  expect(out).toMatch(/^seeds 1,6: 0\.2 cluster-years, 0 seeds with violations$/m);
  expect(out).toMatch(/await points crashed before and after: 100 %$/m);
  const [, puts, commits] = /PUTs (\d+), commits (\d+)/.exec(out) ?? [];
  expect(Number(puts)).toBeGreaterThan(200);
  expect(Number(commits)).toBeGreaterThan(Number(puts));
});

test('equal seeds leave equal traces, other seeds other ones', { timeout: 300_000 }, async () => {
  const traceOf = async (seed: number, store: 'memory' | 'dynamodb') =>
    (await simulate({ seed, store, days: 4, clusters: 1 })).hash;
  const onMemory = await traceOf(1, 'memory');
  expect(await traceOf(1, 'memory')).toBe(onMemory);
  expect(await traceOf(2, 'memory')).not.toBe(onMemory);
  expect(await traceOf(1, 'dynamodb')).toBe(await traceOf(1, 'dynamodb'));
});

test('a region in three parts keeps what a whole one does', { timeout: 300_000 }, async () => {
  const { violations, figures } = await simulate({ seed: 13, days: 5, clusters: 4, parts: 3 });
  expect(violations).toEqual([]);
  expect(figures.puts).toBeGreaterThan(5);
});

test('parts are lost, doubled and frozen, and break no promise', { timeout: 300_000 }, async () => {
  const faults = ['ticks', 'twins', 'freeze'] as const;
  const { violations, figures } = await simulate({ seed: 13, days: 5, clusters: 4, parts: 3, faults });
  expect(violations).toEqual([]);
  expect(figures.partsLost).toBeGreaterThan(10);
  expect(figures.doubled).toBeGreaterThan(10);
  expect(figures.frozen).toBeGreaterThan(1);
});
