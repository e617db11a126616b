/**
 * How often a property is tried: enough to find what is common in a test run of a few minutes, and as many times more
 * as LAMPLIGHTER_RUNS says to find what is rare.
 */
export function runs(few: number): { readonly numRuns: number } {
  const times = Number(process.env['LAMPLIGHTER_RUNS'] ?? 1);
  return { numRuns: Math.max(1, Math.round(few * times)) };
}

/** In `npm run test:long`: then a test that walks through years, zones or sizes walks through all of them. */
export const isLong = Number(process.env['LAMPLIGHTER_RUNS'] ?? 1) >= 10;

/**
 * Of a table that is gone through for several things only each `step`-th row for the `nth` of them, so that together they
 * meet every row; in `npm run test:long` the whole table for each.
 */
export function everyNth<T>(step: number, nth: number, rows: readonly T[]): readonly T[] {
  return isLong ? rows : rows.filter((_, index) => index % step === nth % step);
}
