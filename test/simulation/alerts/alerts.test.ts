import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { plantedEventBugs } from '../events/planted-bugs.ts';
import { plantedAlertBugs } from './planted-bugs.ts';

type Replayed = {
  readonly caught: { readonly [name: string]: string | null };
  readonly clean: { violations: readonly object[]; messages: number; puts: number; isSame: boolean };
};

/** In a process of its own: modules are loaded anew with each bug. */
test('promises about alerts and events hold, and planted bugs break them', { timeout: 300_000 }, async () => {
  const script = fileURLToPath(new URL('replay-planted.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const { caught, clean } = JSON.parse(stdout) as Replayed;
  expect(clean.violations).toEqual([]);
  expect(clean.isSame).toBe(true);
  expect(clean.messages).toBeGreaterThan(3);
  expect(clean.puts).toBeGreaterThan(3);
  expect(Object.keys(caught)).toHaveLength(Math.ceil(plantedAlertBugs.length / 4) + plantedEventBugs.length);
  expect(Object.entries(caught).filter(([, kind]) => kind === null)).toEqual([]);
});
