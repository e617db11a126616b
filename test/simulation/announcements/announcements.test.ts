import { expect, test } from 'vitest';
import { searchAnnouncedWorlds } from './announced-world.ts';
import { probeLinks } from './link-probe.ts';

test('what goes down was told, and what was told goes down', { timeout: 60_000 }, () => {
  const { wrong, lowered, told } = searchAnnouncedWorlds(1, 12);
  expect(wrong).toEqual([]);
  expect(lowered).toBeGreaterThan(12);
  expect(told).toBeGreaterThan(12);
});

test.each([4817, 5200])('what is tried for hours is not said to be off as it comes (world %i)', (seed) => {
  expect(searchAnnouncedWorlds(seed, 1).wrong).toEqual([]);
});

test('nothing is kept but by a right POST', async () => {
  expect(await probeLinks()).toEqual([]);
});
