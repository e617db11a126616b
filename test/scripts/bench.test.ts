import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

test('the benchmarks say how they are asked, and which there are', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['bench/run.ts', '--help']);
  expect(stdout).toMatch(/^npm run bench -- \[name …\] \[--json\]/);
  expect(stdout).toMatch(/\nBenchmarks: .*cold-start, decide, /);
  expect(stderr).toBe('');
});
