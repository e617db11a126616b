import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { equivalent } from '../../scripts/mutants/equivalent.ts';
import { isInSample } from '../../scripts/mutants/sample.ts';

const sourceOf = (file: string): string =>
  readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').replaceAll(/\s+/g, ' ');

test.each(equivalent)('a mistake that changes nothing is one of code that is there: $file $was', (one) => {
  expect(sourceOf(one.file)).toContain(one.was);
  expect(one.becomes).not.toContain(one.was);
  expect(one.why.length).toBeGreaterThan(20);
});

describe('a sample', () => {
  const places = Array.from({ length: 3000 }, (_, n) => {
    return { file: 'lib/a.ts', line: n % 300, column: n % 7, mutator: 'BlockStatement', replacement: '{}' };
  });
  test('of one is all, of n one in n', () => {
    expect(places.every((place) => isInSample(place, 1))).toBe(true);
    const share = new Set(places.filter((place) => isInSample(place, 5)).map((place) => JSON.stringify(place))).size;
    expect(share / new Set(places.map((place) => JSON.stringify(place))).size).toBeCloseTo(0.2, 1);
  });
});
