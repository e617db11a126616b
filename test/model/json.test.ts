import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isSameJson } from '../../lib/model/json.ts';

test.each([
  [{ min: 1, max: 3 }, { max: 3, min: 1 }, true],
  [{ size: 3, updatedAt: undefined }, { size: 3 }, true],
  [{ size: 3 }, { size: 3, updatedAt: undefined }, true],
  [[1, 2], [1, 2], true],
  [undefined, undefined, true],
  [{ size: 3 }, { size: 3, updatedAt: 1 }, false],
  [{ size: 3, updatedAt: 1 }, { size: 3 }, false],
  [[1, 2], [2, 1], false],
  [[1], [1, 2], false],
  [[], {}, false],
  [null, {}, false],
  [{}, undefined, false],
  [0, '0', false],
])('%j and %j: %s', (a, b, same) => {
  expect(isSameJson(a, b)).toBe(same);
});

test('what went through the store is the same', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => isSameJson(JSON.parse(JSON.stringify(value)), value)));
});

test('what differs in the text, keys in one order, differs here', () => {
  const value = fc.record({ a: fc.jsonValue({ maxDepth: 1 }), b: fc.option(fc.nat(2), { nil: undefined }) });
  fc.assert(fc.property(value, value, (a, b) => isSameJson(a, b) === (textOf(a) === textOf(b))));
});

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner === null || typeof inner !== 'object' || Array.isArray(inner)
      ? inner
      : Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
}
