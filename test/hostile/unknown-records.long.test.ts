import { expect, test } from 'vitest';
import { aFullNight, mutants, oneOfEach, tryValue } from './unknown-records.ts';

test('a record with any part missing or of another type breaks no job', { timeout: 900_000 }, async () => {
  const night = await aFullNight();
  const wrong: unknown[] = [];
  for (const found of oneOfEach(night)) {
    for (const value of mutants(found.value)) {
      const { threw } = await tryValue(night, found, value);
      if (threw !== undefined) wrong.push([found.key, JSON.stringify(value), threw]);
    }
  }
  expect(wrong).toEqual([]);
});
