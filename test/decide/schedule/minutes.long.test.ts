import { expect, test } from 'vitest';
import { firstDifference, said, wordsOf, zones } from './minutes.ts';

test.each(zones)('in %s each minute of 2020 to 2035 is as the words have it', (zone) => {
  const found = said.map((_, i) => firstDifference(wordsOf(i, zone), Date.UTC(2020, 0, 1), Date.UTC(2036, 0, 1)));
  expect(found).toEqual(said.map(() => undefined));
});
