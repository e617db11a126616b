import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { simulateEvents } from '../events/simulate-events.ts';
import { plantedEventBugs } from '../events/planted-bugs.ts';
import { plantedBugs } from './planted-bugs.ts';
import { simulateAlerts } from './simulate-alerts.ts';

const aMinuteMs = 60_000;

test.each([1, 2])('what people are told agrees with the world (seed %i)', { timeout: aMinuteMs }, async (seed) => {
  const { violations, messages, hash } = await simulateAlerts({ seed, hours: 4 });
  expect(violations).toEqual([]);
  expect(messages).toBeGreaterThan(3);
  if (seed === 1) expect((await simulateAlerts({ seed, hours: 4 })).hash).toBe(hash);
});

test('what events were promised is kept', { timeout: aMinuteMs }, async () => {
  const { violations, sent, puts } = await simulateEvents({ seed: 1, days: 2 });
  expect(violations).toEqual([]);
  expect(sent * puts).toBeGreaterThan(0);
});

test('planted bugs are caught by their seeds', { timeout: 4 * aMinuteMs }, async () => {
  const script = fileURLToPath(new URL('replay-planted.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [script]);
  const caught = JSON.parse(stdout) as { readonly [name: string]: string | null };
  const about = (names: readonly { readonly name: string }[]) => names.filter(({ name }) => name in caught);
  expect(plantedBugs.length + plantedEventBugs.length).toBeGreaterThanOrEqual(12);
  expect(about(plantedBugs).length).toBe(Math.ceil(plantedBugs.length / 2));
  expect(about(plantedEventBugs).length).toBe(plantedEventBugs.length);
  expect(Object.entries(caught).filter(([, kind]) => kind === null)).toEqual([]);
});
