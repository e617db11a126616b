import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

type Replayed = {
  readonly clean: { violations: readonly object[]; messages: number; puts: number; isSame: boolean };
};

/** What breaks them is planted in `npm run test:long`. */
test('promises about alerts and events hold, and equal seeds tell the same', { timeout: 300_000 }, async () => {
  const script = fileURLToPath(new URL('replay-planted.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const { clean } = JSON.parse(stdout) as Replayed;
  expect(clean.violations).toEqual([]);
  expect(clean.isSame).toBe(true);
  expect(clean.messages).toBeGreaterThan(3);
  expect(clean.puts).toBeGreaterThan(3);
});
