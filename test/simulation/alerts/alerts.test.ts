import { expect, test } from 'vitest';
import { simulateEvents } from '../events/simulate-events.ts';
import { simulateAlerts } from './simulate-alerts.ts';

/** What breaks them is planted in `npm run test:long`, which also simulates for longer. */
test('promises about alerts hold, and equal seeds tell the same', { timeout: 300_000 }, async () => {
  const again = () => simulateAlerts({ seed: 4, hours: 1 });
  const [one, other] = [await again(), await again()];
  expect(one.violations).toEqual([]);
  expect(one.hash).toBe(other.hash);
  expect(one.messages).toBeGreaterThan(100);
});

test('in three parts they hold, too', { timeout: 300_000 }, async () => {
  const { violations, messages } = await simulateAlerts({ seed: 1, hours: 1, parts: 3 });
  expect(violations).toEqual([]);
  expect(messages).toBeGreaterThan(3);
});

test('promises about events hold', { timeout: 300_000 }, async () => {
  const { violations, puts } = await simulateEvents({ seed: 1, days: 1 });
  expect(violations).toEqual([]);
  expect(puts).toBeGreaterThan(3);
});
