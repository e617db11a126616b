import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareIds } from '../../lib/io/stores/store.ts';
import { partOf, rangeOf } from '../../lib/model/part.ts';
import { anyText } from '../support/any-text.ts';

const uuid = fc.uuid();
const anyId = fc.oneof(uuid, anyText({ minLength: 1, maxLength: 12 }));
const counts = fc.integer({ min: 1, max: 1000 });

describe('the parts of a fleet', () => {
  test('hold each id once, whatever it looks like', () => {
    fc.assert(
      fc.property(anyId, fc.integer({ min: 1, max: 40 }), (id, count) => {
        const parts = Array.from({ length: count }, (_, index) => rangeOf({ index, count }));
        const holding = parts.flatMap(({ after, until }, index) => {
          const isAfter = after === undefined || compareIds(id, after) > 0;
          return isAfter && (until === undefined || compareIds(id, until) <= 0) ? [index] : [];
        });
        expect(holding).toEqual([partOf(id, count)]);
      }),
    );
  });

  test('follow one another, with no end at either side', () => {
    fc.assert(
      fc.property(counts, (count) => {
        const ranges = Array.from({ length: count }, (_, index) => rangeOf({ index, count }));
        expect([ranges[0]?.after, ranges.at(-1)?.until]).toEqual([undefined, undefined]);
        for (const [index, { until }] of ranges.slice(0, -1).entries()) expect(ranges[index + 1]?.after).toBe(until);
      }),
    );
  });

  test('are alike for ids that are drawn', () => {
    const parts = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 20_000; i += 1) parts[partOf(randomUUID(), 10)]! += 1;
    expect(Math.max(...parts)).toBeLessThan(2300);
    expect(Math.min(...parts)).toBeGreaterThan(1700);
  });
});
