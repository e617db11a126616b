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

test('half a cluster-year of crashes, lies, people and clocks breaks no promise', { timeout: 300_000 }, async () => {
  const out = await simulated('--years', '0.5', '--from', '1', '--days', '7', '--clusters', '6');
  expect(out).toMatch(/^seeds 1 to \d+: [\d.]+ cluster-years, 0 seeds with violations$/m);
  const [, puts, commits] = /PUTs (\d+), commits (\d+)/.exec(out) ?? [];
  expect(Number(puts)).toBeGreaterThan(100);
  expect(Number(commits)).toBeGreaterThan(Number(puts));
});

test('equal seeds leave equal traces, other seeds other ones', { timeout: 300_000 }, async () => {
  const traceOf = async (seed: string) =>
    /^trace (\S+)$/m.exec(await simulated('--seed', seed, '--days', '3', '--clusters', '2'))?.[1];
  const [one, again, other] = [await traceOf('1'), await traceOf('1'), await traceOf('2')];
  expect(one).toBeDefined();
  expect(again).toBe(one);
  expect(other).not.toBe(one);
});
