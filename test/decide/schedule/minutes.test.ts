import { expect, test } from 'vitest';
import { firstDifference, said, wordsOf, zones } from './minutes.ts';

/** A few weeks with the changes of the clocks in all zones; the whole of 2020 to 2035 is asked by the long test. */
const weeks = [
  [Date.UTC(2024, 2, 8), Date.UTC(2024, 3, 9)],
  [Date.UTC(2025, 8, 28), Date.UTC(2025, 10, 4)],
] as const;

test.each(said.map((_, i) => i))('schedule %i says each minute what its words say', (i) => {
  const [from, to] = weeks[i % 2] as (typeof weeks)[number];
  expect(firstDifference(wordsOf(i, zones[i % zones.length] as string), from, to)).toBeUndefined();
});
