import { expect, test } from 'vitest';
import { searchAnnouncedWorlds } from './announced-world.ts';
import { probeLinks } from './link-probe.ts';

test('what goes down was told, and what was told goes down', { timeout: 60_000 }, () => {
  const { wrong, lowered, told } = searchAnnouncedWorlds(1, 20);
  expect(wrong).toEqual([]);
  expect(lowered).toBeGreaterThan(50);
  expect(told).toBeGreaterThan(50);
});

test('nothing is kept but by a right POST', async () => {
  expect(await probeLinks()).toEqual([]);
});
