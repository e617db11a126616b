import { expect, test } from 'vitest';
import { firstDifference, said, wordsOf, zones } from './minutes.ts';

/** A quarter with a change of the clocks each; the whole of 2020 to 2035 is asked by the long test. */
const quarters = [
  [Date.UTC(2024, 1, 20), Date.UTC(2024, 4, 3)],
  [Date.UTC(2025, 6, 25), Date.UTC(2025, 10, 6)],
] as const;

test.each(said.map((_, i) => i))('schedule %i says each minute what its words say', (i) => {
  const [from, to] = quarters[i % 2] as (typeof quarters)[number];
  expect(firstDifference(wordsOf(i, zones[i % zones.length] as string), from, to)).toBeUndefined();
});
