import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

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

test('three cluster-years of crashes, lies, people and clocks break no promise', { timeout: 600_000 }, async () => {
  const out = await simulated('--years', '3', '--days', '14', '--clusters', '10', '--workers', '1', '--search-only');
  expect(out).toMatch(/^seeds 1 to \d+: 3\.\d cluster-years, 0 seeds with violations$/m);
  expect(out).toMatch(/await points crashed before and after: 100 %$/m);
  const [, puts, commits] = /PUTs (\d+), commits (\d+)/.exec(out) ?? [];
  expect(Number(puts)).toBeGreaterThan(1500);
  expect(Number(commits)).toBeGreaterThan(Number(puts));
});

test('equal seeds leave equal traces, other seeds other ones', { timeout: 300_000 }, async () => {
  const traceOf = async (...args: string[]) =>
    /^trace (\S+)$/m.exec(await simulated(...args, '--days', '4', '--clusters', '2'))?.[1];
  const seeds = [
    ['--seed', '1'],
    ['--seed', '1'],
    ['--seed', '2'],
    ['--seed', '1', '--store', 'dynamodb'],
  ];
  const [one, again, other, onDynamo] = await Promise.all(seeds.map((seed) => traceOf(...seed)));
  expect(one).toBeDefined();
  expect(again).toBe(one);
  expect(other).not.toBe(one);
  expect(onDynamo).toBeDefined();
});
