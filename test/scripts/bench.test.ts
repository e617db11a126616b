import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { measureFleet } from '../../bench/aws-cost.ts';

test('the benchmarks say how they are asked, and which there are', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['bench/run.ts', '--help']);
  expect(stdout).toMatch(/^npm run bench -- \[name …\] \[--json\]/);
  expect(stdout).toMatch(/\nBenchmarks: .*cold-start, decide, /);
  expect(stderr).toBe('');
});

test('a quiet tick writes nothing of the past', async () => {
  const { scale, watch, counting, evening, settling } = await measureFleet(12);
  expect([scale.past, watch.past, evening.past]).toEqual([0, 0, 0]);
  expect(counting.past).toBe(1);
  const written = settling.map(({ past }) => past);
  expect(written.at(-1)).toBe(0);
  expect(written.reduce((sum, units) => sum + units, 0)).toBeGreaterThan(0);
});
